"""Writes clip-tiny/tokenizer files (CLIP's layout, 400 merges) and strings.json (what make_token_ids.mjs encodes).

Run: /usr/bin/python3 make_tokenizer.py      (deterministic)
"""
import collections
import json
import pathlib
import random

here = pathlib.Path(__file__).resolve().parent
folder = here / "clip-tiny"
folder.mkdir(exist_ok=True)

CORPUS = """a photo of a cat and a dog sitting on the grass in the sunshine . the quick brown fox jumps over the lazy dog .
two people walking along the beach at sunset with their dog , a red car parked in front of the old house , close up view of fresh
vegetables on a wooden table , black and white photograph of a woman wearing a large hat , the city skyline at night with lights
reflecting in the river , he's going to the store and they're waiting for us , we'll see what it's like , i'd say you've done it ,
don't worry i'm here , stock photo of business people in a meeting , free shipping on all orders over 50 dollars , t-shirt mens
blue xl , naïve café déjà vu über größe señor , москва и санкт-петербург , 東京タワー 日本 中国 , مرحبا بالعالم , नमस्ते दुनिया ,
painting landscape mountains trees forest lake water sky clouds green blue yellow orange purple , ingredients recipe chocolate cake
running standing playing holding looking smiling wearing riding eating drinking making taking""".split()


def alphabet():
    printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table, n = {}, 0
    for b in range(256):
        if b in printable:
            table[b] = chr(b)
        else:
            table[b], n = chr(256 + n), n + 1
    # Vocabulary order is OpenAI's: printable bytes first, then the rest.
    return [table[b] for b in printable] + [table[b] for b in range(256) if b not in printable], table


symbols, table = alphabet()
words = collections.Counter()
for word in CORPUS:
    letters = [table[b] for b in word.encode()]
    words[tuple(letters[:-1] + [letters[-1] + "</w>"])] += 1
merges = []
while len(merges) < 400:
    pairs = collections.Counter()
    for word, n in words.items():
        for pair in zip(word, word[1:]):
            pairs[pair] += n
    best = min(pairs, key=lambda p: (-pairs[p], p))
    merges.append(best)
    merged = collections.Counter()
    for word, n in words.items():
        out, i = [], 0
        while i < len(word):
            if word[i:i + 2] == best:
                out.append(word[i] + word[i + 1])
                i += 2
            else:
                out.append(word[i])
                i += 1
        merged[tuple(out)] += n
    words = merged

vocab = {s: i for i, s in enumerate(symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"])}
start, end = vocab["<|startoftext|>"], vocab["<|endoftext|>"]


def added(content, i, normalized):
    return {"id": i, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": normalized, "special": True}


tokenizer = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [added("<|startoftext|>", start, True), added("<|endoftext|>", end, False)],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
    "post_processor": {"type": "RobertaProcessing", "sep": ["<|endoftext|>", end], "cls": ["<|startoftext|>", start], "trim_offsets": False, "add_prefix_space": False},
    "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "model": {"type": "BPE", "dropout": None, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "", "end_of_word_suffix": "</w>", "fuse_unk": False,
              "vocab": vocab, "merges": [" ".join(m) for m in merges]},
}


def write(path, value, **options):
    path.write_text(json.dumps(value, ensure_ascii=False, **options) + "\n", encoding="utf-8")


write(folder / "tokenizer.json", tokenizer)
write(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"})
(here / "clip-tiny-files").mkdir(exist_ok=True)
write(here / "clip-tiny-files" / "vocab.json", vocab)
(here / "clip-tiny-files" / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n", encoding="utf-8")

# Strings: hand-picked hard ones, then seeded mixtures.
strings = [
    "", " ", "\t\n", "a", "A photo of a cat", "a photo  of\ta\ncat", "It's they're we'll I'd you've I'm don't O'Neil's", "'s't're've'm'll'd", "'S 'T 'RE", "!'s", "''s", "can't!won't?",
    "1234567890", "3.14159e-10", "50% off!!! $9.99", "x² + y³ = ½", "Ⅷ ⅷ ① ٣٤٥ 一二三", "naïve café", "nai\u0308ve cafe\u0301", "Å Å A\u030a", "ẛ̣ q̣̇ q̣̇", "한국어 한국어", "가각", "각",
    "İstanbul ISTANBUL ıi", "ΟΔΟΣ Ὀδυσσεύς ΣΑΣ", "straße STRASSE ẞ", "ǅ ǆ Ǆ", "ﬁne ﬂow", "Москва и Санкт-Петербург", "東京タワー、日本。", "中国北京 你好", "مرحبا بالعالم ١٢٣", "שלום עולם", "नमस्ते दुनिया", "ภาษาไทย", "ქართული ᲥᲐᲠᲗᲣᲚᲘ",
    "🙂", "👩‍👩‍👧‍👦 family", "🏳️‍🌈🇩🇪", "👍🏽 ok", "\u200b\u200czero\u200dwidth\ufeff", "soft\u00adhyphen", "\u00a0nbsp\u2003em\u3000ideographic\u2028line\u2029para\u0085next", "\x00\x01\x02\x07\x1b\x7f", "\x1c\x1d\x1e\x1f",
    "&amp;amp; &lt;b&gt; &quot;x&quot; &#39; &eacute; &nbsp;", "<p>Hello &copy; 2024</p>", "https://example.com/a?b=c&d=e#f", "user@example.com", "C:\\dir\\file.txt", "snake_case camelCase kebab-case", "<|startoftext|>", "<|endoftext|>",
    "a<|endoftext|>b", "<|STARTOFTEXT|> x", "<|EndOfText|>", "<|startoftext|><|endoftext|>", "!<|endoftext|>!", "𝓗𝓮𝓵𝓵𝓸 𝟙𝟚𝟛", "𐐀𐐁 𐐨", "\U0001F600\U0001F601a", "𠮷野家", "a" * 50, "ab" * 400, "word " * 100,
    "the " * 73 + "end", "the " * 74 + "end", "the " * 75 + "end", "the " * 76 + "end", ". " * 90, "é" * 200, "…—–‘’“”", "%%%%####", "____", "~`@^&*()[]{}|;:,.<>/?", "\"'\"'\"", "日本 123 abc 日本", "a\u0301\u0301\u0301", "\u0301leading", "e\u0323\u0301 e\u0301\u0323",
    "Ǭ̣ Ω K Å", "क़ ख़", "שּׁ", "\ud7a3힣", "ﷺ", "㎏ ㏒", "ﾊﾝｶｸ", "Ａ１ｂ", "a\u034fb", "ö̲", "Ю\u0301", "ᾳ ᾼ",
]
strings = [s.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for s in strings]
g = random.Random(20240607)
pieces = [w for w in CORPUS] + strings[4:] + list("0123456789.,!?'\"-_&;:()/\\") + ["'s", "'t", "'ll", " ", "  ", "\n", "\t", "\u00a0", "é", "e\u0301", "🙂", "日", "ß", "I", "THE", "Photo", "<|endoftext|>"]
ranges = [(0x20, 0x7E), (0xA1, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x621, 0x64A), (0x905, 0x939), (0xE01, 0xE3A), (0x3041, 0x30FE), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x300, 0x36F), (0x1F300, 0x1F64F), (0x2000, 0x206F), (0x1E00, 0x1FFE)]
while len(strings) < 640:
    kind = g.random()
    if kind < 0.45:
        strings.append(g.choice(["", " "]).join(g.choice(pieces) for _ in range(g.randint(1, 14))))
    elif kind < 0.8:
        strings.append(" ".join(g.choice(CORPUS) if g.random() < 0.8 else g.choice(pieces) for _ in range(g.randint(1, 60))))
    else:
        low, high = g.choice(ranges)
        strings.append("".join(chr(g.randint(low, high)) if g.random() < 0.85 else g.choice(" a.1'") for _ in range(g.randint(1, 40))))
(here / "strings.json").write_text(json.dumps(strings, indent=0) + "\n")
print(len(vocab), "tokens", len(strings), "strings")
