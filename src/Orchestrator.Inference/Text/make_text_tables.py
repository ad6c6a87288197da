"""Writes unicode-nfc.bin and html5-entities.txt from the tables of Python's standard library.

.NET in invariant globalization normalises nothing, so the tokenizers carry their own canonical tables.
Run: python3 make_text_tables.py   (Python 3.11, Unicode 14.0)
"""
import html.entities
import pathlib
import struct
import sys
import unicodedata

here = pathlib.Path(__file__).resolve().parent

decompositions, classes = [], []
for point in range(sys.maxunicode + 1):
    char = chr(point)
    parts = unicodedata.decomposition(char)
    if parts and not parts.startswith("<"):
        pair = [int(p, 16) for p in parts.split()]
        second = pair[1] if len(pair) == 2 else 0
        composes = second != 0 and unicodedata.normalize("NFC", chr(pair[0]) + chr(second)) == char
        decompositions.append((point, pair[0], second, composes))
    combining = unicodedata.combining(char)
    if combining:
        classes.append((point, combining))

with open(here / "unicode-nfc.bin", "wb") as f:
    f.write(struct.pack("<II", len(decompositions), len(classes)))
    for point, first, second, composes in decompositions:
        f.write(struct.pack("<IIIB", point, first, second, composes))
    for point, combining in classes:
        f.write(struct.pack("<IB", point, combining))

with open(here / "html5-entities.txt", "w", encoding="ascii", newline="\n") as f:
    for name, value in sorted(html.entities.html5.items()):
        f.write(name + " " + " ".join(format(ord(c), "x") for c in value) + "\n")

print(unicodedata.unidata_version, len(decompositions), len(classes), len(html.entities.html5))
