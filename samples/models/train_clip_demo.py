"""Trains the demo CLIP on generated pairs. See ../README.md for the commands that make the data.

    /usr/bin/python3 train_clip_demo.py --train DIR --validate DIR --work DIR --steps 1600
"""
import argparse
import json
import math
import os
import random
import time

import numpy as np
import torch
from torch.nn import functional

from byte_bpe import Bpe
from clip_model import Clip
from distractors import english_phrases, irrelevant, wrong_word
from evaluation import evaluate
from pair_data import load_pairs, normalise
from training import Log, add_arguments, augment, optimiser_of, save_state, set_rate

BATCH, HARD, JUNK, MERGES = 192, 96, 32, 1500


def ids_of(bpe, captions):
    """i64 [n, longest]: what follows the longest caption's end token changes no embedding, so it is not computed."""
    rows = np.array([bpe.encode(c) for c in captions])
    return torch.from_numpy(rows[:, : int((rows == bpe.end).argmax(1).max()) + 1])


def loss_of(model, pixels, texts, copies):
    """InfoNCE both ways; the extra texts are negatives of every picture. `copies` marks equal captions of other pairs,
    which are no negatives."""
    images = functional.normalize(model.vision(pixels), dim=1)
    words = functional.normalize(model.text(texts), dim=1)
    logits = model.logit_scale.exp() * images @ words.T
    n = len(images)
    target = torch.arange(n)
    logits = torch.cat([logits[:, :n].masked_fill(copies, -1e4), logits[:, n:]], 1)
    loss = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits[:, :n].T, target)) / 2
    return loss, (logits.argmax(1) == target).float().mean()


def main():
    args = add_arguments(argparse.ArgumentParser(), steps=1600, rate=1.5e-3).parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    chance, generator = random.Random(args.seed), np.random.default_rng(args.seed)
    say = Log(args.work)

    pixels, texts = load_pairs(args.train)
    held_pixels, held_texts = load_pairs(args.validate)
    words = english_phrases()
    phrases = [irrelevant(words, chance) for _ in range(20_000)]
    bpe = Bpe.train([c for t in texts[:20_000] for c in t["captions"]] + phrases, MERGES)
    bpe.save(args.work)
    model = Clip(len(bpe.vocab))
    say(f"pictures {len(texts)}, tokens {len(bpe.vocab)}, parameters {model.parameters_count()}, "
        f"steps {args.steps}, batch {BATCH} + {HARD} nearly true + {JUNK} irrelevant texts, rate {args.rate}, seed {args.seed}")

    optimiser = optimiser_of(model.parameters(), args.rate)
    began, order, mean_loss = time.monotonic(), np.array([], int), 0.0
    for step in range(1, args.steps + 1):
        set_rate(optimiser, args, step)
        if len(order) < BATCH:
            order = generator.permutation(len(texts))
        rows, order = order[:BATCH], order[BATCH:]
        captions = [chance.choice(texts[i]["captions"]) for i in rows]
        extra = [wrong_word(c, chance) for c in captions[:HARD]] + [irrelevant(words, chance)[:80] for _ in range(JUNK)]
        lowered = np.array([c.lower().rstrip(".") for c in captions])
        copies = torch.from_numpy((lowered[:, None] == lowered[None]) & ~np.eye(BATCH, dtype=bool))
        x = augment(torch.from_numpy(normalise(pixels[rows])), generator)
        loss, accuracy = loss_of(model, x, ids_of(bpe, captions + extra), copies)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        mean_loss = loss.item() if step == 1 else 0.95 * mean_loss + 0.05 * loss.item()
        if step % 20 == 0:
            say(f"step {step} loss {mean_loss:.3f} top1 {accuracy:.3f} scale {model.logit_scale.exp().item():.1f} "
                f"seconds {time.monotonic() - began:.0f}")
        if step % args.every == 0 or step == args.steps:
            figures = validate(model, bpe, held_pixels[:1000], held_texts[:1000], words, args.seed)
            say(f"step {step} " + json.dumps({k: round(v, 4) for k, v in figures.items()}))
            state = {"model": model.state_dict(), "step": step, "seconds": time.monotonic() - began,
                     "seed": args.seed, "steps": args.steps, "pictures": len(texts), "batch": BATCH}
            save_state(args.work, state)


def validate(model, bpe, pixels, texts, words, seed):
    model.eval()
    with torch.no_grad():
        figures = evaluate(
            lambda x: model.vision(torch.from_numpy(x)).numpy(),
            lambda captions: model.text(ids_of(bpe, captions)).numpy(),
            pixels, texts, words, random.Random(seed))
    model.train()
    return figures


if __name__ == "__main__":
    main()
