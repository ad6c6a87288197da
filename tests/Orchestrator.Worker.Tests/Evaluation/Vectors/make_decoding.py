#!/usr/bin/env python3
"""Greedy draft-chain and Medusa decoding in plain PyTorch: the tokens and accept lengths that the product must give.

  /usr/bin/python3 make_decoding.py        (PyTorch 1.13, onnx 1.12; writes decoding.json; again after every new export of
                                            lm-demo, lm-draft-demo or medusa-demo)

Reads the weights out of the models' plain ONNX exports. No cache, no mask but the causal one, no tree attention: every step
reads the whole text again, and a tree is walked along the target's own greedy tokens. Prompts where the target's two best
logits ever come closer than MARGIN are left out: two orders of summation may choose differently there.
"""
import json
import math
import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn.functional import silu

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "samples" / "models" / "language"))
from gpt2_bpe import Gpt2Bpe  # noqa: E402

MODELS = ROOT / "samples" / "models"
PROMPTS, NEW_TOKENS, GAMMA, NODES, MARGIN = 8, 32, 4, 16, 1e-2
torch.set_num_threads(1)


def weights(folder, graph):
    path = MODELS / folder / "onnx" / graph
    return {i.name: torch.from_numpy(np.array(numpy_helper.to_array(i, str(path.parent)))).float() for i in onnx.load(str(path)).graph.initializer}


class Decoder:
    """RMSNorm, rotary halves, grouped-query attention, SwiGLU, tied embeddings; linear weights are [in, out]."""

    def __init__(self, folder):
        self.w = weights(folder, "model.onnx")
        self.config = json.loads((MODELS / folder / "config.json").read_text())

    def norm(self, x, key):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.config["rms_norm_eps"]) * self.w[key]

    def rotated(self, x):
        half = x.shape[-1] // 2
        inverse = self.config["rope_theta"] ** (-torch.arange(half).float() / half)
        angle = torch.arange(x.shape[-2]).float()[:, None] * inverse
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

    def hidden(self, ids):
        """Normalised last layer [S, D]."""
        c, size = self.config, len(ids)
        x = self.w["embed.weight"][torch.tensor(ids)]
        mask = torch.full((size, size), -1e9).triu(1)
        for i in range(c["num_hidden_layers"]):
            key = f"blocks.{i}."
            h = self.norm(x, key + "attention_norm.weight")
            q, k, v = ((h @ self.w[f"{key}{name}.weight"]).view(size, -1, c["head_dim"]).transpose(0, 1) for name in "qkv")
            groups = c["num_attention_heads"] // c["num_key_value_heads"]
            q, k, v = self.rotated(q), self.rotated(k).repeat_interleave(groups, 0), v.repeat_interleave(groups, 0)
            share = (q @ k.transpose(1, 2) / math.sqrt(c["head_dim"]) + mask).softmax(-1)
            x = x + (share @ v).transpose(0, 1).reshape(size, -1) @ self.w[key + "o.weight"]
            h = self.norm(x, key + "mlp_norm.weight")
            x = x + (silu(h @ self.w[key + "gate.weight"]) * (h @ self.w[key + "up.weight"])) @ self.w[key + "down.weight"]
        return self.norm(x, "norm.weight")

    def logits(self, hidden):
        return hidden @ self.w["embed.weight"].T


def greedy(target, prompt, count):
    """The next tokens, the hidden state that each was read from, and the smallest margin."""
    ids, states, margin = list(prompt), [], math.inf
    for _ in range(count):
        state = target.hidden(ids)[-1]
        best = target.logits(state).topk(2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        states.append(state)
        ids.append(int(best.indices[0]))
    return ids[len(prompt):], states, margin


def chain(draft, text, _state, continuation):
    """How many of GAMMA drafted tokens the target agrees with."""
    ids, accepted = list(text), 0
    for step in range(GAMMA):
        ids.append(int(draft.logits(draft.hidden(ids)[-1]).argmax()))
        if ids[-1] != continuation[step]:
            break
        accepted += 1
    return accepted


def medusa_choices(cumulative, count):
    """The likeliest paths of ranks, by the product of each rank's own share; the shorter path first, then lower ranks."""
    shares = [[row[0]] + [max(0.0, b - a) for a, b in zip(row, row[1:])] for row in cumulative]
    chosen, open_paths = [], [((r,), shares[0][r]) for r in range(len(shares[0]))]
    while len(chosen) < count and open_paths:
        path, worth = min(open_paths, key=lambda p: (-p[1], len(p[0]), p[0]))
        open_paths.remove((path, worth))
        chosen.append(path)
        if len(path) < len(shares):
            open_paths += [(path + (r,), worth * share) for r, share in enumerate(shares[len(path)])]
    return set(chosen)


class Medusa:
    def __init__(self, target):
        self.w, self.target = weights("medusa-demo", "medusa_heads.onnx"), target
        manifest = json.loads((MODELS / "medusa-demo" / "orchestrator.json").read_text())
        self.heads = manifest["num_heads"]
        self.choices = medusa_choices(manifest["head_accuracy"], NODES)

    def __call__(self, _text, state, continuation):
        """The length of the path of the tree that the target's own tokens follow. `state`: where the root was read from."""
        path = ()
        for head in range(self.heads):
            h = state + silu(state @ self.w[f"blocks.{head}.weight"] + self.w[f"blocks.{head}.bias"])
            rank = (h @ self.w["embed.weight"].T).argsort(descending=True, stable=True).tolist().index(continuation[head])
            if path + (rank,) not in self.choices:
                break
            path += (rank,)
        return len(path)


def accept_lengths(accept, prompt, tokens, states, end):
    """Rounds until the output ends: the prefill gives the first token, every round its accepted ones and one more."""
    lengths, done = [], 1
    output = tokens[:NEW_TOKENS]
    output = output[:output.index(end) + 1] if end in output else output
    while done < len(output):
        lengths.append(accept(prompt + tokens[:done], states[done - 1], tokens[done:]))
        done += lengths[-1] + 1
    return output, lengths


def main():
    with torch.no_grad():
        target, draft = Decoder("lm-demo"), Decoder("lm-draft-demo")
        medusa, tokenizer = Medusa(target), Gpt2Bpe.load(MODELS / "lm-demo")
        end, rows, left_out = target.config["eos_token_id"], [], []
        questions = [json.loads(line) for line in (ROOT / "samples" / "language" / "question.jsonl").read_text().splitlines()]
        seen = {}
        for question in questions:
            if len(rows) == PROMPTS or seen.get(question["category"], 0) > 0:
                continue
            prompt = list(tokenizer.prompt([question["turns"][0]], []))
            tokens, states, margin = greedy(target, prompt, NEW_TOKENS + GAMMA + medusa.heads)
            if margin < MARGIN:
                left_out.append(question["question_id"])
                continue
            seen[question["category"]] = 1
            output, chain_lengths = accept_lengths(lambda *a: chain(draft, *a), prompt, tokens, states, end)
            rows.append({
                "question": str(question["question_id"]), "prompt": prompt, "output": output, "margin": round(margin, 4),
                "chain": chain_lengths, "medusa": accept_lengths(medusa, prompt, tokens, states, end)[1]})
    result = {"gamma": GAMMA, "nodes": NODES, "newTokens": NEW_TOKENS, "leftOut": [str(i) for i in left_out], "prompts": rows}
    (HERE / "decoding.json").write_text(json.dumps(result) + "\n")
    print(f"{len(rows)} prompts, {len(left_out)} left out for near-ties; "
          f"chain {np.mean([a for r in rows for a in r['chain']]):.3f} and medusa {np.mean([a for r in rows for a in r['medusa']]):.3f} accepted a round")


if __name__ == "__main__":
    main()
