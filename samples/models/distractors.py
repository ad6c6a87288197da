"""False captions made while training, so that the model learns words in their places and what is no caption at all."""
import re

GROUPS = [
    "red orange yellow green blue purple pink brown".split(),
    "circle square triangle star ring cross heart diamond".split(),
    "small large".split(),
    "striped dotted checked".split(),
    "white grey black beige navy mint".split(),
    "left right".split(),
    "above below".split(),
    "over under".split(),
]
_GROUP_OF = {word: group for group in GROUPS for word in group}


def wrong_word(caption, generator):
    """The caption with one word replaced by another of its kind that it does not have: nearly true, yet false."""
    words = re.findall(r"\w+|\W+", caption.lower())
    # "from left to right" reversed would also be reversed in both words; such captions keep their order words.
    order = "from left" in caption
    places = [i for i, w in enumerate(words) if w in _GROUP_OF and not (order and w in ("left", "right"))]
    # Colour and shape are named in every caption and matter most.
    telling = [i for i in places if _GROUP_OF[words[i]] in GROUPS[:2]]
    place = generator.choice(telling if generator.random() < 0.7 else places)
    group = _GROUP_OF[words[place]]
    free = [w for w in group if w not in words] or [w for w in group if w != words[place]]
    words[place] = generator.choice(free)
    if place >= 2 and words[place - 2] in ("a", "an"):
        words[place - 2] = "an" if words[place][0] in "aeiou" else "a"
    return "".join(words)


def english_phrases():
    """Sentences about anything but pictures: the Python manual's text, which ships with the interpreter."""
    from pydoc_data.topics import topics
    text = " ".join(topics[k] for k in sorted(topics))
    return re.findall(r"[A-Za-z][A-Za-z']*", text)


def irrelevant(words, generator):
    """Two to ten running words of English, now and then with numbers or as a file name."""
    n = generator.randint(2, 10)
    start = generator.randrange(len(words) - n)
    chosen = words[start:start + n]
    if generator.random() < 0.3:
        return f"{chosen[0][:8]}{generator.choice('_- ')}{generator.randint(1, 99999)}.{generator.choice(['jpg', 'png', 'gif'])}"
    if generator.random() < 0.2:
        chosen.insert(generator.randrange(n), str(generator.randint(1, 2030)))
    return " ".join(chosen)
