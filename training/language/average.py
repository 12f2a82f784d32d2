"""The weighted mean of several sets of weights: `python average.py OUT.gguf 0.5 RUN/checkpoint.pt 0.5 MODEL.gguf`.

A checkpoint gives its running mean, as for `export.py`. The tokens are those of the first file, and must be those of all:
a run that began with a model (`train.py --from`) has its tokens.
"""
import pathlib
import sys

import torch
from tokenizers import Tokenizer

import export

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import averaging


def loaded(path):
    """(weights by name, tokenizer) of a checkpoint or a model file."""
    if path.endswith(".pt"):
        tokenizer = Tokenizer.from_file(str(pathlib.Path(path).parent / "tokenizer.json"))
        return torch.load(path, weights_only=True)["mean"], tokenizer
    return export.read(path)[0].state_dict(), export.tokenizer_of(path)


def main():
    out, shares = averaging.arguments(__doc__, ".gguf")
    found = {path: loaded(path) for _, path in shares}
    tokenizer = found[shares[0][1]][1]
    for path, (_, other) in found.items():
        if other.get_vocab() != tokenizer.get_vocab():
            sys.exit(f"{path} has other tokens than {shares[0][1]}")
    weights = averaging.of(shares, {path: state for path, (state, _) in found.items()})
    export.write(out, weights, tokenizer)


if __name__ == "__main__":
    main()
