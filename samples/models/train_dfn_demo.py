"""Trains the demo data-filtering network: a CLIP that sees clean pairs only, then is fine-tuned to rank them above near misses.

    /usr/bin/python3 train_dfn_demo.py --train DIR --validate DIR --work DIR

First part: symmetric InfoNCE with two nearly true captions of every picture as further negatives; the vision tower also
predicts the colour-shape phrases of the captions, which teaches it sooner what to look at (as CatLIP's labels do). Last
part, the fine-tuning: each true caption's cosine must exceed every near miss in the batch, also those of other pictures,
because a filter compares the scores of different pictures.
"""
import argparse
import os
import random
import re

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from byte_bpe import Bpe
from clip_model import Clip, TextTower, VisionTower
from distractors import GROUPS, english_phrases, irrelevant, wrong_word
from evaluation import evaluate
from pair_data import load_pairs, normalise
from training import Trainer, add_arguments, augment

BATCH, NEAR, JUNK, MERGES = 128, 2, 32, 500
FINE_TUNING_FROM = 0.65
SHARPNESS = 20.0
COLOURS, SHAPES = GROUPS[0], GROUPS[1]
PHRASE = re.compile(rf"({'|'.join(COLOURS)}) (?:\w+ )?({'|'.join(SHAPES)})")


def build(vocabulary):
    return Clip(
        vocabulary,
        VisionTower(layers=2, ratio=2, deep=False),
        TextTower(vocabulary, layers=2, ratio=2))


def tags_of(captions):
    """f32 [n, 64]: which colour-shape phrases each caption has."""
    tags = np.zeros((len(captions), len(COLOURS) * len(SHAPES)), np.float32)
    for row, caption in enumerate(captions):
        for colour, shape in PHRASE.findall(caption.lower()):
            tags[row, COLOURS.index(colour) * len(SHAPES) + SHAPES.index(shape)] = 1
    return torch.from_numpy(tags)


def embed_texts(text, bpe, captions, device, parts=4):
    """Embeddings in the captions' order; texts of like length go together, so that short ones are not padded far."""
    ids = [bpe.encode(c) for c in captions]
    lengths = np.array([row.index(bpe.end) + 1 for row in ids])
    order = np.argsort(lengths, kind="stable")
    out = []
    for part in np.array_split(order, parts):
        rows = torch.tensor([ids[i][:lengths[part].max()] for i in part])
        out.append(text(rows.to(device)))
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return torch.cat(out)[torch.from_numpy(back).to(device)]


def contrast(scale, images, words, copies):
    """InfoNCE both ways; the texts beyond the pictures' own are negatives of every picture."""
    n = len(images)
    logits = scale * images @ words.T
    target = torch.arange(n, device=logits.device)
    logits = torch.cat([logits[:, :n].masked_fill(copies, -1e4), logits[:, n:]], 1)
    loss = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits[:, :n].T, target)) / 2
    return loss, (logits.argmax(1) == target).float().mean()


def main():
    args = add_arguments(argparse.ArgumentParser(), steps=4000, rate=1.5e-3, seed=11).parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.manual_seed(args.seed)
    pixels, texts = load_pairs(args.train)
    held_pixels, held_texts = load_pairs(args.validate)
    words = english_phrases()
    phrase_chance = random.Random(args.seed)
    phrases = [irrelevant(words, phrase_chance) for _ in range(10_000)]
    bpe = Bpe.train([c for t in texts[:20_000] for c in t["captions"]] + phrases, MERGES)
    bpe.save(args.work)
    # The tag head only helps to train; it is no part of the exported model.
    model = nn.ModuleDict({"clip": build(len(bpe.vocab)), "tags": nn.Linear(128, 64)})
    clip = model["clip"]
    trainer = Trainer(args, model, len(texts), BATCH)
    device = trainer.device

    def loss_of(step, rows, chance, generator):
        captions = [chance.choice(texts[i]["captions"]) for i in rows]
        near = [wrong_word(c, chance) for _ in range(NEAR) for c in captions]
        junk = [irrelevant(words, chance)[:80] for _ in range(JUNK)]
        lowered = np.array([c.lower().rstrip(".") for c in captions])
        copies = torch.from_numpy((lowered[:, None] == lowered[None]) & ~np.eye(BATCH, dtype=bool)).to(device)
        x = augment(torch.from_numpy(normalise(pixels[rows])), generator).to(device)
        with trainer.autocast():
            features = clip.vision.features(x).mean(1)
            images = clip.vision.projection(features)
            embedded = embed_texts(clip.text, bpe, captions + near + junk, device)
            tags = model["tags"](features)
        images = functional.normalize(images.float(), dim=1)
        embedded = functional.normalize(embedded.float(), dim=1)
        scale = clip.logit_scale.exp().clamp(max=100)
        loss, accuracy = contrast(scale, images, embedded, copies)
        loss = loss + 0.3 * functional.binary_cross_entropy_with_logits(
            tags.float(), tags_of(captions).to(device), reduction="sum") / BATCH
        true = (images * embedded[:BATCH]).sum(1)
        close = torch.cat([(images * embedded[BATCH * k:BATCH * (k + 1)]).sum(1) for k in range(1, NEAR + 1)])
        rank = functional.softplus(SHARPNESS * (close[None] - true[:, None] + 0.1)).mean()
        if step > FINE_TUNING_FROM * args.steps:
            loss = loss + 2 * rank
        return loss, f"top1 {accuracy:.3f} rank {rank.item():.3f} scale {scale.item():.1f}"

    def validate():
        with trainer.autocast():
            return evaluate(
                lambda x: clip.vision(torch.from_numpy(x).to(device)).float().cpu().numpy(),
                lambda captions: embed_texts(clip.text, bpe, captions, device).float().cpu().numpy(),
                held_pixels[:1000], held_texts[:1000], words, random.Random(args.seed))

    trainer.run(loss_of, validate)


if __name__ == "__main__":
    main()
