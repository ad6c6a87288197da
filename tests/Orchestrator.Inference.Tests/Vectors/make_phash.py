"""pHashes of the golden images by PIL and NumPy in floating point: writes phash.json beside this file.

    python3 make_phash.py

The steps of imagehash.phash: grey, Lanczos to 32 x 32, DCT-II over both axes, the 8 x 8 lowest, above their median.
"""
import json
import os
import re

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def dct_matrix(n):
    k, x = np.mgrid[0:n, 0:n]
    return np.cos(np.pi * k * (2 * x + 1) / (2 * n))


def phash(path):
    grey = Image.open(path).convert("RGB").convert("L").resize((32, 32), Image.LANCZOS)
    c = dct_matrix(32)
    low = (c @ np.asarray(grey, dtype=np.float64) @ c.T)[:8, :8]
    low[np.abs(low) < 1e-6] = 0
    above = (low > np.median(low)).flatten()
    return "".join(f"{int(''.join('1' if b else '0' for b in above[i:i + 4]), 2):x}" for i in range(0, 64, 4))


def main():
    files = [e["file"] for e in json.load(open(os.path.join(HERE, "pixels", "expected.json")))]
    hashes = {f: phash(os.path.join(HERE, "pixels", f)) for f in files}
    with open(os.path.join(HERE, "phash.json"), "w") as f:
        f.write(re.sub(r"}$", "\n}\n", json.dumps(hashes, indent=1).replace("\n}", "}")))
    print(len(hashes), len(set(hashes.values())))


main()
