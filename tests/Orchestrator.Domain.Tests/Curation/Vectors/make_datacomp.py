#!/usr/bin/env python3
"""Writes datacomp.json: metadata of 400 made-up samples and what DataComp's filters keep of it.

    git clone https://github.com/mlfoundations/datacomp && python3 make_datacomp.py datacomp

Runs DataComp's own functions (baselines/apply_filter.py, read from the checkout given) over columns that stand in for its
data frames, with made-up languages, and compares them with the same rules stated here in NumPy; it stops where the two
differ. Without a checkout the statement alone is written. The vectors kept here were written with commit 4a8df199.
"""
import json
import os
import random
import sys
import types

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FRACTIONS = [0.001, 0.15, 0.29, 0.3, 0.5, 0.7, 0.999]
KEYS = ["clip_b32_similarity_score", "clip_l14_similarity_score"]


def metadata():
    rng = random.Random(20261124)
    words = ["a", "dog", "of", "caf\u00e9", "\u4e2d\u6587", "\U0001f600", "in", "the", "x\u00a0y", "rain,", "it's"]
    sides = [150, 199, 200, 201, 300, 399, 599, 600, 601, 603, 640, 900, 1801]
    rows = []
    for _ in range(400):
        text = rng.choice([" ", "  ", "\n", "\t"]).join(rng.choice(words) for _ in range(rng.randrange(0, 6)))
        rows.append({
            "uid": f"{rng.getrandbits(128):032x}", "text": text, "language": rng.choice(["en", "en", "en", "de", "zh"]),
            "width": rng.choice(sides), "height": rng.choice(sides),
            # The first has many ties, the second hardly any; both are single precision, as the metadata are.
            KEYS[0]: float(np.float32(round(rng.gauss(0.2, 0.05), 2))), KEYS[1]: float(np.float32(rng.gauss(0.25, 0.08))),
        })
    return rows


def statement(rows):
    basic = []
    for i, r in enumerate(rows):
        w, h = r["width"], r["height"]
        if r["language"] == "en" and len(r["text"].split()) > 2 and len(r["text"]) > 5 and min(w, h) >= 200 and max(w, h) / min(w, h) <= 3.0:
            basic.append(i)
    cuts = []
    for key in KEYS:
        column = np.array([r[key] for r in rows], dtype=np.float32)
        for fraction in FRACTIONS:
            threshold = np.sort(column)[::-1][int(len(column) * fraction)]
            cuts.append({"key": key, "fraction": fraction, "threshold": float(threshold), "kept": np.flatnonzero(column >= threshold).tolist()})
    return basic, cuts


class Column(np.ndarray):
    """As much of a pandas Series as apply_filter.py uses."""

    def apply(self, function, **more):
        values = [function(v, **more) for v in self]
        return np.array(values, dtype=object if values and isinstance(values[0], (str, int)) and not small(values) else None).view(Column)

    @property
    def values(self):
        return self.view(np.ndarray)


def small(values):
    return all(isinstance(v, int) and v < 2 ** 31 for v in values)


class Frame:
    """As much of a pandas DataFrame."""

    def __init__(self, columns):
        self.columns = columns

    def __getattr__(self, name):
        return self.columns[name]

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, key):
        if isinstance(key, str):
            return self.columns[key]
        if isinstance(key, list):
            return Frame({k: self.columns[k] for k in key})
        return Frame({k: v[np.asarray(key)] for k, v in self.columns.items()})


def original(folder, rows):
    """The same by DataComp's functions: they see columns where they would read Parquet."""
    column = lambda values, dtype: np.array(values, dtype=dtype).view(Column)
    frame = Frame({
        "uid": column([r["uid"] for r in rows], object), "text": column([r["text"] for r in rows], object),
        "original_width": column([r["width"] for r in rows], np.int64), "original_height": column([r["height"] for r in rows], np.int64),
        **{k: column([r[k] for r in rows], np.float32) for k in KEYS},
    })
    languages = {i: r["language"] for i, r in enumerate(rows)}
    asked = iter(range(len(rows)))

    class Model:
        def predict(self, text):
            return (["__label__" + languages[next(asked)]],)

    class Anything(types.ModuleType):
        def __getattr__(self, name):
            return Anything(name)

        def __call__(self, *given, **more):
            return given[0] if given and callable(given[0]) else self

    for name in ("fasttext", "fsspec", "gcld3", "nltk", "nltk.corpus", "pandas", "torch", "tqdm", "baselines", "baselines.utils"):
        sys.modules[name] = Anything(name)
    sys.modules["fasttext"].FastText = types.SimpleNamespace()
    sys.modules["fasttext"].load_model = lambda path: Model()
    sys.modules["torch"].Tensor = sys.modules["pandas"].DataFrame = object
    module = types.ModuleType("apply_filter")
    exec(compile(open(os.path.join(folder, "baselines", "apply_filter.py")).read(), "apply_filter.py", "exec"), module.__dict__)
    module.pd = types.SimpleNamespace(read_parquet=lambda url, columns=None, filesystem=None: frame[columns])
    module.load_metadata = lambda path, num_workers, columns=None: frame[columns]
    place = {(int(r["uid"][:16], 16), int(r["uid"][16:], 16)): i for i, r in enumerate(rows)}
    indexes = lambda uids: sorted(place[(int(a), int(b))] for a, b in uids)
    basic = indexes(module.load_uids_with_basic_filter_helper((None, "")))
    cuts = []
    for key in KEYS:
        for fraction in FRACTIONS:
            threshold = module.get_threshold("", key, fraction, 1)
            cuts.append({"key": key, "fraction": fraction, "threshold": float(threshold),
                         "kept": indexes(module.load_uids_with_clip_score_helper((None, ""), key, threshold, False))})
    return basic, cuts


def main():
    rows = metadata()
    basic, cuts = statement(rows)
    if len(sys.argv) > 1:
        assert original(sys.argv[1], rows) == (basic, cuts), "DataComp's functions and the statement differ"
        print("equal to DataComp's own functions")
    with open(os.path.join(HERE, "datacomp.json"), "w") as f:
        json.dump({"rows": rows, "basic": basic, "cuts": cuts}, f, separators=(",", ":"))
        f.write("\n")
    print(len(basic), "of", len(rows), "pass the basic filter")


main()
