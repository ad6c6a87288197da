"""A Llama-style decoder (RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings) in plain PyTorch.

Shapes: B rows, S new positions, P past positions, D width, H heads, K key/value heads, d = head width, V vocabulary.
"""
import dataclasses
import math

import torch
from torch import nn
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class Shape:
    vocab: int = 960
    width: int = 192
    layers: int = 5
    heads: int = 6
    kv_heads: int = 2
    hidden: int = 464
    theta: float = 10000.0
    epsilon: float = 1e-5
    context: int = 1024

    @property
    def head(self):
        return self.width // self.heads


TARGET = Shape()
DRAFT = Shape(width=64, layers=2, heads=2, kv_heads=1, hidden=160)
DRAFTER_BLOCK = Shape(layers=1, hidden=192)
EARLY_EXITS = (2, 3)
FEATURES = (1, 3, 5)


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        x32 = x.float()
        return self.weight * (x32 * torch.rsqrt(x32.pow(2).mean(-1, keepdim=True) + self.epsilon))


def rotary_table(positions, shape):
    """cos and sin [B, 1, S, d/2] of positions i64 [B, S]."""
    inverse = shape.theta ** (-torch.arange(0, shape.head, 2, device=positions.device).float() / shape.head)
    angle = positions[:, None, :, None].float() * inverse
    return angle.cos(), angle.sin()


def rotate(x, table):
    """Llama's halves: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin)."""
    cos, sin = table
    x1, x2 = x.chunk(2, -1)
    return torch.cat([x1 * cos - x2 * sin, x2 * cos + x1 * sin], -1)


def causal_bias(length, past=0, device=None):
    """[1, 1, S, P+S]: 0 where a position may look, -1e9 elsewhere."""
    mask = torch.ones(length, past + length, dtype=torch.bool, device=device).tril(past)
    return torch.zeros(1, 1, length, past + length, device=device).masked_fill(~mask, -1e9)


class Softmax(torch.autograd.Function):
    """Over the last axis. PyTorch 1.13's backward pass of softmax is not vectorised on the CPU; this one is."""

    @staticmethod
    def forward(context, x):
        y = x.softmax(-1)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context, g):
        y, = context.saved_tensors
        gy = g * y
        return gy.sub_(y * gy.sum(-1, keepdim=True))


class Silu(torch.autograd.Function):
    """x sigmoid(x), for the same reason."""

    @staticmethod
    def forward(context, x):
        s = x.sigmoid()
        context.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(context, g):
        x, s = context.saved_tensors
        return g * (s + (x * s) * (1 - s))


class Block(nn.Module):
    """One decoder layer. `sources` widths of D are read by the attention (2 in EAGLE-3, else 1)."""

    def __init__(self, shape, sources=1):
        super().__init__()
        self.shape = shape
        width, kv = shape.width, shape.kv_heads * shape.head
        self.attention_norm = RmsNorm(width, shape.epsilon)
        self.q = nn.Linear(sources * width, width, bias=False)
        self.k = nn.Linear(sources * width, kv, bias=False)
        self.v = nn.Linear(sources * width, kv, bias=False)
        self.o = nn.Linear(width, width, bias=False)
        self.mlp_norm = RmsNorm(width, shape.epsilon)
        self.gate = nn.Linear(width, shape.hidden, bias=False)
        self.up = nn.Linear(width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, width, bias=False)

    def forward(self, x, table, bias, past=None, beside=None):
        """x [B,S,D]; past (k, v) [B,K,P,d] or None; beside [B,S,D]: normalised second source. Returns x, (k, v)."""
        n, s, _ = x.shape
        shape = self.shape
        h = self.attention_norm(x)
        if beside is not None:
            h = torch.cat([beside, h], -1)
        q = rotate(self.q(h).view(n, s, shape.heads, shape.head).transpose(1, 2), table)
        k = rotate(self.k(h).view(n, s, shape.kv_heads, shape.head).transpose(1, 2), table)
        v = self.v(h).view(n, s, shape.kv_heads, shape.head).transpose(1, 2)
        if past is not None:
            k, v = torch.cat([past[0].to(k), k], 2), torch.cat([past[1].to(v), v], 2)
        groups = shape.heads // shape.kv_heads
        score = q @ k.repeat_interleave(groups, 1).transpose(2, 3) / math.sqrt(shape.head)
        mixed = Softmax.apply(score + bias).to(v) @ v.repeat_interleave(groups, 1)
        x = x + self.o(mixed.transpose(1, 2).reshape(n, s, shape.width))
        h = self.mlp_norm(x)
        return x + self.down(Silu.apply(self.gate(h)) * self.up(h)), (k, v)


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RmsNorm(shape.width, shape.epsilon)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02 if "embed" in name else p.shape[1] ** -0.5)
                if name.endswith(("o.weight", "down.weight")):
                    p.data.mul_((2 * shape.layers) ** -0.5)

    def logits(self, normalised):
        return functional.linear(normalised, self.embed.weight)

    def forward(self, ids, positions=None, bias=None, past=None):
        """ids i64 [B,S]; positions i64 [B,S] and bias [.,1,S,P+S]: causal from P where not given; past: list of (k, v).
        Returns (normalised last layer [B,S,D], outputs of every layer, list of (k, v))."""
        length, before = ids.shape[1], 0 if past is None else past[0][0].shape[2]
        if positions is None:
            positions = torch.arange(before, before + length, device=ids.device)[None].expand(len(ids), -1)
        if bias is None:
            bias = causal_bias(length, before, ids.device)
        table = rotary_table(positions, self.shape)
        x, outputs, present = self.embed(ids), [], []
        for i, block in enumerate(self.blocks):
            x, kv = block(x, table, bias, None if past is None else past[i])
            outputs.append(x)
            present.append(kv)
        return self.norm(x), outputs, present

    def count(self):
        return sum(p.numel() for p in self.parameters())


def greedy(model, prompts, pad, end, limit):
    """Greedy answers (lists of ids without the end token) to prompts (lists of ids). Shorter prompts are padded on the
    left; the padding is masked and the positions of the rest begin at 0."""
    device, longest = next(model.parameters()).device, max(map(len, prompts))
    ids = torch.tensor([[pad] * (longest - len(p)) + p for p in prompts], device=device)
    lead = torch.tensor([longest - len(p) for p in prompts], device=device)
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    answers, past, before = [[] for _ in prompts], None, 0
    with torch.no_grad():
        while not done.all() and len(answers[0]) < limit:
            total = before + ids.shape[1]
            places = torch.arange(total, device=device)
            hidden = (places[None] < lead[:, None])[:, None, None]
            bias = causal_bias(ids.shape[1], before, device).expand(len(prompts), -1, -1, -1).masked_fill(hidden, -1e9)
            h, _, past = model(ids, (places[None, before:] - lead[:, None]).clamp(min=0), bias, past)
            before = total
            chosen = model.logits(h[:, -1]).argmax(-1)
            done |= chosen == end
            chosen = torch.where(done, torch.full_like(chosen, pad), chosen)
            for row, token in zip(answers, chosen.tolist()):
                row.append(token)
            ids = chosen[:, None]
    return [[t for t in row if t != pad] for row in answers]
