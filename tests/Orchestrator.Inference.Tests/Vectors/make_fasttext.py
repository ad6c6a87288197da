"""Writes fasttext/: small language models in three made-up languages and what fastText's own program predicts with them.

Needs the `fasttext` command line program (0.9.2 or later) on PATH, or its path in $FASTTEXT.
Run: FASTTEXT=/path/to/fasttext /usr/bin/python3 make_fasttext.py
"""
import json
import os
import pathlib
import random
import subprocess
import tempfile

here = pathlib.Path(__file__).resolve().parent / "fasttext"
here.mkdir(exist_ok=True)
program = os.environ.get("FASTTEXT", "fasttext")
g = random.Random(11)

LANGUAGES = {
    "aa": (["ka", "to", "ri", "mu", "sel", "han"], ["", "n", "s"]),
    "bb": (["schr", "ein", "ung", "ver", "lich", "ü"], ["en", "er", ""]),
    "cc": (["да", "ни", "го", "стр", "ове"], ["т", "ый", ""]),
}


def word(language):
    stems, ends = LANGUAGES[language]
    return "".join(g.choice(stems) for _ in range(g.randint(1, 3))) + g.choice(ends)


LEXICON = {language: [word(language) for _ in range(40)] for language in LANGUAGES}


def sentence(language):
    return " ".join(g.choice(LEXICON[language]) if g.random() < 0.8 else word(language) for _ in range(g.randint(2, 12)))


with tempfile.TemporaryDirectory() as work:
    train = os.path.join(work, "train.txt")
    with open(train, "w", encoding="utf-8") as f:
        for i in range(1500):
            language = g.choices(list(LANGUAGES), [5, 3, 2])[0]
            f.write(f"__label__{language} {sentence(language)}\n")

    common = ["-input", train, "-dim", "8", "-bucket", "800", "-epoch", "8", "-lr", "0.4", "-thread", "1", "-seed", "3", "-verbose", "0"]
    runs = {
        "hs": ["-loss", "hs", "-minn", "2", "-maxn", "4", "-wordNgrams", "1"],
        "softmax": ["-loss", "softmax", "-minn", "2", "-maxn", "3", "-wordNgrams", "2"],
        "ova": ["-loss", "ova", "-minn", "2", "-maxn", "2", "-wordNgrams", "1", "-lr", "0.05"],
    }
    for name, options in runs.items():
        base = os.path.join(work, name)
        subprocess.run([program, "supervised", *common, *options, "-output", base], check=True)
        (here / f"{name}.bin").write_bytes(pathlib.Path(base + ".bin").read_bytes())
    # Quantised: with norms and pruning; and without, in parts of 3, 3 and 2. (A quantised output needs 256 labels.)
    for name, options in {"hs": ["-qnorm", "-cutoff", "300", "-retrain", "-epoch", "1", "-lr", "0.1", "-thread", "1"], "softmax": ["-dsub", "3"]}.items():
        base = os.path.join(work, name)
        subprocess.run([program, "quantize", "-input", train, "-output", base, "-verbose", "0", *options], check=True)
        (here / f"{name}.ftz").write_bytes(pathlib.Path(base + ".ftz").read_bytes())

    lines = [sentence(g.choice(list(LANGUAGES))) for _ in range(120)]
    lines += ["", " ", "x", "unknown words only", "__label__aa kato", "__label__zz", "</s>", "kato </s> даныйт", "schreinung  \t ver\v\fü", "ü", "\u00e9\u00e8", "a b c d e f g", "🙂 🙂", "да" * 200]
    lines += [" ".join(sentence(l) for l in LANGUAGES) for _ in range(10)]
    expected = {}
    for model in ["hs.bin", "softmax.bin", "ova.bin", "hs.ftz", "softmax.ftz"]:
        # A process a line: a literal </s> would make the program take the rest of its line for the next one.
        rows = [subprocess.run([program, "predict-prob", str(here / model), "-", "3"], input=line + "\n", check=True, capture_output=True, text=True, encoding="utf-8").stdout.split("\n")[0].split() for line in lines]
        expected[model] = [[[parts[i].removeprefix("__label__"), float(parts[i + 1])] for i in range(0, len(parts), 2)] for parts in rows]
(here / "expected.json").write_text(json.dumps({"lines": lines, "models": expected}, ensure_ascii=True, indent=0) + "\n")
print({p.name: p.stat().st_size for p in sorted(here.iterdir())})
