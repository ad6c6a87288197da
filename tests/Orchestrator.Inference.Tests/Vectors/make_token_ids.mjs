// Writes clip-tiny-ids.json: what Hugging Face's own `tokenizers` (0.23, npm package of that name) makes of strings.json.
//   npm install --ignore-scripts tokenizers@0.23.2     (in a folder outside the repository; NODE_PATH points at its node_modules)
//   node make_token_ids.mjs [tokenizer.json [strings.json [ids.json]]]
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const here = path.dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const { Tokenizer } = require("tokenizers");
const [source = path.join(here, "clip-tiny/tokenizer.json"), strings = path.join(here, "strings.json"), target = path.join(here, "clip-tiny-ids.json")] = process.argv.slice(2);

const tokenizer = Tokenizer.fromFile(source);
tokenizer.setTruncation(77);
const ids = [];
for (const text of JSON.parse(fs.readFileSync(strings, "utf8"))) {
  ids.push((await tokenizer.encode(text)).getIds());
}
fs.writeFileSync(target, "[\n" + ids.map((row) => JSON.stringify(row)).join(",\n") + "\n]\n");
console.log(ids.length, "strings");
