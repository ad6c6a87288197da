"""ROC AUC of a checkpoint on a pool with known defects: usable pairs against each kind of false caption.

    /usr/bin/python3 evaluate_on_pool.py --work DIR --pool DIR        (truth is read from DIR-truth)
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
from pair_data import normalise, preprocess
from train_clip_demo import ids_of

TRUE = ("none", "exact-duplicate", "near-duplicate", "wrong-extension", "tiny-image", "extreme-aspect")
FALSE = ("swapped-caption", "partial-truth", "boilerplate-caption", "file-name-caption", "short-caption")


def load_model(work):
    bpe = Bpe.load(work)
    state = torch.load(os.path.join(work, "checkpoint.pt"), map_location="cpu")
    model = Clip(len(bpe.vocab))
    model.load_state_dict(state["model"])
    model.eval().requires_grad_(False)
    return bpe, model, state


def cosines_by_defect(bpe, model, pool):
    """Cosines of the samples of each defect whose picture decodes and that have a caption."""
    with open(pool.rstrip("/") + "-truth/truth.jsonl", encoding="utf-8") as f:
        truth = [json.loads(line) for line in f]
    kept, pixels, shards = [], [], {}
    for line in truth:
        if line["defect"] in TRUE + FALSE:
            if line["shard"] not in shards:
                shards[line["shard"]] = tarfile.open(os.path.join(pool, f"{line['shard']:08d}.tar"))
            member = f"{line['key']}.{line['extension']}"
            pixels.append(preprocess(shards[line["shard"]].extractfile(member).read()))
            kept.append(line)
    scores = {}
    for i in range(0, len(kept), 250):
        part = kept[i:i + 250]
        images = unit(model.vision(torch.from_numpy(normalise(np.stack(pixels[i:i + 250])))).numpy())
        texts = unit(model.text(ids_of(bpe, [line["caption"] for line in part])).numpy())
        for line, score in zip(part, (images * texts).sum(1)):
            scores.setdefault(line["defect"], []).append(float(score))
    return {k: np.array(v) for k, v in scores.items()}


def measure(bpe, model, pool):
    scores = cosines_by_defect(bpe, model, pool)
    matched = np.concatenate([scores[k] for k in TRUE if k in scores])
    figures = {"matched_pairs": len(matched), "matched_cosine_mean": float(matched.mean())}
    for kind in FALSE:
        if kind in scores:
            figures[f"auc_{kind.replace('-', '_')}"] = roc_auc(matched, scores[kind])
            figures[f"pairs_{kind.replace('-', '_')}"] = len(scores[kind])
    false = np.concatenate([scores[k] for k in FALSE if k in scores])
    figures["auc_all_false_captions"] = roc_auc(matched, false)
    return {k: round(v, 4) for k, v in figures.items()}


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--pool", required=True)
    args = p.parse_args()
    torch.set_num_threads(2)
    print(json.dumps(measure(*load_model(args.work)[:2], args.pool), indent=2))
