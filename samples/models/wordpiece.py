"""BERT's WordPiece: a vocabulary of whole words and pieces, encode, decode, write in the layout of bert-base-uncased.

Conventions (google-research/bert tokenization.py; Hugging Face's BertNormalizer, BertPreTokenizer, WordPiece): control
characters go, every kind of white space becomes a space, Chinese characters stand alone, accents are stripped after NFD,
text is lower-cased, punctuation stands alone; a word is cut greedily into the longest pieces from the left, pieces inside a
word carry ##, a word with no cut or of more than 100 characters is [UNK]. BLIP adds [DEC] and [ENC] at the end.
"""
import collections
import json
import os
import unicodedata

PAD, UNK, CLS, SEP, MASK, DEC, ENC = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"
SPECIAL = (PAD, UNK, CLS, SEP, MASK)
LONGEST_WORD = 100
CHINESE = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
           (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def clean(text):
    kept = []
    for c in text:
        if c in "\t\n\r" or c.isspace() and unicodedata.category(c)[0] == "Z":
            kept.append(" ")
        elif c == "\ufffd" or unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs"):
            continue
        else:
            kept.append(f" {c} " if any(low <= ord(c) <= high for low, high in CHINESE) else c)
    decomposed = unicodedata.normalize("NFD", "".join(kept))
    # Character by character, as the Rust library does: a final sigma is lowered like any other.
    return "".join(c.lower() for c in decomposed if unicodedata.category(c) != "Mn")


def split_words(text):
    words = []
    for piece in clean(text).split():
        word = ""
        for c in piece:
            if _punctuation(c):
                words += [word, c] if word else [c]
                word = ""
            else:
                word += c
        if word:
            words.append(word)
    return words


def _punctuation(c):
    return c.isascii() and not c.isalnum() and c.isprintable() and c != " " or unicodedata.category(c)[0] == "P"


class WordPiece:
    """ids of a text; `tokens` in the order of their ids."""

    def __init__(self, tokens):
        self.tokens = list(tokens)
        self.vocab = {t: i for i, t in enumerate(self.tokens)}
        self.pad, self.unk, self.cls, self.sep = (self.vocab[t] for t in (PAD, UNK, CLS, SEP))
        self.dec, self.enc = self.vocab[DEC], self.vocab[ENC]
        self.cache = {}

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as f:
            return cls(f.read().split("\n")[:-1])

    @classmethod
    def train(cls, texts, pieces, least=20):
        """Special tokens, printable ASCII as first and as inner piece, words of `least` occurrences, then the most frequent
        endings and stems of the other words until there are `pieces` of them; ties by the text."""
        characters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
        inner = ["##" + c for c in characters if c.isalnum()]
        counts = collections.Counter(w for t in texts for w in split_words(t))
        words = sorted(w for w, n in counts.items() if n >= least and len(w) > 1 and w.isascii())
        parts = collections.Counter()
        for word, n in counts.items():
            if n < least and word.isascii() and word.isalpha():
                for cut in range(2, min(len(word) - 1, 7)):
                    parts[word[:cut]] += n
                    parts["##" + word[-cut:]] += n
        for w in words:
            del parts[w]
        common = sorted(sorted(parts), key=lambda p: -parts[p] * len(p))[:pieces]
        return cls([*SPECIAL, *characters, *inner, *words, *sorted(common), DEC, ENC])

    def word(self, word):
        if word not in self.cache:
            ids, start = [], 0
            while start < len(word) and len(word) <= LONGEST_WORD:
                end = len(word)
                while end > start and (("##" if start else "") + word[start:end]) not in self.vocab:
                    end -= 1
                if end == start:
                    break
                ids.append(self.vocab[("##" if start else "") + word[start:end]])
                start = end
            self.cache[word] = ids if start == len(word) else [self.unk]
        return self.cache[word]

    def encode(self, text, length):
        """[CLS] text [SEP], at most `length` ids, not padded."""
        return [self.cls, *[i for w in split_words(text) for i in self.word(w)][:length - 2], self.sep]

    def decode(self, ids):
        words = []
        for token in (self.tokens[i] for i in ids):
            if token in SPECIAL or token in (DEC, ENC):
                continue
            if token.startswith("##") and words:
                words[-1] += token[2:]
            else:
                words.append(token)
        return " ".join(words)

    def save(self, folder, length):
        """vocab.txt, tokenizer.json, tokenizer_config.json, special_tokens_map.json, added_tokens.json."""
        os.makedirs(folder, exist_ok=True)
        _write(folder, "vocab.txt", "\n".join(self.tokens) + "\n")
        names = {"unk_token": UNK, "sep_token": SEP, "pad_token": PAD, "cls_token": CLS, "mask_token": MASK}
        _write(folder, "special_tokens_map.json", _dump({**names, "bos_token": DEC, "additional_special_tokens": [ENC]}))
        _write(folder, "tokenizer_config.json", _dump({
            **names, "bos_token": DEC, "additional_special_tokens": [ENC], "do_lower_case": True, "do_basic_tokenize": True,
            "strip_accents": None, "tokenize_chinese_chars": True, "model_max_length": length,
            "tokenizer_class": "BertTokenizer"}))
        _write(folder, "tokenizer.json", _dump(self.fast_tokenizer()))

    def fast_tokenizer(self):
        """The contents of tokenizer.json, read by the Rust library `tokenizers`."""
        added = [{"id": self.vocab[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False,
                  "normalized": False, "special": True} for t in (*SPECIAL, DEC, ENC)]
        special = {t: {"id": t, "ids": [self.vocab[t]], "tokens": [t]} for t in (CLS, SEP)}
        first = {"Sequence": {"id": "A", "type_id": 0}}
        head, tail = ({"SpecialToken": {"id": t, "type_id": 0}} for t in (CLS, SEP))
        return {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                           "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing", "single": [head, first, tail],
                "pair": [head, first, tail, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": SEP, "type_id": 1}}],
                "special_tokens": special},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": UNK, "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": LONGEST_WORD, "vocab": self.vocab},
        }


def _dump(value):
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(text)
