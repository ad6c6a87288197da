"""Trains lm-demo on generated conversations; resumes from its checkpoint. See ../../README.md for the commands.

    /usr/bin/python3 train_target.py --train F --validate F --work DIR --steps 5000 --tokens 2048
"""
import argparse
import os

import torch
from torch.nn import functional

import conversations
import induction
from gpt2_bpe import Gpt2Bpe
from llama import EARLY_EXITS, TARGET, Llama, greedy
from optimisation import Run, add_arguments

EXIT_WEIGHT, TOKENIZER_TEXTS, ANSWER_LIMIT, BATCH = 0.15, 20_000, 128, 64


def tokenizer(args):
    if not os.path.exists(os.path.join(args.work, "merges.txt")):
        lines = conversations.read(args.train)[:TOKENIZER_TEXTS]
        bpe = Gpt2Bpe.train([t for line in lines for t in line["turns"] + line["answers"]], TARGET.vocab)
        bpe.save(args.work, TARGET.context)
    return Gpt2Bpe.load(args.work)


def loss_of(model, ids, answer):
    """Cross-entropy of the next token: answers count 1, prompts PROMPT_WEIGHT; early exits see answers only."""
    h, outputs, _ = model(ids[:, :-1])
    wanted, said = ids[:, 1:], answer[:, 1:]
    # The model's own end tokens are answers, so what is left is padding or prompt.
    weight = said.float() + conversations.PROMPT_WEIGHT * (~said & (wanted != model.pad)).float()
    each = functional.cross_entropy(model.logits(h).flatten(0, 1).float(), wanted.flatten(), reduction="none")
    loss = (each * weight.flatten()).sum() / weight.sum()
    for layer in EARLY_EXITS:
        logits = model.logits(model.norm(outputs[layer - 1][said])).float()
        loss = loss + EXIT_WEIGHT * functional.cross_entropy(logits, wanted[said])
    return loss, each[said.flatten()].mean().item()


def answer_questions(model, bpe, lines):
    """[(category, turn, prompt ids, answer ids, right)] with the model's own first answer before the second turn."""
    results, given = [], {}
    for turn in range(2):
        asked = [i for i, line in enumerate(lines) if turn < len(line["turns"])]
        asked.sort(key=lambda i: len(lines[i]["turns"][0]))
        for start in range(0, len(asked), BATCH):
            rows = asked[start:start + BATCH]
            prompts = [bpe.prompt(lines[i]["turns"][:turn + 1], [given[i]] if turn else []) for i in rows]
            for i, ids, said in zip(rows, prompts, greedy(model, prompts, bpe.pad, bpe.end, ANSWER_LIMIT)):
                given[i] = bpe.decode(said)
                right = given[i] == lines[i]["reference"][turn]
                results.append((lines[i]["category"], turn, ids, said, right))
    return results


def quality(model, bpe, lines):
    """Share of right answers by kind; the two-turn kinds are pooled as multi_turn. Right: the text equals the reference."""
    model.eval()
    counts = {}
    singles = ("translation", "summarization", "qa", "math_reasoning", "rag")
    for category, _, _, _, right in answer_questions(model, bpe, lines):
        counts.setdefault(category if category in singles else "multi_turn", []).append(right)
    model.train()
    return {k: sum(v) / len(v) for k, v in sorted(counts.items())}


def main():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.manual_seed(args.seed)
    bpe = tokenizer(args)
    ids, answer = conversations.load(bpe, args.train, os.path.join(args.work, "train.npz"))
    held_out = conversations.read(args.validate)
    model = Llama(TARGET)
    induction.begin(model)
    model.pad = bpe.pad
    run = Run(args, "target", model, induction.writes, induction.WRITING_RATE)
    run.say(f"conversations {len(ids)}, tokens {sum(map(len, ids))}, longest {max(map(len, ids))}, vocabulary "
            f"{len(bpe.vocab)}, parameters {model.count()}, from step {run.step} to {args.steps}")
    mean = 0.0
    for x, said in conversations.Batches(ids, answer, bpe.pad, args.tokens, args.seed).from_step(run.step):
        if run.step >= args.steps:
            break
        with run.autocast():
            loss, plain = loss_of(model, x.to(run.device), said.to(run.device))
        run.update(loss)
        mean = plain if mean == 0 else 0.95 * mean + 0.05 * plain
        if run.step % 25 == 0:
            run.say(f"step {run.step} answer loss {mean:.4f} seconds {run.seconds:.0f}")
        if run.step % args.every == 0 or run.step == args.steps:
            run.save(quality(model, bpe, held_out[::4]))


if __name__ == "__main__":
    main()
