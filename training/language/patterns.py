"""Sentence patterns and which of them training may see. A pattern of `patterns_*.py` is a line with alternatives; a
seeded rule over whole lines keeps a tenth of them out, besides those of words.TEST.
"""
import functools
import itertools
import math
import re
import zlib

import patterns_foreign as foreign
import patterns_ko as ko
import patterns_ko_further as further
import patterns_ko_more as more
import patterns_ko_taught as taught
import words

LINES = {"ko": {kind: lines + "\n" + more.MORE.get(kind, "") for kind, lines in ko.KO.items()}, "en": foreign.EN, "ja": foreign.JA}
ENDINGS = {"ko": ko.ENDINGS, "en": foreign.EN_ENDINGS, "ja": foreign.JA_ENDINGS}
GROUP = re.compile(r"\[([^\[\]]*)\]|<(\w+)>")
FILLERS = "음 어 그 저 좀 그냥 한번 혹시 저기 그러니까 일단 이제 아 막".split()
JOINED = re.compile(r"(해|써|적어|넣어|올려|얹어|빼|바꿔|골라|알려|만들어|준비해|보여|추가해|불러|추천해|취소해|변경해|꾸며|챙겨) (주|줘|줄)")


def kept_out(line):
    return zlib.crc32(line.encode("utf-8")) % 10 == 7


def listed(text):
    return [pattern for pattern in re.split(r"[|\n]", text) if pattern]


def listed_lines(text):
    return [line for line in map(str.strip, text.split("\n")) if line]


def alternatives(match, language):
    return match[1].split("|") if match[1] is not None else listed(ENDINGS[language][match[2]])


def combinations(line, language):
    return math.prod(len(alternatives(match, language)) for match in GROUP.finditer(line))


def forms(line, language):
    """What a line says before any name is filled in, without blanks."""
    cuts = [*GROUP.finditer(line)]
    between = [line[a:b] for a, b in zip([0] + [m.end() for m in cuts], [m.start() for m in cuts] + [len(line)])]
    for chosen in itertools.product(*(alternatives(match, language) for match in cuts)):
        yield "".join((between[0] + "".join(a + b for a, b in zip(chosen, between[1:]))).split())


@functools.cache
def known(language, kind, held_out):
    """(lines, their weights) of a kind; a line that says more in other words is drawn more often. Where nothing was
    kept out, the lines of training."""
    lines = listed_lines(LINES[language].get(kind, ""))
    plain = (words.TEST if held_out else words.TRAIN).get(kind, "") if language == "ko" else "" if held_out else words.FOREIGN[language].get(kind, "")
    found = listed(plain) + [line for line in lines if kept_out(line) == held_out] if isinstance(plain, str) else []
    if language == "ko" and not held_out:
        found += listed_lines(taught.TAUGHT.get(kind, "")) + listed_lines(further.FURTHER.get(kind, ""))
    if held_out and not found:
        return known(language, kind, False)
    return found, [1 + math.log2(combinations(line, language)) for line in found]


# what training must not say by chance
TESTED = {pattern for text in words.TEST.values() for pattern in listed(text)}


@functools.cache
def latest(kind):
    """Lines of patterns_ko_further.py, and where it has none those of the two files before it that training may see."""
    return listed_lines(further.FURTHER.get(kind, "")) or (
        [line for line in listed_lines(more.MORE.get(kind, "")) if not kept_out(line)] + listed_lines(taught.TAUGHT.get(kind, "")))


def drawn(rng, language, kind, held_out, practice=False):
    """A pattern without alternatives, as somebody might say it; for `practice` often one of the latest."""
    lines, weights = known(language, kind, held_out)
    if practice and language == "ko" and latest(kind) and rng.random() < 0.6:
        lines, weights = latest(kind), None
    while True:
        line = rng.choices(lines, weights)[0]
        pattern = " ".join(GROUP.sub(lambda match: rng.choice(alternatives(match, language)), line).split())
        if held_out or pattern not in TESTED:
            return spoken(rng, pattern) if language == "ko" else pattern


def spoken(rng, pattern):
    """Blanks and particles as they are dropped in speech and by those who write it down, and fillers."""
    if rng.random() < 0.35:
        pattern = JOINED.sub(r"\1\2", pattern)
    if rng.random() < 0.15:
        pattern = re.sub(r"(\{\w+):을\}", r"\1}", pattern)
    if rng.random() < 0.08 and " " in pattern:
        parts = pattern.split(" ")
        parts.insert(rng.randrange(1, len(parts)), rng.choice(FILLERS))
        pattern = " ".join(parts)
    return pattern


if __name__ == "__main__":
    for language in LINES:
        seen = [line for kind in LINES[language] for line in known(language, kind, False)[0]]
        out = [line for kind in LINES[language] for line in known(language, kind, True)[0] if line not in seen]
        print(f"{language}: {len(seen)} patterns with {sum(combinations(line, language) for line in seen)} forms, {len(out)} kept out")
    tested = {form for kind in LINES["ko"] if kind != "hello" for line in known("ko", kind, True)[0] for form in forms(line, "ko")}
    print("ko: forms of the latest patterns that a kept-out pattern has, too:", sum(form in tested for kind in LINES["ko"] for line in latest(kind) for form in forms(line, "ko")))
