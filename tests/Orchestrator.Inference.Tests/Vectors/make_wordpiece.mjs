// Writes wordpiece_ids.json: what Hugging Face's own `tokenizers` (0.23, npm package of that name) makes of strings.json with
// the WordPiece vocabulary of wordpiece-tiny, without truncation: "uncased" as bert-base-uncased, "cased" as bert-base-cased.
//   npm install --ignore-scripts tokenizers@0.23.2     (in a folder outside the repository; NODE_PATH points at its node_modules)
//   node make_wordpiece.mjs
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";

const here = path.dirname(new URL(import.meta.url).pathname);
const { Tokenizer } = createRequire(import.meta.url)("tokenizers");
const strings = JSON.parse(fs.readFileSync(path.join(here, "strings.json"), "utf8"));
const source = JSON.parse(fs.readFileSync(path.join(here, "wordpiece-tiny/tokenizer.json"), "utf8"));

async function ids(lowercase) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "wordpiece-")), "tokenizer.json");
  source.normalizer.lowercase = lowercase;
  fs.writeFileSync(file, JSON.stringify(source));
  const tokenizer = Tokenizer.fromFile(file);
  const rows = [];
  for (const text of strings) rows.push(JSON.stringify((await tokenizer.encode(text)).getIds()));
  return "[\n" + rows.join(",\n") + "\n]";
}

fs.writeFileSync(
  path.join(here, "wordpiece_ids.json"), `{"uncased":${await ids(true)},\n"cased":${await ids(false)}}\n`);
console.log(strings.length, "strings");
