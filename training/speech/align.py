"""Where in the sound each written character is said, from the times of words and phonemes.

A Hangul syllable is written as one character and has exactly one vowel, so the vowels of a word tell where its
characters begin; figures share the vowels that the syllables around them leave. Other scripts are divided evenly.
"""
import re

from clips import phoneme_class

VOWELS = frozenset(map(phoneme_class, "a @ o u u- i E e".split()))  # of espeak-ng's Korean
_GLIDE = phoneme_class(";")  # between a vowel and the next sound
_EVENLY = 0.25  # of a token's length it may reach further where characters are not evenly long


def onsets(phonemes):
    """(start of the syllable, start of its vowel) for every vowel of `phonemes`, a list of (seconds, class)."""
    out, before = [], (0.0, 0)
    for at, kind in phonemes:
        if kind in VOWELS:
            out.append((before[0] if before[1] and before[1] not in VOWELS else at, at))
        if kind != _GLIDE:
            before = (at, kind)
    return out


def _is_hangul(character):
    return "가" <= character <= "힣"


def _syllables(said, count):
    """For each of the characters `said` the range of the `count` syllables that it is; None where that does not work out."""
    out, at = [], 0
    figures = sum(not _is_hangul(c) for c in said)
    spare = count - (len(said) - figures)
    runs = [run for run in re.findall(r"[가-힣]+|[^가-힣]+", "".join(said))]
    if spare < 0 or (spare > 0) != (figures > 0) or sum(not _is_hangul(run[0]) for run in runs) > 1:
        return None
    for run in runs:
        if _is_hangul(run[0]):
            out += [(at + i, at + i + 1) for i in range(len(run))]
            at += len(run)
        else:  # "12" is two syllables or one or three: what each figure is called is not worked out
            n = len(run)
            out += [(at + i * spare // n, at - (-(i + 1) * spare // n)) for i in range(n)]
            at += spare
    return out


def characters(text, start, end, syllables):
    """(start, end) for every character of the word `text`, which is said from `start` to `end`; `syllables` as of `onsets`.
    A mark goes with the character before it, a blank with the one after it."""
    said = [c for c in text if c.isalnum()]
    ranges = None
    if any(map(_is_hangul, said)):
        inside = [max(start, onset) for onset, vowel in syllables if start - 0.011 <= vowel < end - 0.011]
        ranges = _syllables(said, len(inside))
        if ranges:
            edges = inside + [end]
            edges[0] = start
            spans = [(edges[a], edges[b]) for a, b in ranges]
    if ranges is None:
        share, count = (end - start) / max(1, len(said)), len(said)
        spans = [(start + i * share, start + (i + 1) * share) for i in range(count)]
        slack = 0.0 if count < 2 else _EVENLY * (end - start) / 2
        spans = [(max(start, a - slack), min(end, b + slack)) for a, b in spans]
    out, at = [], 0
    for c in text:
        at += c.isalnum()
        index = at if c == " " else max(0, at - 1)
        out.append(spans[min(index, len(spans) - 1)] if spans else (start, end))
    return out
