"""What the folders of CLIP, DFN and SigLIP have in common: two graphs, golden embeddings, figures on pairs and on a pool."""
import os
import random

import numpy as np
import torch

from byte_bpe import CONTEXT
from distractors import english_phrases
from evaluate_on_pool import measure
from evaluation import evaluate
from model_folder import export_graph, fresh, sample_pictures, write_json
from pair_data import MEAN, SIDE, STD, load_pairs, normalise, preprocess

GOLDEN_TEXTS = [
    "a large red circle to the left of a small blue striped square",
    "An orange star on a navy background.",
    "a small green dotted heart inside a large yellow ring",
    "add to cart",
    "IMG_2043.JPG",
    "Überraschung: 3 käse-würfel, l'été & 東京 🙂 don't",
    "",
    " ".join(["a purple checked diamond and a brown cross"] * 12),
]


class Embedder:
    """A model with its preprocessing: `ids_of` maps captions to ids for figures, `encode` one text to its full row."""

    def __init__(self, model, ids_of, encode, context, squash=False, mean=MEAN, std=STD):
        self.model, self.ids_of, self.encode, self.context = model, ids_of, encode, context
        self.squash, self.mean, self.std = squash, mean, std

    def pixels(self, squares):
        return normalise(squares, self.mean, self.std)

    def images(self, pixel_values):
        return self.model.vision(torch.from_numpy(pixel_values)).numpy()

    def texts(self, captions):
        return self.model.text(self.ids_of(captions)).numpy()


def export(folder, embedder):
    """The four graphs, split as transformers.js and optimum do."""
    pixels = torch.zeros(2, 3, SIDE, SIDE)
    ids = torch.zeros(2, embedder.context, dtype=torch.int64)
    free = {0: "batch_size", 1: "sequence_length"} if embedder.context == CONTEXT else {0: "batch_size"}
    for name, tower, example, source, target, axes in (
            ("vision_model", embedder.model.vision, pixels, "pixel_values", "image_embeds", {0: "batch_size"}),
            ("text_model", embedder.model.text, ids, "input_ids", "text_embeds", free)):
        export_graph(folder, name, tower, example, [source], [target], {source: axes, target: {0: "batch_size"}})


def write_golden(out, embedder, test, pictures):
    """Inputs with PyTorch's embeddings: whole pictures, the pixels made of them, and ids of odd texts."""
    folder = fresh(os.path.join(out, "golden"))
    images = []
    for i, (extension, data) in enumerate(sample_pictures(test, pictures)):
        with open(os.path.join(folder, f"{i}.{extension}"), "wb") as f:
            f.write(data)
        x = embedder.pixels(preprocess(data, embedder.squash)[None])
        np.save(os.path.join(folder, f"{i}.npy"), x)
        images.append({
            "file": f"golden/{i}.{extension}", "pixel_values": f"golden/{i}.npy",
            "image_embeds": embedder.images(x)[0].tolist()})
    texts = []
    for text in GOLDEN_TEXTS:
        ids = embedder.encode(text)
        texts.append({"text": text, "input_ids": ids, "text_embeds": embedder.model.text(torch.tensor([ids]))[0].tolist()})
    write_json(out, "golden.json", {
        "source": f"PyTorch {torch.__version__}, float32, one row at a time; embeddings before L2 normalisation",
        "tolerance": {"fp32_max_relative_error": 1e-4, "fp16_max_relative_error": 1e-2,
                      "note": "error of a row: largest absolute difference over the row's largest absolute value"},
        "images": images, "texts": texts})


def figures(embedder, test, pool):
    """`quality` of the manifest. The folders must be those that ../README.md makes."""
    pixels, texts = load_pairs(test, squash=embedder.squash)
    quality = evaluate(
        embedder.images, embedder.texts, pixels, texts, english_phrases(), random.Random(0), embedder.pixels)
    return {
        "pairs": {"data": "PoolTool pairs --count 4000 --seed 3003", **{k: round(v, 4) for k, v in quality.items()}},
        "pool": {"data": "PoolTool pool --seed 4004", **measure(embedder, pool)}}
