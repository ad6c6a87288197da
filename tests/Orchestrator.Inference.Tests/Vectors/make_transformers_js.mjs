// Writes transformers_js.json: cosine (and SigLIP's logit and probability) of every picture of crosscheck/ with every caption, as
// transformers.js computes them end to end from the same model folders: its decoder, processor, tokenizer and session.
//   npm install --ignore-scripts @huggingface/transformers@3     (in a folder outside the repository)
//   node make_transformers_js.mjs PATH/node_modules/@huggingface/transformers
// The pictures already have the models' size: for bicubic transformers.js asks sharp for an affine map without antialiasing, so a
// picture it has to shrink becomes another picture than PIL's. The last lines printed say by how much scores move then. Every
// caption fits into its row: transformers.js cuts a longer one together with its end token, which the models pool. clip-tiny is left
// out: its preprocessor_config.json leans on the defaults of CLIPImageProcessor, which transformers.js does not have.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const here = path.dirname(new URL(import.meta.url).pathname);
const js = await import(pathToFileURL(path.join(process.argv[2], "dist/transformers.node.mjs")));
js.env.allowRemoteModels = false;
js.env.localModelPath = "/";

const captions = ["a photo of a cat", "A large RED circle to the left of a small blue square!", "IMG_2043.JPG", "", "don't  stop: 3 käse-würfel, l'été & 東京",
  "an orange star on a navy background", "the quick brown fox jumps over it"];
const models = [
  { name: "siglip-tiny", folder: path.join(here, "siglip-tiny"), kind: "Siglip", side: 32 },
  { name: "clip-demo", folder: path.join(here, "../../../samples/models/clip-demo"), kind: "CLIP", side: 64 },
];
for (const [name, kind] of [["dfn-demo", "CLIP"], ["siglip-demo", "Siglip"]]) {
  const folder = path.join(here, "../../../samples/models", name);
  if (fs.existsSync(path.join(folder, "orchestrator.json"))) models.push({ name, folder: readable(folder), kind, side: 64 });
}

// transformers.js reads tokenizer.json alone: a folder with spiece.model gets a copy beside which the same model is written as such.
function readable(folder) {
  if (fs.existsSync(path.join(folder, "tokenizer.json"))) return folder;
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "transformers-js-"));
  fs.cpSync(folder, copy, { recursive: true });
  const bytes = fs.readFileSync(path.join(folder, "spiece.model"));
  const pieces = fields(bytes).filter((f) => f.number === 1).map((f) => fields(f.value));
  const map = fields(fields(bytes).find((f) => f.number === 3).value).find((f) => f.number === 2)?.value;
  const get = (piece, number, fallback) => piece.find((f) => f.number === number)?.value ?? fallback;
  const vocab = pieces.map((p) => [get(p, 1).toString("utf8"), get(p, 2).readFloatLE(0)]);
  const type = pieces.map((p) => get(p, 3, 1));
  const end = vocab.findIndex((v) => v[0] === "</s>"), metaspace = { type: "Metaspace", replacement: "\u2581", add_prefix_space: true, prepend_scheme: "always" };
  fs.writeFileSync(path.join(copy, "tokenizer.json"), JSON.stringify({
    version: "1.0", truncation: null, padding: null,
    added_tokens: vocab.flatMap((v, id) => type[id] === 2 || type[id] === 3 ? [{ id, content: v[0], single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }] : []),
    normalizer: { type: "Sequence", normalizers: [
      { type: "Replace", pattern: { String: "_" }, content: " " }, { type: "Replace", pattern: { Regex: "[!-/:-@\\[-`{-~]" }, content: "" }, { type: "Lowercase" },
      { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Strip", strip_left: true, strip_right: true },
      ...(map ? [{ type: "Precompiled", precompiled_charsmap: map.toString("base64") }] : [])] },
    pre_tokenizer: metaspace, decoder: metaspace,
    post_processor: { type: "TemplateProcessing", single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }], pair: [], special_tokens: { "</s>": { id: "</s>", ids: [end], tokens: ["</s>"] } } },
    model: { type: "Unigram", unk_id: type.indexOf(2), vocab } }));
  return copy;
}

// The fields of a protobuf message: numbers as such, strings, messages and fixed 32-bit values as bytes.
function fields(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const varint = () => { let value = 0, scale = 1, b; do { b = bytes[at++]; value += (b & 127) * scale; scale *= 128; } while (b & 128); return value; };
    const key = varint(), length = { 0: 0, 1: 8, 5: 4 }[key & 7];
    if ((key & 7) === 0) { found.push({ number: key >> 3, value: varint() }); continue; }
    const size = (key & 7) === 2 ? varint() : length;
    found.push({ number: key >> 3, value: bytes.subarray(at, at + size) });
    at += size;
  }
  return found;
}

const unit = (v) => { const n = Math.hypot(...v); return v.map((x) => x / n); };

async function embeddings(model, pictures) {
  const suffix = model.kind === "CLIP" ? "ModelWithProjection" : "Model";
  const [vision, text] = [js[model.kind + "Vision" + suffix], js[model.kind + "Text" + suffix]];
  const options = { dtype: "fp32", local_files_only: true };
  const tokenizer = await js.AutoTokenizer.from_pretrained(model.folder, options);
  const processor = await js.AutoImageProcessor.from_pretrained(model.folder, options);
  const [seer, reader] = [await vision.from_pretrained(model.folder, options), await text.from_pretrained(model.folder, options)];
  const images = [], texts = [];
  for (const file of pictures) {
    const { pixel_values } = await processor(await js.RawImage.read(file));
    images.push(unit(Array.from(Object.values(await seer({ pixel_values }))[0].data)));
  }
  for (const caption of captions) {
    const { input_ids } = tokenizer(caption, { padding: "max_length", truncation: true });
    texts.push(unit(Array.from(Object.values(await reader({ input_ids }))[0].data)));
  }
  return { images, texts };
}

const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0);
const results = [];
for (const model of models) {
  const names = fs.readdirSync(path.join(here, "crosscheck")).filter((f) => f.startsWith(model.side + "-")).sort();
  const { images, texts } = await embeddings(model, names.map((n) => path.join(here, "crosscheck", n)));
  const { logit_scale: scale, logit_bias: bias } = JSON.parse(fs.readFileSync(path.join(model.folder, "orchestrator.json"), "utf8"));
  const pairs = images.flatMap((image, i) => texts.map((t, c) => {
    const cosine = dot(image, t), logit = scale * cosine + bias;
    return { image: names[i], caption: c, cosine, ...(model.kind === "Siglip" ? { logit, probability: 1 / (1 + Math.exp(-logit)) } : {}) };
  }));
  results.push({ model: model.name, pairs });
}
fs.writeFileSync(path.join(here, "transformers_js.json"),
  `{"version":${JSON.stringify(js.env.version)},\n"captions":${JSON.stringify(captions)},\n"models":[\n${results.map((r) => JSON.stringify(r)).join(",\n")}\n]}\n`);

for (const model of models.filter((m) => fs.existsSync(path.join(m.folder, "golden.json")))) {
  const golden = JSON.parse(fs.readFileSync(path.join(model.folder, "golden.json"), "utf8")).images;
  const { images } = await embeddings(model, golden.map((g) => path.join(model.folder, g.file)));
  console.log(model.name, "cosine of embeddings after its own resize with PIL's:", images.map((v, i) => dot(v, unit(golden[i].image_embeds)).toFixed(4)).join(" "));
}
