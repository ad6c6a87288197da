"""Golden vectors: PyTorch's answers to small inputs, as .npy files and golden.json."""
import hashlib
import json
import os
import shutil

import numpy as np
import torch


class Golden:
    """Runs of one model folder; equal arrays are stored once."""

    def __init__(self, folder):
        self.folder, self.runs, self.texts, self.seen = folder, [], [], {}
        shutil.rmtree(os.path.join(folder, "golden"), ignore_errors=True)
        os.makedirs(os.path.join(folder, "golden"))

    def run(self, name, files, inputs, outputs):
        """One run for each of `files` (keys of the manifest) on the same values."""
        kept = [{n: self._keep(f"{name}.{n}", v) for n, v in values.items()} for values in (inputs, outputs)]
        for file in files:
            run = name if len(files) == 1 else f"{name} {file}"
            self.runs.append({"name": run, "file": file, "inputs": kept[0], "outputs": kept[1]})

    def _keep(self, name, value):
        value = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        if value.dtype not in (np.float32, np.int64, np.bool_):
            value = value.astype(np.float32)
        value = np.ascontiguousarray(value)
        digest = hashlib.sha256(f"{value.dtype}{value.shape}".encode() + value.tobytes()).hexdigest()
        if digest not in self.seen:
            self.seen[digest] = f"golden/{name.replace(' ', '-')}.npy"
            if os.path.exists(os.path.join(self.folder, self.seen[digest])):
                raise ValueError(f"two different golden arrays are called {name}")
            np.save(os.path.join(self.folder, self.seen[digest]), value)
        return self.seen[digest]

    def save(self):
        content = {"framework": f"PyTorch {torch.__version__}", "runs": self.runs}
        if self.texts:
            content["texts"] = self.texts
        with open(os.path.join(self.folder, "golden.json"), "w", encoding="utf-8", newline="\n") as f:
            json.dump(content, f, ensure_ascii=False, indent=1)
            f.write("\n")


TREE_PARENTS = (-1, 0, 0, 1, 1, 2, 4)
TEXTS = (
    "Translate from Velan to Oskic: kipeen bribri lanki.",
    "At the start Mira has 12 apples. Then 12 - 5 = 7.",
    "Überraschung: 3 käse-würfel, l'été & 東京 🙂 don't",
    "  two spaces,\ttab\n\nand 2026\r\n ends ",
    "ink(red)\ndown()",
    "",
)


def tree_rows(parents, past):
    """(depth of each node, bias [1,1,n,past+n]): a node sees the past, its ancestors and itself."""
    n = len(parents)
    bias = torch.full((1, 1, n, past + n), -1e9)
    bias[..., :past] = 0
    depth = []
    for i, parent in enumerate(parents):
        depth.append(0 if parent < 0 else depth[parent] + 1)
        node = i
        while node >= 0:
            bias[0, 0, i, past + node] = 0
            node = parents[node]
    return depth, bias


def leaf_paths(parents):
    """Node numbers from the root to each leaf."""
    paths = []
    for leaf in sorted(set(range(len(parents))) - set(parents)):
        path, node = [], leaf
        while node >= 0:
            path.insert(0, node)
            node = parents[node]
        paths.append(path)
    return paths


def cache_inputs(past):
    return {f"past_key_values.{i}.{part}": x for i, kv in enumerate(past) for part, x in zip(("key", "value"), kv)}


def cache_outputs(present):
    return {f"present.{i}.{part}": x for i, kv in enumerate(present) for part, x in zip(("key", "value"), kv)}
