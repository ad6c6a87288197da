"""Trains everything that drafts for lm-demo in one pass over its hidden states: lm-draft-demo, medusa-demo, eagle-demo,
eagle3-demo and mtp-demo. Resumes from its checkpoint. See ../../README.md for the commands.

    /usr/bin/python3 train_drafters.py --train F --validate F --work DIR --steps 2000
"""
import argparse
import os

import torch
from torch import nn
from torch.nn import functional

import conversations
from drafters import Eagle, Eagle3, MedusaHeads, ParallelHeads, SequentialMtp, unroll
from gpt2_bpe import Gpt2Bpe
from llama import DRAFT, FEATURES, TARGET, Llama, causal_bias
from optimisation import Run, add_arguments
from train_target import answer_questions

MEDUSA_HEADS, PARALLEL_HEADS, PARALLEL_HIDDEN = 4, 3, 96
# EAGLE-1 and DeepSeek-V3's module were published with one training step, EAGLE-3 with several.
STEPS = {"eagle": 1, "eagle3": 3, "mtp_module": 1}
FEATURE_NOISE = 0.1


def drafters():
    return nn.ModuleDict({
        "draft": Llama(DRAFT), "medusa": MedusaHeads(TARGET.width, MEDUSA_HEADS), "eagle": Eagle(), "eagle3": Eagle3(),
        "mtp_heads": ParallelHeads(TARGET, PARALLEL_HEADS, PARALLEL_HIDDEN), "mtp_module": SequentialMtp()})


def load_target(work, device="cpu"):
    state = torch.load(os.path.join(work, "target.pt"), map_location=device)
    target = Llama(TARGET).to(device)
    target.load_state_dict(state["model"])
    target.requires_grad_(False)
    return target.eval(), state


def read_target(target, ids):
    """(h [B,S,D], logits [B,S,V], three layers side by side [B,S,3D], embeddings of the ids) without gradients."""
    with torch.no_grad():
        h, outputs, _ = target(ids)
        h = h.float()
        return h, target.logits(h), torch.cat([outputs[i - 1].float() for i in FEATURES], -1), target.embed(ids)


def chains(models, h, eagle_h, features, embedded, steps):
    """For each sequential module the list of its unrolled outputs; place i of output j stands for token i+j+2."""
    length = h.shape[1] - 1
    causal = causal_bias(length, 0, h.device)
    first = {"eagle": eagle_h, "eagle3": models["eagle3"].fuse(features), "mtp_module": h}
    return {name: list(unroll(models[name], x[:, :length], embedded[:, 1:], steps[name], causal)) for name, x in first.items()}


def predictions(models, target, ids, steps):
    """[(name, j, logits, from_place)]: logits [B, n, V] for the tokens that the target's logits at places from_place to
    from_place + n are about; j counts drafted tokens from 0."""
    h, logits, features, embedded = read_target(target, ids)
    result = [("draft", 0, models["draft"].logits(models["draft"](ids)[0]), 0)]
    for name in ("medusa", "mtp_heads"):
        for j, x in enumerate(models[name](h)):
            result.append((name, j, target.logits(x[:, :-1 - j]), 1 + j))
    for name, outputs in chains(models, h, h, features, embedded, steps).items():
        for j, x in enumerate(outputs):
            result.append((name, j, target.logits(x), 1 + j))
    return result, logits


def loss_of(models, target, ids, answer):
    """Cross-entropy to the target's distribution over all answer tokens, plus EAGLE-1's smooth L1 to the next feature."""
    h, logits, features, embedded = read_target(target, ids)
    wanted = logits.float().softmax(-1)
    # said[t]: the token after t is the target's to say.
    said = functional.pad(answer[:, 1:], (0, 1))

    def against(x, shift, head):
        """x [B,n,D]: place i is compared with the target at place i+shift, where tokens i+1 on are the target's to say."""
        places = said[:, :x.shape[1]] & said[:, shift:shift + x.shape[1]]
        return functional.cross_entropy(head(x[places]).float(), wanted[:, shift:shift + x.shape[1]][places])

    losses = {"draft": against(models["draft"](ids)[0], 0, models["draft"].logits)}
    for name in ("medusa", "mtp_heads"):
        losses[name] = sum(against(x[:, :-1 - j], 1 + j, target.logits) for j, x in enumerate(models[name](h)))
    # Noise on the features makes EAGLE-1 bear its own errors (Li et al. 2024, section 4: uniform, here 0.1 of the spread).
    noisy = h + h.std() * FEATURE_NOISE * (2 * torch.rand_like(h) - 1)
    for name, outputs in chains(models, h, noisy, features, embedded, STEPS).items():
        losses[name] = sum(against(x, 1 + j, target.logits) for j, x in enumerate(outputs))
        if name == "eagle":
            places = said[:, :-1] & said[:, 1:]
            losses["feature"] = 10 * functional.smooth_l1_loss(outputs[0].float()[places], h[:, 1:][places])
    return losses


def agreement(models, target, answered, steps=3, ranks=10):
    """{name: [[share in the top 1 .. top `ranks`] for each drafted token]} along the target's own greedy answers."""
    hits, totals = {}, {}
    chain = {name: steps for name in STEPS}
    for _, _, prompt, said, _ in answered:
        ids = torch.tensor([prompt + said], device=target.embed.weight.device)
        with torch.no_grad():
            drafted, logits = predictions(models, target, ids, chain)
        chosen = logits.argmax(-1)
        for name, j, x, shift in drafted:
            # The draft is judged wherever the target speaks; the others where the token before is the target's too.
            start = len(prompt) - 1 + (0 if name == "draft" else shift)
            x, y = x[0, start - shift:], chosen[0, start:start + x.shape[1] - (start - shift)]
            if len(y):
                found = (x.topk(ranks, -1).indices == y[:, None]).cumsum(-1).sum(0).tolist()
                key = (name, j)
                hits[key] = [a + b for a, b in zip(hits.get(key, [0] * ranks), found)]
                totals[key] = totals.get(key, 0) + len(y)
    result = {}
    for (name, j), counts in sorted(hits.items()):
        result.setdefault(name, []).append([round(c / totals[name, j], 4) for c in counts])
    return result


def main():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    bpe = Gpt2Bpe.load(args.work)
    ids, answer = conversations.load(bpe, args.train, os.path.join(args.work, "train.npz"))
    models = drafters()
    run = Run(args, "drafters", models)
    target, state = load_target(args.work, run.device)
    run.say(f"target of step {state['step']}, parameters "
            + ", ".join(f"{n} {sum(p.numel() for p in m.parameters())}" for n, m in models.items()))
    answered = answer_questions(target, bpe, conversations.read(args.validate)[::8])
    for x, said in conversations.Batches(ids, answer, bpe.pad, args.tokens, args.seed + 1).from_step(run.step):
        if run.step >= args.steps:
            break
        with run.autocast():
            losses = loss_of(models, target, x.to(run.device), said.to(run.device))
        run.update(sum(losses.values()))
        if run.step % 25 == 0:
            run.say(f"step {run.step} " + " ".join(f"{n} {v.item():.3f}" for n, v in losses.items()) + f" seconds {run.seconds:.0f}")
        if run.step % args.every == 0 or run.step == args.steps:
            models.eval()
            figures = agreement(models, target, answered)
            models.train()
            run.save({f"{n} {j + 1}": row[0] for n, rows in figures.items() for j, row in enumerate(rows)})


if __name__ == "__main__":
    main()
