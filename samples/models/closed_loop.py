"""Does the curation help? The same small CLIP is trained from scratch for the same number of samples on what each method keeps
of one noisy pool, and judged zero-shot on clean pictures it never saw.

    /usr/bin/python3 closed_loop.py --pool DIR --test DIR --work DIR --clip clip-demo --dfn dfn-demo

`--work` holds the checkpoints of captioner and filter in `caption` and `itm`. Zero-shot: pictures of one object against 64
prompts "a COLOUR SHAPE"; an answer is right if colour and shape are.
"""
import argparse
import json
import os
import random

import numpy as np
import torch
from torch.nn import functional

from blip_generate import generate
from blip_model import Captioner, Matcher
from byte_bpe import Bpe
from clip_model import Clip, TextTower, VisionTower
from clip_weights import load_towers
from distractors import GROUPS
from evaluate_on_pool import TRUE, usable
from evaluation import unit
from export_blip import load
from export_clip_demo import embedder_of
from pair_data import load_pairs, normalise
from train_blip_itm import probabilities
from train_clip_demo import ids_of
from train_dfn_demo import build, contrast
from training import augment, has_bfloat16, optimiser_of, set_rate

BATCH = 128
COLOURS, SHAPES = GROUPS[0], GROUPS[1]


def scores(folder, make, kept, pixels):
    """Cosines of the pool's pairs by an exported CLIP."""
    bpe = Bpe.load(folder)
    model = make(len(bpe.vocab))
    load_towers(model, os.path.join(folder, "onnx"))
    embedder = embedder_of(bpe, model.eval().requires_grad_(False))
    parts = range(0, len(kept), 250)
    images = np.concatenate([embedder.images(normalise(pixels[i:i + 250])) for i in parts])
    texts = np.concatenate([embedder.texts([line["caption"] for line in kept[i:i + 250]]) for i in parts])
    return (unit(images) * unit(texts)).sum(1)


def best(score, share, size):
    return np.sort(np.argsort(-score, kind="stable")[:int(share * size)])


def cap_filt(work, kept, squares):
    """(picture, caption) pairs: web and synthetic captions that the filter takes for true (BLIP section 3.3, 0.5)."""
    pieces, captioner, _ = load(os.path.join(work, "caption"), Captioner)
    synthetic = generate(captioner, pieces, squares, top_p=0.9, repetition_penalty=1.1)
    pieces, matcher, _ = load(os.path.join(work, "itm"), Matcher)
    pairs = {"web": [], "synthetic": []}
    with torch.no_grad():
        for i in range(0, len(kept), 250):
            images = matcher.vision(torch.from_numpy(normalise(squares[i:i + 250])))
            for kind, texts in (("web", [line["caption"] for line in kept]), ("synthetic", synthetic)):
                chance = probabilities(matcher, pieces, images, texts[i:i + 250], "cpu")
                pairs[kind] += [(i + j, texts[i + j]) for j in np.flatnonzero(chance >= 0.5)]
    return pairs["web"] + pairs["synthetic"], {k: len(v) for k, v in pairs.items()}


def train(pairs, pixels, bpe, seed, args):
    """A small CLIP after args.steps batches of the pairs, the same steps and seeds for every method."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    width = {"dimension": 64, "width": 64, "layers": 1, "ratio": 2}
    model = Clip(len(bpe.vocab), VisionTower(deep=False, **width), TextTower(len(bpe.vocab), **width))
    optimiser, order = optimiser_of(model.parameters(), args.rate), np.array([], int)
    for step in range(1, args.steps + 1):
        set_rate(optimiser, args, step)
        while len(order) < BATCH:
            order = np.concatenate([order, generator.permutation(len(pairs))])
        rows, order = [pairs[i] for i in order[:BATCH]], order[BATCH:]
        captions = [text for _, text in rows]
        x = augment(torch.from_numpy(normalise(pixels[[i for i, _ in rows]])), generator)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bfloat16()):
            images, words = model.vision(x), model.text(ids_of(bpe, captions))
        lowered = np.array([c.lower().rstrip(".") for c in captions])
        copies = torch.from_numpy((lowered[:, None] == lowered[None]) & ~np.eye(BATCH, dtype=bool))
        loss, _ = contrast(
            model.logit_scale.exp().clamp(max=100), functional.normalize(images.float(), dim=1),
            functional.normalize(words.float(), dim=1), copies)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    return model.eval()


def zero_shot(model, bpe, pixels, texts):
    single = [i for i, t in enumerate(texts) if len(t["scene"]["objects"]) == 1]
    prompts = [f"{'an' if c[0] == 'o' else 'a'} {c} {s}" for c in COLOURS for s in SHAPES]
    with torch.no_grad():
        images = np.concatenate([
            model.vision(torch.from_numpy(normalise(pixels[single[i:i + 250]]))).numpy() for i in range(0, len(single), 250)])
        answers = (unit(images) @ unit(model.text(ids_of(bpe, prompts)).numpy()).T).argmax(1)
    objects = [texts[i]["scene"]["objects"][0] for i in single]
    return float(np.mean([COLOURS[a // 8] == o["colour"] and SHAPES[a % 8] == o["shape"] for a, o in zip(answers, objects)]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--pool", required=True)
    p.add_argument("--test", required=True)
    p.add_argument("--work", required=True, help="folder of the checkpoints caption and itm; closed_loop.json is written there")
    p.add_argument("--clip", default="clip-demo")
    p.add_argument("--dfn", default="dfn-demo")
    p.add_argument("--steps", type=int, default=250)
    p.add_argument("--warmup", type=int, default=30)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    kept, pixels, size = usable(args.pool)
    _, squares, _ = usable(args.pool, squash=True)
    test_pixels, test_texts = load_pairs(args.test)
    web = [(i, line["caption"]) for i, line in enumerate(kept)]
    true = np.isin([line["defect"] for line in kept], TRUE)
    clip = best(scores(args.clip, Clip, kept, pixels), 0.30, size)
    dfn = best(scores(args.dfn, build, kept, pixels), 0.15, size)
    capped, counts = cap_filt(args.work, kept, squares)
    methods = {
        "raw pool": web, "CLIP score, best 30 %": [web[i] for i in clip], "DFN, best 15 %": [web[i] for i in dfn],
        "CapFilt": capped, "true pairs (the truth's own choice)": [web[i] for i in np.flatnonzero(true)]}
    bpe = Bpe.train([text for _, text in web], 300)
    found = {"pool": size, "usable": len(kept), "cap_filt": counts, "steps": args.steps, "batch": BATCH, "methods": {
        name: {"pairs": len(pairs), "accuracy": []} for name, pairs in methods.items()}}
    for seed in args.seeds:
        for name, pairs in methods.items():
            line = found["methods"][name]
            line["accuracy"].append(round(zero_shot(train(pairs, pixels, bpe, seed, args), bpe, test_pixels, test_texts), 4))
            line["mean"] = round(float(np.mean(line["accuracy"])), 4)
            line["deviation"] = round(float(np.std(line["accuracy"], ddof=min(1, len(line["accuracy"]) - 1))), 4)
            print(seed, name, json.dumps(line), flush=True)
            with open(os.path.join(args.work, "closed_loop.json"), "w", encoding="utf-8") as f:
                json.dump(found, f, indent=2)
    print("| trained on | pairs | zero-shot accuracy |\n|---|---|---|")
    for name, line in found["methods"].items():
        print(f"| {name} | {line['pairs']:,} | {line['mean']:.1%} ± {line['deviation']:.1%} |")


if __name__ == "__main__":
    main()
