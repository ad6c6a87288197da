"""Captions as BLIP takes and gives them."""
import re

import torch

from distractors import GROUPS

PROMPT = "a picture of "
ITM_LENGTH = 35
COLOURS, SHAPES = GROUPS[0], GROUPS[1]
_PHRASE = re.compile(rf"\b({'|'.join(COLOURS)}) (?:(?:striped|dotted|checked) )?({'|'.join(SHAPES)})\b")
# What a caption of the generator may open with; the captioner's prompt stands in its place.
_OPENING = re.compile(
    r"^(a photo of|a picture of|an image of|a drawing of|an illustration of|an image showing|there is|we see|"
    r"a simple picture with) ")


def plain(caption):
    """BLIP's caption cleaning (data/utils.py pre_caption): lower case, some punctuation off, single spaces."""
    return " ".join(re.sub(r"[.!\"()*#:;~]", " ", caption.lower()).split())


def body(caption):
    return _OPENING.sub("", plain(caption))


def phrases(caption):
    """The (colour, shape) pairs a caption names, sorted."""
    return sorted(_PHRASE.findall(caption.lower()))


def objects(scene):
    return sorted((o["colour"], o["shape"]) for o in scene["objects"])


def judge(caption, scene):
    """(right, complete): all colour-shape pairs named are in the picture and there is at least one; all objects are named."""
    named, there = phrases(caption), objects(scene)
    return bool(named) and all(p in there for p in named) and len(set(named)) == len(named), named == there


def padded(rows, pad):
    """i64 ids [n, longest] and attention mask of lists of ids."""
    longest = max(len(r) for r in rows)
    ids = torch.tensor([r + [pad] * (longest - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
    return ids, mask
