"""Trains the decoder of the autoencoder on drawn cakes, resumable.

    python train_autoencoder.py --work ../.work/picture --minutes 10

Writes autoencoder.pt (components and decoder) in the work folder every minute. Each batch is
64 x 64 pieces of drawings, most of them where a topping is; latents get a little noise, since
those of the diffusion model will not be exact either.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from autoencoder import FACTOR, Components, Decoder
from captions import random_cake, topped
from draw import decorated, draw
from restore import components_and_decoder

PIECE, BATCH = 64, 16
POOL, NEW = 800, 4  # pictures at hand, and new ones a step
HARD = ("sprinkles", "sprinkles", "flowers", "nuts")  # what a decoder that saw every topping as often lost most of
TOPPING_WEIGHT = 4.0  # of a pixel where a topping or a candle is, to one elsewhere


class Pool:
    """Drawings that are in use, and where on them toppings are; the oldest make room for new ones."""

    def __init__(self, rng, size):
        self.rng, self.size, self.items, self.next = rng, size, [], 0
        self.add(POOL // 8)

    def add(self, count):
        for _ in range(count):
            cake = random_cake(self.rng)
            if self.rng.random() < 0.5:
                cake = topped(cake, self.rng, HARD)
            seed = int(self.rng.integers(2 ** 31))
            picture = draw(cake, seed, self.size)
            self.items[self.next:self.next + 1] = [(picture, decorated(cake, seed, picture))]
            self.next = (self.next + 1) % POOL

    def pieces(self, count):
        """(corner, picture, weights) of pieces; three in four hold a topping, if the cake has one. Corners are those of latents."""
        last = (self.size - PIECE) // FACTOR
        for index in self.rng.integers(len(self.items), size=count):
            picture, where = self.items[index]
            corner = self.rng.integers(0, last + 1, 2)
            if where.any() and self.rng.random() < 0.75:
                places = np.argwhere(where)
                middle = places[self.rng.integers(len(places))] + self.rng.integers(-PIECE // 3, PIECE // 3 + 1, 2)
                corner = np.clip((middle - PIECE // 2) // FACTOR, 0, last)
            yield corner, picture, 1 + (TOPPING_WEIGHT - 1) * where


def pictures(rng, count, size):
    drawn = [draw(random_cake(rng), int(rng.integers(2 ** 31)), size) for _ in range(count)]
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255


def loss_of(made, wanted, weights):
    """Absolute error of colours, and of the steps between neighbours, so that edges stay. weights: (N, 1, H, W)."""
    error = ((made - wanted).abs() * weights).mean()
    for axis in (2, 3):
        steps = (made.diff(dim=axis) - wanted.diff(dim=axis)).abs()
        error = error + 0.5 * (steps * weights.narrow(axis, 1, PIECE - 1)).mean()
    return error / weights.mean()


def psnr(made, wanted):
    return -10 * torch.log10((made.clamp(0, 1) - wanted).square().mean()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--from", dest="shipped", type=Path, help="folder of the shipped files to begin with, where there is no checkpoint")
    parser.add_argument("--minutes", type=float, default=10, help="processor time of this run")
    parser.add_argument("--size", type=int, default=128, help="side of the drawings: that of the pictures to be made")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to zero in this run")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    file = arguments.work / "autoencoder.pt"

    torch.manual_seed(arguments.seed)
    decoder = Decoder()
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=arguments.rate, weight_decay=1e-4, fused=True)
    step = 0
    if file.exists():
        saved = torch.load(file, weights_only=True)
        components = Components(saved["mean"], saved["basis"])
        decoder.load_state_dict(saved["decoder"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    elif arguments.shipped:
        components = components_and_decoder(arguments.shipped, decoder)
    else:
        components = Components.fit(pictures(np.random.default_rng(arguments.seed), 400, 256))[0]
    pool = Pool(np.random.default_rng((arguments.seed, step)), arguments.size)
    test = pictures(np.random.default_rng(99), 8, arguments.size)

    def save():
        torch.save({"mean": components.mean, "basis": components.basis, "decoder": decoder.state_dict(),
                    "optimizer": optimizer.state_dict(), "step": step}, file)
        with torch.no_grad():
            print(f"step {step} loss {running:.4f} test {psnr(decoder(components.encode(test)), test):.2f} dB", flush=True)

    begin, saved_at, running = time.process_time(), time.process_time(), 0.0
    while (passed := (time.process_time() - begin) / 60 / arguments.minutes) < 1:
        for group in optimizer.param_groups:
            warm = min(1.0, (step + 1) / 50)
            group["lr"] = arguments.rate * warm * (1 - passed if arguments.decay else 1)
        pool.add(NEW)
        wanted, weights = [], []
        for (y, x), picture, weight in pool.pieces(BATCH):
            part = np.s_[FACTOR * y:FACTOR * y + PIECE, FACTOR * x:FACTOR * x + PIECE]
            wanted.append(torch.from_numpy(picture[part]).permute(2, 0, 1).float() / 255)
            weights.append(torch.from_numpy(weight[part])[None].float())
        wanted = torch.stack(wanted)
        z = components.encode(wanted)
        z = z + 0.08 * torch.randn_like(z) * torch.rand(len(z), 1, 1, 1)
        loss = loss_of(decoder(z), wanted, torch.stack(weights))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        running = loss.item() if step < 2 else 0.98 * running + 0.02 * loss.item()
        if time.process_time() - saved_at > 60:
            saved_at = time.process_time()
            save()
    save()


if __name__ == "__main__":
    main()
