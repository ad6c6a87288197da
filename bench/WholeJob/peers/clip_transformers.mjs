// CLIP scores of a folder of shards with transformers.js: its image reader, processor, tokenizer and sessions, batches of 32.
//   npm install @huggingface/transformers            (in a folder outside the repository)
//   node clip_transformers.mjs POOL MODEL PATH/node_modules/@huggingface/transformers
// Prints one line of JSON: pairs, seconds and processor seconds from the first byte read to the last score, mean cosine, versions. The library and the
// model are ready before the clock starts. Its bicubic shrinks without antialiasing, so its mean differs a little.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pool, folder, library] = process.argv.slice(2);
const js = await import(pathToFileURL(path.join(library, "dist/transformers.node.mjs")));
js.env.allowRemoteModels = false;
js.env.localModelPath = path.dirname(folder);
const name = path.basename(folder), options = { local_files_only: true, dtype: "fp32" };
const processor = await js.AutoProcessor.from_pretrained(name, options);
const tokenizer = await js.AutoTokenizer.from_pretrained(name, options);
const vision = await js.CLIPVisionModelWithProjection.from_pretrained(name, options);
const text = await js.CLIPTextModelWithProjection.from_pretrained(name, options);

// Members of a plain USTAR archive: name and bytes.
function* members(bytes) {
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const field = (from, length) => bytes.toString("utf8", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = parseInt(field(124, 12), 8);
    yield [field(0, 100), bytes.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function* pairs() {
  for (const shard of fs.readdirSync(pool).filter((f) => f.endsWith(".tar")).sort()) {
    let image, caption;
    for (const [name, data] of members(fs.readFileSync(path.join(pool, shard)))) {
      if (/\.(jpg|png|webp)$/.test(name)) image = data;
      if (name.endsWith(".txt")) caption = data.toString("utf8");
      if (image && caption !== undefined) {
        yield [image, caption];
        image = caption = undefined;
      }
    }
  }
}

let count = 0, total = 0;
async function score(batch) {
  const images = await Promise.all(batch.map(([image]) => js.RawImage.fromBlob(new Blob([image]))));
  const { image_embeds } = await vision(await processor(images));
  const { text_embeds } = await text(tokenizer(batch.map(([, caption]) => caption), { padding: "max_length", truncation: true }));
  const [a, b, width] = [image_embeds.data, text_embeds.data, image_embeds.dims[1]];
  for (let row = 0; row < batch.length; row++) {
    let [dot, x, y] = [0, 0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) [dot, x, y] = [dot + a[i] * b[i], x + a[i] * a[i], y + b[i] * b[i]];
    total += dot / Math.sqrt(x * y);
    count++;
  }
}

const start = performance.now(), used = process.cpuUsage();
let batch = [];
for (const pair of pairs()) {
  batch.push(pair);
  if (batch.length === 32) await score(batch.splice(0));
}
if (batch.length) await score(batch);
const version = JSON.parse(fs.readFileSync(path.join(library, "package.json"))).version;
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ pairs: count, seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6, mean: total / count, versions: `transformers.js ${version}, Node ${process.version}` }));
