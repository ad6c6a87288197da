"""Writes captions with the demo captioner, one word at a time with kept keys and values: greedy, or nucleus sampling as
BLIP's (models/blip.py generate: top_p 0.9, repetition_penalty 1.1, at least 5 and at most 20 tokens with the prompt)."""
import torch

from blip_text import PROMPT
from pair_data import normalise

LONGEST = 44


def generate(model, pieces, pixels, device="cpu", top_p=None, repetition_penalty=1.0, seed=0, batch=250):
    """A caption, without the prompt, for each picture of uint8 [n, 64, 64, 3]."""
    chance = torch.Generator().manual_seed(seed)
    captions = []
    with torch.no_grad():
        for i in range(0, len(pixels), batch):
            image = model.vision(torch.from_numpy(normalise(pixels[i:i + batch])).to(device))
            captions += [pieces.decode(row) for row in _rows(model.text, pieces, image, top_p, repetition_penalty, chance)]
    return captions


def _rows(decoder, pieces, image, top_p, penalty, chance):
    n, device = len(image), image.device
    prompt = [pieces.dec, *pieces.encode(PROMPT, 64)[1:-1]]
    ids = torch.tensor(prompt, device=device).expand(n, -1)
    seen, past, done = ids, (), torch.zeros(n, dtype=torch.bool, device=device)
    while seen.shape[1] < LONGEST and not done.all():
        mask = torch.ones_like(seen)
        place = torch.arange(seen.shape[1] - ids.shape[1], seen.shape[1], device=device).expand(n, -1)
        logits, *past = decoder(ids, mask, place, image, *past)
        logits = logits[:, -1]
        if penalty != 1.0:
            used = logits.gather(1, seen)
            logits = logits.scatter(1, seen, torch.where(used > 0, used / penalty, used * penalty))
        chosen = logits.argmax(1) if top_p is None else _nucleus(logits, top_p, chance)
        chosen = torch.where(done, pieces.pad, chosen)
        done = done | (chosen == pieces.sep)
        ids, seen = chosen[:, None], torch.cat([seen, chosen[:, None]], 1)
    return [[t for t in row if t != pieces.pad] for row in seen[:, len(prompt):].tolist()]


def _nucleus(logits, top_p, chance):
    """A word drawn from the fewest most likely ones whose probabilities reach `top_p`."""
    likely, order = logits.softmax(1).cpu().sort(1, descending=True)
    likely = likely.masked_fill(likely.cumsum(1) - likely > top_p, 0)
    return order.gather(1, torch.multinomial(likely, 1, generator=chance))[:, 0].to(logits.device)
