"""The model's own byte-level BPE, in Qwen's form: the same splitting into words, <|endoftext|> <|im_start|> <|im_end|>.

Every common Hangul syllable and kana is one token. Merges across syllables come only from the shop's own phrases and
from the JSON of the answers, never from names, so that a name splits the same way wherever it stands.

    python tokenizer.py WORK                     writes WORK/tokenizer.json
    python tokenizer.py WORK --like MODEL.gguf   the tokens of that model instead, whatever the patterns say today
"""
import collections
import pathlib
import random
import sys

import regex
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

import calls
import prompt
import words

SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PHRASES = 640


def byte_letters():
    """The printable character that stands for each byte, as GPT-2 has it."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(spare)) for b in range(256)]


LETTERS = byte_letters()


def letters(text):
    return "".join(LETTERS[b] for b in text.encode("utf-8"))


def single_characters():
    kana = [chr(c) for c in [*range(0x3041, 0x3097), *range(0x30A1, 0x30FD), 0x3001, 0x3002, 0x2026]]
    return calls.ALL + kana


def phrase_counts():
    """Words of the shop's phrases with how often they occur; the slots of patterns are cut out."""
    counts = collections.Counter()

    def count(text, times):
        for word in regex.findall(SPLIT, text):
            counts[word] += times

    for kind, patterns in words.TRAIN.items():
        for pattern in regex.split(r"[|\n]", patterns):
            for piece in regex.split(r"\{[^}]*\}", pattern):
                count(piece, 3)
    for language, times in (("ko", 40), ("en", 4), ("ja", 4)):
        for text in [*words.REPLIES[language].values(), *words.ANALYSES[language].values(), *prompt.TEXTS[language]["questions"].values(),
                     *prompt.TEXTS[language]["labels"].values(), prompt.TEXTS[language]["system.compact"], prompt.TEXTS[language]["recommend.compact"]]:
            for piece in regex.split(r"\{[^}]*\}", text):
                count(piece, times)
    for language in ("en", "ja"):
        for value in words.FOREIGN[language].values():
            for pattern in value.split("|") if isinstance(value, str) else []:
                for piece in regex.split(r"\{[^}]*\}", pattern):
                    count(piece, 1)
    for word in ("케이크 케이크 케이크 케이크", " 케이크", " 케이크"):
        count(word, 200)
    # punctuation and keys, as whole prompts and answers have them
    maker = calls.Maker(random.Random(7))
    for _ in range(150):
        begun, tails = calls.group(maker, 4)
        for lines, pieces in tails:
            for word in regex.findall(SPLIT, begun + lines + prompt.CLOSING + "".join(text for text, _ in pieces)):
                if not regex.search(r"\p{Hangul}|\p{Hiragana}|\p{Katakana}|\p{Han}|\p{N}", word) and not regex.fullmatch(r" ?\p{Lu}\p{L}*", word):
                    counts[word] += 1
    return counts


def mergeable(left, right):
    """A blank or a mark is joined only to what is more than one syllable, so that it never changes how a name splits."""
    if left[0].isalnum() or not right[0].isalnum() and right[0] in LETTERS[33:127]:
        return True
    return left == letters(" ") and bytes(LETTERS.index(c) for c in right).decode("utf-8", "ignore")[1:] != ""


def build():
    vocabulary = {letter: i for i, letter in enumerate(LETTERS)}
    merges = []

    def merge(left, right):
        if left + right not in vocabulary:
            vocabulary[left + right] = len(vocabulary)
        if (left, right) not in seen:
            seen.add((left, right))
            merges.append((left, right))

    seen = set()
    singles = set()
    for character in single_characters():
        text = letters(character)
        for at in range(1, len(text)):
            merge(text[:at], text[at])
        singles.add(text)
    # then the phrases, by plain BPE on whole characters
    spelled = {}
    for word, times in phrase_counts().items():
        symbols = []
        for character in word:
            text = letters(character)
            symbols += [text] if text in singles else list(text)
        spelled[word] = (symbols, times)
    for _ in range(PHRASES):
        pairs = collections.Counter()
        for symbols, times in spelled.values():
            for pair in zip(symbols, symbols[1:]):
                if mergeable(*pair):
                    pairs[pair] += times
        pair, times = max(pairs.items(), key=lambda item: (item[1], item[0]))
        if times < 6:
            break
        merge(*pair)
        for word, (symbols, count) in spelled.items():
            joined, i = [], 0
            while i < len(symbols):
                if tuple(symbols[i:i + 2]) == pair:
                    joined.append(symbols[i] + symbols[i + 1])
                    i += 2
                else:
                    joined.append(symbols[i])
                    i += 1
            spelled[word] = (joined, count)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "isolated"),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return tokenizer


if __name__ == "__main__":
    work = pathlib.Path(sys.argv[1])
    work.mkdir(parents=True, exist_ok=True)
    if sys.argv[2:3] == ["--like"]:
        import export
        tokenizer = export.tokenizer_of(sys.argv[3])
    else:
        tokenizer = build()
    tokenizer.save(str(work / "tokenizer.json"))
    print("tokens:", tokenizer.get_vocab_size())
