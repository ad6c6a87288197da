#!/usr/bin/env python3
"""Labels of captions and base forms of words by others: writes synsets-demo.json and synsets-wordnet.json beside this file.

    python3 make_synsets.py ../../../samples/wordnet-demo /usr/share/wordnet

Labels are those of CatLIP's own steps (wordnet_tagged_classification.py of corenet, 8862eb09, stated here) with NLTK 3.8: its word tokenizer, its
WordNetLemmatizer's rule (the shortest form that the dictionary has) and wn.synset(word.n.01), over the folders given. Base forms are those of
WordNet's own program, `wn WORD -over` of WordNet 3.0. Debian: python3-nltk, wordnet, wordnet-base.

NLTK's morphology differs from WordNet's in five ways (a rule ves to f, words of two letters, words in -ss, all rules that fit, rules again and again), so captions with a
word in which the two differ are left out of the labels; how many is printed.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse
import warnings

from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.tokenize import NLTKWordTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore")


def reader(folder, home):
    """NLTK's reader wants the files of the other parts of speech and the names of the lexicographers' files too."""
    for name in ["index", "data"]:
        for pos in ["noun", "verb", "adj", "adv"]:
            link(folder, home, f"{name}.{pos}")
    for name in ["noun.exc", "verb.exc", "adj.exc", "adv.exc", "cntlist.rev"]:
        link(folder, home, name)
    with open(os.path.join(home, "lexnames"), "w") as f:
        f.write("".join(f"{i:02d}\tfile.{i}\t1\n" for i in range(45)))
    WordNetCorpusReader.map_wn30 = lambda self: None  # numbers of other releases, which it would look for on this machine
    return WordNetCorpusReader(home, None)


def link(folder, home, name):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        os.symlink(os.path.abspath(path), os.path.join(home, name))
    else:
        open(os.path.join(home, name), "w").close()


def forms_of(program_home, word):
    """Forms in the order in which WordNet's program shows them."""
    shown = subprocess.run(["wn", word, "-over"], capture_output=True, text=True, env={**os.environ, "WNSEARCHDIR": program_home}).stdout
    return [f.replace(" ", "_") for f in re.findall(r"^Overview of noun (.+)$", shown, re.M)]


def words_of(caption):
    text = re.sub("<.*?>", "", urllib.parse.unquote(caption).replace("+", " ")).lower()
    return NLTKWordTokenizer().tokenize(text)


def labels_of(wn, caption):
    labels = []
    for word in words_of(caption):
        forms = wn._morphy(word, "n")
        lemma = min(forms, key=len) if forms else word
        try:
            synset = wn.synset(f"{lemma}.n.01")
        except Exception:
            continue
        if synset.name() == f"{lemma}.n.01" and f"n{synset.offset()}" not in labels:
            labels.append(f"n{synset.offset()}")
    return labels


def plural(word):
    return word + ("es" if re.search("(s|x|z|ch|sh)$", word) else "s") if not re.search("[^aeiou]y$", word) else word[:-1] + "ies"


def write(name, folder, words, captions):
    with tempfile.TemporaryDirectory() as home:
        wn = reader(folder, home)
        base = [[w, forms_of(home, w)] for w in words]
        differ = {w for c in captions for w in words_of(c) if set(forms_of(home, w)) != set(wn._morphy(w, "n"))}
        labelled = [[c, labels_of(wn, c)] for c in captions if not differ & set(words_of(c))]
    print(name, len(base), "words;", len(labelled), "of", len(captions), "captions; left out for", sorted(differ)[:12])
    with open(os.path.join(HERE, name), "w", newline="\n") as f:
        json.dump({"forms": base, "captions": labelled}, f, separators=(",", ":"))
        f.write("\n")


def main():
    demo, full = sys.argv[1:3]
    rng = random.Random(20261126)
    lemmas = lambda folder: [l.split()[0] for l in open(os.path.join(folder, "index.noun")) if l[0] != " " and re.fullmatch("[a-z]+", l.split()[0])]
    known = lemmas(demo)
    frames = ["a photo of {}", "{} on the left of {}.", "Two {} and a {}", "an image showing {}, {} and {}", "<b>{}</b>: {} (small)", "the {}'s {}", "{}%20and%20{}", "red+{}+{}"]
    fill = lambda frame, words: re.sub(r"{}", lambda _: rng.choice(words), frame)
    words = known + [plural(w) for w in known]
    write("synsets-demo.json", demo, sorted(set(words + ["rhombi", "foci", "boxesful", "", "class", "as", "crosses"]) - {""}), [fill(f, words) for f in frames for _ in range(12)])
    nouns = rng.sample(lemmas(full), 400)
    irregular = [l.split()[0] for l in open(os.path.join(full, "noun.exc")) if re.fullmatch("[a-z]+", l.split()[0])]
    common = "dog car tree house river boat mountain child woman man glass shoe leaf knife church box city baby fox bus wolf mouse fish sheep person foot tooth bird table sky".split()
    words = sorted(set(nouns + [plural(w) for w in nouns] + rng.sample(irregular, 200) + common + [plural(w) for w in common] + ["boxesful", "glass", "ass", "us", "has", "running", "xyzzy"]))
    everyday = common + [plural(w) for w in common] + ["children", "women", "men", "feet", "mice", "red", "old", "running", "near"] + rng.sample(nouns, 60)
    write("synsets-wordnet.json", full, words, [fill(f, everyday) for f in frames for _ in range(40)])


main()
