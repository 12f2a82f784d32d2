"""A larger model that answers as a given one does, for training to go on with (`train.py --from`).

    python grow.py ../../models-gguf/demo/qwen3-demo.gguf OUT.gguf --layers 6 --feed-forward 768

New layers stand in the middle and at the end and add nothing at first, nor do the new places of the feed-forward parts:
what they read is drawn at random, what they write is zero.
"""
import argparse

import torch

import export
import model


def grown(net, layers, feed_forward, seed):
    """A model of so many layers and so wide feed-forward parts with the same logits as `net`."""
    old = net.c
    c = model.Config(old.vocab_size, old.hidden_size, feed_forward, layers)
    out = model.Qwen3(c)
    g = torch.Generator().manual_seed(seed)
    more = layers - old.num_hidden_layers
    half, between = old.num_hidden_layers // 2, more // 2
    place = lambda i: i if i < half else i + between
    with torch.no_grad():
        for name, weight in out.named_parameters():
            if weight.dim() == 2:
                zero = name.endswith(("o_proj.weight", "down_proj.weight"))
                weight.zero_() if zero else weight.normal_(0, weight.shape[1] ** -0.5, generator=g)
        mine = dict(out.named_parameters())
        for name, weight in net.named_parameters():
            if name.startswith("layers."):
                _, i, part = name.split(".", 2)
                name = f"layers.{place(int(i))}.{part}"
            mine[name][tuple(slice(size) for size in weight.shape)] = weight
    return out.eval()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("model")
    options.add_argument("out")
    options.add_argument("--layers", type=int, required=True)
    options.add_argument("--feed-forward", type=int, required=True)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    net, tokenizer = export.read(options.model)[0], export.tokenizer_of(options.model)
    if options.layers < net.c.num_hidden_layers or options.feed_forward < net.c.intermediate_size:
        raise SystemExit(f"{options.model} has {net.c.num_hidden_layers} layers and feed-forward parts of {net.c.intermediate_size}: it cannot shrink")
    out = grown(net, options.layers, options.feed_forward, options.seed)
    with torch.no_grad():
        ids = torch.arange(64) * 37 % net.c.vocab_size
        far = (out.step(ids, None)[0] - net.step(ids, None)[0]).abs().max().item()
    if far > 1e-3:
        raise SystemExit(f"the larger model's logits are {far} away from those it began with")
    export.write(options.out, out.state_dict(), tokenizer)


if __name__ == "__main__":
    main()
