"""Pillow's side of the comparison: `make DIR` writes JPEGs, `time DIR SECONDS` prints {file: {decode, resize, all}} in milliseconds (best of runs)."""
import io
import json
import pathlib
import sys
import time

import numpy as np
from PIL import Image

SIZES = [(224, 224), (320, 240), (512, 384), (640, 480), (1024, 768), (2048, 1536), (480, 640)]
EDGE = 224


def make(folder):
    g = np.random.default_rng(9)
    for width, height in SIZES:
        y, x = np.mgrid[0:height, 0:width]
        planes = [127 + 90 * np.sin(x / width * g.uniform(6, 40) + y / height * g.uniform(6, 40)) + 12 * g.standard_normal((height, width)) for _ in range(3)]
        Image.fromarray(np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)).save(folder / f"{width}x{height}.jpg", quality=90)
    wide = Image.open(folder / "640x480.jpg")
    wide.convert("L").save(folder / "640x480-grey.jpg", quality=90)


def crop(image):
    width, height = image.size
    size = (EDGE, int(EDGE * height / width)) if width <= height else (int(EDGE * width / height), EDGE)
    image = image.resize(size, Image.BICUBIC)
    left, top = (size[0] - EDGE) // 2, (size[1] - EDGE) // 2
    return image.crop((left, top, left + EDGE, top + EDGE))


def tensor(image):
    mean, std = np.array([0.48145466, 0.4578275, 0.40821073], np.float32), np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    return np.ascontiguousarray(((np.asarray(image) * np.float32(1 / 255) - mean) / std).transpose(2, 0, 1))


def best(action, seconds):
    action()
    least, end = 1e9, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        action()
        least = min(least, time.perf_counter() - start)
    return least * 1000


def decode(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def measure(folder, seconds):
    results = {}
    for path in sorted(folder.glob("*.jpg")):
        data = path.read_bytes()
        image = decode(data)
        results[path.name] = {
            "decode": best(lambda: decode(data), seconds),
            "resize": best(lambda: crop(image), seconds),
            "squash": best(lambda: image.resize((EDGE, EDGE), Image.BICUBIC), seconds),
            "all": best(lambda: tensor(crop(decode(data).convert("RGB"))), seconds)}
    print(json.dumps({"version": Image.__version__, "files": results}))


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[2])
    make(target) if sys.argv[1] == "make" else measure(target, float(sys.argv[3]))
