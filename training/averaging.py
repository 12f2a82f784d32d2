"""What both `average.py` have in common: the weights of several runs that began at the same ones, and their weighted mean.

Such runs lie close enough together for their mean to be a model, often a better one than each of them.
"""
import argparse
import sys


def arguments(description, suffix):
    """(file to write, [(weight, file)]) of a command line `OUT.suffix 0.5 RUN/checkpoint.pt 0.5 MODEL.suffix`; ends the
    program where the weights do not add up to one."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("out", metavar="OUT" + suffix)
    parser.add_argument("shares", nargs="+", metavar="WEIGHT FILE", help="a number from 0 to 1 and a checkpoint or a model file, each")
    args = parser.parse_args()
    if len(args.shares) % 2:
        parser.error(f"a weight before each file, not {' '.join(args.shares)}")
    shares = []
    for weight, path in zip(args.shares[::2], args.shares[1::2]):
        try:
            shares.append((float(weight), path))
        except ValueError:
            parser.error(f"a weight before each file, not {weight!r} before {path}")
        if not path.endswith((".pt", suffix)):
            parser.error(f"{path} is neither a checkpoint (.pt) nor a model file ({suffix})")
    total = sum(weight for weight, _ in shares)
    if not abs(total - 1) <= 1e-6:
        parser.error(f"the weights add up to {total}, not to 1")
    return args.out, shares


def of(shares, states):
    """The weighted mean of [(weight, file)], whose tensors are in states, by file and name; ends the program where two of
    them differ in name or shape."""
    first = states[shares[0][1]]
    for _, path in shares:
        if {name: p.shape for name, p in states[path].items()} != {name: p.shape for name, p in first.items()}:
            sys.exit(f"{path} is of another shape than {shares[0][1]}")
    return {name: sum(weight * states[path][name].float() for weight, path in shares) for name in first}
