"""SigLIP's text side: canonical text, a SentencePiece unigram model, 64 ids padded with id 1.

Canonical text (google-research/big_vision pp/proj/image_text/prompt_engineering.py, open_clip tokenizer.py
`canonicalize_text`, keep_punctuation_exact_string unset): underscores become spaces, the 32 ASCII punctuation characters go,
the rest is lower-cased, white space is collapsed and trimmed.
"""
import io
import json
import os
import string

import sentencepiece

CONTEXT, PAD = 64, 1
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonicalise(text):
    return " ".join(text.replace("_", " ").translate(_NO_PUNCTUATION).lower().split())


class Unigram:
    """ids of a text. Id 0 is <pad>, 1 is </s> (which also pads, as in SigLIP), 2 is <unk>, as T5's models have them."""

    def __init__(self, model):
        self.bytes = model
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.cache = {}

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "spiece.model"), "rb") as f:
            return cls(f.read())

    @classmethod
    def train(cls, texts, size):
        out = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sorted({canonicalise(t) for t in texts} - {""})), model_writer=out, model_type="unigram",
            vocab_size=size, character_coverage=1.0, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1,
            hard_vocab_limit=False, minloglevel=2)
        return cls(out.getvalue())

    def __len__(self):
        return len(self.processor)

    def encode(self, text, length=CONTEXT):
        """`length` ids: text, </s>, then </s> again as padding; a long text is cut and ends in </s>."""
        if text not in self.cache:
            ids = self.processor.encode(canonicalise(text))[:length - 1]
            self.cache[text] = [*ids, *[PAD] * (length - len(ids))]
        return self.cache[text]

    def save(self, folder):
        """spiece.model, tokenizer_config.json, special_tokens_map.json.

        No tokenizer.json: the Rust library applies the normaliser's table to whole grapheme clusters and so gives other
        ids than SentencePiece for text with combining marks."""
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "spiece.model"), "wb") as f:
            f.write(self.bytes)
        names = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
        write_json(folder, "special_tokens_map.json", names)
        write_json(folder, "tokenizer_config.json", {
            **names, "do_lower_case": True, "model_max_length": CONTEXT, "tokenizer_class": "SiglipTokenizer",
            "sp_model_kwargs": {}, "additional_special_tokens": []})


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
