"""From captions to what the diffusion model reads: tokenizer, text encoder, collapsed padding.

The tokenizer is transformers' CLIPTokenizer with the vocabulary that stable-diffusion.cpp
carries in its sources (`src/tokenizers/vocab/clip_merges.hpp`); nothing is downloaded.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import torch

from text_encoder import BOS, CODE, EOS, POSITIONS, TextEncoder

ENGINE_VOCABULARY = "src/tokenizers/vocab/clip_merges.hpp"


def tokenizer(work: Path, engine: Path | None = None):
    """The CLIP tokenizer. `engine`: stable-diffusion.cpp's sources, needed the first time."""
    from transformers import CLIPTokenizerFast

    folder = work / "clip-tokenizer"
    if not (folder / "merges.txt").exists():
        if engine is None:
            raise SystemExit("the first run needs --engine, the folder of stable-diffusion.cpp's sources")
        numbers = re.findall(rb"0x([0-9a-f]{2})", (engine / ENGINE_VOCABULARY).read_bytes())
        merges = bytes(int(n, 16) for n in numbers).decode("utf-8").rstrip("\0")
        pairs = [line.split(" ") for line in merges.split("\n")[1:] if line]
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        letters = [chr(b) for b in printable] + [chr(256 + n) for n in range(256 - len(printable))]
        words = [*letters, *(c + "</w>" for c in letters), *("".join(p) for p in pairs), "<|startoftext|>", "<|endoftext|>"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}), encoding="utf-8")
        (folder / "merges.txt").write_text(merges, encoding="utf-8")
    return CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=POSITIONS)


class Conditioning:
    """Captions to (pooled, context, bias) for `model.Diffusion`."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.encoder = TextEncoder()

    def ids(self, captions):
        """(N, 77) token ids as the engine makes them: start, words, end-of-text to the end."""
        table = np.full((len(captions), POSITIONS), EOS, np.int64)
        for row, caption in zip(table, captions):
            words = self.tokenizer(caption, add_special_tokens=False)["input_ids"][:POSITIONS - 2]
            row[0], row[1:1 + len(words)] = BOS, words
        return table

    def __call__(self, captions):
        """Pooled (N, 768), context (N, length, 640), bias (N, length).

        Of the 77 positions those from the third end-of-text on are the same, and so are the
        77 zero tokens that stand for the missing T5: each group is kept once, with
        log(count) as attention bias. Rows that are shorter are filled up with bias -inf."""
        ids = self.ids(captions)
        ends = (ids == EOS).argmax(1)
        longest = min(int(ends.max()) + 3, POSITIONS)
        hidden, pooled = self.encoder.encode(ids[:, :longest])
        length = longest + 1
        context = torch.zeros(len(ids), length, CODE)
        bias = torch.full((len(ids), length), -math.inf)
        context[:, :longest] = hidden[:, :, :CODE]
        for row, end in enumerate(ends):
            kept = min(end + 3, POSITIONS)
            context[row, kept:] = 0
            bias[row, :kept] = 0
            bias[row, kept - 1] = math.log(POSITIONS - kept + 1)
            bias[row, kept] = math.log(POSITIONS)  # the zero token of the T5 part
        return pooled, context, bias
