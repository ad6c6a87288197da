"""Trains the demo filter: picture encoder and text encoder with a matching head, apart from the captioner (BLIP section 3.3
trains the two separately, so that the filter does not share the captioner's mistakes).

    /usr/bin/python3 train_blip_itm.py --train DIR --validate DIR --work DIR --base clip-demo

Every picture comes with a true caption, one with a word wrong, and one about something else: another picture's, or English
that is no caption.
"""
import argparse
import os
import random

import numpy as np
import torch
from torch.nn import functional

from blip_model import Blip, Matcher
from blip_text import ITM_LENGTH, objects, padded, phrases, plain
from distractors import english_phrases, irrelevant, wrong_word
from evaluation import roc_auc
from pair_data import load_pairs, normalise
from train_blip_caption import FROZEN, start_from, vocabulary
from training import Trainer, add_arguments, augment

BATCH = 128


def match_ids(pieces, captions):
    """[ENC] caption [SEP], at most ITM_LENGTH ids, and the mask: BLIP's retrieval code replaces [CLS] by [ENC]."""
    return padded([[pieces.enc, *pieces.encode(plain(c), ITM_LENGTH)[1:]] for c in captions], pieces.pad)


def probabilities(model, pieces, images, captions, device):
    """Of a match, f32 [n], for picture vectors [n, 64, 128] and n captions."""
    ids, mask = (t.to(device) for t in match_ids(pieces, captions))
    return model.text(ids, mask, images).float().softmax(1)[:, 1].cpu().numpy()


def evaluate(model, pieces, pixels, texts, words, chance, device, batch=250):
    """Accuracy at 0.5 on one true and one false caption of each picture for each kind of false caption, and AUC."""
    true = [t["captions"][0] for t in texts]
    kinds = {"swapped": [t["swapped"] for t in texts], "shuffled": true[1:] + true[:1],
             "partial_truth": [t["partial"] for t in texts], "irrelevant": [irrelevant(words, chance) for _ in texts]}
    scores = {k: [] for k in ("true", *kinds)}
    for i in range(0, len(pixels), batch):
        image = model.vision(torch.from_numpy(normalise(pixels[i:i + batch])).to(device))
        for kind, captions in {"true": true, **kinds}.items():
            scores[kind].append(probabilities(model, pieces, image, captions[i:i + batch], device))
    scores = {k: np.concatenate(v) for k, v in scores.items()}
    figures = {"pairs": len(pixels), "true_kept": float((scores["true"] >= 0.5).mean())}
    for kind in kinds:
        removed = float((scores[kind] < 0.5).mean())
        figures |= {f"removed_{kind}": removed, f"accuracy_{kind}": (figures["true_kept"] + removed) / 2,
                    f"auc_{kind}": roc_auc(scores["true"], scores[kind])}
    figures["accuracy"] = (figures["accuracy_swapped"] + figures["accuracy_shuffled"]) / 2
    return figures


def main():
    parser = add_arguments(argparse.ArgumentParser(), steps=600, rate=1e-3, seed=31)
    parser.add_argument("--base", default="clip-demo", help="model folder the picture encoder starts from, or none")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.manual_seed(args.seed)
    pixels, texts = load_pairs(args.train, squash=True)
    held_pixels, held_texts = load_pairs(args.validate, squash=True)
    words = english_phrases()
    pieces = vocabulary(texts, 3)
    pieces.save(args.work, 512)
    model = Blip(Matcher(len(pieces.tokens)))
    start_from(model, args.base)
    trainer = Trainer(args, model, len(texts), BATCH)
    device = trainer.device
    weights = torch.tensor([1.0, 1.5], device=device)

    def other(i, rows, chance):
        """English about something else, a caption without a common colour, or any other picture's that is not also true."""
        kind = chance.random()
        if kind < 0.2:
            return irrelevant(words, chance)[:80]
        if kind < 0.5:
            return texts[i]["swapped"]
        caption = chance.choice(texts[chance.choice(rows)]["captions"])
        return caption if phrases(caption) != objects(texts[i]["scene"]) else texts[i]["swapped"]

    def loss_of(step, rows, chance, generator):
        model.train_stem(args.base == "none" or step > FROZEN * args.steps)
        true = [chance.choice(texts[i]["captions"]) for i in rows]
        captions = [*true, *(wrong_word(c, chance) for c in true), *(other(i, rows, chance) for i in rows)]
        target = torch.tensor([1] * BATCH + [0] * 2 * BATCH, device=device)
        ids, mask = (t.to(device) for t in match_ids(pieces, captions))
        x = augment(torch.from_numpy(normalise(pixels[rows])), generator).to(device)
        with trainer.autocast():
            logits = model.text(ids, mask, model.vision(x), copies=3)
        logits = logits.float()
        right = logits.argmax(1) == target
        note = " ".join(f"{name} {right[k * BATCH:(k + 1) * BATCH].float().mean():.2f}"
                        for k, name in enumerate(("true", "near", "other")))
        return functional.cross_entropy(logits, target, weights), note

    trainer.run(loss_of, lambda: evaluate(
        model, pieces, held_pixels[:500], held_texts[:500], words, random.Random(args.seed), device))


if __name__ == "__main__":
    main()
