#!/usr/bin/env python3
"""Writes words.json: strings with Python's own len(text) and len(text.split()).

These are the two counts of DataComp's basic filter (baselines/apply_filter.py). Run: python3 make_words.py > words.json
"""
import json
import random

random.seed(20261123)
SPACES = [chr(c) for c in range(0x3100) if chr(c).isspace()]
NEAR_SPACES = ["\u200b", "\u2060", "\ufeff", "\u180e", "\x00", "\x1b", "\x7f"]
LETTERS = list("abcXYZ019-_.,!?'\"&") + ["\u00e9", "e\u0301", "\u4e2d", "\u0627", "\U0001f600", "\U0001f469\u200d\U0001f680", "\u0e01"]

texts = ["", " ", "a", " a ", "a b", "a\u00a0b", "two  spaces", "\n\n", "tab\tand\nline", "click here to see larger image"]
texts += [f"x{c}y" for c in SPACES + NEAR_SPACES]
while len(texts) < 400:
    n = random.randrange(0, 40)
    texts.append("".join(random.choice(random.choice([SPACES, NEAR_SPACES, LETTERS, LETTERS, LETTERS])) for _ in range(n)))
print(json.dumps([{"text": t, "chars": len(t), "words": len(t.split())} for t in texts], indent=0))
