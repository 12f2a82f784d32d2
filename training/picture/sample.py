"""Makes pictures with the trained parts in PyTorch, with the engine's noise and schedule.

    python sample.py --work ../.work/picture --output sheet.png "A beautiful chocolate cake ..." ...
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from captions import NEGATIVE
from conditioning import Conditioning, tokenizer
from export import SHAPE_CHANNELS, load_trained
from model import CHANNELS


def sigmas(steps, shift=3.0):
    """stable-diffusion.cpp's discrete schedule for flow models: steps + 1 noise levels."""
    t = np.linspace(999, 0, steps) if steps > 1 else np.array([999.0])
    s = (t + 1) / 1000
    return np.append(shift * s / (1 + (shift - 1) * s), 0.0)


def engine_noise(seed, size):
    """Starting noise (16, size / 8, size / 8): the engine's CPU generator is torch's."""
    return torch.randn(1, SHAPE_CHANNELS, size // 8, size // 8, generator=torch.Generator().manual_seed(seed))[0]


@torch.no_grad()
def sample(diffusion, decoder, conditioning, captions, seeds, size=256, steps=20, guidance=2.0, negative=NEGATIVE, shift=3.0):
    """Pictures (N, 3, size, size) in 0..1, by Euler steps."""
    x = torch.stack([engine_noise(seed, size)[:CHANNELS] for seed in seeds])
    pooled, context, bias = conditioning(list(captions) + [negative])
    wanted = pooled[:-1], context[:-1], bias[:-1]
    unwanted = tuple(t[-1:].expand(len(x), *t.shape[1:]) for t in (pooled, context, bias))
    levels = sigmas(steps, shift)
    for now, then in zip(levels, levels[1:]):
        t = torch.full((len(x),), 1000 * float(now))
        velocity = diffusion(x, t, *wanted)
        if guidance != 1:
            away = diffusion(x, t, *unwanted)
            velocity = away + guidance * (velocity - away)
        x = x + float(then - now) * velocity
    return decoder(x).clamp(0, 1)


def sheet(pictures, columns=6):
    """One picture (height, width, 3) uint8 of many, row by row."""
    count, _, h, w = pictures.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    page = torch.ones(rows * columns, 3, h, w)
    page[:count] = pictures
    page = page.view(rows, columns, 3, h, w).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, 3)
    return (page * 255).round().byte().numpy()


def main():
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("captions", nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("sheet.png"))
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    diffusion, _, decoder = load_trained(arguments.work)
    made = sample(diffusion, decoder, Conditioning(tokenizer(arguments.work)), arguments.captions,
                  [arguments.seed + i for i in range(len(arguments.captions))],
                  arguments.size, arguments.steps, arguments.guidance)
    Image.fromarray(sheet(made)).save(arguments.output)


if __name__ == "__main__":
    main()
