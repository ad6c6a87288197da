"""Trains the demo captioner: picture encoder and text decoder, the caption's words after the prompt as targets.

    /usr/bin/python3 train_blip_caption.py --train DIR --validate DIR --work DIR --base clip-demo

The picture encoder starts from clip-demo's weights; `--base none` starts from chance.
"""
import argparse
import os
import random

import torch
from torch.nn import functional

from blip_generate import generate
from blip_model import Blip, Captioner
from blip_text import PROMPT, body, judge, padded
from clip_weights import load_tower
from distractors import english_phrases, irrelevant
from pair_data import load_pairs, normalise
from training import Trainer, add_arguments, augment
from wordpiece import WordPiece

BATCH, PIECES = 128, 150
# The share of the steps in which a loaded stem is kept as it is.
FROZEN = 0.5


def vocabulary(texts, seed):
    """The same for captioner and filter: words of the captions and pieces that also spell other English."""
    words, chance = english_phrases(), random.Random(seed)
    english = [irrelevant(words, chance) for _ in range(10_000)]
    return WordPiece.train([c for t in texts[:20_000] for c in t["captions"]] + english, PIECES, least=150)


def start_from(model, base):
    if base != "none":
        load_tower(model.vision.tower, os.path.join(base, "onnx", "vision_model.onnx"))


def targets(pieces, captions):
    """Ids [DEC] prompt caption [SEP], mask, and labels of which the prompt's are -100, as BLIP's decoder is trained."""
    prompt = pieces.encode(PROMPT, 64)[1:-1]
    rows = [[pieces.dec, *prompt, *pieces.encode(body(c), 58)[1:-1], pieces.sep] for c in captions]
    ids, mask = padded(rows, pieces.pad)
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :len(prompt) + 1] = -100
    return ids, mask, labels


def main():
    parser = add_arguments(argparse.ArgumentParser(), steps=1200, rate=1e-3, seed=21)
    parser.add_argument("--base", default="clip-demo", help="model folder the picture encoder starts from, or none")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.manual_seed(args.seed)
    pixels, texts = load_pairs(args.train, squash=True)
    held_pixels, held_texts = load_pairs(args.validate, squash=True)
    pieces = vocabulary(texts, 3)
    pieces.save(args.work, 512)
    model = Blip(Captioner(len(pieces.tokens)))
    start_from(model, args.base)
    trainer = Trainer(args, model, len(texts), BATCH)
    device = trainer.device

    def loss_of(step, rows, chance, generator):
        model.train_stem(args.base == "none" or step > FROZEN * args.steps)
        ids, mask, labels = (t.to(device) for t in targets(pieces, [chance.choice(texts[i]["captions"]) for i in rows]))
        x = augment(torch.from_numpy(normalise(pixels[rows])), generator).to(device)
        place = torch.arange(ids.shape[1] - 1, device=device).expand(len(ids), -1)
        with trainer.autocast():
            logits = model.text(ids[:, :-1], mask[:, :-1], place, model.vision(x))[0]
        loss = functional.cross_entropy(logits.float().flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        return loss, f"words {(labels[:, 1:] >= 0).sum().item()}"

    def validate():
        captions = generate(model, pieces, held_pixels[:500], device)
        verdicts = [judge(c, t["scene"]) for c, t in zip(captions, held_texts)]
        return {"right": sum(v[0] for v in verdicts) / len(verdicts), "complete": sum(v[1] for v in verdicts) / len(verdicts)}

    trainer.run(loss_of, validate)


if __name__ == "__main__":
    main()
