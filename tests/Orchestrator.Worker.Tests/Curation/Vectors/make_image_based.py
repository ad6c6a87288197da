#!/usr/bin/env python3
"""What DataComp's image_based filter keeps of 3,000 embeddings: writes image_based.json beside this file.

    git clone https://github.com/mlfoundations/datacomp && python3 make_image_based.py datacomp

Runs DataComp's own get_centroid_ids_gpu and image_filter_helper (baselines/apply_filter.py, commit 4a8df199, read from the checkout given) with PyTorch
on the CPU, for which the one word "cuda:{device}" is read as "cpu"; the pool's table and language model are stand-ins by which every caption passes.
Centroids are made up (cosine of DataComp's are not of length 1), or made by Euclidean k-means over the pool by direct computation in float64
NumPy. Embeddings are whole numbers from SplitMix64, so that a test can make the same ones. The script refuses to write where a choice
hangs on less than single precision can tell apart.
"""
import json
import os
import queue
import sys
import types

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
N, D, K, M, ITERATIONS, SEED = 3000, 16, 60, 25, 8, 9
MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def bits(seed, stream, high, low):
    return mix(mix(mix(mix(seed & MASK) ^ stream) ^ high) ^ low)


def rows(stream, count):
    return np.array([[bits(SEED, stream, i, j) % 2001 - 1000 for j in range(D)] for i in range(count)], dtype=np.float32)


def unit(e):
    return e / np.linalg.norm(e, axis=1, keepdims=True)


def kmeans(e):
    """Euclidean, from the embeddings that the seed draws; float64."""
    centroids = e[sorted(range(len(e)), key=lambda i: bits(SEED, 0, 0, i))[:K]].copy()
    before = None
    for _ in range(ITERATIONS):
        score = e @ centroids.T - (centroids ** 2).sum(1) / 2
        near(score)
        assigned = score.argmax(1)
        if before is not None and (assigned == before).all():
            break
        before = assigned
        for c in range(K):
            if (assigned == c).any():
                centroids[c] = e[assigned == c].mean(0)
    return centroids.astype(np.float32)


def near(score):
    two = np.sort(score, 1)[:, -2:]
    gap = ((two[:, 1] - two[:, 0]) / np.abs(two[:, 1])).min()
    assert gap > 2e-6, f"an assignment is too near to call: {gap}"


class Anything(types.ModuleType):
    def __getattr__(self, name):
        return Anything(name)

    def __call__(self, *given, **more):
        return given[0] if given and callable(given[0]) else self


class Column(np.ndarray):
    """As much of a pandas Series as apply_filter.py uses."""

    def apply(self, function):
        return np.array([function(v) for v in self]).view(Column)

    def to_numpy(self):
        return self.view(np.ndarray)

    @property
    def values(self):
        return self.view(np.ndarray)


def datacomp(folder, pool, centroids, reference):
    names = ("fasttext", "fsspec", "gcld3", "nltk", "nltk.corpus", "pandas", "tqdm", "baselines", "baselines.utils")
    saved = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = Anything(name)
    sys.modules["pandas"].DataFrame = object
    source = open(os.path.join(folder, "baselines", "apply_filter.py")).read()
    assert source.count('f"cuda:{device}"') == 1
    module = types.ModuleType("apply_filter")
    exec(compile(source.replace('f"cuda:{device}"', '"cpu"'), "apply_filter.py", "exec"), module.__dict__)
    for name, was in saved.items():
        sys.modules.pop(name) if was is None else sys.modules.__setitem__(name, was)
    uids = np.array([f"{0:016x}{i:016x}" for i in range(len(pool))], dtype=object).view(Column)
    texts = np.array(["two words"] * len(pool), dtype=object).view(Column)
    frame = types.SimpleNamespace(uid=uids, text=texts)
    module.pd = types.SimpleNamespace(read_parquet=lambda path, columns, filesystem: frame)
    model = types.SimpleNamespace(predict=lambda lines, k: ([["__label__en"]] * len(lines), None))
    module.fasttext = types.SimpleNamespace(load_model=lambda path: model, tokenize=str.split)
    module.download = lambda *given: None
    module.Empty = queue.Empty
    path = os.path.join(HERE, "pool.npz.tmp")
    with open(path, "wb") as f:
        np.savez(f, l14_img=pool)
    centroids = torch.from_numpy(centroids)
    wanted = torch.unique(module.get_centroid_ids_gpu(torch.from_numpy(reference), centroids, 64, 0))
    tasks, results = queue.Queue(), queue.Queue()
    tasks.put((types.SimpleNamespace(open=lambda name: open(path, "rb")), "pool"))
    module.image_filter_helper(centroids, wanted, 64, 0, tasks, results)
    os.remove(path)
    return sorted(int(low) for _, low in results.get()), len(wanted)


def main():
    pool = rows(1, N).astype(np.float16)
    reference, given = rows(2, M), rows(3, K)
    made = kmeans(unit(pool.astype(np.float64)))
    result = {"n": N, "d": D, "clusters": K, "reference": M, "iterations": ITERATIONS, "seed": SEED}
    for name, centroids in (("given", given), ("made", made)):
        for e in (pool, reference):
            near(e.astype(np.float64) @ centroids.astype(np.float64).T)
        kept, wanted = datacomp(sys.argv[1], pool, centroids, reference)
        # The rule said once more.
        again = lambda e: (e.astype(np.float64) @ centroids.astype(np.float64).T).argmax(1)
        assert kept == np.flatnonzero(np.isin(again(pool), again(reference))).tolist()
        print(name, len(kept), "of", N, "kept,", wanted, "of", K, "clusters wanted")
        result[name] = {"kept": kept, "matched": wanted}
    with open(os.path.join(HERE, "image_based.json"), "w", newline="\n") as f:
        json.dump(result, f, separators=(",", ":"))
        f.write("\n")


main()
