"""Writes wordpiece-tiny, sentencepiece-tiny and sentencepiece_ids.json: small vocabularies over many scripts, and what the
SentencePiece library (Debian's python3-sentencepiece 0.1.97) makes of strings.json.

Run: /usr/bin/python3 make_subwords.py, then make_wordpiece.mjs      (deterministic)
sentencepiece_ids.json: "raw" are the ids of the text as it is, "siglip" those of the canonical text (see `canonicalise` in
samples/models/unigram.py) cut to 63 and followed by one </s>; padding to 64 with id 1 is left out.
"""
import collections
import io
import json
import pathlib
import random
import sys

import sentencepiece

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[2] / "samples" / "models"))
from unigram import Unigram, canonicalise  # noqa: E402
from wordpiece import DEC, ENC, SPECIAL, WordPiece, split_words  # noqa: E402

strings = json.loads((here / "strings.json").read_text(encoding="utf-8"))
g = random.Random(5)


def rare(text):
    # Leaves a tenth of the characters out of the vocabularies, so that unknown ones occur.
    return "".join(c for c in text if c.isascii() or (ord(c) * 2654435761 >> 7) % 10)


words = collections.Counter(w for s in strings for w in split_words(rare(s)))
cased = collections.Counter(w for s in strings for w in rare(s).split() if w != w.lower() and len(w) < 12)
characters = sorted({c for w in [*words, *cased] for c in w})
common = [w for w, n in sorted(words.items()) if n >= 3 and 1 < len(w) < 20]
inner = sorted({"##" + w[i:j] for w in common for i, j in [(len(w) // 2, len(w)), (1, 3)] if j > i and w[i:j]} - {"##"})
tokens = list(dict.fromkeys(
    [*SPECIAL, *characters, *common, *sorted(cased)[::3], *["##" + c for c in characters if c.isalnum()], *inner, DEC, ENC]))
WordPiece(tokens).save(here / "wordpiece-tiny", 512)

out = io.BytesIO()
corpus = [t for s in strings for t in (rare(s), rare(canonicalise(s))) if 0 < len(t) < 2000 and "\0" not in t]
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(corpus), model_writer=out, model_type="unigram", vocab_size=2600, character_coverage=1.0,
    pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1, hard_vocab_limit=False, minloglevel=2)
unigram = Unigram(out.getvalue())
unigram.save(here / "sentencepiece-tiny")
raw = [unigram.processor.encode(s) for s in strings]
siglip = [[*unigram.processor.encode(canonicalise(s))[:63], 1] for s in strings]


def rows(lists):
    return "[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in lists) + "\n]"


(here / "sentencepiece_ids.json").write_text(f'{{"raw":{rows(raw)},\n"siglip":{rows(siglip)}}}\n', encoding="utf-8")
unknown = sum(2 in r for r in raw)
print(len(tokens), "WordPiece tokens,", len(unigram), "unigram pieces,", len(strings), "strings,", unknown, "with an unknown piece")
