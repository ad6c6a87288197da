#!/usr/bin/env python3
"""Writes npy/*.npy and npy.json beside this file: arrays as numpy.save writes them (NumPy 1.24.2), and the bits of their values as float32.

    python3 make_npy.py
"""
import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    folder = os.path.join(HERE, "npy")
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(20261126)
    base = rng.standard_normal((5, 7))
    base[1] = np.nan
    base[2, :4] = [65504, 6e-8, -0.0, 1 / 3]
    arrays = {"half": base.astype("<f2"), "single": base.astype("<f4"), "double": base, "none": np.zeros((0, 7), "<f2"), "wide": rng.standard_normal((2, 1024)).astype("<f2")}
    for name, array in arrays.items():
        np.save(os.path.join(folder, f"{name}.npy"), array)
    with open(os.path.join(folder, "version2.npy"), "wb") as f:
        np.lib.format.write_array(f, arrays["half"], version=(2, 0))
    arrays["version2"] = arrays["half"]
    np.save(os.path.join(folder, "fortran.npy"), np.asfortranarray(base))
    np.save(os.path.join(folder, "integers.npy"), np.arange(6).reshape(2, 3))
    np.save(os.path.join(folder, "vector.npy"), base[0])
    bits = {name: {"rows": len(a), "width": a.shape[1], "bits": a.astype("<f4").view("<u4").ravel().tolist()} for name, a in arrays.items()}
    with open(os.path.join(HERE, "npy.json"), "w", newline="\n") as f:
        json.dump(bits, f, separators=(",", ":"))
        f.write("\n")


main()
