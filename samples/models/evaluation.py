"""How well a CLIP tells true captions from false ones on held-out pairs."""
import numpy as np

from distractors import GROUPS, irrelevant
from pair_data import normalise


def roc_auc(positive, negative):
    """Probability that a random positive scores above a random negative, ties counting half (Mann-Whitney U)."""
    scores = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def evaluate(embed_images, embed_texts, pixels, texts, words, generator, normalise=normalise):
    """A dictionary of figures. `embed_*` map a batch (float32 pixels, list of captions) to float32 embeddings."""
    batches = range(0, len(pixels), 250)
    images = unit(np.concatenate([embed_images(normalise(pixels[i:i + 250])) for i in batches]))

    def cosines(captions):
        embedded = np.concatenate([embed_texts(captions[i:i + 250]) for i in batches])
        return (images * unit(embedded)).sum(1)

    true = [t["captions"][0] for t in texts]
    matched = cosines(true)
    negatives = {
        "swapped": [t["swapped"] for t in texts],
        "shuffled": true[1:] + true[:1],
        "partial_truth": [t["partial"] for t in texts],
        "irrelevant": [irrelevant(words, generator) for _ in texts],
    }
    figures = {"pairs": len(pixels), "matched_cosine_mean": float(matched.mean())}
    for name, captions in negatives.items():
        scores = cosines(captions)
        figures[f"auc_{name}"] = roc_auc(matched, scores)
        figures[f"cosine_mean_{name}"] = float(scores.mean())

    colours, shapes = GROUPS[0], GROUPS[1]
    single = [i for i, t in enumerate(texts) if len(t["scene"]["objects"]) == 1]
    prompts = [f"{'an' if c[0] == 'o' else 'a'} {c} {s}" for c in colours for s in shapes]
    best = (images[single] @ unit(embed_texts(prompts)).T).argmax(1)
    objects = [texts[i]["scene"]["objects"][0] for i in single]
    figures["zero_shot_colour"] = float(np.mean([colours[b // 8] == o["colour"] for b, o in zip(best, objects)]))
    figures["zero_shot_shape"] = float(np.mean([shapes[b % 8] == o["shape"] for b, o in zip(best, objects)]))
    return figures
