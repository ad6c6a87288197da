"""rest-demo: the target's own answers to training questions as one stream of token ids."""
import os

import numpy as np

from train_target import answer_questions

CONVERSATIONS = 2400


def write(folder, target, bpe, lines):
    """datastore.bin: u16 little endian, each answer followed by the end token. Returns (tokens, answers)."""
    asked = [{**line, "reference": line["answers"]} for line in lines[:CONVERSATIONS]]
    answered = answer_questions(target, bpe, asked)
    stream = np.array([t for _, _, _, said, _ in answered for t in (*said, bpe.end)], "<u2")
    stream.tofile(os.path.join(folder, "datastore.bin"))
    return len(stream), len(answered)
