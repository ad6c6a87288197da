"""Trains the demo SigLIP: every picture against every text of the batch, each pair a yes-or-no question (Zhai et al. 2023).

    /usr/bin/python3 train_siglip_demo.py --train DIR --validate DIR --work DIR

loss = -sum log sigmoid(z (exp(t') x.y + b)) / pictures, z = 1 for a pair and -1 otherwise; t' starts at log 10, b at -10.
Texts with a word wrong and texts about something else are further negatives of every picture.
"""
import argparse
import math
import os
import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from clip_model import Block, VisionTower
from distractors import english_phrases, irrelevant, wrong_word
from evaluation import evaluate
from pair_data import HALF, load_pairs, normalise
from training import Trainer, add_arguments, augment
from unigram import CONTEXT, Unigram

BATCH, JUNK, PIECES = 128, 32, 600


class SiglipText(nn.Module):
    """input_ids i64 [n, 64], padded with id 1 -> text_embeds f32 [n, 128]. No mask and no causal order: as in SigLIP the
    padding is read like words, and the last place's vector is the text's."""

    def __init__(self, vocabulary, dimension=128, width=128, layers=2, heads=4):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.token.weight, std=0.02)
        self.position = nn.Parameter(torch.randn(CONTEXT, width) * 0.01)
        self.blocks = nn.ModuleList(Block(width, heads, 2) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, dimension)

    def forward(self, input_ids):
        x = self.token(input_ids) + self.position
        for block in self.blocks:
            x = block(x)
        return self.projection(self.norm(x)[:, -1])


class Siglip(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.vision, self.text = VisionTower(layers=2, ratio=2, deep=False), SiglipText(vocabulary)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        self.logit_bias = nn.Parameter(torch.tensor(-10.0))


def ids_of(unigram, captions):
    return torch.tensor([unigram.encode(c) for c in captions])


def sigmoid_loss(logits, pairs, ignored):
    """Mean over the pictures of the summed loss of their texts; `ignored` texts are true of the picture though not its own."""
    sign = torch.where(pairs, 1.0, -1.0)
    return -functional.logsigmoid(sign * logits).masked_fill(ignored, 0).sum() / len(logits)


def main():
    args = add_arguments(argparse.ArgumentParser(), steps=1000, rate=1.5e-3, seed=41).parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.manual_seed(args.seed)
    pixels, texts = load_pairs(args.train, squash=True)
    held_pixels, held_texts = load_pairs(args.validate, squash=True)
    words, chance = english_phrases(), random.Random(3)
    english = [irrelevant(words, chance) for _ in range(10_000)]
    unigram = Unigram.train([c for t in texts[:20_000] for c in t["captions"]] + english, PIECES)
    unigram.save(args.work)
    model = Siglip(len(unigram))
    trainer = Trainer(args, model, len(texts), BATCH)
    device = trainer.device

    def loss_of(step, rows, chance, generator):
        captions = [chance.choice(texts[i]["captions"]) for i in rows]
        near = [wrong_word(c, chance) for c in captions]
        junk = [irrelevant(words, chance)[:80] for _ in range(JUNK)]
        lowered = np.array([c.lower().rstrip(".") for c in captions])
        own = np.eye(BATCH, dtype=bool)
        more = np.zeros((BATCH, BATCH + JUNK), bool)
        pairs = torch.from_numpy(np.hstack([own, more])).to(device)
        copies = torch.from_numpy(np.hstack([(lowered[:, None] == lowered[None]) & ~own, more])).to(device)
        x = augment(torch.from_numpy(normalise(pixels[rows], HALF, HALF)), generator).to(device)
        with trainer.autocast():
            images, embedded = model.vision(x), model.text(ids_of(unigram, captions + near + junk).to(device))
        images, embedded = functional.normalize(images.float(), dim=1), functional.normalize(embedded.float(), dim=1)
        scale = model.logit_scale.exp()
        logits = scale * images @ embedded.T + model.logit_bias
        accuracy = (logits.argmax(1) == torch.arange(BATCH, device=device)).float().mean()
        note = f"top1 {accuracy:.3f} scale {scale.item():.1f} bias {model.logit_bias.item():.2f}"
        return sigmoid_loss(logits, pairs, copies), note

    def validate():
        return evaluate(
            lambda x: model.vision(torch.from_numpy(x).to(device)).cpu().numpy(),
            lambda captions: model.text(ids_of(unigram, captions).to(device)).cpu().numpy(),
            held_pixels[:1000], held_texts[:1000], words, random.Random(args.seed),
            lambda p: normalise(p, HALF, HALF))

    trainer.run(loss_of, validate)


if __name__ == "__main__":
    main()
