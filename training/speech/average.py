"""The weighted mean of several sets of weights: `python average.py OUT.bin 0.5 RUN/checkpoint.pt 0.5 MODEL.bin`.

Runs that began at the same weights lie close enough together for their mean to be a model, often a better one than each of
them. A checkpoint (.pt) gives its averaged weights as they are; a model file (.bin) those of its blocks of 8 bits, and needs a
checkpoint beside it that says which ids can be written. Weights add up to one.
"""
import argparse
import sys

import torch

import export
import ggml_file


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("shares", nargs="+", metavar="WEIGHT FILE", help="a number from 0 to 1 and a checkpoint or a model file, each")
    args = parser.parse_args()
    if len(args.shares) % 2:
        sys.exit(f"a weight before each file, not {args.shares}")
    shares = [(float(weight), path) for weight, path in zip(args.shares[::2], args.shares[1::2])]
    total = sum(weight for weight, _ in shares)
    if abs(total - 1) > 1e-6:
        sys.exit(f"the weights add up to {total}, not to 1")
    checkpoints = {path: torch.load(path, weights_only=False) for _, path in shares if path.endswith(".pt")}
    if not checkpoints:
        sys.exit("at least one of the files must be a checkpoint: it says which ids can be written")
    first = next(iter(checkpoints.values()))
    for path, other in checkpoints.items():
        if list(other["ids"]) != list(first["ids"]) or other["shape"] != first["shape"]:
            sys.exit(f"{path} is of another shape or vocabulary than the first checkpoint")
    ids = list(map(int, first["ids"]))
    weights = {path: checkpoints[path]["average"] if path in checkpoints else export.small_state(path, ids) for _, path in shares}
    mean = {name: sum(weight * weights[path][name].float() for weight, path in shares) for name in first["average"]}
    ggml_file.write(args.out, export.full_state({"ids": first["ids"], "average": mean}), export.config(**first["shape"]))


if __name__ == "__main__":
    main()
