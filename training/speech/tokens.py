"""Whisper's multilingual vocabulary: ids 0 to 50256 are byte strings, the rest are control tokens.

The table comes with the `openai-whisper` package; nothing of that package is imported.
"""
import base64
import importlib.util
import pathlib
import re

import tiktoken

N_VOCAB = 51865
EOT, SOT, TRANSCRIBE, PREV, NO_SPEECH, NO_TIMESTAMPS, TIMESTAMP = 50257, 50258, 50359, 50361, 50362, 50363, 50364
LANGUAGE = {"en": 50259, "ko": 50264, "ja": 50266}
SECONDS = 0.02     # of one timestamp id
TICK = 5           # timestamps are trained on every fifth id, that is to 0.1 s


def table():
    """The byte strings in the order of their ids."""
    spec = importlib.util.find_spec("whisper")
    if spec is None:
        raise RuntimeError("the package openai-whisper is missing: pip install --no-deps openai-whisper==20250625")
    path = pathlib.Path(spec.submodule_search_locations[0]) / "assets" / "multilingual.tiktoken"
    ranks = [line.split() for line in path.read_text().splitlines()]
    return [base64.b64decode(data) for data, _ in sorted(ranks, key=lambda r: int(r[1]))]


TABLE = table()
_ENCODING = tiktoken.Encoding(
    "whisper", mergeable_ranks={data: i for i, data in enumerate(TABLE)}, special_tokens={},
    pat_str=r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def encode(text):
    return _ENCODING.encode_ordinary(text)


def spell(text, language):
    """The ids that the model learns to write for `text`. In Korean and Japanese every character has its own, with the
    blank before it: each is then said in one place, and a name or a number needs no ids that occur in it alone."""
    if language == "en":
        return encode(text)
    return [token for piece in re.findall(r" ?[^ ]", text) for token in encode(piece)]


def decode(ids):
    """The text of `ids` without control tokens; half a character becomes U+FFFD."""
    return b"".join(TABLE[i] for i in ids if i < len(TABLE)).decode("utf-8", "replace")


def timestamp(seconds):
    return TIMESTAMP + min(1500, max(0, round(seconds / SECONDS / TICK) * TICK))
