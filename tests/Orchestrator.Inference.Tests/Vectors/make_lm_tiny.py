"""Writes lm-tiny/, medusa-tiny/, eagle-tiny/ and mtp-tiny/: a random Llama and random drafting heads small enough to commit, with
golden runs.

Run after make_byte_level.py: /usr/bin/python3 make_lm_tiny.py   (PyTorch 1.13, seed fixed)
"""
import io
import json
import pathlib
import shutil
import sys

import numpy as np
import onnx
import torch
from torch import nn

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[2] / "samples" / "models"))
from onnx_half import to_half  # noqa: E402

WIDTH, HEADS, KV, HEAD, LAYERS, PLACES, AHEAD = 16, 4, 2, 4, 3, 64, 2
tokenizer = json.loads((here / "byte-level-tiny" / "tokenizer.json").read_text(encoding="utf-8"))
VOCAB = 1 + max(t["id"] for t in tokenizer["added_tokens"])
torch.manual_seed(31)
torch.set_grad_enabled(False)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(1 + 0.1 * torch.randn(WIDTH))

    def forward(self, x):
        return self.weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = Norm(), Norm()
        self.q, self.k, self.v = (nn.Linear(WIDTH, n * HEAD, bias=False) for n in (HEADS, KV, KV))
        self.o = nn.Linear(HEADS * HEAD, WIDTH, bias=False)
        self.gate, self.up, self.down = nn.Linear(WIDTH, 24, bias=False), nn.Linear(WIDTH, 24, bias=False), nn.Linear(24, WIDTH, bias=False)
        angles = torch.arange(PLACES)[:, None] / 10000 ** (torch.arange(0, HEAD, 2) / HEAD)[None]
        self.register_buffer("cos", torch.cat([angles.cos()] * 2, -1))
        self.register_buffer("sin", torch.cat([angles.sin()] * 2, -1))

    def turn(self, x, places):
        half = torch.cat([-x[..., HEAD // 2:], x[..., :HEAD // 2]], -1)
        return x * self.cos[places][:, None] + half * self.sin[places][:, None]

    def forward(self, x, places, bias, past):
        n, s, _ = x.shape
        h = self.norm1(x)
        q, k, v = (f(h).reshape(n, s, -1, HEAD).transpose(1, 2) for f in (self.q, self.k, self.v))
        k, v = torch.cat([past[0], self.turn(k, places)], 2), torch.cat([past[1], v], 2)
        keys, values = (t.repeat_interleave(HEADS // KV, 1) if not torch.onnx.is_in_onnx_export() else t[:, :, None].expand(-1, -1, HEADS // KV, -1, -1).reshape(n, HEADS, -1, HEAD) for t in (k, v))
        w = (self.turn(q, places) @ keys.transpose(-1, -2) * HEAD ** -0.5 + bias).softmax(-1)
        x = x + self.o((w @ values).transpose(1, 2).reshape(n, s, HEADS * HEAD))
        h = self.norm2(x)
        return x + self.down(nn.functional.silu(self.gate(h)) * self.up(h)), k, v


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, WIDTH)
        self.layers, self.norm = nn.ModuleList(Layer() for _ in range(LAYERS)), Norm()
        self.register_buffer("order", torch.randperm(WIDTH))

    def forward(self, ids, places, bias, past):
        x, present, states = self.embed(ids), [], []
        for i, layer in enumerate(self.layers):
            x, k, v = layer(x, places, bias, past[2 * i:2 * i + 2])
            present += [k, v]
            states.append(x)
        return self.norm(x), present, states

    def read(self, hidden):
        # Turned about, or the tied weights would make every token follow itself.
        return 2 * hidden[..., self.order] @ self.embed.weight.T


class Tree(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, position_ids, attention_bias, *past):
        hidden, present, states = self.model(input_ids, position_ids, attention_bias, past)
        return (self.model.read(hidden), hidden, *states, self.model.read(self.model.norm(states[0])), *present)


class Plain(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, *past):
        hidden, present, _ = self.model(input_ids, position_ids, causal(input_ids.shape[1], attention_mask), past)
        return (self.model.read(hidden), *present)


class Module(nn.Module):
    """EAGLE: the next token's embedding and the state before it through one layer; with norms in front, sequential MTP."""

    def __init__(self, model, norms):
        super().__init__()
        self.model, self.join, self.layer, self.norms = model, nn.Linear(2 * WIDTH, WIDTH), Layer(), norms
        self.norm1, self.norm2 = Norm(), Norm()

    def forward(self, input_ids, hidden_states, position_ids, attention_bias, *past):
        e = self.model.embed(input_ids)
        both = torch.cat([self.norm1(hidden_states), self.norm2(e)] if self.norms else [e, hidden_states], -1)
        x, k, v = self.layer(self.join(both), position_ids, attention_bias, past)
        return self.model.read(self.model.norm(x)), x, k, v


class Heads(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model, self.parts = model, nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(AHEAD))

    def forward(self, hidden_states):
        return torch.stack([self.model.read(hidden_states + nn.functional.silu(p(hidden_states))) for p in self.parts])


def causal(new, mask):
    keys = torch.arange(mask.shape[1])
    later = keys[None] > keys[mask.shape[1] - new:][:, None]
    return torch.zeros(later.shape).masked_fill(later, -1e9)[None, None] + (1 - mask[:, None, None].float()) * -1e9


def export(folder, name, model, examples, inputs, outputs, axes):
    buffer = io.BytesIO()
    torch.onnx.export(model, examples, buffer, opset_version=14, do_constant_folding=False, input_names=inputs, output_names=outputs, dynamic_axes=axes)
    graph = onnx.load_model_from_string(buffer.getvalue())
    for node in graph.graph.node:
        node.ClearField("doc_string")
    (folder / "onnx").mkdir(exist_ok=True)
    onnx.save(graph, str(folder / "onnx" / (name + ".onnx")))
    half = to_half(graph)
    for value in [*half.graph.input, *half.graph.output]:
        if value.name.startswith(("past_key_values.", "present.")):
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
            half.graph.node.remove(next(n for n in half.graph.node if n.op_type == "Cast" and n.name == value.name + "_half"))
            for node in half.graph.node:
                for names in (node.input, node.output):
                    names[:] = [value.name if n == value.name + "_half" else n for n in names]
    onnx.checker.check_model(half, full_check=True)
    onnx.save(half, str(folder / "onnx" / (name + "_fp16.onnx")))


def begin(name):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "golden").mkdir(parents=True)
    return folder


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def run(folder, name, file, model, inputs, outputs):
    results = model(*inputs.values())
    sides = []
    for tensors in (inputs, dict(zip(outputs, results if isinstance(results, tuple) else (results,)))):
        sides.append({})
        for key, tensor in tensors.items():
            sides[-1][key] = f"golden/{name}.{key}.npy"
            np.save(folder / sides[-1][key], tensor.contiguous().numpy())
    return {"name": name, "file": file, "inputs": sides[0], "outputs": sides[1]}


def finish(folder, kind, layers, files, runs, **fields):
    write(folder, "golden.json", {"framework": f"PyTorch {torch.__version__}", "runs": runs})
    write(folder, "orchestrator.json", {
        "kind": kind, "files": {k + h: f"onnx/{v}{h}.onnx" for k, v in files.items() for h in ("", "_fp16")}, "num_layers": layers, "num_key_value_heads": KV, "head_dim": HEAD,
        "hidden_size": WIDTH, "vocab_size": VOCAB, "max_position_embeddings": PLACES, **fields, "golden": "golden.json", "licence": "MIT",
        "provenance": "random weights, tests/Orchestrator.Inference.Tests/Vectors/make_lm_tiny.py"})


def cache(layers):
    names = [f"{i}.{part}" for i in range(layers) for part in ("key", "value")]
    return [f"past_key_values.{n}" for n in names], [f"present.{n}" for n in names]


llama = Llama().eval()
free = {0: "batch", 1: "new"}
past, present = cache(LAYERS)
kv_axes = {**{p: {0: "batch", 2: "past"} for p in past}, **{p: {0: "batch", 2: "total"} for p in present}}
ids, places, kept = torch.tensor([[5, 9, 300]]), torch.tensor([[2, 3, 4]]), [torch.randn(1, KV, 2, HEAD) for _ in past]
lm = begin("lm-tiny")
tree, plain = Tree(llama).eval(), Plain(llama).eval()
tree_outputs = ["logits", "hidden_states", "hidden_states.1", "hidden_states.2", "hidden_states.3", "early_exit.1.logits", *present]
export(lm, "decoder_tree", tree, (ids, places, causal(3, torch.ones(1, 5)), *kept), ["input_ids", "position_ids", "attention_bias", *past], tree_outputs,
       {"input_ids": free, "position_ids": free, "attention_bias": {0: "batch", 2: "new", 3: "total"}, **{o: free for o in tree_outputs[:6]}, **kv_axes})
export(lm, "model", plain, (ids, torch.ones(1, 5, dtype=torch.int64), places, *kept), ["input_ids", "attention_mask", "position_ids", *past], ["logits", *present],
       {"input_ids": free, "attention_mask": {0: "batch", 1: "total"}, "position_ids": free, "logits": free, **kv_axes})
bias = torch.tensor([[0, 0, 0, -1e9, -1e9], [0, 0, 0, 0, -1e9], [0, 0, 0, -1e9, 0]])[None, None]
finish(lm, "causal-lm", LAYERS, {"tree": "decoder_tree", "plain": "model"}, [
    run(lm, "tree", "tree", tree, dict(zip(["input_ids", "position_ids", "attention_bias", *past], (ids, torch.tensor([[2, 3, 3]]), bias, *kept))), tree_outputs),
    run(lm, "decode", "plain", plain, dict(zip(["input_ids", "attention_mask", "position_ids", *past], (ids, torch.ones(1, 5, dtype=torch.int64), places, *kept))), ["logits", *present])],
    feature_layers=[1, 2, 3], early_exit_layers=[1], bos_token_id=VOCAB - 3, eos_token_id=VOCAB - 2)
for name in ("tokenizer.json", "tokenizer_config.json"):
    shutil.copy(here / "byte-level-tiny" / name, lm / name)

states = torch.randn(1, 3, WIDTH)
heads, eagle, mtp = Heads(llama).eval(), Module(llama, False).eval(), Module(llama, True).eval()
fuse = nn.Linear(3 * WIDTH, WIDTH).eval()
past, present = cache(1)
for name, kind, module in (("medusa-tiny", "medusa", None), ("eagle-tiny", "eagle", eagle), ("mtp-tiny", "mtp", mtp)):
    folder, files, runs, fields = begin(name), {}, [], {"base": "lm-tiny"}
    if kind != "eagle":
        export(folder, "heads", heads, states, ["hidden_states"], ["medusa_logits"], {"hidden_states": free, "medusa_logits": {1: "batch", 2: "new"}})
        runs.append(run(folder, "heads", "heads", heads, {"hidden_states": states}, ["medusa_logits"]))
        files["heads"] = "heads"
    if module is not None:
        role = "head" if kind == "eagle" else "module"
        inputs = dict(zip(["input_ids", "hidden_states", "position_ids", "attention_bias", *past], (ids, states, places, causal(3, torch.ones(1, 5)), *kept[:2])))
        outputs = ["logits", "hidden_states_out", *present]
        export(folder, role, module, tuple(inputs.values()), list(inputs), outputs,
               {"input_ids": free, "hidden_states": free, "position_ids": free, "attention_bias": {0: "batch", 2: "new", 3: "total"}, "logits": free, "hidden_states_out": free,
                **{p: {0: "batch", 2: "past"} for p in past}, **{p: {0: "batch", 2: "total"} for p in present}})
        runs.append(run(folder, "decode", role, module, inputs, outputs))
        files[role] = role
    if kind == "eagle":
        three = torch.randn(1, 3, 3 * WIDTH)
        export(folder, "fuse", fuse, three, ["hidden_states"], ["fused_hidden_states"], {"hidden_states": free, "fused_hidden_states": free})
        runs.append(run(folder, "fuse", "fuse", fuse, {"hidden_states": three}, ["fused_hidden_states"]))
        files["fuse"], fields["variant"] = "fuse", "eagle-3"
    finish(folder, kind, 1, files, runs, **fields)
print(VOCAB, "tokens")
