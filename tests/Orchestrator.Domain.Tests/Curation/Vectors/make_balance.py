#!/usr/bin/env python3
"""Writes balance.json: MetaCLIP's matching and balancing by its definition, one entry at a time.

    python3 make_balance.py

A text gets a space at both ends and around , . ; : ? ! `, and a space for a tab or line break; an entry matches where it
stands with spaces around it. An entry keeps a matching text with probability t / max(count, t).
"""
import json
import os
import random

rng = random.Random(20261124)
WORDS = ["dog", "Dog", "hot dog", "do", "g", "st. louis", "new york", "york", "a", "caf\u00e9", "\u4e2d\u6587", "rain", "u.s.", "it's", "a  b", "dog .", ", a", "new york city", "york city hall", "`"]
JOINTS = [" ", " ", " ", "  ", ", ", ". ", "!", "\t", "\n", "-", "?", "\u00a0"]
T = 30


def spaced(text):
    out = " " + text + " "
    for mark in ",.;:?!`":
        out = out.replace(mark, " " + mark + " ")
    for blank in "\t\n\r":
        out = out.replace(blank, " ")
    return out


texts = ["", " ", "dog", "hot dogs", "hot dog.", "new york city hall", "a  b", "dog.dog"]
while len(texts) < 300:
    texts.append("".join(rng.choice(WORDS) + rng.choice(JOINTS) for _ in range(rng.randrange(0, 6))))
matches = [[i for i, e in enumerate(WORDS) if f" {e} " in spaced(t)] for t in texts]
counts = [sum(i in m for m in matches) for i in range(len(WORDS))]
probabilities = []
for m in matches:
    none = 1.0
    for i in m:
        none *= 1 - T / max(counts[i], T)
    probabilities.append(1 - none)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "balance.json"), "w") as f:
    json.dump({"entries": WORDS, "t": T, "texts": texts, "matches": matches, "counts": counts, "probabilities": probabilities}, f, separators=(",", ":"))
    f.write("\n")
print(counts, sum(0 < p < 1 for p in probabilities))
