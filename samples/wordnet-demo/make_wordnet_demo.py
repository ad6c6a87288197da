#!/usr/bin/env python3
"""Writes index.noun, data.noun and noun.exc beside this file: a dictionary in WordNet's database format (wndb(5WN)) of the demo pool's words.

    python3 make_wordnet_demo.py

Words, glosses and order of senses are our own, not WordNet's; so are the offsets by which labels are named.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))

# name: (words of the synset, the first names it; its broader synset; gloss). A word's senses rank in the order in which they stand here.
SYNSETS = {
    "thing": (["thing"], None, "whatever a picture may hold"),
    "shape": (["shape", "form"], "thing", "what an outline encloses"),
    "circle": (["circle", "disc"], "shape", "round, all points of its edge as far from the middle"),
    "square": (["square"], "shape", "four equal sides and four right angles"),
    "triangle": (["triangle"], "shape", "three sides and three corners"),
    "star": (["star"], "shape", "points that stand out from a middle"),
    "ring": (["ring", "hoop"], "shape", "a circle with a round hole"),
    "cross": (["cross"], "shape", "two bars that meet in their middles"),
    "heart": (["heart"], "shape", "two round lobes above and one point below"),
    "diamond": (["diamond", "rhombus"], "shape", "a square that stands on a corner"),
    "box": (["box"], "shape", "a square drawn around something"),
    "colour": (["colour", "color"], "thing", "what light makes of a surface"),
    "red": (["red"], "colour", "the colour of a tomato"),
    "orange": (["orange"], "colour", "between red and yellow"),
    "yellow": (["yellow"], "colour", "the colour of a lemon"),
    "green": (["green"], "colour", "the colour of grass"),
    "blue": (["blue"], "colour", "the colour of a clear sky"),
    "purple": (["purple"], "colour", "between red and blue"),
    "pink": (["pink"], "colour", "red with much white"),
    "brown": (["brown"], "colour", "the colour of earth"),
    "white": (["white"], "colour", "all light"),
    "grey": (["grey", "gray"], "colour", "between white and black"),
    "black": (["black"], "colour", "no light"),
    "beige": (["beige"], "colour", "pale brown"),
    "navy": (["navy"], "colour", "dark blue"),
    "mint": (["mint"], "colour", "pale green"),
    "texture": (["texture", "pattern"], "thing", "what repeats over a surface"),
    "stripe": (["stripe"], "texture", "long bars side by side"),
    "dot": (["dot", "spot"], "texture", "small discs at equal distances"),
    "check": (["check"], "texture", "squares of two colours in turn"),
    "picture": (["picture", "image"], "thing", "what is drawn or taken to be looked at"),
    "photo": (["photo", "photograph"], "picture", "a picture taken by a camera"),
    "drawing": (["drawing"], "picture", "a picture made by hand, line by line"),
    "illustration": (["illustration"], "picture", "a picture that goes with a text"),
    "background": (["background", "backdrop"], "thing", "what is behind everything else in a picture"),
    "place": (["place"], "thing", "where something is"),
    "left": (["left"], "place", "the side where a line of this text begins"),
    "right": (["right"], "place", "the side where a line of this text ends"),
    "top": (["top"], "place", "the highest part"),
    "bottom": (["bottom"], "place", "the lowest part"),
    "middle": (["middle"], "place", "as far from one end as from the other"),
    "side": (["side"], "place", "one of the edges"),
    "row": (["row"], "place", "things beside one another"),
    "column": (["column"], "place", "things above one another"),
    "orange fruit": (["orange"], "thing", "a round fruit with a thick peel"),
    "square place": (["square", "plaza"], "place", "an open place between houses"),
    "left hand": (["left_hand"], "thing", "the hand on that side"),
}
EXCEPTIONS = [("rhombi", "rhombus"), ("hexes", "hex"), ("foci", "focus")]
NOTE = "  1 Words of the demo pool in WordNet's database format. Made by make_wordnet_demo.py; part of this repository, MIT licence.  \n"


def data_lines(offsets):
    lines = []
    for name, (words, broader, gloss) in SYNSETS.items():
        narrower = [n for n, (_, b, _) in SYNSETS.items() if b == name]
        pointers = [("@", broader)] * (broader is not None) + [("~", n) for n in narrower]
        text = " ".join(f"{w} 0" for w in words)
        links = "".join(f" {symbol} {offsets[target]:08d} n 0000" for symbol, target in pointers)
        lines.append((name, f"{offsets[name]:08d} 03 n {len(words):02x} {text} {len(pointers):03d}{links} | {gloss}  \n"))
    return lines


def main():
    # Offsets have eight digits whatever they are, so lines keep their length.
    offsets, at = dict.fromkeys(SYNSETS, 0), len(NOTE)
    for name, line in data_lines(offsets):
        offsets[name] = at
        at += len(line)
    with open(os.path.join(HERE, "data.noun"), "w", newline="\n") as f:
        f.write(NOTE + "".join(line for _, line in data_lines(offsets)))
    lemmas = {}
    for name, (words, broader, _) in SYNSETS.items():
        for word in words:
            lemmas.setdefault(word, []).append(name)
    with open(os.path.join(HERE, "index.noun"), "w", newline="\n") as f:
        f.write(NOTE)
        for word in sorted(lemmas):
            names = lemmas[word]
            symbols = sorted({"@" for n in names if SYNSETS[n][1]} | {"~" for n in names if any(b == n for _, b, _ in SYNSETS.values())})
            pointers = "".join(f" {s}" for s in symbols)
            places = " ".join(f"{offsets[n]:08d}" for n in names)
            f.write(f"{word} n {len(names)} {len(symbols)}{pointers} {len(names)} 0 {places}  \n")
    with open(os.path.join(HERE, "noun.exc"), "w", newline="\n") as f:
        f.write("".join(f"{form} {base}\n" for form, base in sorted(EXCEPTIONS)))


main()
