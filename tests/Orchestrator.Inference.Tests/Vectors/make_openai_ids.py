"""Writes clip-tiny-openai-ids.json (OpenAI's cleaning and pattern, without ftfy) and nfc.json (Python's canonical composition).

The oracle is Python itself: html.unescape, str.lower, str.strip, the `regex` module's \\p classes, unicodedata.normalize; and the
textbook form of byte-pair encoding, which scans the word for its best pair again after every merge.
Run after make_tokenizer.py: /usr/bin/python3 make_openai_ids.py      (needs python3-regex; seed fixed)
"""
import html
import json
import pathlib
import random
import unicodedata

import regex

here = pathlib.Path(__file__).resolve().parent
model = json.loads((here / "clip-tiny" / "tokenizer.json").read_text(encoding="utf-8"))["model"]
vocab, ranks = model["vocab"], {tuple(m.split()): i for i, m in enumerate(model["merges"])}
printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
rest = [b for b in range(256) if b not in printable]
table = {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(rest)}}
SPECIAL = ["<|startoftext|>", "<|endoftext|>"]
# OpenAI compiles this with IGNORECASE. On text in lower case that only makes a letter of U+0345 and an s of U+017F; left out here.
PATTERN = regex.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def clean(text):
    return regex.sub(r"\s+", " ", html.unescape(html.unescape(text)).strip()).strip().lower()


def encode_word(word):
    symbols = [table[b] for b in word.encode("utf-8")]
    symbols[-1] += "</w>"
    while len(symbols) > 1:
        best = min(zip(symbols, symbols[1:]), key=lambda p: ranks.get(p, 1 << 30))
        if best not in ranks:
            break
        i = next(i for i in range(len(symbols)) if tuple(symbols[i:i + 2]) == best)
        symbols[i:i + 2] = ["".join(best)]
    return [vocab[s] for s in symbols]


def encode(text):
    ids = []
    for word in regex.findall(PATTERN, clean(text)):
        ids += [vocab[word]] if word in SPECIAL else encode_word(word)
        if len(ids) > 75:
            break
    return [vocab[SPECIAL[0]]] + ids[:75] + [vocab[SPECIAL[1]]]


strings = json.loads((here / "strings.json").read_text())
(here / "clip-tiny-openai-ids.json").write_text("[\n" + ",\n".join(json.dumps(encode(s), separators=(",", ":")) for s in strings) + "\n]\n")

g = random.Random(4)
interesting = [c for c in map(chr, range(0x80, 0x30000)) if unicodedata.decomposition(c) or unicodedata.combining(c)]
hangul = [chr(c) for c in [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A7, 0x11C3), *range(0xAC00, 0xAC80)]]
nfc = []
for _ in range(600):
    pool = hangul if g.random() < 0.2 else interesting
    text = "".join(g.choice(pool) if g.random() < 0.75 else g.choice("aeoAEOuCcnΩαи ") for _ in range(g.randint(1, 9)))
    if g.random() < 0.5:
        text = unicodedata.normalize("NFD", text)
    nfc.append([text, unicodedata.normalize("NFC", text)])
(here / "nfc.json").write_text(json.dumps(nfc, separators=(",", ":")) + "\n")

entities = ["&amp;", "&ampx", "&notit;", "&notin;", "&#65;", "&#65", "&#x41;", "&#X41g", "&#x80;", "&#0;", "&#xD800;", "&#x110000;", "&#1;", "&#13;", "&#xFFFE;", "&#x1F600;", "&", "&&amp;", "&;", "&#;", "&#x;", "&unknown;",
            "&CounterClockwiseContourIntegral;", "&NotEqualTilde;", "&fjlig;", "&lt", "&LT;", "&Lt;", "&nbsp;x", "a&b", "&#99999999999;", "&amp;lt;", "&aMp;", "&acE;", "&copy2024", "& amp;", "&am\tp;", "&" + "a" * 40 + ";", "&#x0041;", "&#9;", "&#x9f;", "&#x7f;"]
(here / "entities.json").write_text(json.dumps([[e, html.unescape(e)] for e in entities], indent=0) + "\n")
print(len(strings), len(nfc), len(entities))
