"""Trains the language model; ends after --minutes of processor time in all, and goes on where it was stopped.

    python train.py WORK --minutes 60
    python train.py WORK --minutes 40 --from ../../models-gguf/demo/qwen3-demo.gguf      goes on from a shipped model

WORK/checkpoint.pt holds everything that a resumed run needs; a run that is told to end (SIGTERM, Ctrl-C) writes it. The
calls are made on the fly, from the seed and the step's number. Two optimisers: Muon for the matrices of the layers,
AdamW for embeddings and norms.
"""
import argparse
import os
import pathlib
import random
import signal
import sys
import time

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import calls
import export
import model
import prompt

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from muon import Muon

WEIGHTS = {"form": 0.3, "intent": 4.0, "menu": 3.0, "order_state": 2.0, "state": 2.0, "names": 2.0, "text": 0.5}
# how far the answers of a group's calls go, in turn: a model that was trained before needs sentences and names, and
# intent and menu, which come first, cost least
FAR = [None, "state"]
FAR_AGAIN = [None, "menu", "menu", "state", "menu", "menu"]
LONGEST = 640
# share of the calls in which tokens of several syllables are at times read as their syllables, and of the tokens there
SPLIT_CALLS, SPLIT_TOKENS = 0.3, 0.5


class Batcher:
    """`rng`, of training alone, splits tokens of several syllables in what is read: words that no pattern has come as
    syllables, which would otherwise hardly mean anything by themselves."""

    def __init__(self, tokenizer):
        self.tokenizer, self.rng = tokenizer, None
        texts = {i: tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())}
        self.syllables = {i: [part for c in text for part in tokenizer.encode(c).ids] for i, text in texts.items()
                          if sum("가" <= c <= "힣" for c in text) > 1}

    def encoded(self, text):
        return self.tokenizer.encode(text).ids

    def split(self, ids):
        r = self.rng
        if r is None or r.random() >= SPLIT_CALLS:
            return ids
        return [part for i in ids for part in (self.syllables[i] if i in self.syllables and r.random() < SPLIT_TOKENS else [i])]

    def tail(self, lines, pieces, last=None):
        """(ids, weight of each id as a target): the user message's own lines, and the answer, or its beginning up to a
        kind of piece."""
        head = self.split(self.encoded(lines + prompt.CLOSING))
        answer = self.tokenizer.encode("".join(text for text, _ in pieces) + prompt.END)
        of_character = [WEIGHTS[kind] for text, kind in pieces for _ in text] + [WEIGHTS["form"]] * len(prompt.END)
        # whether a value begins or ends is often decided by the mark beside it: `":` goes on with null, `":"` with a text
        at = 0
        for text, kind in pieces:
            for beside in (at - 1, at + len(text)):
                if kind != "form" and 0 <= beside < len(of_character):
                    of_character[beside] = max(of_character[beside], WEIGHTS[kind])
            at += len(text)
        weights = [max(of_character[a:b]) for a, b in answer.offsets]
        ids = answer.ids
        if last:
            end = sum(len(text) for text, _ in pieces[:1 + max(i for i, piece in enumerate(pieces) if piece[1] == last)])
            keep = sum(a < end for a, _ in answer.offsets)
            ids, weights = ids[:keep], weights[:keep]
        return head + ids, [0.0] * len(head) + weights

    def batch(self, made, block=4, far=(None,)):
        """[(begun, [(lines, pieces)])] as groups for the model, and in their order the target of each place and its
        weight; a place without a target has weight 0. `far` says where answers are cut: what follows the stage repeats it
        in words, unless it recommends."""
        groups, targets, weights = [], [], []
        for text, rows in made:
            tails = []
            for i, (lines, pieces) in enumerate(rows):
                last = far[i % len(far)] if pieces[1][1] == "intent" else None
                if last == "state" and [name for name, kind in pieces if kind == "names"] != ["null", "[]"]:
                    last = None
                tails.append(self.tail(lines, pieces, last))
            tails.sort(key=lambda tail: len(tail[0]))
            blocks = []
            for first in range(0, len(tails), block):
                some = tails[first:first + block]
                size = len(some[-1][0])
                ids = torch.zeros(len(some), size + 1, dtype=torch.long)
                weight = torch.zeros(len(some), size + 1)
                for i, (row, of) in enumerate(some):
                    ids[i, :len(row)], weight[i, :len(row)] = torch.tensor(row), torch.tensor(of)
                blocks.append(ids[:, :-1])
                targets.append(ids[:, 1:].reshape(-1))
                weights.append(weight[:, 1:].reshape(-1))
            groups.append((torch.tensor(self.encoded(text)), blocks))
        return groups, torch.cat(targets), torch.cat(weights)


def loss_of(net, batch, wanted, dropout=0.0):
    groups, targets, weights = batch
    logits = net.logits(net.shared(groups, dropout)[wanted]).float()
    losses = F.cross_entropy(logits, targets[wanted], reduction="none")
    return (losses * weights[wanted]).sum() / weights[wanted].sum(), logits


@torch.no_grad()
def checked(net, batch):
    """Share of calls whose intent, whose other choices, and whose texts are all right, given the right tokens before."""
    groups, targets, weights = batch
    wanted = weights > WEIGHTS["form"]
    right = torch.ones(len(targets), dtype=torch.bool)
    right[wanted] = loss_of(net, batch, wanted)[1].argmax(-1) == targets[wanted]
    shares, at = {("intent",): [], ("menu", "order_state"): [], ("text",): []}, 0
    for block in (block for _, blocks in groups for block in blocks):
        size = block.numel()
        for kinds, found in shares.items():
            found += (right | ~torch.isin(weights, torch.tensor([WEIGHTS[kind] for kind in kinds])))[at:at + size].view(block.shape).all(-1).tolist()
        at += size
    return [sum(found) / len(found) for found in shares.values()]


@torch.no_grad()
def even(embedding, tokenizer):
    """Makes the rows of rare syllables as different from each other as those of usual ones are: the softmax pushes a row
    that is hardly ever the target towards all others of its kind, until its syllable is not copied any more."""
    ids = torch.tensor([tokenizer.encode(syllable).ids[0] for syllable in calls.ALL])
    length = embedding[ids].norm(dim=1)
    short = length < 0.8 * length.topk(len(ids) // 10).values.mean()
    own = lambda rows: rows - rows.mean(0)
    wanted = own(embedding[ids[~short]]).norm(dim=1).mean()
    rows = embedding[ids[short]]
    embedding[ids[short]] = rows.mean(0) + own(rows) * (wanted / own(rows).norm(dim=1)).clamp(1, 1.6)[:, None]
    return int(short.sum())


def rate(done, again=None):
    """Share of the full learning rate after this share of the time: up at once, flat, down over the last third. What
    was trained before begins at the share `again` and goes straight down: a high rate undoes more than a short run mends."""
    return min(1.0, done / 0.01 + 0.05, (1.0 - done) * 3) if again is None else again * min(done / 0.02 + 0.02, 1.0 - done)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("work", type=pathlib.Path)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--groups", type=int, default=2)
    options.add_argument("--calls", type=int, default=8)
    options.add_argument("--from", dest="begin", metavar="MODEL", help="GGUF file whose weights and tokens a new run begins with")
    options.add_argument("--rate", type=float, default=0.125, help="with --from: the share of the full learning rate to begin at")
    options.add_argument("--dropout", type=float, default=0.0, help="share of what a layer adds that is left out at random")
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    if options.begin and not (options.work / "tokenizer.json").exists():
        options.work.mkdir(parents=True, exist_ok=True)
        export.tokenizer_of(options.begin).save(str(options.work / "tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    batcher = Batcher(tokenizer)
    if options.begin:
        net = export.read(options.begin)[0]
        print(f"{even(net.embed_tokens.weight, tokenizer)} rows of rare syllables made longer", flush=True)
    else:
        net = model.initialised(model.Config(tokenizer.get_vocab_size()), options.seed)
    matrices = [p for name, p in net.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in net.named_parameters() if p.dim() != 2 or "embed" in name]
    optimizers = [Muon(matrices, 0.02), torch.optim.AdamW(others, 2e-3, betas=(0.9, 0.98), weight_decay=0.0)]
    full = [[g["lr"] for g in o.param_groups] for o in optimizers]
    # the published weights are a running mean
    mean = {name: p.detach().clone() for name, p in net.named_parameters()}
    step, spent = 0, 0.0
    path = options.work / "checkpoint.pt"
    if path.exists():
        saved = torch.load(path, weights_only=True)
        net.load_state_dict(saved["net"])
        mean = saved["mean"]
        step, spent = saved["step"], saved["spent"]
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
    check = batcher.batch([calls.group(calls.Maker(random.Random(10_000_000 + i), held_out=True), 8) for i in range(8)])

    def save():
        state = {"net": net.state_dict(), "mean": mean, "step": step, "spent": spent, "optimizers": [o.state_dict() for o in optimizers]}
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    told = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.append(True))
    began, reported, losses = time.process_time() - spent, spent, []
    while not told and (spent := time.process_time() - began) < options.minutes * 60:
        batcher.rng = rng = random.Random(options.seed * 100_000_000 + step)
        made = []
        while len(made) < options.groups:
            begun, tails = calls.group(calls.Maker(rng, practice=True), options.calls)
            if len(batcher.encoded(begun)) < LONGEST:
                made.append((begun, tails))
        for optimizer, lrs in zip(optimizers, full):
            for g, lr in zip(optimizer.param_groups, lrs):
                g["lr"] = lr * rate(spent / options.minutes / 60, options.rate if options.begin else None)
        batch = batcher.batch(made, far=FAR_AGAIN if options.begin else FAR)
        # the form is the same in every answer: a fifth of it is enough
        wanted = (batch[2] > WEIGHTS["form"]) | (batch[2] > 0) & (torch.rand(len(batch[2])) < 0.2)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(net, batch, wanted, options.dropout)[0]
        net.zero_grad(set_to_none=True)
        loss.backward()
        # AdamW makes as much of the softmax's faint push on rows that do not occur as of what the others learn
        absent = torch.ones(net.c.vocab_size, dtype=torch.bool)
        absent[batch[1]] = False
        for begun, blocks in batch[0]:
            for ids in (begun, *blocks):
                absent[ids] = False
        net.embed_tokens.weight.grad[absent] = 0
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer in optimizers:
            optimizer.step()
        keep = min(0.98, step / (step + 10))
        for name, p in net.named_parameters():
            mean[name].lerp_(p.detach(), 1 - keep)
        step += 1
        losses.append(loss.item())
        if spent - reported > 180:
            with torch.autocast("cpu", torch.bfloat16):
                intent, choices, texts = checked(net, check)
            print(f"step {step} {spent / 60:.1f} min, loss {sum(losses) / len(losses):.3f}, held-out patterns: intent {intent:.2f}, choices {choices:.2f}, texts {texts:.2f}", flush=True)
            reported, losses = spent, []
            save()
    save()


if __name__ == "__main__":
    main()
