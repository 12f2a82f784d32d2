"""Trains the diffusion model on drawn cakes and their captions, resumable.

    python train_diffusion.py --work ../.work/picture --engine ENGINE_SOURCES --size 128 --minutes 25
    python train_diffusion.py --work ../.work/picture --size 256 --minutes 35
    python train_diffusion.py --work ../.work/picture --size 256 --minutes 10 --decay

Flow matching: noisy = (1 - s) picture + s noise, the model tells noise - picture. Pictures
are drawn on the fly and used about three times, each time with another caption and noise.
Writes diffusion.pt (weights, averaged weights, optimizer) in the work folder every two
minutes and continues from it. Needs autoencoder.pt (its components, not its decoder).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from autoencoder import Components
from captions import NEGATIVE, caption, held_out, random_cake
from conditioning import Conditioning, tokenizer
from draw import draw
from model import Diffusion

POOL, REUSE = 600, 3
DROP = 0.12  # captions replaced by the empty or the negative prompt, for guidance
AVERAGE = 0.998


class Pool:
    """Latents of drawn cakes that are in use; the oldest make room for new ones."""

    def __init__(self, components, size, rng):
        self.components, self.size, self.rng = components, size, rng
        self.items, self.next = [], 0

    def _new(self):
        cake = random_cake(self.rng)
        while held_out(cake):
            cake = random_cake(self.rng)
        picture = draw(cake, int(self.rng.integers(2 ** 31)), self.size)
        picture = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        return self.components.encode(picture)[0], cake

    def batch(self, count):
        for _ in range(max(1, count // REUSE)):
            if len(self.items) < POOL:
                self.items.append(self._new())
            else:
                self.items[self.next] = self._new()
                self.next = (self.next + 1) % POOL
        chosen = self.rng.integers(len(self.items), size=count)
        return torch.stack([self.items[i][0] for i in chosen]), [self.items[i][1] for i in chosen]


def noise_levels(count, shift):
    """Evenly spread over the batch, then shifted towards noise as SD3 does."""
    u = (torch.arange(count) + torch.rand(count)) / count
    return shift * u / (1 + (shift - 1) * u)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--engine", type=Path, help="stable-diffusion.cpp's sources, for the vocabulary, once")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=25, help="wall time of this run")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to zero in this run")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--shift", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file = arguments.work / "diffusion.pt"
    conditioning = Conditioning(tokenizer(arguments.work, arguments.engine))

    torch.manual_seed(arguments.seed)
    model, average = Diffusion(), Diffusion()
    whiten(model, conditioning, np.random.default_rng(arguments.seed))
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=arguments.rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    step = 0
    if file.exists():
        saved = torch.load(file, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    torch.manual_seed(arguments.seed * 1_000_003 + step)
    rng = np.random.default_rng((arguments.seed, step))
    encoder = torch.load(arguments.work / "autoencoder.pt", weights_only=True)
    pool = Pool(Components(encoder["mean"], encoder["basis"]), arguments.size, rng)

    def save():
        part = file.with_suffix(".part")
        torch.save({"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step}, part)
        part.replace(file)
        print(f"step {step} size {arguments.size} loss {running:.4f} minutes {(time.time() - begin) / 60:.1f}", flush=True)

    begin, saved_at, running, first = time.time(), time.time(), None, step
    while (passed := (time.time() - begin) / 60 / arguments.minutes) < 1:
        for group in optimizer.param_groups:
            warm = min(1.0, (step - first + 1) / 100)
            group["lr"] = arguments.rate * warm * (max(0.0, 1 - passed) if arguments.decay else 1)
        latents, cakes = pool.batch(arguments.batch)
        texts = [caption(cake, rng, plain=rng.random() < 0.3) for cake in cakes]
        texts = [text if rng.random() > DROP else ("" if rng.random() < 0.5 else NEGATIVE) for text in texts]
        pooled, context, bias = conditioning(texts)
        noise = torch.randn_like(latents)
        level = noise_levels(len(latents), arguments.shift)
        mixed = latents + level[:, None, None, None] * (noise - latents)
        loss = (model(mixed, 1000 * level, pooled, context, bias) - (noise - latents)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
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


def whiten(model, conditioning, rng, captions=1500, kept=160):
    """Sets the whitening of the pooled vectors: their strongest directions, at equal strength."""
    pooled = torch.cat([conditioning([caption(random_cake(rng), rng) for _ in range(50)])[0]
                        for _ in range(captions // 50)])
    mean = pooled.mean(0)
    values, vectors = torch.linalg.eigh((pooled - mean).T @ (pooled - mean) / len(pooled))
    values, vectors = values.flip(0)[:kept], vectors.flip(1)[:, :kept]
    model.pooled_mean.copy_(mean)
    model.pooled_basis.copy_(vectors / (values + 0.05).sqrt())


if __name__ == "__main__":
    main()
