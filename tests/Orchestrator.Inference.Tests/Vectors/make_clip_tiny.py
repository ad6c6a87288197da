"""Writes the graphs and golden vectors of clip-tiny/: a random CLIP small enough to commit.

Run after make_tokenizer.py, make_token_ids.mjs and make_pixels.py: /usr/bin/python3 make_clip_tiny.py   (PyTorch 1.13, seed fixed)
clip-tiny/onnx/vision_model.onnx, text_model.onnx          split, as transformers.js exports
clip-tiny/onnx/vision_model_fp16.onnx, text_model_fp16.onnx half-precision inputs and outputs
clip-tiny/onnx/model.onnx                                  joint, with attention_mask, embeddings already normalised
clip-tiny/golden.json                                      embeddings PyTorch computes from PIL's pixels and from ids of Hugging Face's tokenizers
"""
import io
import json
import pathlib
import shutil

import numpy as np
import onnx
import torch
from PIL import Image
from torch import nn

here = pathlib.Path(__file__).resolve().parent
folder = here / "clip-tiny"
SIDE, PATCH, WIDTH, TEXT_WIDTH, DIM, CONTEXT = 32, 8, 16, 8, 12, 77
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
vocab = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
END = vocab["<|endoftext|>"]
torch.manual_seed(5)


class Block(nn.Module):
    def __init__(self, width, heads=2):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x, mask=None):
        n, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-1, -2)) * (w // self.heads) ** -0.5
        if mask is not None:
            weights = weights + mask
        x = x + self.out((weights.softmax(-1) @ v).transpose(1, 2).reshape(n, t, w))
        return x + self.mlp(self.norm2(x))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.position = nn.Parameter(torch.randn((SIDE // PATCH) ** 2, WIDTH))
        self.block, self.projection = Block(WIDTH), nn.Linear(WIDTH, DIM)

    def forward(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2) + self.position
        return self.projection(self.block(x).mean(1))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(len(vocab), TEXT_WIDTH)
        self.position = nn.Parameter(torch.randn(CONTEXT, TEXT_WIDTH))
        self.block, self.projection = Block(TEXT_WIDTH), nn.Linear(TEXT_WIDTH, DIM)
        self.register_buffer("causal", torch.full((CONTEXT, CONTEXT), -1e4).triu(1))

    def forward(self, ids, attention_mask=None):
        mask = self.causal
        if attention_mask is not None:
            mask = mask + (1 - attention_mask[:, None, None, :].float()) * -1e4
        x = self.block(self.token(ids) + self.position, mask)
        # The first end token, as transformers pools: padding repeats it.
        end = (ids == END).int().argmax(-1)
        return self.projection(x[torch.arange(x.shape[0]), end])


class Half(nn.Module):
    def __init__(self, tower, floats):
        super().__init__()
        self.tower, self.floats = tower, floats

    def forward(self, x):
        return self.tower(x.float() if self.floats else x).half()


class Joint(nn.Module):
    def __init__(self, vision, text):
        super().__init__()
        self.vision, self.text = vision, text

    def forward(self, input_ids, pixel_values, attention_mask):
        image, text = self.vision(pixel_values), self.text(input_ids, attention_mask)
        image, text = image / image.norm(dim=-1, keepdim=True), text / text.norm(dim=-1, keepdim=True)
        logits = 100 * text @ image.T
        return logits.T, logits, text, image


def export(name, model, example, inputs, outputs, axes):
    buffer = io.BytesIO()
    torch.onnx.export(model, example, buffer, opset_version=14, input_names=inputs, output_names=outputs, dynamic_axes=axes)
    graph = onnx.load_model_from_string(buffer.getvalue())
    for node in graph.graph.node:
        node.ClearField("doc_string")
    (folder / "onnx").mkdir(exist_ok=True)
    onnx.save(graph, str(folder / "onnx" / name))


vision, text = Vision().eval(), Text().eval()
pixels, ids, mask = torch.randn(2, 3, SIDE, SIDE), torch.randint(0, len(vocab), (2, CONTEXT)), torch.ones(2, CONTEXT, dtype=torch.int64)
batch = {0: "batch"}
with torch.no_grad():
    export("vision_model.onnx", vision, pixels, ["pixel_values"], ["image_embeds"], {"pixel_values": batch, "image_embeds": batch})
    export("text_model.onnx", text, ids, ["input_ids"], ["text_embeds"], {"input_ids": batch, "text_embeds": batch})
    export("vision_model_fp16.onnx", Half(vision, True), pixels.half(), ["pixel_values"], ["image_embeds"], {"pixel_values": batch, "image_embeds": batch})
    export("text_model_fp16.onnx", Half(text, False), ids, ["input_ids"], ["text_embeds"], {"input_ids": batch, "text_embeds": batch})
    export("model.onnx", Joint(vision, text), (ids, pixels, mask), ["input_ids", "pixel_values", "attention_mask"],
           ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"],
           {"input_ids": {0: "text_batch"}, "attention_mask": {0: "text_batch"}, "pixel_values": {0: "image_batch"},
            "logits_per_image": {0: "image_batch", 1: "text_batch"}, "logits_per_text": {0: "text_batch", 1: "image_batch"},
            "text_embeds": {0: "text_batch"}, "image_embeds": {0: "image_batch"}})

    golden = folder / "golden"
    shutil.rmtree(golden, ignore_errors=True)
    golden.mkdir()
    images, texts = [], []
    for name in ["jpeg-420-odd.jpg", "png-grey.png", "webp-lossy-odd.webp", "png-palette-trns-table.png", "jpeg-panorama.jpg"]:
        shutil.copy(here / "pixels" / name, golden / name)
        image = Image.open(golden / name).convert("RGB")
        width, height = image.size
        size = (SIDE, int(SIDE * height / width)) if width <= height else (int(SIDE * width / height), SIDE)
        image = image.resize(size, Image.BICUBIC)
        left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
        x = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), dtype=np.float32) / np.float32(255)
        x = ((x - np.array(MEAN, np.float32)) / np.array(STD, np.float32)).transpose(2, 0, 1)[None]
        images.append({"file": f"golden/{name}", "image_embeds": vision(torch.from_numpy(np.ascontiguousarray(x)))[0].tolist()})
    strings, rows = json.loads((here / "strings.json").read_text()), json.loads((here / "clip-tiny-ids.json").read_text())
    for i in [0, 4, 6, 31, 34, 42, 74, 200, 300, 400]:
        padded = rows[i] + [END] * (CONTEXT - len(rows[i]))
        texts.append({"text": strings[i], "input_ids": padded, "text_embeds": text(torch.tensor([padded]))[0].tolist()})


def cosine(a, b):
    a, b = np.array(a, np.float64), np.array(b, np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


pairs = [{"image": i, "text": i + 1, "cosine": cosine(images[i]["image_embeds"], texts[i + 1]["text_embeds"])} for i in range(len(images))]


def write(name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


write("golden.json", {"images": images, "texts": texts, "pairs": pairs})
write("preprocessor_config.json", {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}, "resample": 3, "do_center_crop": True, "image_mean": MEAN, "image_std": STD})
write("config.json", {"model_type": "clip", "projection_dim": DIM, "text_config": {"vocab_size": len(vocab), "max_position_embeddings": CONTEXT}})
write("orchestrator.json", {"kind": "clip", "logit_scale": 100.0, "golden": "golden.json", "licence": "MIT", "provenance": "random weights, tests/Orchestrator.Inference.Tests/Vectors/make_clip_tiny.py"})
print({str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()})
