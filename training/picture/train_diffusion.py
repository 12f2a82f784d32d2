"""Trains the diffusion model on drawn cakes and their captions, resumable.

    python train_diffusion.py --work ../.work/picture --engine ENGINE_SOURCES --size 128 --minutes 25
    python train_diffusion.py --work ../.work/picture --size 256 --minutes 35
    python train_diffusion.py --work ../.work/picture --size 256 --minutes 10 --decay

Flow matching: noisy = (1 - s) picture + s noise, the model tells noise - picture. Pictures
are drawn on the fly and used about six times, each time with other noise, with one of two captions.
Writes diffusion.pt (weights, averaged weights, optimizer) in the work folder every two
minutes and continues from it. Needs autoencoder.pt (its components, not its decoder).
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import restore
from autoencoder import FACTOR, Components
from captions import NEGATIVE, caption, held_out, random_cake, topped
from conditioning import Conditioning, tokenizer
from draw import decorated, draw
from model import WHITE, Diffusion

sys.path.append(str(Path(__file__).resolve().parents[1]))
from muon import Muon

POOL, REUSE, WORDINGS = 1200, 6, 2  # pictures at hand, uses and captions of each
FIRST = 160  # pictures at hand before the first step
TOPPING_WEIGHT = 4.0  # of a latent where a topping or a candle is, to one elsewhere
BARE = 0.6  # of the cakes without a topping are passed over
HARDER, HARD = 0.25, ("sprinkles",)  # so many cakes get one of these for their first topping
DROP = 0.12  # captions replaced by the empty or the negative prompt, for guidance
AVERAGE = 0.998
MUON = 10.0  # its rate, to AdamW's: a step then changes the weights about as much


class Pool:
    """Drawn cakes that are in use, as latents, weights and encoded captions; the oldest make room for new ones."""

    def __init__(self, components, conditioning, size, rng):
        self.components, self.conditioning, self.size, self.rng = components, conditioning, size, rng
        self.unsaid = split(conditioning(["", NEGATIVE]))
        self.items, self.next = [], 0
        for _ in range(FIRST // 8):
            self._new(8)

    def _new(self, count):
        cakes = []
        while len(cakes) < count:
            cake = random_cake(self.rng)
            if not cake.toppings and self.rng.random() < BARE:
                continue
            if cake.toppings and self.rng.random() < HARDER:
                cake = topped(cake, self.rng, HARD)
            if not held_out(cake):
                cakes.append(cake)
        said = split(self.conditioning([caption(cake, self.rng, plain=self.rng.random() < 0.3)
                                        for cake in cakes for _ in range(WORDINGS)]))
        for i, cake in enumerate(cakes):
            self.items[self.next:self.next + 1] = [(*self._drawn(cake), said[i * WORDINGS:(i + 1) * WORDINGS])]
            self.next = (self.next + 1) % POOL

    def _drawn(self, cake):
        seed = int(self.rng.integers(2 ** 31))
        picture = draw(cake, seed, self.size)
        latents = self.components.encode(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255)[0]
        return latents, self._weights(cake, seed, picture)

    def _weights(self, cake, seed, picture):
        """(1, h, w): how much each latent counts in the loss, most where the toppings are.

        They are small, and without this learnt last. A weight per place does not change what
        the best answer there is."""
        side = self.size // FACTOR
        share = decorated(cake, seed, picture).reshape(side, FACTOR, side, FACTOR).mean((1, 3))
        return torch.from_numpy(1 + (TOPPING_WEIGHT - 1) * np.minimum(1, 4 * share)).float()[None]

    def batch(self, count):
        """Latents, weights, and captions as `Conditioning` gives them; some captions are left out."""
        self._new(max(1, count // REUSE))
        chosen = [self.items[i] for i in self.rng.integers(len(self.items), size=count)]
        latents, weights, _ = zip(*chosen)
        said = [words[self.rng.integers(WORDINGS)] if self.rng.random() > DROP else self.unsaid[self.rng.integers(2)]
                for _, _, words in chosen]
        return torch.stack(latents), torch.stack(weights), join(said)


def split(conditions):
    """One (pooled, context, bias) for each caption, cut to its own length."""
    return [(p, c[b > -math.inf], b[b > -math.inf]) for p, c, b in zip(*conditions)]


def join(conditions):
    """The other way round: rows that are shorter are filled up with bias -inf."""
    pooled, context, bias = zip(*conditions)
    longest = max(len(b) for b in bias)
    return (torch.stack(pooled), torch.stack([F.pad(c, (0, 0, 0, longest - len(c))) for c in context]),
            torch.stack([F.pad(b, (0, longest - len(b)), value=-math.inf) for b in bias]))


def noise_levels(count, shift):
    """Evenly spread over the batch, then shifted towards noise as SD3 does."""
    u = (torch.arange(count) + torch.rand(count)) / count
    return shift * u / (1 + (shift - 1) * u)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--engine", type=Path, help="stable-diffusion.cpp's sources, for the vocabulary, once")
    parser.add_argument("--from", dest="shipped", type=Path, help="folder of the shipped files to begin with, where there is no checkpoint")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=25, help="processor time of this run")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to zero in this run")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--shift", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file = arguments.work / "diffusion.pt"
    conditioning = Conditioning(tokenizer(arguments.work, arguments.engine))

    torch.manual_seed(arguments.seed)
    model, average = Diffusion(), Diffusion()
    optimizers = optimizers_of(model, arguments.rate)
    step = 0
    if file.exists():
        saved = torch.load(file, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        step = saved["step"]
    else:
        directions = whiten(model, conditioning, np.random.default_rng(arguments.seed))
        if arguments.shipped:
            restore.diffusion(model, arguments.shipped, directions)
        average.load_state_dict(model.state_dict())
    torch.manual_seed(arguments.seed * 1_000_003 + step)
    rng = np.random.default_rng((arguments.seed, step))
    encoder = torch.load(arguments.work / "autoencoder.pt", weights_only=True)
    pool = Pool(Components(encoder["mean"], encoder["basis"]), conditioning, arguments.size, rng)

    def save():
        part = file.with_suffix(".part")
        torch.save({"model": model.state_dict(), "average": average.state_dict(), "step": step,
                    "optimizers": [o.state_dict() for o in optimizers]}, part)
        part.replace(file)
        print(f"step {step} size {arguments.size} loss {running:.4f} minutes {(time.process_time() - begin) / 60:.1f}", flush=True)

    begin, saved_at, running, first = time.process_time(), time.time(), None, step
    while (passed := (time.process_time() - begin) / 60 / arguments.minutes) < 1:
        for optimizer, rate in zip(optimizers, (MUON * arguments.rate, arguments.rate)):
            warm = min(1.0, (step - first + 1) / 25)
            optimizer.param_groups[0]["lr"] = rate * warm * (max(0.0, 1 - passed) if arguments.decay else 1)
        latents, weights, (pooled, context, bias) = pool.batch(arguments.batch)
        noise = torch.randn_like(latents)
        level = noise_levels(len(latents), arguments.shift)
        mixed = latents + level[:, None, None, None] * (noise - latents)
        loss = (model(mixed, 1000 * level, pooled, context, bias) - (noise - latents)).square()
        loss = (loss * weights).mean() / weights.mean()
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        step += 1
        with torch.no_grad():
            # with a falling rate the latest weights are the best ones, so the average gets short
            keep = min(0.9 if arguments.decay and passed > 0.7 else AVERAGE, step / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if time.time() - saved_at > 120:
            saved_at = time.time()
            save()
    save()


def optimizers_of(model, rate):
    """Muon for the matrices of the blocks and those that read the caption, AdamW for the rest."""
    matrices = [p for name, p in model.named_parameters()
                if p.ndim == 2 and name.startswith(("blocks.", "c_embed.", "y_embed.0."))]
    taken = set(map(id, matrices))
    others = [p for p in model.parameters() if id(p) not in taken]
    return [Muon(matrices, MUON * rate), torch.optim.AdamW(others, lr=rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True)]


def whiten(model, conditioning, rng, captions=1500):
    """Sets the whitening of the pooled vectors: their strongest directions, at equal strength. Returns that of all, strongest first."""
    pooled = torch.cat([conditioning([caption(random_cake(rng), rng) for _ in range(50)])[0]
                        for _ in range(captions // 50)])
    mean = pooled.mean(0)
    values, vectors = torch.linalg.eigh((pooled - mean).T @ (pooled - mean) / len(pooled))
    directions = vectors.flip(1) / (values.flip(0).clamp(min=0) + 0.05).sqrt()
    model.pooled_mean.copy_(mean)
    model.pooled_basis.copy_(directions[:, :WHITE])
    return directions


if __name__ == "__main__":
    main()
