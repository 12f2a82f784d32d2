"""Trains the decoder of the autoencoder on drawn cakes, resumable.

    python train_autoencoder.py --work ../.work/picture --minutes 10

Writes autoencoder.pt (components and decoder) in the work folder every minute. Each batch is
random 64 x 64 pieces of fresh drawings; latents get a little noise, since those of the
diffusion model will not be exact either.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from autoencoder import Components, Decoder
from captions import random_cake
from draw import draw

PIECE, PICTURES, PIECES = 64, 8, 2  # a batch: 8 pictures, 2 pieces of each


def pictures(rng, count, size):
    drawn = [draw(random_cake(rng), int(rng.integers(2 ** 31)), size) for _ in range(count)]
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255


def loss_of(made, wanted):
    """Absolute error of colours, and of the steps between neighbours, so that edges stay."""
    error = (made - wanted).abs().mean()
    for axis in (2, 3):
        error = error + 0.5 * (made.diff(dim=axis) - wanted.diff(dim=axis)).abs().mean()
    return error


def psnr(made, wanted):
    return -10 * torch.log10((made.clamp(0, 1) - wanted).square().mean()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
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
    else:
        components = Components.fit(pictures(np.random.default_rng(arguments.seed), 400, 256))[0]
    rng = np.random.default_rng((arguments.seed, step))
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
        batch = pictures(rng, PICTURES, arguments.size)
        z = components.encode(batch)
        z = z + 0.08 * torch.randn_like(z) * torch.rand(len(z), 1, 1, 1)
        pieces, targets = [], []
        for picture, latent in zip(batch, z):
            for _ in range(PIECES):
                y, x = rng.integers(0, arguments.size // 8 - PIECE // 8 + 1, 2)
                pieces.append(latent[:, y:y + PIECE // 8, x:x + PIECE // 8])
                targets.append(picture[:, 8 * y:8 * y + PIECE, 8 * x:8 * x + PIECE])
        loss = loss_of(decoder(torch.stack(pieces)), torch.stack(targets))
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
