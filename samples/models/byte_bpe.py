"""CLIP-style byte-level BPE: train, encode, write in the layout of openai/clip-vit-base-patch32.

Conventions (openai/CLIP clip/simple_tokenizer.py): text is lower-cased and its whitespace collapsed; words are split by
WORD_PATTERN; bytes are mapped to printable characters; the last symbol of a word carries the suffix </w>; the
vocabulary is 256 byte symbols, the same 256 with </w>, one entry per merge, then the two special tokens.
"""
import collections
import functools
import json
import os
import unicodedata

START, END = "<|startoftext|>", "<|endoftext|>"
CONTEXT = 77
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
WORD_PATTERN = (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


@functools.lru_cache()
def bytes_to_unicode():
    """A printable character for every byte: itself where it is printable Latin-1, else one from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    table = {b: chr(b) for b in printable}
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + len(table) - len(printable))
    return table


def split_words(text):
    """The matches of WORD_PATTERN. Written out because Python's own `re` has no \\p{L}."""
    words, i = [], 0
    while i < len(text):
        special = next((s for s in (START, END, *CONTRACTIONS) if text.startswith(s, i)), None)
        if special:
            words.append(special)
            i += len(special)
            continue
        kind = _kind(text[i])
        j = i + 1
        if kind in "LO":
            while j < len(text) and _kind(text[j]) == kind:
                j += 1
        if kind != " ":
            words.append(text[i:j])
        i = j
    return words


def _kind(c):
    if c.isspace():
        return " "
    category = unicodedata.category(c)[0]
    return category if category in "LN" else "O"


def clean(text):
    return " ".join(text.lower().split())


class Bpe:
    """ids of a text; `merges` is an ordered list of symbol pairs."""

    def __init__(self, merges):
        symbols = list(bytes_to_unicode().values())
        self.merges = [tuple(m) for m in merges]
        tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in self.merges] + [START, END]
        self.vocab = {t: i for i, t in enumerate(tokens)}
        self.ranks = {m: i for i, m in enumerate(self.merges)}
        self.start, self.end = self.vocab[START], self.vocab[END]
        self.cache = {}

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as f:
            return cls([line.split() for line in f.read().splitlines()[1:] if line])

    @classmethod
    def train(cls, texts, merges):
        """Merges the most frequent pair until `merges` are made or no pair occurs twice; ties by the pair's text."""
        table = bytes_to_unicode()
        counts = collections.Counter(w for t in texts for w in split_words(clean(t)))
        words = [([*(table[b] for b in w.encode())], n) for w, n in sorted(counts.items())]
        for symbols, _ in words:
            symbols[-1] += "</w>"
        made = []
        while len(made) < merges:
            pairs = collections.Counter()
            for symbols, n in words:
                for pair in zip(symbols, symbols[1:]):
                    pairs[pair] += n
            if not pairs:
                break
            best = min(pairs, key=lambda p: (-pairs[p], p))
            if pairs[best] < 2:
                break
            made.append(best)
            words = [(_merge(symbols, best), n) for symbols, n in words]
        return cls(made)

    def word(self, word):
        if word not in self.cache:
            table = bytes_to_unicode()
            symbols = [table[b] for b in word.encode()]
            symbols[-1] += "</w>"
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
                if best not in self.ranks:
                    break
                symbols = _merge(symbols, best)
            self.cache[word] = [self.vocab[s] for s in symbols]
        return self.cache[word]

    def encode(self, text, length=CONTEXT):
        """`length` ids: start, text, end, then end again as padding (Hugging Face's CLIP pads with its end token)."""
        ids = [i for w in split_words(clean(text)) for i in self.word(w)][: length - 2]
        ids = [self.start, *ids, self.end]
        return ids + [self.end] * (length - len(ids))

    def save(self, folder):
        """vocab.json, merges.txt, tokenizer.json, tokenizer_config.json, special_tokens_map.json."""
        os.makedirs(folder, exist_ok=True)
        lines = [f"{a} {b}" for a, b in self.merges]
        _write(folder, "merges.txt", "\n".join(["#version: 0.2", *lines]) + "\n")
        _write(folder, "vocab.json", json.dumps(self.vocab, ensure_ascii=False))
        special = {"bos_token": _token(START, True), "eos_token": _token(END, True), "unk_token": _token(END, True)}
        _write(folder, "special_tokens_map.json", _dump({**special, "pad_token": END}))
        _write(folder, "tokenizer_config.json", _dump({
            "add_prefix_space": False, **{k: {"__type": "AddedToken", **v} for k, v in special.items()},
            "do_lower_case": True, "errors": "replace", "model_max_length": CONTEXT, "pad_token": END,
            "tokenizer_class": "CLIPTokenizer",
        }))
        _write(folder, "tokenizer.json", _dump(self.fast_tokenizer()))

    def fast_tokenizer(self):
        """The contents of tokenizer.json, read by the Rust library `tokenizers`."""
        added = [{"id": self.vocab[t], "special": True, **_token(t, t == START)} for t in (START, END)]
        return {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                {"type": "Lowercase"}]},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"},
                 "behavior": "Removed", "invert": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}]},
            "post_processor": {"type": "RobertaProcessing", "sep": [END, self.end], "cls": [START, self.start],
                               "trim_offsets": False, "add_prefix_space": False},
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": END, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "</w>", "fuse_unk": False, "vocab": self.vocab,
                      "merges": [f"{a} {b}" for a, b in self.merges]},
        }


def _token(content, normalized):
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False}


def _dump(value):
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(text)


def _merge(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged
