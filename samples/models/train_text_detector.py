#!/usr/bin/env python3
"""Trains text-detector-demo on pictures drawn here, exports it, measures it and writes its folder.

  python3 train_text_detector.py --steps 400 --out text-detector-demo

A few convolutions over 128 x 128 pixels give the probability of text in 32 x 32 cells. One thread, some minutes; the same
seed and steps give the same weights on one machine and version of PyTorch.
"""
import argparse
import os
import random
import time

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from model_folder import GoldenRuns, export_graph, fresh, image_processor, twins, write_json

SIDE, CELLS, FONTS = 128, 32, "/usr/share/fonts/truetype/dejavu"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789&!?.-"


def colour(rng):
    return tuple(rng.randrange(256) for _ in range(3))


def far(rng, other):
    """A colour that can be read on another one."""
    while True:
        c = colour(rng)
        if sum(abs(a - b) for a, b in zip(c, other)) > 200:
            return c


def shape(draw, rng, side):
    x, y, r = rng.randrange(side), rng.randrange(side), rng.randrange(side // 10, side // 3)
    fill, box = colour(rng), (x - r, y - r, x + r, y + r)
    kind = rng.choice(["circle", "square", "triangle", "ring", "stripes", "dots", "checks", "line"])
    if kind == "circle":
        draw.ellipse(box, fill=fill)
    elif kind == "square":
        draw.rectangle(box, fill=fill)
    elif kind == "triangle":
        draw.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=fill)
    elif kind == "ring":
        draw.ellipse(box, outline=fill, width=max(2, r // 3))
    elif kind == "line":
        draw.line((x - r, y - r, x + r, y + rng.randrange(-r, r)), fill=fill, width=rng.randrange(1, 9))
    else:
        pitch = max(4, r // rng.randrange(2, 5))
        for i, u in enumerate(range(x - r, x + r, pitch)):
            if kind == "stripes":
                draw.rectangle((u, y - r, u + pitch // 2, y + r), fill=fill)
                continue
            for j, v in enumerate(range(y - r, y + r, pitch)):
                if kind == "dots":
                    draw.ellipse((u, v, u + pitch // 2, v + pitch // 2), fill=fill)
                elif (i + j) % 2 == 0:
                    draw.rectangle((u, v, u + pitch, v + pitch), fill=fill)


def picture(rng, fonts, side=256):
    """A picture and the boxes of its lines of text; every third has none."""
    ground = colour(rng)
    image = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randrange(5)):
        shape(draw, rng, side)
    boxes = []
    for _ in range(rng.choice([0, 1, 2]) and rng.randrange(1, 4)):
        font = fonts[rng.randrange(len(fonts))]
        word = "".join(rng.choice(LETTERS) for _ in range(rng.randrange(3, 12)))
        at = (rng.randrange(-10, side - 60), rng.randrange(0, side - 24))
        box = draw.textbbox(at, word, font=font)
        under = image.getpixel((min(side - 1, max(0, (box[0] + box[2]) // 2)), min(side - 1, (box[1] + box[3]) // 2)))
        draw.text(at, word, fill=far(rng, under), font=font)
        boxes.append(box)
    return image, boxes


def tensors(rng, fonts, count):
    pixels, targets = np.zeros((count, 3, SIDE, SIDE), np.float32), np.zeros((count, 1, CELLS, CELLS), np.float32)
    for i in range(count):
        image, boxes = picture(rng, fonts)
        pixels[i] = np.asarray(image.resize((SIDE, SIDE), Image.BICUBIC), np.float32).transpose(2, 0, 1) / 255 * 2 - 1
        centres = (np.arange(CELLS) + 0.5) * image.width / CELLS
        for left, top, right, bottom in boxes:
            targets[i, 0] = np.maximum(targets[i, 0], np.outer((centres >= top) & (centres < bottom), (centres >= left) & (centres < right)))
    return torch.from_numpy(pixels), torch.from_numpy(targets)


class Detector(torch.nn.Module):
    """Strides of 4 in all; dilations let a cell see its surroundings. Gives logits."""

    def __init__(self, width=24):
        super().__init__()
        layer = lambda a, b, stride, dilation: [torch.nn.Conv2d(a, b, 3, stride, dilation, dilation), torch.nn.ReLU()]
        self.body = torch.nn.Sequential(
            *layer(3, width, 2, 1), *layer(width, width, 2, 1), *layer(width, width, 1, 1), *layer(width, width, 1, 2), *layer(width, width, 1, 1), torch.nn.Conv2d(width, 1, 1))

    def forward(self, pixel_values):
        return self.body(pixel_values)


class Probabilities(torch.nn.Module):
    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, pixel_values):
        return torch.sigmoid(self.detector(pixel_values))


def measure(model, fonts, pictures=300):
    pixels, targets = tensors(random.Random(2002), fonts, pictures)
    with torch.no_grad():
        found = torch.sigmoid(torch.cat([model(p) for p in pixels.split(50)])) >= 0.5
    text, true = targets > 0.5, found & (targets > 0.5)
    bare = ~text.flatten(1).any(1)
    return {
        "pictures": pictures, "data": "drawn by this script with seed 2002, which training does not use",
        "cells_recall": round((true.sum() / text.sum()).item(), 4), "cells_precision": round((true.sum() / found.sum()).item(), 4),
        "pictures_without_text": int(bare.sum()), "their_share_marked": round(found[bare].float().mean().item(), 4)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=400)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--out", default="text-detector-demo")
    options = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    fonts = [ImageFont.truetype(os.path.join(FONTS, name), size) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf") if os.path.exists(os.path.join(FONTS, name)) for size in (16, 20, 26, 34, 44)]
    model = Detector()
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, options.steps)
    start = time.time()
    for step in range(options.steps):
        pixels, targets = tensors(rng, fonts, options.batch)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(pixels), targets, pos_weight=torch.tensor(2.0))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 20 == 19:
            print(step + 1, f"loss {loss.item():.4f}", f"{time.time() - start:.0f} s", flush=True)
    seconds = time.time() - start
    model.eval()
    quality = measure(model, fonts)
    print(quality)
    out = fresh(options.out)
    pixels = torch.zeros(1, 3, SIDE, SIDE)
    export_graph(os.path.join(out, "onnx"), "model", Probabilities(model), (pixels,), ["pixel_values"], ["text_probability"], {"pixel_values": {0: "batch"}, "text_probability": {0: "batch"}})
    processor = image_processor("CLIPImageProcessor", True, [0.5] * 3, [0.5] * 3)
    processor["size"] = {"height": SIDE, "width": SIDE}
    write_json(out, "preprocessor_config.json", processor)
    golden = GoldenRuns(out)
    pixels, _ = tensors(random.Random(3003), fonts, 2)
    with torch.no_grad():
        golden.add("pictures", "detector", {"pixel_values": pixels}, {"text_probability": Probabilities(model)(pixels)})
    golden.write([])
    write_json(out, "orchestrator.json", {
        "kind": "text-detector", "files": twins({"detector": "onnx/model.onnx"}), "inputs": {"detector": "pixel_values"}, "outputs": {"detector": "text_probability"},
        "golden": "golden.json", "licence": "MIT",
        "provenance": {
            "scripts": ["samples/models/train_text_detector.py"], "data": "pictures drawn by the script: shapes, textures and lines of letters in DejaVu fonts", "seed": options.seed,
            "steps": options.steps, "batch": options.batch, "training_seconds": round(seconds), "hardware": "one thread of two shared CPU cores",
            "framework": f"PyTorch {torch.__version__}", "parameters": sum(p.numel() for p in model.parameters())},
        "quality": quality})


main()
