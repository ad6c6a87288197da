#!/usr/bin/env python3
"""A tiny random decoder (the demo language model's code) as two graphs, and PyTorch's logits without any cache.

  python3 make_decoder_tiny.py        (PyTorch 1.13, onnx 1.12; writes decoder-tiny/)

decoder_tree.onnx takes a 4-D attention_bias, model.onnx a 2-D attention_mask with the causal mask inside (Optimum's way).
golden.json: for random texts, the logits after their last token.
"""
import json
import pathlib
import sys

import onnx
import torch

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[2] / "samples" / "models" / "language"))
from llama import Llama, Shape  # noqa: E402

SHAPE = Shape(vocab=13, width=16, layers=2, heads=4, kv_heads=2, hidden=24, context=128)
out = here / "decoder-tiny"
out.mkdir(exist_ok=True)
torch.manual_seed(11)
model = Llama(SHAPE).eval().requires_grad_(False)
for p in model.parameters():
    if p.ndim == 2:
        p.data.mul_(3)


def repeat(x, times, axis):
    """repeat_interleave, which PyTorch 1.13 exports wrongly for symbolic shapes."""
    assert axis == 1
    return x[:, :, None].expand(-1, -1, times, -1, -1).flatten(1, 2)


torch.Tensor.repeat_interleave = repeat


class Tree(torch.nn.Module):
    def forward(self, ids, positions, bias, *past):
        pairs = [(past[2 * i], past[2 * i + 1]) for i in range(SHAPE.layers)]
        h, outputs, present = model(ids, positions, bias, pairs)
        return (model.logits(h), h, *(t for kv in present for t in kv))


class Plain(torch.nn.Module):
    def forward(self, ids, mask, positions, *past):
        pairs = [(past[2 * i], past[2 * i + 1]) for i in range(SHAPE.layers)]
        total = mask.shape[1]
        places = torch.arange(total)
        new = places[total - ids.shape[1]:]
        hidden = (places[None, :] > new[:, None])[None] | (mask[:, None] == 0)
        bias = hidden[:, None].to(torch.float32) * -1e9
        h, _, present = model(ids, positions, bias, pairs)
        return (model.logits(h), *(t for kv in present for t in kv))


past = [torch.randn(1, SHAPE.kv_heads, 3, SHAPE.head) for _ in range(2 * SHAPE.layers)]
past_names = [f"past_key_values.{i}.{p}" for i in range(SHAPE.layers) for p in ("key", "value")]
present_names = [f"present.{i}.{p}" for i in range(SHAPE.layers) for p in ("key", "value")]
axes = {n: {0: "batch", 2: "past"} for n in past_names} | {n: {0: "batch", 2: "total"} for n in present_names}
axes |= {n: {0: "batch", 1: "sequence"} for n in ("input_ids", "position_ids", "logits", "hidden_states")}
ids, positions = torch.tensor([[1, 2]]), torch.tensor([[3, 4]])
torch.onnx.export(
    Tree(), (ids, positions, torch.zeros(1, 1, 2, 5), *past), out / "decoder_tree.onnx", opset_version=14,
    input_names=["input_ids", "position_ids", "attention_bias", *past_names],
    output_names=["logits", "hidden_states", *present_names],
    dynamic_axes=axes | {"attention_bias": {0: "batch", 2: "sequence", 3: "total"}})
torch.onnx.export(
    Plain(), (ids, torch.ones(1, 5, dtype=torch.int64), positions, *past), out / "model.onnx", opset_version=14,
    input_names=["input_ids", "attention_mask", "position_ids", *past_names],
    output_names=["logits", *present_names],
    dynamic_axes=axes | {"attention_mask": {0: "batch", 1: "total"}})

for name in ("decoder_tree.onnx", "model.onnx"):
    # What the exporter notes about source lines would name folders of the machine it ran on.
    graph = onnx.load(out / name)
    for node in graph.graph.node:
        node.ClearField("doc_string")
    onnx.save(graph, out / name)

golden = []
with torch.no_grad():
    for n in (1, 2, 5, 17, 40):
        text = torch.randint(SHAPE.vocab, (1, n))
        h, _, _ = model(text)
        golden.append({"text": text[0].tolist(), "logits": [round(x, 6) for x in model.logits(h)[0, -1].tolist()]})
(out / "golden.json").write_text(json.dumps(golden) + "\n")
