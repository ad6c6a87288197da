"""A CLIP small enough to train on two processor cores: convolutions and two attention layers for 64-pixel pictures,
a causal transformer for text. Towers return embeddings before L2 normalisation, as Hugging Face's do."""
import torch
from torch import nn


class Attention(nn.Module):
    # Written out: nn.MultiheadAttention takes a fused path in eval mode that the ONNX exporter does not know.
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask=None):
        n, t, w = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-1, -2)) * (w // self.heads) ** -0.5
        if mask is not None:
            weights = weights + mask
        return self.out((weights.softmax(-1) @ v).transpose(1, 2).reshape(n, t, w))


class Block(nn.Module):
    def __init__(self, width, heads, ratio=4):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


def conv(inputs, outputs, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.second = conv(width, width, 1), conv(width, width, 1)

    def forward(self, x):
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class VisionTower(nn.Module):
    """pixel_values f32 [n, 3, 64, 64] -> image_embeds [n, dimension]. `deep`: a residual pair after the last stride too."""

    def __init__(self, dimension=128, width=128, layers=2, heads=4, ratio=4, deep=True):
        super().__init__()
        self.stem = nn.Sequential(
            conv(3, 32, 2), nn.ReLU(), conv(32, 64, 2), nn.ReLU(), Residual(64), conv(64, width, 2), nn.ReLU(),
            *([Residual(width)] if deep else []))
        self.position = nn.Parameter(torch.randn(1, 64, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, ratio) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, dimension, bias=False)

    def features(self, pixel_values):
        """f32 [n, 64, width]: one vector for each eighth by eighth of the picture, row by row."""
        x = self.stem(pixel_values).flatten(2).transpose(1, 2) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, pixel_values):
        return self.projection(self.features(pixel_values).mean(1))


class TextTower(nn.Module):
    """input_ids i64 [n, t <= 77] -> text_embeds [n, dimension], pooled at the first end token (the highest id)."""

    def __init__(self, vocabulary, dimension=128, width=128, layers=2, heads=4, context=77, ratio=4):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.randn(context, width) * 0.01)
        nn.init.normal_(self.token.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(width, heads, ratio) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, dimension, bias=False)
        # -1e4 rather than minus infinity: it must stay finite in half precision.
        self.register_buffer("mask", torch.full((context, context), -1e4).triu(1), persistent=False)

    def forward(self, input_ids):
        t = input_ids.shape[1]
        x = self.token(input_ids) + self.position[:t]
        for block in self.blocks:
            x = block(x, self.mask[:t, :t])
        end = input_ids.to(torch.int32).argmax(-1)
        pooled = x.gather(1, end.reshape(-1, 1, 1).expand(-1, 1, x.shape[2]))[:, 0]
        return self.projection(self.norm(pooled))


class Clip(nn.Module):
    def __init__(self, vocabulary, vision=None, text=None):
        super().__init__()
        self.vision, self.text = vision or VisionTower(), text or TextTower(vocabulary)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def parameters_count(self):
        return sum(p.numel() for p in self.parameters())
