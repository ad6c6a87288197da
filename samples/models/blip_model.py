"""BLIP in small (Li et al. 2022, section 3.1 and figure 2): a picture encoder, a text decoder that writes captions, and a text
encoder that judges them; both read the picture by cross-attention. Pre-norm layers, learned positions."""
import torch
from torch import nn

from clip_model import VisionTower

WIDTH, HEADS, LAYERS, CONTEXT = 128, 4, 2, 64


def picture_encoder():
    tower = VisionTower(width=WIDTH, layers=1, heads=HEADS)
    # Only the vectors of the places are used, never the pooled and projected one.
    tower.projection = nn.Identity()
    return tower


class Features(nn.Module):
    """pixel_values f32 [n, 3, 64, 64] -> image_embeds f32 [n, 64, 128]."""

    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, pixel_values):
        return self.tower.features(pixel_values)


def split(x, heads):
    n, t, w = x.shape
    return x.reshape(n, t, heads, w // heads).transpose(1, 2)


def attend(q, k, v, mask=None):
    weights = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    if mask is not None:
        weights = weights + mask
    n, h, t, d = q.shape
    return (weights.softmax(-1) @ v).transpose(1, 2).reshape(n, t, h * d)


class CrossBlock(nn.Module):
    """Attention among the words, attention from the words to the picture, and a small network."""

    def __init__(self, width=WIDTH, heads=HEADS, ratio=2):
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm2, self.query = nn.LayerNorm(width), nn.Linear(width, width)
        self.picture, self.cross_out = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.norm3 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))

    def forward(self, x, image, mask, past=None, copies=1):
        """`copies`: each picture stands for that many rows of words, [a, b, a, b]; its keys and values are made once."""
        q, k, v = (split(part, self.heads) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        x = x + self.out(attend(q, k, v, mask))
        picture_k, picture_v = (split(part, self.heads) for part in self.picture(image).chunk(2, -1))
        if copies > 1:
            picture_k, picture_v = picture_k.repeat(copies, 1, 1, 1), picture_v.repeat(copies, 1, 1, 1)
        x = x + self.cross_out(attend(split(self.query(self.norm2(x)), self.heads), picture_k, picture_v))
        return x + self.mlp(self.norm3(x)), (k, v)


class TextStack(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        nn.init.normal_(self.token.weight, std=0.02)
        nn.init.normal_(self.position.weight, std=0.01)
        self.blocks = nn.ModuleList(CrossBlock() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)


class Captioner(TextStack):
    """input_ids i64 [n, s], attention_mask i64 [n, p + s] (1 = attend), position_ids i64 [n, s], encoder_hidden_states
    f32 [n, 64, 128], keys and values of the words before f32 [n, 4, p, 32] each -> logits f32 [n, s, vocabulary] and the
    keys and values of all p + s words. p may be 0."""

    def __init__(self, vocabulary):
        super().__init__(vocabulary)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, input_ids, attention_mask, position_ids, encoder_hidden_states, *past):
        x = self.token(input_ids) + self.position(position_ids)
        words, keys = input_ids.shape[1], attention_mask.shape[1]
        place = torch.arange(keys, device=x.device)
        # Word s stands at place p + s. -1e4 rather than minus infinity: it must stay finite in half precision.
        later = place[None] > place[keys - words:][:, None]
        hidden = later[None, None] | (attention_mask[:, None, None] == 0)
        mask = torch.zeros(hidden.shape, device=x.device).masked_fill(hidden, -1e4)
        present = []
        for i, block in enumerate(self.blocks):
            x, kept = block(x, encoder_hidden_states, mask, past[2 * i:2 * i + 2] if past else None)
            present += kept
        return (self.norm(x) @ self.token.weight.T + self.bias, *present)


class Matcher(TextStack):
    """input_ids i64 [n, s] that begin with [ENC], attention_mask i64 [n, s], encoder_hidden_states f32 [n, 64, 128] ->
    itm_logits f32 [n, 2]; index 1 = the text is true of the picture."""

    def __init__(self, vocabulary):
        super().__init__(vocabulary)
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, input_ids, attention_mask, encoder_hidden_states, copies=1):
        x = self.token(input_ids) + self.position.weight[:input_ids.shape[1]]
        mask = (1.0 - attention_mask[:, None, None].to(x.dtype)) * -1e4
        for block in self.blocks:
            x, _ = block(x, encoder_hidden_states, mask, copies=copies)
        return self.head(self.norm(x)[:, 0])


class Blip(nn.Module):
    """A picture encoder and one of the two text sides. The batch normalisations keep their loaded statistics."""

    def __init__(self, text):
        super().__init__()
        self.vision, self.text = Features(picture_encoder()), text

    def train(self, mode=True):
        super().train(mode)
        self.vision.eval()
        return self

    def train_stem(self, on):
        """Whether the convolutions learn too. While the text side knows nothing yet, they would only cost time."""
        self.vision.tower.stem.requires_grad_(on)
