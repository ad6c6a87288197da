"""Byte-level BPE as GPT-2 has it: train, encode, decode, write in Hugging Face's layout.

Conventions (openai/gpt-2 src/encoder.py): nothing is lower-cased or stripped; words are split by GPT2_PATTERN and keep
their leading space; the vocabulary is 256 byte symbols, one entry per merge, then the special tokens.
"""
import collections
import json
import os
import sys
import unicodedata

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from byte_bpe import CONTRACTIONS, _dump, _merge, _write, bytes_to_unicode  # noqa: E402

GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PAD, BOS, USER, ASSISTANT, END = SPECIAL = ("<|pad|>", "<|bos|>", "<|user|>", "<|assistant|>", "<|end|>")
CHAT_TEMPLATE = (
    "{{ '<|bos|>' }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '<|user|>' + m['content'] }}"
    "{% else %}{{ '<|assistant|>' + m['content'] + '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")


def _kind(c):
    # str.isspace also takes U+001C..U+001F, which are no White_Space.
    if c.isspace() and not "\x1c" <= c <= "\x1f":
        return " "
    category = unicodedata.category(c)[0]
    return category if category in "LN" else "O"


def split_words(text):
    """The matches of GPT2_PATTERN. Written out because Python's own `re` has no \\p{L}."""
    words, i, n = [], 0, len(text)
    while i < n:
        contraction = next((s for s in CONTRACTIONS if text.startswith(s, i)), None)
        start = i + (text[i] == " ")
        if contraction:
            j = i + len(contraction)
        elif start < n and _kind(text[start]) != " ":
            j = start + 1
            while j < n and _kind(text[j]) == _kind(text[start]):
                j += 1
        else:
            j = i + 1
            while j < n and _kind(text[j]) == " ":
                j += 1
            # Of a run of spaces before a word, the last belongs to what follows.
            if j < n and j - i > 1:
                j -= 1
        words.append(text[i:j])
        i = j
    return words


class Gpt2Bpe:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        tokens = [*bytes_to_unicode().values(), *("".join(m) for m in self.merges), *SPECIAL]
        self.vocab = {t: i for i, t in enumerate(tokens)}
        self.tokens = tokens
        self.ranks = {m: i for i, m in enumerate(self.merges)}
        self.pad, self.bos, self.user, self.assistant, self.end = (self.vocab[t] for t in SPECIAL)
        self.cache = {}

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as f:
            return cls([line.split() for line in f.read().splitlines()[1:] if line])

    @classmethod
    def train(cls, texts, size):
        """Merges the most frequent pair, ties by the pair's text, until the vocabulary has `size` entries."""
        table = bytes_to_unicode()
        counts = collections.Counter(w for t in texts for w in split_words(t))
        words = [([*(table[b] for b in w.encode())], n) for w, n in sorted(counts.items())]
        made = []
        while len(made) < size - 256 - len(SPECIAL):
            pairs = collections.Counter()
            for symbols, n in words:
                for pair in zip(symbols, symbols[1:]):
                    pairs[pair] += n
            best = min(pairs, key=lambda p: (-pairs[p], p), default=None)
            if best is None or pairs[best] < 2:
                break
            made.append(best)
            words = [(_merge(symbols, best), n) for symbols, n in words]
        return cls(made)

    def word(self, word):
        if word not in self.cache:
            table = bytes_to_unicode()
            symbols = [table[b] for b in word.encode()]
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
                if best not in self.ranks:
                    break
                symbols = _merge(symbols, best)
            self.cache[word] = [self.vocab[s] for s in symbols]
        return self.cache[word]

    def encode(self, text):
        """Ids of text without special tokens; none is recognised in it."""
        return [i for w in split_words(text) for i in self.word(w)]

    def decode(self, ids):
        back = {c: b for b, c in bytes_to_unicode().items()}
        octets = bytes(back[c] for i in ids if self.tokens[i] not in SPECIAL for c in self.tokens[i])
        return octets.decode("utf-8", errors="replace")

    def prompt(self, turns, answers):
        """Ids up to the point where the next answer begins; one answer fewer than turns."""
        ids = [self.bos]
        for i, turn in enumerate(turns):
            ids += [self.user, *self.encode(turn), self.assistant]
            if i < len(answers):
                ids += [*self.encode(answers[i]), self.end]
        return ids

    def save(self, folder, context):
        """vocab.json, merges.txt, tokenizer.json, tokenizer_config.json, special_tokens_map.json."""
        os.makedirs(folder, exist_ok=True)
        merges = "".join(f"{a} {b}\n" for a, b in self.merges)
        _write(folder, "merges.txt", "#version: 0.2\n" + merges)
        _write(folder, "vocab.json", json.dumps(self.vocab, ensure_ascii=False))
        names = {"bos_token": BOS, "eos_token": END, "pad_token": PAD}
        _write(folder, "special_tokens_map.json", _dump(names))
        _write(folder, "tokenizer_config.json", _dump({
            **names, "add_prefix_space": False, "additional_special_tokens": [USER, ASSISTANT],
            "chat_template": CHAT_TEMPLATE, "clean_up_tokenization_spaces": False, "model_max_length": context,
            "tokenizer_class": "GPT2Tokenizer"}))
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        added = [{"id": self.vocab[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False,
                  "normalized": False, "special": True} for t in SPECIAL]
        model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                 "vocab": self.vocab, "merges": [f"{a} {b}" for a, b in self.merges]}
        _write(folder, "tokenizer.json", _dump({
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": level, "post_processor": None, "decoder": level, "model": model}))
