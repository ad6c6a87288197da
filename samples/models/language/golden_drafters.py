"""Golden runs of the modules that draft from hidden states."""
import torch

from golden import TREE_PARENTS, cache_inputs, cache_outputs, tree_rows
from golden_decoder import empty_cache
from llama import causal_bias

HEAD_POSITIONS = 5


def record_heads(golden, file, heads, target, prefill):
    with torch.no_grad():
        h = prefill[0][:, -HEAD_POSITIONS:]
        golden.run(file, [file], {"hidden_states": h}, {"medusa_logits": target.logits(heads(h))})


def record_module(golden, file, module, target, prompt, first):
    """Prefill over the prompt's hidden states `first` [1,S,D] and next tokens, one step on the module's own output, and a
    tree of next tokens, all of which continue the same hidden state."""
    with torch.no_grad():
        ids, h, past = torch.tensor([prompt[1:]]), first[:, :-1], empty_cache(module.shape)
        for name in ("prefill", "decode"):
            before, length = past[0][0].shape[2], ids.shape[1]
            positions, bias = torch.arange(before, before + length)[None], causal_bias(length, before)
            out, after, present = module(h, target.embed(ids), positions, bias, past[0] if before else None)
            golden.run(f"{file} {name}", [file], {
                "input_ids": ids, "hidden_states": h, "position_ids": positions, "attention_bias": bias, **cache_inputs(past)},
                {"logits": target.logits(out), "hidden_states_out": after, **cache_outputs([present])})
            if name == "prefill":
                past, ids, h = [present], target.logits(out[:, -1:]).argmax(-1), after[:, -1:]
        depth, bias = tree_rows(TREE_PARENTS, past[0][0].shape[2])
        ids = target.logits(out[0, -1]).topk(len(TREE_PARENTS)).indices[None]
        positions, h = torch.tensor([depth]) + past[0][0].shape[2], h.expand(-1, len(TREE_PARENTS), -1)
        out, after, present = module(h, target.embed(ids), positions, bias, past[0])
        golden.run(f"{file} tree", [file], {
            "input_ids": ids, "hidden_states": h, "position_ids": positions, "attention_bias": bias, **cache_inputs(past)},
            {"logits": target.logits(out), "hidden_states_out": after, **cache_outputs([present])})
