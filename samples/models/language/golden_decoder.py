"""Golden runs of a decoder, and the proof that its three ways to verify a tree agree."""
import torch

from golden import TEXTS, TREE_PARENTS, cache_inputs, cache_outputs, leaf_paths, tree_rows
from llama import causal_bias

LIMIT = 1e-4


def empty_cache(shape, rows=1):
    kv = torch.zeros(rows, shape.kv_heads, 0, shape.head)
    return [(kv, kv)] * shape.layers


def outputs_of(model, result, exits, features):
    h, layers, present = result
    outputs = {"logits": model.logits(h), "hidden_states": h, **cache_outputs(present)}
    outputs |= {f"hidden_states.{i}": layers[i - 1] for i in features}
    outputs |= {f"early_exit.{i}.logits": model.logits(model.norm(layers[i - 1])) for i in exits}
    return outputs


def record(golden, model, bpe, prompt, plain_files, exits=(), features=()):
    """Prefill, one decoding step, and a branching tree over the prompt's cache; returns what the drafters' runs need."""
    golden.texts = [{"text": t, "ids": bpe.encode(t)} for t in TEXTS]
    with torch.no_grad():
        ids, past = torch.tensor([prompt]), empty_cache(model.shape)
        for name in ("prefill", "decode"):
            before, length = past[0][0].shape[2], ids.shape[1]
            positions = torch.arange(before, before + length)[None]
            result = model(ids, positions, None, past if before else None)
            outputs = outputs_of(model, result, exits, features)
            common = {"input_ids": ids, "position_ids": positions, **cache_inputs(past)}
            golden.run(name, ["tree"], {**common, "attention_bias": causal_bias(length, before)}, outputs)
            mask = torch.ones(1, before + length, dtype=torch.int64)
            narrow = {k: v for k, v in outputs.items() if k == "logits" or k.startswith("present")}
            golden.run(name, plain_files, {**common, "attention_mask": mask}, narrow)
            for exit_layer in exits[:1]:
                kept = [f".{i}." for i in range(exit_layer)]
                cache = {k: v for k, v in common.items() if not k.startswith("past") or any(i in k for i in kept)}
                short = {k: v for k, v in outputs.items() if k.startswith("present") and any(i in k for i in kept)}
                short["logits"] = outputs[f"early_exit.{exit_layer}.logits"]
                short["hidden_states"] = model.norm(result[1][exit_layer - 1])
                golden.run(f"{name} exit_{exit_layer}", [f"exit_{exit_layer}"], {**cache, "attention_bias": causal_bias(length, before)}, short)
            if name == "prefill":
                prefill = result
                past, ids = result[2], model.logits(result[0][:, -1:]).argmax(-1)
        depth, bias = tree_rows(TREE_PARENTS, len(prompt))
        ranked = model.logits(prefill[0][0, -1]).topk(len(TREE_PARENTS)).indices
        ids, positions = ranked[None], torch.tensor([depth]) + len(prompt)
        result = model(ids, positions, bias, past)
        golden.run("tree", ["tree"], {"input_ids": ids, "position_ids": positions, "attention_bias": bias, **cache_inputs(past)},
                   outputs_of(model, result, exits, features))
        return prefill, past, ids, positions, bias


def prove(model, prompt, continuation, tree):
    """The largest |difference of logits| between: a chain through the tree's bias and through the causal mask; a tree in
    one forward and its leaf paths as a batch. Fails above 1e-4."""
    _, past, ids, positions, bias = tree
    with torch.no_grad():
        whole = model.logits(model(torch.tensor([prompt + continuation]))[0])[:, len(prompt):]
        chain_depth, chain_bias = tree_rows([i - 1 for i in range(len(continuation))], len(prompt))
        chain = model.logits(model(torch.tensor([continuation]), torch.tensor([chain_depth]) + len(prompt), chain_bias, past)[0])
        in_tree = model.logits(model(ids, positions, bias, past)[0])[0]
        paths = leaf_paths(TREE_PARENTS)
        longest = max(map(len, paths))
        rows = torch.tensor([[ids[0, n].item() for n in p] + [0] * (longest - len(p)) for p in paths])
        repeated = [(k.expand(len(paths), -1, -1, -1), v.expand(len(paths), -1, -1, -1)) for k, v in past]
        batch = model.logits(model(rows, past=repeated)[0])
        apart = max((batch[r, i] - in_tree[n]).abs().max().item() for r, p in enumerate(paths) for i, n in enumerate(p))
    figures = {"chain_bias_against_causal_mask": (chain - whole).abs().max().item(), "leaf_paths_against_tree": apart}
    if max(figures.values()) > LIMIT:
        raise ValueError(f"the ways to verify a tree disagree beyond {LIMIT}: {figures}")
    return {k: float(f"{v:.2e}") for k, v in figures.items()}
