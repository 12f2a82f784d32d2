"""Draws sentences: from the patterns of a language to words with their written and spoken form.

Pure functions of a `random.Random`. Held-out sentences (`split="test"`) come from patterns of their own,
and a sentence of the training patterns whose hash falls into the held-out twentieth never trains.
"""
import re
import zlib
from dataclasses import dataclass

import grammar_en
import grammar_ja
import grammar_ko

LANGUAGES = {"ko": grammar_ko, "en": grammar_en, "ja": grammar_ja}
SHUFFLED = 0.35
MORE = 0.33  # of the training sentences come from MORE: all the words and endings of the held-out patterns in other patterns, and the usual ones around
MANY = 0.12  # of the training clips have three to five sentences, and in those
AGAIN = 0.2  # are of one that came before: what was written last does not tell where to go on
_SLOT = re.compile(r"\{(\w+)\}")
_PARTICLES = {"을": "를", "이": "가", "은": "는", "으로": "로", "과": "와", "이랑": "랑", "이에요": "예요", "이가": "가", "이라고": "라고", "아": "야", "이고": "고",
              "이라서": "라서", "이니까": "니까", "이지만": "지만", "이면": "면", "이죠": "죠", "이네요": "네요"}


@dataclass
class Sentence:
    words: list   # (written, spoken)
    language: str
    category: str

    @property
    def text(self):
        return ("" if self.language == "ja" else " ").join(written for written, _ in self.words)


def _patterns(table, category):
    text = table[category]
    return [p for p in re.split(";|\n" if ";" in text else r"\||\n", text) if p]


def fill(pattern, slots, rng):
    while True:
        match = _SLOT.search(pattern)
        if not match:
            return pattern
        slot = slots[match[1]]
        value = slot(rng) if callable(slot) else rng.choice(slot)
        rest = pattern[match.end():]
        joint = "+" if rest and rest[0] not in " +" else ""  # what follows belongs to both halves of a pair
        pattern = pattern[:match.start()] + value + joint + rest


def _closed(spoken, particle):
    """Whether the particle takes its form for a final consonant (with 로 a final rieul counts as none)."""
    last = spoken[-1]
    final = (ord(last) - 0xAC00) % 28 if "가" <= last <= "힣" else 0
    return final != 0 and not (particle == "으로" and final == 8)


def _word(token):
    """"written|spoken+suffix" to the pair (written, spoken), the suffix fitted to the sound before it."""
    base, *suffixes = token.split("+")
    written, _, spoken = base.partition("|")
    spoken = spoken or written
    for suffix in suffixes:
        particle = suffix.rstrip(".,?")
        if particle in _PARTICLES and not _closed(spoken, particle):
            suffix = _PARTICLES[particle] + suffix[len(particle):]
        written, spoken = written + suffix, spoken + suffix
    return written, spoken


def _parse(text, language, category):
    if language == "en":
        text = re.sub(r"\b([Aa])(?= [aeiou])", r"\1n", text)
    if text[-1] not in ".?。":
        text += "+."
    return Sentence([_word(token) for token in text.split()], language, category)


def _is_held_out(sentence):
    return zlib.crc32(sentence.text.encode()) % 20 == 0


def sentence(rng, language="ko", split="train", category=None):
    """One sentence. A test sentence is, four times in five, of a pattern that never trains."""
    grammar = LANGUAGES[language]
    while True:
        table = grammar.TRAIN
        if split == "test" and rng.random() < 0.8:
            table = grammar.TEST
        weights = grammar.WEIGHTS
        if split == "train" and (category is None or category in grammar.MORE) and rng.random() < MORE:
            table, weights = grammar.MORE, grammar.MORE_WEIGHTS
        choices = [category] if category else list(table)
        drawn = rng.choices(choices, [weights[c] for c in choices])[0]
        result = _parse(fill(rng.choice(_patterns(table, drawn)), grammar.SLOTS, rng), language, drawn)
        if table is grammar.TEST or _is_held_out(result) == (split == "test"):
            return result


def polite(rng, which):
    """A Korean greeting ("GREETINGS") or closing ("FAREWELLS")."""
    return _parse(rng.choice(getattr(grammar_ko, which)), "ko", "polite")


def shuffled(rng, language):
    """Some words of two training sentences in any order: only the sound tells what comes next."""
    words = []
    for _ in range(2):
        drawn = [tuple(form.rstrip(".,?、。") for form in word) for word in sentence(rng, language).words]
        words += drawn[1:] if language == "en" else drawn  # in English the first has a capital letter that nobody hears
    words = drawn[:1] * (language == "en") + rng.sample(words, min(len(words), rng.randint(2, 7)))
    words[-1] = tuple(form + ("。" if language == "ja" else ".") for form in words[-1])
    return Sentence(words, language, "shuffled")


def clip(rng, language, split="train", category=None):
    """The sentences of one clip: mostly one, a third of the time two, seldom up to five. In training there are more of five,
    and a third of the clips are words in any order; without them the decoder learns the patterns by heart and listens little."""
    if split == "train" and category is None and rng.random() < SHUFFLED:
        return [shuffled(rng, language)]
    first = sentence(rng, language, split, category)
    draw = rng.random()
    if language == "ko" and category is None and draw < 0.16:
        return [polite(rng, "GREETINGS"), first]
    if language == "ko" and category is None and draw < 0.24:
        return [first, polite(rng, "FAREWELLS")]
    if language == "ko" and category is None and draw < 0.27:
        return [polite(rng, rng.choice(["GREETINGS", "FAREWELLS"]))]
    many = MANY if split == "train" else 0.04
    count = 1 if draw < 0.68 else 2 if draw < 1 - many else rng.randint(3, 5)
    out = [first]
    while len(out) < count:
        again = split == "train" and len(out) > 1 and rng.random() < AGAIN
        out.append(rng.choice(out) if again else sentence(rng, language, split, category))
    return out
