"""Writes blip-caption-tiny/ and blip-itm-tiny/: random BLIP models small enough to commit, with golden runs, and
blip_captions.json: what plain PyTorch makes of them without any cache, by transformers' rules for penalty, lengths, top-k, top-p and beams.

Run: /usr/bin/python3 make_blip_tiny.py   (PyTorch 1.13, seed fixed)
"""
import io
import itertools
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

SIDE, PATCH, WIDTH, HEADS, LAYERS, PLACES = 16, 8, 16, 2, 2, 48
WORDS = ("a picture of the red green blue circle square star big small and on with cat dog tree sky photo large ##s ##ish left right "
         "two three dark light round under over near grey pink , . '").split()
VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "[DEC]", "[ENC]"]
PAD, SEP, DEC, ENC = 0, 3, len(VOCAB) - 2, len(VOCAB) - 1
PROMPT = [DEC, *(VOCAB.index(w) for w in "a picture of".split())]
torch.manual_seed(11)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(WIDTH) for _ in range(3))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.query, self.image, self.cross = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    @staticmethod
    def split(x):
        return x.reshape(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)

    @staticmethod
    def attend(q, k, v, mask=None):
        w = q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5
        w = w if mask is None else w + mask
        return (w.softmax(-1) @ v).transpose(1, 2).reshape(q.shape[0], q.shape[2], WIDTH)

    def forward(self, x, image=None, mask=None, past=None):
        q, k, v = (self.split(t) for t in self.qkv(self.norm1(x)).chunk(3, -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        x = x + self.out(self.attend(q, k, v, mask))
        if image is not None:
            ik, iv = (self.split(t) for t in self.image(image).chunk(2, -1))
            x = x + 6 * self.cross(self.attend(self.split(self.query(self.norm2(x))), ik, iv))
        return x + self.mlp(self.norm3(x)), k, v


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.place, self.block = nn.Conv2d(3, WIDTH, PATCH, PATCH), nn.Parameter(torch.randn((SIDE // PATCH) ** 2, WIDTH)), Block()

    def forward(self, pixel_values):
        return self.block(3 * self.patch(pixel_values).flatten(2).transpose(1, 2) + self.place)[0]


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.place = nn.Embedding(len(VOCAB), WIDTH), nn.Embedding(PLACES, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))


class Decoder(Text):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(WIDTH, len(VOCAB))
        with torch.no_grad():
            self.head.weight *= 1.2
            self.head.bias[[PAD, 1, 2, 4, DEC, ENC]] = -30
            self.head.bias[SEP] = 2.0

    def forward(self, input_ids, attention_mask, position_ids, encoder_hidden_states, *past):
        x = self.token(input_ids) + self.place(position_ids)
        keys = torch.arange(attention_mask.shape[1])
        later = keys[None] > keys[attention_mask.shape[1] - input_ids.shape[1]:][:, None]
        hidden = later[None, None] | (attention_mask[:, None, None] == 0)
        mask = torch.zeros(hidden.shape).masked_fill(hidden, -1e4)
        present = []
        for i, block in enumerate(self.blocks):
            x, k, v = block(x, encoder_hidden_states, mask, past[2 * i:2 * i + 2] if past else None)
            present += [k, v]
        return (self.head(x), *present)


class Matcher(Text):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, input_ids, attention_mask, encoder_hidden_states):
        x = self.token(input_ids) + self.place.weight[:input_ids.shape[1]]
        mask = (1 - attention_mask[:, None, None].float()) * -1e4
        for block in self.blocks:
            x = block(x, encoder_hidden_states, mask)[0]
        return self.head(x[:, 0])


def export(folder, name, model, examples, inputs, outputs, axes, border=()):
    buffer = io.BytesIO()
    torch.onnx.export(model, examples, buffer, opset_version=14, input_names=inputs, output_names=outputs, dynamic_axes=axes)
    graph = onnx.load_model_from_string(buffer.getvalue())
    for node in graph.graph.node:
        node.ClearField("doc_string")
    (folder / "onnx").mkdir(exist_ok=True)
    onnx.save(graph, str(folder / "onnx" / (name + ".onnx")))
    half = to_half(graph)
    bare(half, border)
    onnx.checker.check_model(half, full_check=True)
    onnx.save(half, str(folder / "onnx" / (name + "_fp16.onnx")))


def bare(half, border):
    """Takes the casts off the cache's inputs and outputs: they are float16 outside too."""
    for value in [*half.graph.input, *half.graph.output]:
        if not value.name.startswith(tuple(border) or "\0"):
            continue
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
        cast = next(n for n in half.graph.node if n.op_type == "Cast" and value.name in (n.input[0], n.output[0]) and n.name == value.name + "_half")
        half.graph.node.remove(cast)
        for node in half.graph.node:
            for names in (node.input, node.output):
                names[:] = [value.name if n == value.name + "_half" else n for n in names]


def begin(name):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "golden").mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(VOCAB) + "\n", encoding="utf-8")
    write(folder, "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512})
    write(folder, "preprocessor_config.json", {
        "image_processor_type": "BlipImageProcessor", "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 3, "do_center_crop": False,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]})
    write(folder, "config.json", {"model_type": "blip", "text_config": {"vocab_size": len(VOCAB), "max_position_embeddings": PLACES}})
    return folder


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def run(folder, name, file, inputs, outputs):
    sides = []
    for tensors in (inputs, outputs):
        side = {}
        for key, tensor in tensors.items():
            side[key] = f"golden/{name}.{key}.npy"
            np.save(folder / side[key], tensor.numpy())
        sides.append(side)
    return {"name": name, "file": file, "inputs": sides[0], "outputs": sides[1]}


def chance(seed):
    """SplitMix64: numbers in [0, 1)."""
    mask = (1 << 64) - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield ((z ^ (z >> 31)) >> 11) / (1 << 53)


def processed(logits, ids, penalty, least):
    """RepetitionPenaltyLogitsProcessor, then MinLengthLogitsProcessor."""
    logits = logits.clone()
    used = logits[sorted(set(ids))]
    logits[sorted(set(ids))] = torch.where(used < 0, used * penalty, used / penalty)
    if len(ids) < least:
        logits[SEP] = -float("inf")
    return logits


def warped(logits, top_k, top_p):
    """TopKLogitsWarper, then TopPLogitsWarper: probabilities of all tokens, 0 where removed."""
    if top_k:
        logits = logits.masked_fill(logits < torch.topk(logits, min(top_k, len(logits)))[0][-1], -float("inf"))
    sorted_logits, order = torch.sort(logits, descending=True, stable=True)
    remove = sorted_logits.double().softmax(-1).cumsum(-1) > top_p
    remove[1:] = remove[:-1].clone()
    remove[0] = False
    return logits.double().masked_fill(torch.zeros(len(logits), dtype=torch.bool).scatter(0, order, remove), -float("inf")).softmax(-1)


def scores(image, ids):
    n = len(ids)
    return decoder(torch.tensor([ids]), torch.ones(1, n, dtype=torch.int64), torch.arange(n)[None], image)[0][0, -1]


def sample(image, seed, penalty, least, most, top_k, top_p):
    ids, numbers = list(PROMPT), chance(seed)
    while len(ids) < most:
        p = warped(processed(scores(image, ids), ids, penalty, least), top_k, top_p)
        order = torch.sort(p, descending=True, stable=True)[1].tolist()
        place, total = next(numbers), 0.0
        for token in order:
            total += p[token].item()
            if place < total:
                break
        ids.append(token)
        if token == SEP:
            break
    return ids


def beams(image, k, penalty, least, most):
    live, finished, length = [(list(PROMPT), 0.0)], [], len(PROMPT)
    while length < most:
        found = []
        for ids, total in live:
            row = processed(scores(image, ids).log_softmax(-1), ids, penalty, least)
            found += [(total + s, ids, t) for t, s in enumerate(row.tolist())]
        found.sort(key=lambda f: -f[0])
        live = []
        for rank, (total, ids, token) in enumerate(found[:2 * k]):
            if token == SEP:
                if rank < k:
                    finished = sorted([*finished, (total / len(ids), [*ids, SEP])], key=lambda f: -f[0])[:k]
            elif len(live) < k:
                live.append(([*ids, token], total))
        done = len(finished) == k and finished[-1][0] >= found[0][0] / length
        length += 1
        if done:
            return finished[0][1]
    finished += [(total / len(ids), ids) for ids, total in live]
    return max(finished, key=lambda f: f[0])[1]


def enumerated(image, most):
    """The best of every sequence up to a length, by sum of log probabilities over length."""
    best = (-float("inf"), None)
    for count in range(most - len(PROMPT) + 1):
        for tokens in itertools.product([t for t in range(len(VOCAB)) if t != SEP], repeat=count):
            ids, total = list(PROMPT), 0.0
            for token in tokens:
                total += logs(image, tuple(ids))[token]
                ids.append(token)
            if len(ids) < most:
                ended = (total + logs(image, tuple(ids))[SEP]) / len(ids)
                best = max(best, (ended, [*ids, SEP]))
            else:
                best = max(best, (total / len(ids), ids))
    return best[1]


memory = {}


def logs(image, ids):
    if ids not in memory:
        memory[ids] = scores(image, list(ids)).log_softmax(-1).tolist()
    return memory[ids]


caption, match = begin("blip-caption-tiny"), begin("blip-itm-tiny")
vision, decoder, other_vision, matcher = Vision().eval(), Decoder().eval(), Vision().eval(), Matcher().eval()
cache = [f"{{}}.{i}.{part}" for i in range(LAYERS) for part in ("key", "value")]
past_names, present_names = [c.format("past_key_values") for c in cache], [c.format("present") for c in cache]
ids, states = torch.tensor([PROMPT[:3], [DEC, 9, 9]]), torch.randn(2, 4, WIDTH)
past = [torch.randn(2, HEADS, 3, WIDTH // HEADS) for _ in cache]
b = {0: "batch"}
axes = {"input_ids": {0: "batch", 1: "new"}, "attention_mask": {0: "batch", 1: "all"}, "position_ids": {0: "batch", 1: "new"}, "encoder_hidden_states": {0: "batch", 1: "image"},
        "logits": {0: "batch", 1: "new"}, **{n: {0: "batch", 2: "past"} for n in past_names}, **{n: {0: "batch", 2: "all"} for n in present_names}}
with torch.no_grad():
    for folder, tower in ((caption, vision), (match, other_vision)):
        export(folder, "vision_model", tower, torch.randn(2, 3, SIDE, SIDE), ["pixel_values"], ["image_embeds"], {"pixel_values": b, "image_embeds": b})
    export(caption, "text_decoder_model", decoder, (ids, torch.ones(2, 6, dtype=torch.int64), torch.arange(3, 6).expand(2, -1), states, *past),
           ["input_ids", "attention_mask", "position_ids", "encoder_hidden_states", *past_names], ["logits", *present_names], axes, ["past_key_values.", "present."])
    export(match, "text_encoder_model", matcher, (ids, torch.ones(2, 3, dtype=torch.int64), states), ["input_ids", "attention_mask", "encoder_hidden_states"], ["itm_logits"],
           {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}, "encoder_hidden_states": {0: "batch", 1: "image"}, "itm_logits": b})

    generator = torch.Generator().manual_seed(3)
    pixels = torch.randn(8, 3, SIDE, SIDE, generator=generator)
    np.save(here / "blip_pixels.npy", pixels.numpy())
    images = [vision(p[None]) for p in pixels]
    first = torch.cat(images[:2])
    prompt = torch.tensor([PROMPT, PROMPT])
    prefill = decoder(prompt, torch.ones(2, 4, dtype=torch.int64), torch.arange(4).expand(2, -1), first, *(p[:, :, :0] for p in past))
    step = decoder(torch.tensor([[7], [9]]), torch.ones(2, 5, dtype=torch.int64), torch.tensor([[4], [4]]), first, *prefill[1:])
    runs = [run(caption, "vision", "vision", {"pixel_values": pixels[:2]}, {"image_embeds": first}),
            run(caption, "prefill", "decoder", {"input_ids": prompt, "attention_mask": torch.ones(2, 4, dtype=torch.int64), "position_ids": torch.arange(4).repeat(2, 1), "encoder_hidden_states": first,
                                                **{n: p[:, :, :0].contiguous() for n, p in zip(past_names, past)}}, dict(zip(["logits", *present_names], prefill))),
            run(caption, "step", "decoder", {"input_ids": torch.tensor([[7], [9]]), "attention_mask": torch.ones(2, 5, dtype=torch.int64), "position_ids": torch.tensor([[4], [4]]),
                                             "encoder_hidden_states": first, **dict(zip(past_names, prefill[1:]))}, dict(zip(["logits", *present_names], step)))]
    texts = [{"text": "A picture of two dogs.", "ids": [2, 5, 6, 7, 31, 21, 26, 41, 3]}, {"text": "greyish [ENC] moon", "ids": [39, 27, ENC, 1]}]
    texts[0]["ids"] = [2, *(VOCAB.index(t) for t in "a picture of two dog ##s .".split()), 3]
    texts[1]["ids"] = [VOCAB.index("grey"), VOCAB.index("##ish"), ENC, 1]
    write(caption, "golden.json", {"framework": f"PyTorch {torch.__version__}", "runs": runs, "texts": texts})

    judged = ["a red circle", "two cats and a dog.", "the sky", "[ENC] a star under the tree, near the blue square on the left and the green one", "", "photo of a dark cat"]
    rows = []
    for text in judged:
        words = text.replace(",", " ,").replace(".", " .").replace("cats", "cat ##s").split()
        rows.append([2, *(VOCAB.index(w) if w in VOCAB else 1 for w in words), 3])
    table = torch.zeros(len(rows), 35, dtype=torch.int64)
    mask = torch.zeros_like(table)
    for i, row in enumerate(rows):
        table[i, :len(row)], mask[i, :len(row)] = torch.tensor(row), 1
    states = other_vision(pixels[:len(rows)])
    encoded = table.clone()
    encoded[:, 0] = ENC
    verdicts = {name: matcher(t, mask, states).softmax(-1)[:, 1].tolist() for name, t in (("encoder", encoded), ("class", table))}
    write(match, "golden.json", {"framework": f"PyTorch {torch.__version__}", "runs": [
        run(match, "vision", "vision", {"pixel_values": pixels[:2]}, {"image_embeds": states[:2]}),
        run(match, "match", "text", {"input_ids": encoded, "attention_mask": mask, "encoder_hidden_states": states}, {"itm_logits": matcher(encoded, mask, states)})], "texts": texts})

    settings = [{"penalty": 1.1, "least": 5, "most": 20, "topK": 50, "topP": 0.9}, {"penalty": 1.0, "least": 12, "most": 24, "topK": 0, "topP": 1.0},
                {"penalty": 1.3, "least": 0, "most": 16, "topK": 5, "topP": 0.6}]
    nucleus = [{**s, "captions": [sample(image, 1000 * i + 17, s["penalty"], s["least"], s["most"], s["topK"], s["topP"]) for i, image in enumerate(images)]} for s in settings]
    beam = [{"beams": k, "penalty": penalty, "least": least, "most": most, "captions": [beams(image, k, penalty, least, most) for image in images]}
            for k, penalty, least, most in ((1, 1.0, 5, 20), (3, 1.0, 5, 20), (3, 1.2, 10, 16), (7, 1.0, 0, 24))]
    whole = []
    for image in images[:3]:
        memory.clear()
        whole.append(enumerated(image, len(PROMPT) + 2))
    row = scores(images[0], PROMPT)
    filters = [{"topK": k, "topP": p, "probabilities": warped(row, k, p).tolist()} for k, p in ((0, 1.0), (50, 0.9), (3, 1.0), (0, 0.5), (5, 0.3), (1, 0.9), (0, 1e-9))]

for folder, kind, files, fields in (
        (caption, "blip-caption", {"vision": "vision_model", "decoder": "text_decoder_model"}, {"prompt": "a picture of ", "bos_token": "[DEC]", "eos_token": "[SEP]", "num_layers": LAYERS}),
        (match, "blip-itm", {"vision": "vision_model", "text": "text_encoder_model"}, {"enc_token": "[ENC]"})):
    write(folder, "orchestrator.json", {
        "kind": kind, "files": {k + h: f"onnx/{v}{h}.onnx" for k, v in files.items() for h in ("", "_fp16")}, **fields, "golden": "golden.json", "licence": "MIT",
        "provenance": "random weights, tests/Orchestrator.Inference.Tests/Vectors/make_blip_tiny.py"})
(here / "blip_captions.json").write_text(json.dumps({
    "prompt": PROMPT, "logits": row.tolist(), "filters": filters, "nucleus": nucleus, "beam": beam, "enumerated": whole, "judged": judged, "verdicts": verdicts}, indent=None) + "\n", encoding="utf-8")
for s in nucleus:
    print([len(c) for c in s["captions"]], " ".join(VOCAB[t] for t in s["captions"][0]))
for s in beam:
    print([len(c) for c in s["captions"]], " ".join(VOCAB[t] for t in s["captions"][0]))
print(whole, verdicts)
