"""Writes siglip-tiny/: a random SigLIP small enough to commit, in the layout transformers.js loads, with golden vectors from
PyTorch, PIL and the sentencepiece library; and crosscheck/: pictures already at the models' sizes, for make_transformers_js.mjs.

Run: /usr/bin/python3 make_siglip_tiny.py   (PyTorch 1.13, sentencepiece 0.1.97, seed fixed)
"""
import io
import json
import pathlib
import random
import shutil
import string

import numpy as np
import onnx
import sentencepiece
import torch
from PIL import Image
from torch import nn

here = pathlib.Path(__file__).resolve().parent
folder = here / "siglip-tiny"
SIDE, PATCH, WIDTH, DIM, CONTEXT, PAD = 32, 8, 16, 12, 64, 1
SCALE, BIAS = 11.7, -3.2
torch.manual_seed(21)
chance = random.Random(4)

WORDS = "a photo of the red green blue circle square star cat dog tree sky with and on img jpg two large small".split()
out = io.BytesIO()
corpus = [" ".join(chance.choice(WORDS) for _ in range(chance.randint(2, 9))) for _ in range(800)] + ["0123456789 é ü 東京"] * 3
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(corpus), model_writer=out, model_type="unigram", vocab_size=110, character_coverage=1.0, normalization_rule_name="identity",
    pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1, hard_vocab_limit=False, minloglevel=2)
shutil.rmtree(folder, ignore_errors=True)
(folder / "golden").mkdir(parents=True)
(folder / "onnx").mkdir()
(folder / "spiece.model").write_bytes(out.getvalue())
pieces = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
SIZE = len(pieces)


def canonical(text):
    return " ".join(text.replace("_", " ").translate(str.maketrans("", "", string.punctuation)).lower().split())


def row(text):
    ids = pieces.encode(canonical(text))[:CONTEXT - 1]
    return [*ids, *[PAD] * (CONTEXT - len(ids))]


class Block(nn.Module):
    def __init__(self, heads=2):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x):
        n, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.out(((q @ k.transpose(-1, -2) * (w // self.heads) ** -0.5).softmax(-1) @ v).transpose(1, 2).reshape(n, t, w))
        return x + self.mlp(self.norm2(x))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.place, self.block, self.head = nn.Conv2d(3, WIDTH, PATCH, PATCH), nn.Parameter(torch.randn((SIDE // PATCH) ** 2, WIDTH)), Block(), nn.Linear(WIDTH, DIM)

    def forward(self, pixel_values):
        return self.head(self.block(4 * self.patch(pixel_values).flatten(2).transpose(1, 2) + self.place).mean(1))


class Text(nn.Module):
    """The last place is pooled, as in SigLIP: it is padding nearly always."""

    def __init__(self):
        super().__init__()
        self.token, self.place, self.block, self.head = nn.Embedding(SIZE, WIDTH), nn.Parameter(torch.randn(CONTEXT, WIDTH)), Block(), nn.Linear(WIDTH, DIM)

    def forward(self, input_ids):
        return self.head(self.block(self.token(input_ids) + self.place)[:, -1] * 1.5)


class Half(nn.Module):
    def __init__(self, tower, floats):
        super().__init__()
        self.tower, self.floats = tower, floats

    def forward(self, x):
        return self.tower(x.float() if self.floats else x).half()


def export(name, model, example, source):
    buffer = io.BytesIO()
    torch.onnx.export(model, example, buffer, opset_version=14, input_names=[source], output_names=["pooler_output"], dynamic_axes={source: {0: "batch"}, "pooler_output": {0: "batch"}})
    graph = onnx.load_model_from_string(buffer.getvalue())
    for node in graph.graph.node:
        node.ClearField("doc_string")
    onnx.save(graph, str(folder / "onnx" / name))


def write(name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


vision, text = Vision().eval(), Text().eval()
pixels, ids = torch.randn(2, 3, SIDE, SIDE), torch.randint(0, SIZE, (2, CONTEXT))
with torch.no_grad():
    export("vision_model.onnx", vision, pixels, "pixel_values")
    export("text_model.onnx", text, ids, "input_ids")
    export("vision_model_fp16.onnx", Half(vision, True), pixels.half(), "pixel_values")
    export("text_model_fp16.onnx", Half(text, False), ids, "input_ids")

    images, texts, pairs = [], [], []
    for name in ["jpeg-420-odd.jpg", "png-grey.png", "webp-lossy-odd.webp"]:
        shutil.copy(here / "pixels" / name, folder / "golden" / name)
        square = Image.open(folder / "golden" / name).convert("RGB").resize((SIDE, SIDE), Image.BICUBIC)
        x = (np.asarray(square, dtype=np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
        images.append({"file": f"golden/{name}", "image_embeds": vision(torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None])[0].tolist()})
    for caption in ["A photo of a red circle.", "IMG_1234.jpg", "", "two DOGS & a cat, on the sky!", "unknown: жук 東京", " ".join(["small green star"] * 40)]:
        texts.append({"text": caption, "input_ids": row(caption), "text_embeds": text(torch.tensor([row(caption)]))[0].tolist()})

unit = [np.array(v, np.float64) / np.linalg.norm(v) for v in [i["image_embeds"] for i in images] + [t["text_embeds"] for t in texts]]
pairs = [{"image": i, "text": t, "cosine": float(unit[i] @ unit[len(images) + t])} for i in range(len(images)) for t in range(2)]
write("golden.json", {"images": images, "texts": texts, "pairs": pairs})
write("preprocessor_config.json", {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 3, "do_rescale": True,
                                   "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
write("config.json", {"model_type": "siglip", "text_config": {"vocab_size": SIZE, "max_position_embeddings": CONTEXT}, "vision_config": {"image_size": SIDE}})
names = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
write("tokenizer_config.json", {**names, "do_lower_case": True, "model_max_length": CONTEXT, "tokenizer_class": "SiglipTokenizer"})
write("tokenizer.json", {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [{"id": i, "content": pieces.id_to_piece(i), "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i in range(3)],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Replace", "pattern": {"String": "_"}, "content": " "}, {"type": "Replace", "pattern": {"Regex": "[!-/:-@\\[-`{-~]"}, "content": ""}, {"type": "Lowercase"},
        {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Strip", "strip_left": True, "strip_right": True}]},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True, "prepend_scheme": "always"},
    "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                       "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}], "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
    "decoder": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True},
    "model": {"type": "Unigram", "unk_id": 2, "vocab": [[pieces.id_to_piece(i), pieces.get_score(i)] for i in range(SIZE)]}})
write("orchestrator.json", {
    "kind": "siglip", "files": {"vision": "onnx/vision_model.onnx", "text": "onnx/text_model.onnx", "vision_fp16": "onnx/vision_model_fp16.onnx", "text_fp16": "onnx/text_model_fp16.onnx"},
    "logit_scale": SCALE, "logit_bias": BIAS, "golden": "golden.json", "licence": "MIT", "provenance": "random weights, tests/Orchestrator.Inference.Tests/Vectors/make_siglip_tiny.py"})

crosscheck = here / "crosscheck"
shutil.rmtree(crosscheck, ignore_errors=True)
crosscheck.mkdir()
for side, names in ((32, ["jpeg-progressive.jpg", "png-rgb.png", "webp-lossy.webp", "jpeg-444.jpg"]), (64, ["0.jpg", "1.jpg", "4.png", "5.webp"])):
    for i, name in enumerate(names):
        source = here / "pixels" / name if side == 32 else here.parents[2] / "samples" / "models" / "clip-demo" / "golden" / name
        Image.open(source).convert("RGB").resize((side, side), Image.BICUBIC).save(crosscheck / f"{side}-{i}.png", optimize=True)
print(SIZE, "pieces", {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()})
