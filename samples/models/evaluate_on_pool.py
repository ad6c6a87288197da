"""How a scorer ranks a pool with known defects: usable pairs against each kind of false caption, and the top's precision.

    /usr/bin/python3 evaluate_on_pool.py --work DIR --pool DIR        (clip-demo's checkpoint; truth is read from DIR-truth)
"""
import argparse
import json
import os
import tarfile

import numpy as np
import torch

from byte_bpe import Bpe
from clip_model import Clip
from evaluation import roc_auc, unit
from pair_data import preprocess

TRUE = ("none", "exact-duplicate", "near-duplicate", "wrong-extension", "tiny-image", "extreme-aspect")
FALSE = ("swapped-caption", "partial-truth", "boilerplate-caption", "file-name-caption", "short-caption")


def load_model(work, build=Clip, name="model"):
    """Tokenizer, model and state of a checkpoint; `build` makes the model of a number of tokens."""
    bpe = Bpe.load(work)
    state = torch.load(os.path.join(work, "checkpoint.pt"), map_location="cpu")
    model = build(len(bpe.vocab))
    model.load_state_dict(state[name])
    model.eval().requires_grad_(False)
    return bpe, model, state


def usable(pool, squash=False):
    """(lines of the truth, uint8 pixels) of the samples whose picture decodes and that have a caption."""
    with open(pool.rstrip("/") + "-truth/truth.jsonl", encoding="utf-8") as f:
        truth = [json.loads(line) for line in f]
    kept, pixels, shards = [], [], {}
    for line in truth:
        if line["defect"] in TRUE + FALSE:
            if line["shard"] not in shards:
                shards[line["shard"]] = tarfile.open(os.path.join(pool, f"{line['shard']:08d}.tar"))
            member = f"{line['key']}.{line['extension']}"
            pixels.append(preprocess(shards[line["shard"]].extractfile(member).read(), squash))
            kept.append(line)
    return kept, np.stack(pixels), len(truth)


def figures(kept, scores, size):
    """AUC for each kind of false caption and for all; precision of the best 15 and 30 % of the `size` samples of the pool."""
    defects = np.array([line["defect"] for line in kept])
    true = np.isin(defects, TRUE)
    found = {"matched_pairs": int(true.sum()), "matched_score_mean": float(scores[true].mean())}
    for kind in FALSE:
        if (defects == kind).any():
            found[f"auc_{kind.replace('-', '_')}"] = roc_auc(scores[true], scores[defects == kind])
            found[f"pairs_{kind.replace('-', '_')}"] = int((defects == kind).sum())
    found["auc_all_false_captions"] = roc_auc(scores[true], scores[~true])
    order = np.argsort(-scores, kind="stable")
    for percent in (15, 30):
        found[f"precision_of_top_{percent}_percent"] = float(true[order[:size * percent // 100]].mean())
    return found


def measure(embedder, pool):
    """Figures of the cosines of a dual encoder."""
    kept, pixels, size = usable(pool, embedder.squash)
    scores = []
    for i in range(0, len(kept), 250):
        images = unit(embedder.images(embedder.pixels(pixels[i:i + 250])))
        texts = unit(embedder.texts([line["caption"] for line in kept[i:i + 250]]))
        scores.append((images * texts).sum(1))
    found = figures(kept, np.concatenate(scores), size)
    return {("matched_cosine_mean" if k == "matched_score_mean" else k): round(v, 4) for k, v in found.items()}


if __name__ == "__main__":
    from export_clip_demo import embedder_of
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--pool", required=True)
    args = p.parse_args()
    torch.set_num_threads(2)
    print(json.dumps(measure(embedder_of(*load_model(args.work)[:2]), args.pool), indent=2))
