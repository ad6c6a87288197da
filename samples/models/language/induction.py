"""Where lm-demo's training begins: with heads that already look back and find repeated words.

Copying from a text needs two layers that are of use only together (Olsson et al. 2022, "In-context learning and induction
heads"): one writes beside each token which tokens came before it, the next finds the place whose token before is the one
just said, and copies what stands there. Gradients take thousands of steps to make the two out of noise, so the first two
layers begin as such heads (after Trockman and Kolter 2023, "Mimetic initialization of self-attention layers"). Nothing is
frozen; training keeps, changes or drops them.
"""
import math

import torch

SPREAD = 0.07  # of the embeddings
CONSTANT = 4  # their first entry, in spreads: rotary positions can be read off a query and a key that are the same for all tokens
LEADING, SHARPNESS = 4, 6.0  # pairs of fast rotation that tell neighbours apart, and how well
MATCH, COPY = 2.5, 0.15  # strength of a match, and of what is copied then
WRITING_RATE = 0.25  # of Muon, relative, for the matrices that write to the residual stream: they are measured by SPREAD


def writes(name):
    """Whether the parameter of that name writes to the residual stream."""
    return name.endswith(("o.weight", "down.weight"))


@torch.no_grad()
def begin(model):
    """Overwrites the embeddings, all matrices that write to the residual stream (0 but in two layers), and the attention of
    the first two layers of a Llama."""
    model.embed.weight.normal_(std=SPREAD)
    model.embed.weight[:, 0] = CONSTANT * SPREAD
    for name, p in model.named_parameters():
        if writes(name):
            p.zero_()
    width, size, groups = model.shape.width, model.shape.head, model.shape.kv_heads
    share = model.shape.heads // groups
    # The first `share` heads of the first layer write what stood 1, 2 ... tokens back, each into directions of its own.
    written = torch.linalg.qr(torch.randn(width, share * size))[0].view(width, share, size)
    # Matches are made over the slowly turning pairs only, which bear distance.
    slow = (torch.arange(size) % (size // 2) >= size // 4).float()[:, None]
    _look_back(model.blocks[0], model.shape)
    token = torch.randn(size, width) * width ** -0.5 * slow
    token[:, 0] = 0
    first, second = model.blocks[0], model.blocks[1]
    first.v.weight[:size] = token
    for i in range(share):
        first.o.weight[:, i * size:(i + 1) * size] = written[:, i] * SPREAD * (width / size) ** 0.5
    # Group g of the second layer seeks the places where token t-g stood g+1 back; all of them copy the token there.
    copied = torch.randn(size, width) * width ** -0.5
    copied[:, 0] = 0
    for g in range(groups):
        rows = slice(g * size, (g + 1) * size)
        second.k.weight[rows] = MATCH * written[:, g].T * slow
        second.v.weight[rows] = copied
        for h in range(g * share, (g + 1) * share):
            second.q.weight[h * size:(h + 1) * size] = token if g == 0 else written[:, g - 1].T * slow
            second.o.weight[:, h * size:(h + 1) * size] = COPY * copied.T


def _look_back(block, shape):
    """Head h of each group looks h+1 tokens back: the score of distance n is a sum of cos((n - h - 1) f) over fast f."""
    size, half = shape.head, shape.head // 2
    share = shape.heads // shape.kv_heads
    fast = shape.theta ** (-torch.arange(LEADING).float() / half)
    entry = CONSTANT / math.sqrt(1 + CONSTANT ** 2 / shape.width)
    block.k.weight.mul_(0.3)
    block.q.weight.mul_(0.3)
    for g in range(shape.kv_heads):
        block.k.weight[g * size:g * size + LEADING, 0] = SHARPNESS / entry
    for h in range(shape.heads):
        turn, start = (h % share + 1) * fast, h * size
        block.q.weight[start:start + LEADING, 0] = SHARPNESS / entry * torch.cos(turn)
        block.q.weight[start + half:start + half + LEADING, 0] = -SHARPNESS / entry * torch.sin(turn)
