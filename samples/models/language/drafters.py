"""The drafting modules that sit on the target's hidden states. All read and write through the target's embedding table,
which is frozen and not theirs.

Places: h[t] is the target's normalised last-layer output at token t; the target's own head reads token t+1 from it.
A parallel head k (from 0) reads token t+2+k from h[t]; a sequential module reads token t+2 from h[t] and token t+1.
"""
import torch
from torch import nn
from torch.nn import functional

from llama import DRAFTER_BLOCK, FEATURES, Block, RmsNorm, rotary_table


class MedusaHeads(nn.Module):
    """Medusa's residual block x + SiLU(Wx + b) for each head (FasterDecoding/Medusa medusa_model.py ResBlock), then the
    target's language-model head instead of one of its own, which would be eleven times as large."""

    def __init__(self, width, heads):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(heads))
        for block in self.blocks:
            nn.init.zeros_(block.weight)
            nn.init.zeros_(block.bias)

    def forward(self, h):
        """[..., D] -> [K, ..., D], to be multiplied by the embedding table."""
        return torch.stack([h + functional.silu(block(h)) for block in self.blocks])


class ParallelHeads(nn.Module):
    """Heads that predict several tokens from one trunk (Gloeckle et al. 2024), each a gated feed-forward block after its
    own norm; without attention, since the head's graph keeps no cache."""

    def __init__(self, shape, heads, hidden):
        super().__init__()
        self.norms = nn.ModuleList(RmsNorm(shape.width, shape.epsilon) for _ in range(heads))
        self.gates = nn.ModuleList(nn.Linear(shape.width, hidden, bias=False) for _ in range(heads))
        self.ups = nn.ModuleList(nn.Linear(shape.width, hidden, bias=False) for _ in range(heads))
        self.downs = nn.ModuleList(nn.Linear(hidden, shape.width, bias=False) for _ in range(heads))
        for down in self.downs:
            nn.init.zeros_(down.weight)

    def forward(self, h):
        """[..., D] -> [K, ..., D], to be multiplied by the embedding table."""
        heads = zip(self.norms, self.gates, self.ups, self.downs)
        return torch.stack([h + down(functional.silu(gate(x)) * up(x)) for norm, gate, up, down in heads for x in [norm(h)]])


class Sequential(nn.Module):
    """What EAGLE-1, EAGLE-3 and DeepSeek-V3's module have in common: one block over (hidden state, next token)."""

    def __init__(self, sources=1):
        super().__init__()
        self.shape = DRAFTER_BLOCK
        self.block = Block(DRAFTER_BLOCK, sources)

    def forward(self, h, embedded, positions, bias, past=None):
        """h [B,S,D] at t, embedded [B,S,D] of token t+1, positions i64 [B,S], bias [.,1,S,P+S]. Returns (what the
        embedding table is multiplied by [B,S,D], what takes h's place at t+1 [B,S,D], (k, v))."""
        raise NotImplementedError


class Eagle(Sequential):
    """EAGLE-1 (SafeAILab/EAGLE cnets.py): a linear map of [embedding; feature], one decoder layer; its output is the next
    feature, read by the target's head directly."""

    def __init__(self):
        super().__init__()
        width = self.shape.width
        self.join = nn.Linear(2 * width, width, bias=False)

    def forward(self, h, embedded, positions, bias, past=None):
        x = self.join(torch.cat([embedded, h], -1))
        x, present = self.block(x, rotary_table(positions, self.shape), bias, past)
        return x, x, present


class Eagle3(Sequential):
    """EAGLE-3: the first hidden state is a linear map of three layers' outputs, later ones are the module's own; attention
    reads [normalised embedding; normalised hidden state]."""

    def __init__(self):
        super().__init__(sources=2)
        width = self.shape.width
        self.fuse = nn.Linear(len(FEATURES) * width, width, bias=False)
        self.embedding_norm = RmsNorm(width, self.shape.epsilon)
        self.norm = RmsNorm(width, self.shape.epsilon)

    def forward(self, h, embedded, positions, bias, past=None):
        x, present = self.block(h, rotary_table(positions, self.shape), bias, past, self.embedding_norm(embedded))
        return self.norm(x), x, present


class SequentialMtp(Sequential):
    """DeepSeek-V3's multi-token prediction module (report, section 2.2): projection of [RMSNorm(h); RMSNorm(embedding)],
    one block, the shared head after a norm of the module's own."""

    def __init__(self):
        super().__init__()
        width, epsilon = self.shape.width, self.shape.epsilon
        self.hidden_norm, self.embedding_norm = RmsNorm(width, epsilon), RmsNorm(width, epsilon)
        self.join = nn.Linear(2 * width, width, bias=False)
        self.norm = RmsNorm(width, epsilon)

    def forward(self, h, embedded, positions, bias, past=None):
        x = self.join(torch.cat([self.hidden_norm(h), self.embedding_norm(embedded)], -1))
        x, present = self.block(x, rotary_table(positions, self.shape), bias, past)
        x = self.norm(x)
        return x, x, present


def unroll(module, h, embedded, steps, causal):
    """The module chained on its own outputs from every position at once, as after a verification: step j (from 0) at
    place t has seen true hidden states up to t-j and its own after that. h and embedded [B,S,D] at t and t+1; at step j
    place t reads token t+j+1. Yields what the embedding table is multiplied by: [B,S-j,D], place i of which stands for
    token i+j+2 as drafted from token i+1.

    The true steps are queried causally; each drafted step sees the true ones up to where its chain began, the earlier
    drafts of its own chain, and itself (EAGLE-3's training-time test)."""
    length, past, biases = h.shape[1], None, [causal]
    for step in range(steps):
        size = length - step
        positions = torch.arange(step, length, device=h.device)[None].expand(len(h), -1)
        out, h, present = module(h, embedded[:, step:], positions, torch.cat([b[..., :size, :] for b in biases], -1), past)
        past = present
        yield out
        h = h[:, :size - 1]
        size -= 1
        diagonal = torch.full((1, 1, length, size), -1e9, device=h.device)
        diagonal[0, 0, torch.arange(size), torch.arange(size)] = 0.0
        biases.append(diagonal)
