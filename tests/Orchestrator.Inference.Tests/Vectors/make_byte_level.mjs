// Writes byte_level_ids.json: what Hugging Face's own `tokenizers` (0.23, npm package of that name) makes of strings.json with
// byte-level-tiny: "ids" as the file says; "digits" with a Digits pre-tokenizer in front and "prefix" with add_prefix_space,
// "qwen2" with NFC and Qwen2's pattern and "llama3" with Llama 3's, ignore_merges and the later
// merges taken out, as [place, ids] of rows that come out otherwise; "decoded": [ids, text] of rows cut at odd places, special tokens left out.
//   npm install --ignore-scripts tokenizers@0.23.2     (in a folder outside the repository; NODE_PATH points at its node_modules)
//   node make_byte_level.mjs
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";

const here = path.dirname(new URL(import.meta.url).pathname);
const { Tokenizer } = createRequire(import.meta.url)("tokenizers");
const strings = JSON.parse(fs.readFileSync(path.join(here, "strings.json"), "utf8"));
const extra = ["<|bos|>hello<|eos|>", "a<|user|>b", "<|user|> <|bos|>\n", "  12 34  5", "IT'S 1234567 \r\n\r\n  x!!\n\n y", "x  \n\n  y\t\tz ", "\ud83d\ude42\ud83d\ude42"];
const source = () => JSON.parse(fs.readFileSync(path.join(here, "byte-level-tiny/tokenizer.json"), "utf8"));

async function run(change) {
  const settings = source();
  change(settings);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "byte-level-")), "tokenizer.json");
  fs.writeFileSync(file, JSON.stringify(settings));
  const tokenizer = Tokenizer.fromFile(file);
  const rows = [];
  for (const text of [...strings, ...extra]) rows.push((await tokenizer.encode(text)).getIds());
  return [tokenizer, rows];
}

const list = (rows) => "[\n" + rows.map((r) => JSON.stringify(r)).join(",\n") + "\n]";
const [tokenizer, ids] = await run(() => {});
const [, digits] = await run((s) => {
  s.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, s.pre_tokenizer] };
});
const [, prefix] = await run((s) => { s.pre_tokenizer.add_prefix_space = true; });
const other = (rows, step) => rows.map((r, i) => [i, r]).filter(([i, r]) => i % step === 0 && JSON.stringify(r) !== JSON.stringify(ids[i]));
const cl100k = (digits, change) => run((s) => {
  s.pre_tokenizer = { type: "Sequence", pretokenizers: [
    { type: "Split", pattern: { Regex: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+` }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false }] };
  change(s);
});
const [, qwen2] = await cl100k("\\p{N}", (s) => { s.normalizer = { type: "NFC" }; });
const [, llama3] = await cl100k("\\p{N}{1,3}", (s) => { s.model.ignore_merges = true; s.model.merges = s.model.merges.slice(0, 250); });
const decoded = [];
for (let i = 0; i < ids.length; i += 3) {
  const row = ids[i].slice(i % 4, 60 + i % 7);
  decoded.push([row, await tokenizer.decode(row, true)]);
}
fs.writeFileSync(path.join(here, "byte_level_ids.json"),
  `{"extra":${JSON.stringify(extra)},\n"ids":${list(ids)},\n"digits":${list(other(digits, 1))},\n"prefix":${list(other(prefix, 5))},\n"qwen2":${list(other(qwen2, 1))},\n"llama3":${list(other(llama3, 1))},\n"decoded":${list(decoded)}}\n`);
console.log(ids.length, "strings");
