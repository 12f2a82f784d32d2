"""The weighted mean of several sets of weights: `python average.py OUT.bin 0.5 RUN/checkpoint.pt 0.5 MODEL.bin`.

A checkpoint (.pt) gives its averaged weights as they are; a model file (.bin) those of its blocks of 8 bits, and needs a
checkpoint beside it that says which ids can be written.
"""
import pathlib
import sys

import torch

import export
import ggml_file

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import averaging


def main():
    out, shares = averaging.arguments(__doc__, ".bin")
    checkpoints = {path: torch.load(path, weights_only=False) for _, path in shares if path.endswith(".pt")}
    if not checkpoints:
        sys.exit("at least one of the files must be a checkpoint: it says which ids can be written")
    first = next(iter(checkpoints.values()))
    for path, other in checkpoints.items():
        if list(other["ids"]) != list(first["ids"]) or other["shape"] != first["shape"]:
            sys.exit(f"{path} is of another shape or vocabulary than the first checkpoint")
    ids = list(map(int, first["ids"]))
    states = {path: checkpoints[path]["average"] if path in checkpoints else export.small_state(path, ids) for _, path in shares}
    averaged = averaging.of(shares, states)
    ggml_file.write(out, export.full_state({"ids": first["ids"], "average": averaged}), export.config(**first["shape"]))


if __name__ == "__main__":
    main()
