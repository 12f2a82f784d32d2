"""Scores pictures of held-out orders with a small classifier that was trained on drawings.

    python evaluate.py --work ../.work/picture --train --minutes 5
    python evaluate.py --work ../.work/picture --count 200

The classifier reads flavour, shape, tiers, toppings, and whether there are candles, from
128 x 128 pixels. It sees only drawings (blurred and noisy ones too), never made pictures; its
own score on fresh drawings is printed, the made pictures cannot be expected to beat it.
Orders are combinations of flavour, shape, tiers and topping that training never saw.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from captions import caption, held_out, random_cake
from draw import FLAVOURS, SHAPES, TOPPINGS, draw

SIZE = 128
POOL, NEW, BATCH = 1000, 6, 32  # drawings at hand, new ones and used ones a step
HEADS = {"flavour": len(FLAVOURS), "shape": len(SHAPES), "tiers": 3, "candles": 2}


class Classifier(nn.Module):
    """Toppings are small and many: each place of a 16 x 16 grid votes, and the strongest votes count.
    Everything else is read from the whole picture."""

    def __init__(self):
        super().__init__()
        plan = ((3, 24, 5, 2), (24, 48, 3, 2), (48, 72, 3, 2), (72, 96, 3, 1), (96, 96, 3, 2))
        self.layers = nn.ModuleList(nn.Conv2d(a, b, k, stride=s, padding=k // 2) for a, b, k, s in plan)
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for _, b, _, _ in plan)
        self.votes = nn.Conv2d(96, len(TOPPINGS), 1)
        self.hidden = nn.Linear(96 * 2 + 96 * 16, 160)
        self.out = nn.Linear(160, sum(HEADS.values()))

    def forward(self, x):
        x = x - 0.5
        for i, (layer, norm) in enumerate(zip(self.layers, self.norms)):
            x = F.relu(norm(layer(x)))
            if i == 3:
                votes = self.votes(x).flatten(2)
                toppings = votes.logsumexp(2) - math.log(8)  # of 256 places a ring fills at least about eight
        features = torch.cat([x.mean((2, 3)), x.amax((2, 3)), F.avg_pool2d(x, 2).flatten(1)], 1)
        out = self.out(F.relu(self.hidden(features)))
        return {**dict(zip(HEADS, out.split([*HEADS.values()], 1))), "toppings": toppings}


def labels(cakes):
    flavours = list(FLAVOURS)
    return {
        "flavour": torch.tensor([flavours.index(c.flavour or "vanilla") for c in cakes]),
        "shape": torch.tensor([SHAPES.index(c.shape) for c in cakes]),
        "tiers": torch.tensor([c.tiers - 1 for c in cakes]),
        "candles": torch.tensor([int(c.candles > 0) for c in cakes]),
        "toppings": torch.tensor([[float(t in c.toppings) for t in TOPPINGS] for c in cakes]),
    }


def drawings(cakes, rng):
    made = np.stack([draw(c, int(rng.integers(2 ** 31)), SIZE) for c in cakes])
    return torch.from_numpy(made).permute(0, 3, 1, 2).float() / 255


def altered(x, rng):
    """Mirrored, moved, as soft as made pictures may be, with noise and another light."""
    if rng.random() < 0.5:
        x = x.flip(3)
    x = F.pad(x, (4, 4, 4, 4), mode="replicate")
    top, left = rng.integers(0, 9, 2)
    x = x[:, :, top:top + SIZE, left:left + SIZE]
    if rng.random() < 0.6:
        factor = rng.uniform(0.4, 0.95)
        x = F.interpolate(F.interpolate(x, scale_factor=factor, mode="area"), size=SIZE, mode="bilinear")
    return (x + 0.05 * rng.random() * torch.randn_like(x) + 0.04 * torch.randn(len(x), 3, 1, 1)).clamp(0, 1)


def train(arguments):
    torch.manual_seed(arguments.seed)
    file = arguments.work / "classifier.pt"
    net = Classifier().to(memory_format=torch.channels_last)
    if file.exists():  # goes on with it
        net.load_state_dict(torch.load(file, weights_only=True))
    rng = np.random.default_rng((arguments.seed + 1000, int(net.norms[0].num_batches_tracked)))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    cakes = [random_cake(rng) for _ in range(POOL)]
    pictures = drawings(cakes, rng)
    begin, step = time.process_time(), 0
    while (passed := (time.process_time() - begin) / 60 / arguments.minutes) < 1:
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 50) * (1 - passed)
        for place in range(step * NEW, (step + 1) * NEW):  # the oldest make room
            cakes[place % POOL] = random_cake(rng)
            pictures[place % POOL] = drawings([cakes[place % POOL]], rng)[0]
        chosen = rng.integers(POOL, size=BATCH)
        x, wanted = altered(pictures[chosen], rng), labels([cakes[i] for i in chosen])
        with torch.autocast("cpu", torch.bfloat16):
            out = net(x.contiguous(memory_format=torch.channels_last))
        out = {head: logits.float() for head, logits in out.items()}
        loss = sum(F.cross_entropy(out[h], wanted[h]) for h in HEADS)
        loss = loss + 10 * F.binary_cross_entropy_with_logits(out["toppings"], wanted["toppings"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.3f} minutes {(time.process_time() - begin) / 60:.1f}", flush=True)
    torch.save(net.state_dict(), file)


@torch.no_grad()
def read(net, pictures):
    return net(F.interpolate(pictures, size=SIZE, mode="area") if pictures.shape[-1] != SIZE else pictures)


def kinds(net, pictures, cakes):
    """How often each kind of topping was seen where it was ordered, and where it was not."""
    ordered, seen = labels(cakes)["toppings"] > 0, read(net, pictures)["toppings"] > 0
    return ", ".join(f"{kind} {(s & o).sum()}/{o.sum()} +{(s & ~o).sum()}" for kind, o, s in zip(TOPPINGS, ordered.T, seen.T))


def score(net, pictures, cakes):
    """Share of pictures that the classifier reads as ordered."""
    out = read(net, pictures)
    wanted = labels(cakes)
    scores = {h: (out[h].argmax(1) == wanted[h]).float().mean().item() for h in HEADS}
    ordered = wanted["toppings"] > 0
    seen = out["toppings"] > 0
    scores["topping present"] = (seen & ordered).sum().item() / max(1, ordered.sum().item())
    scores["toppings exact"] = (seen == ordered).all(1).float().mean().item()
    return scores


def held_out_orders(rng, count, topping=True):
    cakes = []
    while len(cakes) < count:
        cake = random_cake(rng)
        if held_out(cake) and (cake.toppings or not topping):
            cakes.append(cake)
    return cakes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--minutes", type=float, default=8, help="processor time of --train")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sheet", type=Path, help="write the first 30 pictures here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.train:
        train(arguments)
    net = Classifier()
    net.load_state_dict(torch.load(arguments.work / "classifier.pt", weights_only=True))
    net.eval()
    rng = np.random.default_rng(arguments.seed)
    cakes = held_out_orders(rng, 400)
    drawn = drawings(cakes, rng)
    show("drawings", net, drawn, cakes)
    if arguments.train:
        return

    from conditioning import Conditioning, tokenizer
    from export import load_trained
    from sample import sample, sheet

    diffusion, components, decoder = load_trained(arguments.work)
    with torch.no_grad():
        show("drawings through the autoencoder", net, torch.cat([decoder(components.encode(x)).clamp(0, 1) for x in drawn.split(20)]), cakes)
    conditioning = Conditioning(tokenizer(arguments.work))
    cakes = cakes[:arguments.count]
    for name, plain in (("made, worker's wording", True), ("made, free wording", False)):
        texts = [caption(cake, rng, plain=plain) for cake in cakes]
        pictures = torch.cat([
            sample(diffusion, decoder, conditioning, texts[i:i + 10], range(1000 + i, 1000 + i + len(texts[i:i + 10])),
                   arguments.size, arguments.steps, arguments.guidance)
            for i in range(0, len(texts), 10)])
        show(name, net, pictures, cakes)
        if plain and arguments.sheet:
            from PIL import Image

            Image.fromarray(sheet(pictures[:30])).save(arguments.sheet)
            print("\n".join(texts[:30]))


def show(name, net, pictures, cakes):
    print(f"{name} ({len(cakes)}): " + ", ".join(f"{k} {v:.3f}" for k, v in score(net, pictures, cakes).items()))
    print(f"  toppings seen of those ordered, + where not ordered: {kinds(net, pictures, cakes)}", flush=True)


if __name__ == "__main__":
    main()
