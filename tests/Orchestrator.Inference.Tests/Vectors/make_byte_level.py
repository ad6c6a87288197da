"""Writes byte-level-tiny/tokenizer.json: a GPT-2 style byte-level BPE of a few hundred merges learnt from strings.json.

Run: /usr/bin/python3 make_byte_level.py, then make_byte_level.mjs      (deterministic)
"""
import collections
import json
import pathlib
import re

here = pathlib.Path(__file__).resolve().parent
folder = here / "byte-level-tiny"
folder.mkdir(exist_ok=True)
strings = json.loads((here / "strings.json").read_text(encoding="utf-8"))

printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
alphabet, extra = {}, 256
for value in range(256):
    if value in printable:
        alphabet[value] = chr(value)
    else:
        alphabet[value], extra = chr(extra), extra + 1

words = collections.Counter()
for text in strings:
    for word in re.findall(r" ?\w+| ?[^\w\s]+|\s+", text[:400]):
        words[tuple(alphabet[b] for b in word.encode("utf-8", "replace"))] += 1

merges = []
while len(merges) < 400:
    pairs = collections.Counter()
    for word, count in words.items():
        for pair in zip(word, word[1:]):
            pairs[pair] += count
    best = min(pairs, key=lambda p: (-pairs[p], p))
    merges.append(best)
    merged = collections.Counter()
    for word, count in words.items():
        out, i = [], 0
        while i < len(word):
            if i + 1 < len(word) and (word[i], word[i + 1]) == best:
                out.append(word[i] + word[i + 1])
                i += 2
            else:
                out.append(word[i])
                i += 1
        merged[tuple(out)] += count
    words = merged

tokens = list(dict.fromkeys([*(alphabet[b] for b in sorted(alphabet, key=lambda b: alphabet[b])), *("".join(m) for m in merges)]))
vocab = {t: i for i, t in enumerate(tokens)}
special = ["<|bos|>", "<|eos|>", "<|user|>"]
added = [{"id": len(vocab) + i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": t != "<|user|>"}
         for i, t in enumerate(special)]
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": byte_level,
             "post_processor": byte_level, "decoder": byte_level,
             "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                       "fuse_unk": False, "byte_fallback": False, "vocab": vocab, "merges": [" ".join(m) for m in merges]}}
(folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
(folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<|bos|>", "eos_token": "<|eos|>"}) + "\n", encoding="utf-8")
print(len(vocab), "tokens")
