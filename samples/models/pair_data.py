"""Reads the tars of `PoolTool pairs` and `PoolTool pool`: pictures as the model sees them, and their captions.

Preprocessing is Pillow's antialiased bicubic: either the shorter side to SIDE and a centre crop, as CLIP's image processor
does, or both sides to SIDE ("squash"), as SigLIP's and BLIP's do.
"""
import functools
import io
import json
import multiprocessing
import os
import re
import tarfile

import numpy as np
from PIL import Image

SIDE = 64
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


def preprocess(data, squash=False):
    """uint8 [SIDE, SIDE, 3] of encoded image bytes."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if squash:
        return np.asarray(image.resize((SIDE, SIDE), Image.BICUBIC))
    width, height = image.size
    shorter = min(width, height)
    # The longer side is truncated, not rounded, as torchvision and transformers do.
    size = (SIDE, int(SIDE * height / shorter)) if width == shorter else (int(SIDE * width / shorter), SIDE)
    image = image.resize(size, Image.BICUBIC)
    left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def _read_shard(path, squash):
    pixels, texts = [], []
    with tarfile.open(path) as tar:
        for member in tar:
            data = tar.extractfile(member).read()
            if member.name.endswith(".json"):
                texts.append(json.loads(data))
            else:
                pixels.append(preprocess(data, squash))
    return np.stack(pixels), texts


def load_pairs(folder, processes=2, squash=False):
    """(uint8 [n, SIDE, SIDE, 3], list of the JSON members) of all tars in name order; cached beside the tars."""
    cache = os.path.join(folder, f"pixels-{SIDE}{'-squash' if squash else ''}.npy")
    cached_texts = os.path.join(folder, "texts.jsonl")
    if not (os.path.exists(cache) and os.path.exists(cached_texts)):
        paths = sorted(os.path.join(folder, n) for n in os.listdir(folder) if re.fullmatch(r"\d{8}\.tar", n))
        with multiprocessing.Pool(processes) as pool:
            parts = pool.map(functools.partial(_read_shard, squash=squash), paths, chunksize=1)
        np.save(cache, np.concatenate([p for p, _ in parts]))
        with open(cached_texts, "w", encoding="utf-8") as f:
            for _, texts in parts:
                f.writelines(json.dumps(t) + "\n" for t in texts)
    with open(cached_texts, encoding="utf-8") as f:
        return np.load(cache), [json.loads(line) for line in f]


def normalise(pixels, mean=MEAN, std=STD):
    """float32 [n, 3, SIDE, SIDE], the model's input, of uint8 [n, SIDE, SIDE, 3]."""
    scaled = pixels.astype(np.float32) / 255
    return np.ascontiguousarray(((scaled - np.float32(mean)) / np.float32(std)).transpose(0, 3, 1, 2))
