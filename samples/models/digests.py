#!/usr/bin/env python3
"""Writes the SHA-256 of a model folder's graphs and tokenizers into its orchestrator.json.

  python3 digests.py FOLDER...
"""
import hashlib
import json
import os
import sys

SUFFIXES = (".onnx", ".onnx_data", ".bin", ".model", "tokenizer.json", "vocab.txt")


def stamp(folder):
    digests = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(SUFFIXES):
                path = os.path.join(place, name)
                with open(path, "rb") as f:
                    digests[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    manifest = os.path.join(folder, "orchestrator.json")
    with open(manifest, encoding="utf-8") as f:
        document = json.load(f)
    document["sha256"] = dict(sorted(digests.items()))
    with open(manifest, "w", encoding="utf-8", newline="\n") as f:
        f.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


for folder in sys.argv[1:]:
    stamp(folder)
