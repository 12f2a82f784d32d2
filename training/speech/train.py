"""Trains the speech model: `python train.py DATA OUT --minutes M`. Resumable: the same command goes on where it stopped.

One thread. The budget is counted in minutes of processor time, and the learning rate follows the share that is used up:
level after the warm-up, straight down in the last FALL of it. A restart may give another budget; SIGTERM saves and ends.
`--from MODEL.bin --used U` goes on from a shipped file instead of a checkpoint, as from minute U of `--minutes`; what the
file does not hold of the training (optimizers, heads that read the encoder) begins anew, the heads alone first.
Loss = next token + phoneme of every 20 ms + the tokens that the encoder's states name + guidance of one cross-attention
head per layer to the token's place in the sound (falling to nothing shortly before the end).
"""
import argparse
import functools
import json
import pathlib
import random
import signal
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import clips
import distort
import export
import grammar
import grammar_ko
import tokens
from model import SHAPE, WINDOW, Reader, Whisper

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from muon import Muon

FRAMES_A_BATCH = 2600
PEAK_RATE, MUON_RATE, WARM_UP, FALL, DECAY = 2e-3, 1e-2, 200, 0.5, 0.99
PHONEME_WEIGHT, READ_WEIGHT, GUIDE_WEIGHT, GUIDE_END, GUIDE_FALL, GUIDE_MARGIN = 1.0, 1.0, 1.0, 0.98, 0.12, 0.02
READ_PLACES = 200     # places of a batch whose tokens are asked for
INSTANT_WEIGHT = 0.3  # of a timestamp, to a token of text: the exact tenth of a second cannot be known
LONGEST, SHORT_FRAMES, SHORT_UNTIL = 3000, 360, 0.12  # short, mostly clean clips in short windows first: attention finds its way in them sooner
NOISY_EARLY, NOISY_FROM = 0.4, 0.5  # before that share of the time only so many of the clips with noise, room or codec
CORRUPTED = 0.1       # of the decoder's text inputs are another token, so that it looks at the sound and not only at what it wrote
JOINED, JOINED_FRAMES = 0.5, 500  # of the clips shorter than that are put together in twos,
AGAIN, MOST_JOINED = 0.6, 2400   # of those, while they are shorter than that, with another one
TWICE = 0.15          # of the joints put one of the clips there a second time: only the place tells where to go on then
REORDERED = 0.3       # of the Korean and English clips with one sentence get its words in another order
HEADS_STEPS, HEADS_RATE = 200, 3e-3  # after --from
IGNORE = -100


def used_ids():
    """The ids that the grammar can write, found by drawing from it, and the control tokens that the model says or hears."""
    rng, ids = random.Random(0), set()
    for language, count in (("ko", 60_000), ("en", 15_000), ("ja", 15_000)):
        pieces = set()
        for _ in range(count):
            text = grammar.sentence(rng, language, rng.choice(["train", "test"])).text
            pieces.update([text] if language == "en" else text)
        if language == "ko":
            pieces.update("".join(grammar_ko.SURNAMES + grammar_ko.FIRST + grammar_ko.SECOND + grammar_ko.GREETINGS + grammar_ko.FAREWELLS))
        for piece in pieces:
            ids.update(tokens.spell(" " + piece, language))
            ids.update(tokens.spell(piece, language))
    ids.update(range(tokens.TIMESTAMP, tokens.TIMESTAMP + 1501, tokens.TICK))
    ids.update([tokens.EOT, tokens.SOT, tokens.TRANSCRIBE, tokens.PREV, tokens.NO_SPEECH, tokens.NO_TIMESTAMPS, *tokens.LANGUAGE.values()])
    return sorted(ids)


def shop_prompt(rng):
    """What a service may put before the speech to help it: the shop's words, or an earlier sentence."""
    if rng.random() < 0.25:
        return " " + grammar.sentence(rng, "ko").text
    words = [grammar.fill("{menu}", grammar_ko.SLOTS, rng) for _ in range(rng.randint(2, 18))]
    words += rng.sample(grammar_ko.STYLES, rng.randint(0, 5))
    return rng.choice([" ", " 메뉴: ", " 케이크 주문. "]) + ", ".join(words) + rng.choice(["", "."])


class Shards:
    """Batches of clips of like length, drawn from random shards for ever."""

    def __init__(self, folder, row, seed):
        self.folder, self.row, self.rng = folder, row, random.Random(seed)
        self.seen = []
        self.longest, self.noisy = SHORT_FRAMES, 0.15  # frames; the share of the clips with noise that is taken

    def at(self, progress):
        """What is drawn at this share of the time; for the next shards, not for those in hand."""
        if progress >= SHORT_UNTIL:
            self.longest, self.noisy = LONGEST, 1.0 if progress >= NOISY_FROM else NOISY_EARLY

    def _next_shard(self):
        names = sorted(p for p in self.folder.glob("[0-9]*.npz") if "part" not in p.name)
        fresh = [n for n in names if n not in self.seen]
        if not fresh:
            self.seen, fresh = [], names
        name = self.rng.choice(fresh)
        self.seen.append(name)
        return np.load(name)

    def __iter__(self):
        while True:
            pool = []
            for _ in range(2):  # shards at a time
                shard = self._next_shard()
                mel, phonemes, frames, classes = shard["mel"], shard["phonemes"], 0, 0
                for clip in json.loads(bytes(shard["clips"])):
                    n = clip["frames"]
                    known = all(token in self.row for token, *_ in clip["targets"])
                    if known and n <= self.longest and (not clip["language"] or self.rng.random() < self.noisy or self._is_clean(mel[frames:frames + n])):
                        item = clip, mel[frames:frames + n], phonemes[classes:classes + (n + 1) // 2]
                        pool.append(self._reordered(*item) if clip["language"] in ("ko", "en") and self.rng.random() < REORDERED else item)
                    frames, classes = frames + n, classes + (n + 1) // 2
            pool = self._joined(pool)
            pool.sort(key=lambda item: item[0]["frames"] * self.rng.uniform(0.9, 1.1))
            batches, batch = [], []
            for item in pool:
                if batch and max(item[0]["frames"], batch[-1][0]["frames"]) * (len(batch) + 1) > FRAMES_A_BATCH:
                    batches.append(batch)
                    batch = []
                batch.append(item)
            self.rng.shuffle(batches)
            yield from (self._collate(batch) for batch in batches)

    def _reordered(self, clip, sound, phonemes):
        """Cuts a sentence where its words begin and puts them in another order, but for the last, which has its mark."""
        if sum(t[0] >= tokens.TIMESTAMP for t in clip["targets"]) != 2:
            return clip, sound, phonemes
        words = []
        for target in clip["targets"][1:-1]:
            if not words or tokens.TABLE[target[0]].startswith(b" "):
                words.append([])
            words[-1].append(target)
        cuts = [round(word[0][1] / tokens.SECONDS) for word in words]
        if len(words) < 3 or any(b - a < 3 for a, b in zip(cuts, cuts[1:])):
            return clip, sound, phonemes
        order = list(range(len(words) - 1))
        self.rng.shuffle(order)
        targets, sounds, classes, at = clip["targets"][:1], [sound[:2 * cuts[0]]], [phonemes[:cuts[0]]], cuts[0]
        for i in order:
            targets = targets + [(token, a + (at - cuts[i]) * tokens.SECONDS, b + (at - cuts[i]) * tokens.SECONDS) for token, a, b in words[i]]
            sounds.append(sound[2 * cuts[i]:2 * cuts[i + 1]])
            classes.append(phonemes[cuts[i]:cuts[i + 1]])
            at += cuts[i + 1] - cuts[i]
        targets = targets + words[-1] + clip["targets"][-1:]
        return dict(clip, targets=targets), np.concatenate(sounds + [sound[2 * cuts[-1]:]]), np.concatenate(classes + [phonemes[cuts[-1]:]])

    def _joined(self, pool):
        """Puts some clips of the same language one behind the other, so that words occur late in a clip as well."""
        if self.longest == SHORT_FRAMES:
            return pool
        self.rng.shuffle(pool)
        out, waiting = [], {}
        for item in pool:
            language = item[0]["language"]
            if language and item[0]["frames"] < JOINED_FRAMES and self.rng.random() < JOINED:
                if language not in waiting:
                    waiting[language] = [item]
                    continue
                parts = waiting.pop(language)
                parts.append(item)
                if self.rng.random() < TWICE:
                    parts.append(self.rng.choice(parts))
                if sum(part[0]["frames"] for part in parts) < MOST_JOINED - 2 * JOINED_FRAMES and self.rng.random() < AGAIN:
                    waiting[language] = parts
                    continue
                item = functools.reduce(self._join, parts)
            out.append(item)
        return out + [functools.reduce(self._join, parts) for parts in waiting.values()]

    def _join(self, one, two):
        (a, sound_a, phonemes_a), (b, sound_b, phonemes_b) = one, two
        start = -(-(len(sound_a) + self.rng.randint(0, 50)) // (2 * tokens.TICK)) * 2 * tokens.TICK
        top = max(a["top"], b["top"])
        sound = np.zeros((start + len(sound_b), 80), np.uint8)
        for part, at, own in ((sound_a, 0, a["top"]), (sound_b, start, b["top"])):
            sound[at:at + len(part)] = np.maximum(0, np.round(part - 127.5 * (top - own)))
        phonemes = np.zeros((len(sound) + 1) // 2, phonemes_a.dtype)
        phonemes[:len(phonemes_a)] = phonemes_a
        phonemes[start // 2:start // 2 + len(phonemes_b)] = phonemes_b
        later = [(token, x + start / 100, y + start / 100) for token, x, y in b["targets"]]
        return dict(a, frames=len(sound), top=top, targets=a["targets"] + later), sound, phonemes

    @staticmethod
    def _is_clean(mel):
        """Whether the background reaches the spectrogram's floor, which no noise lets it."""
        return np.mean(mel[:, ::8] == 0) > 0.12

    def _collate(self, batch):
        rng = self.rng
        easy = self.longest == SHORT_FRAMES
        full = not easy and rng.random() < 0.3
        positions = (max(item[0]["frames"] for item in batch) + 1) // 2 + rng.randint(0, 10 if easy else 50)
        positions = min(WINDOW - 100, positions)
        offset = rng.randint(0, (WINDOW - positions) // 5) * 5 if full and rng.random() < 0.5 else 0
        helped = not easy and rng.random() < 0.06  # by batch, since the longest row sets the cost of all
        mel = np.empty((len(batch), 2 * positions, 80), np.float32)
        classes = np.zeros((len(batch), positions), np.int64)
        said = np.full((3, len(batch), positions), IGNORE)
        silence, rows, goals, spans = [], [], [], []
        for i, (clip, sound, phonemes) in enumerate(batch):
            floor = clip["top"] - 2
            mel[i] = floor
            n = min(len(sound), 2 * positions)
            mel[i, :n] = distort.distorted((sound[:n] / 127.5).astype(np.float32), rng) + floor
            classes[i, :min(len(phonemes), positions)] = phonemes[:positions]
            for a, b, *read in characters(clip["targets"]):
                said[:, i, round(a / tokens.SECONDS):round(b / tokens.SECONDS)] = [[self.row.get(t, IGNORE)] for t in read]
            said[:, i][:, classes[i] == 0] = IGNORE
            silence.append(floor)
            row, goal, span = self._sequence(clip, offset, helped)
            rows.append(row), goals.append(goal), spans.append(span)
        length = max(map(len, rows))
        ids = torch.full((len(batch), length), self.row[tokens.EOT])
        goal = torch.full((len(batch), length), IGNORE)
        span = torch.zeros((len(batch), length, 2))
        for i in range(len(batch)):
            ids[i, :len(rows[i])] = torch.tensor(rows[i])
            goal[i, :len(goals[i])] = torch.tensor(goals[i])
            span[i, :len(spans[i])] = torch.tensor(spans[i])
        return {"mel": torch.from_numpy(mel).transpose(1, 2), "classes": torch.from_numpy(classes), "said": torch.from_numpy(said), "ids": ids, "goal": goal,
                "span": span, "offset": offset, "silence": torch.tensor(silence) if full else None}

    def _sequence(self, clip, offset, helped):
        """Decoder input, its targets, and each target's place in the sound (equal ends where it has none)."""
        rng, shift = self.rng, offset * tokens.SECONDS
        speech = clip["language"] != ""
        language = clip["language"] or rng.choice(["ko", "ko", "en", "ja"])
        timed = rng.random() < 0.65
        prompt = []
        if helped and rng.random() < 0.8:
            prompt = [tokens.PREV] + tokens.encode(shop_prompt(rng))[-200:]
        head = [tokens.SOT, tokens.LANGUAGE[language], tokens.TRANSCRIBE] + ([] if timed else [tokens.NO_TIMESTAMPS])
        goals = [IGNORE] * len(prompt) + [tokens.LANGUAGE[language] if speech else tokens.NO_SPEECH] + [IGNORE] * (len(head) - 2)
        body, spans = [], [(0.0, 0.0)] * (len(prompt) + len(head) - 1)
        for i, (token, a, b) in enumerate(clip["targets"]):
            if token < tokens.TIMESTAMP:
                body.append(token)
                spans.append((a - GUIDE_MARGIN, b + GUIDE_MARGIN))
            elif timed:
                limit = tokens.TIMESTAMP + (50 if i == 0 else 1500)
                body.append(min(limit, tokens.timestamp(a) + offset))
                spans.append((a - 2 * GUIDE_MARGIN, b + 2 * GUIDE_MARGIN))
        if timed and not speech:
            body.append(tokens.TIMESTAMP)
            spans.append((0.0, 0.0))
        spans.append((0.0, 0.0))
        other = [t for t in body if t < tokens.EOT]
        inputs = prompt + head + [rng.choice(other) if t < tokens.EOT and rng.random() < CORRUPTED else t for t in body]
        known = lambda token: self.row.get(token, len(self.row))
        return [known(t) for t in inputs], [t if t == IGNORE else known(t) for t in goals + body + [tokens.EOT]], spans


def characters(targets):
    """(start, end, first token, last token, token before) of every character or larger piece that is whole tokens."""
    out, before, piece = [], None, []
    for token, a, b in targets:
        if token >= tokens.EOT:  # the text before it goes on without timestamps
            continue
        piece.append((token, a, b))
        try:
            b"".join(tokens.TABLE[t] for t, *_ in piece).decode()
        except UnicodeDecodeError:
            continue
        out.append((min(a for _, a, _ in piece), max(b for *_, b in piece), piece[0][0], token, before))
        before, piece = token, []
    return out


def reading(reader, table, states, said):
    """Cross-entropy of the tokens that the encoder's states name, for some places of the batch, and the share of right
    ones among the tokens that are said there."""
    places = (said[0] != IGNORE).flatten().nonzero()[:, 0]
    places = places[torch.randperm(len(places))[:READ_PLACES]]
    states, (first, last, before) = states.flatten(0, 1)[places], said.flatten(1)[:, places]
    loss, right = 0.0, []
    for view, goal, known, weight in ((0, first, first != IGNORE, 1.0), (1, last, last != first, 0.5), (2, before, before != IGNORE, 1.0)):
        if known.any():
            scores = (reader.views[view](states[known]) @ table.T).float()
            loss = loss + weight * F.cross_entropy(scores, goal[known])
            right.append((scores.argmax(-1) == goal[known]).float().mean().item())
    return loss, right[0] if right else 0.0


def guidance(guides, span, positions):
    """Minus the log of the attention inside each token's span, averaged over tokens and layers."""
    centre = (torch.arange(positions) + 0.5) * tokens.SECONDS
    inside = (centre >= span[..., :1]) & (centre <= span[..., 1:])
    real = inside.any(-1)
    loss = 0.0
    for guide in guides:
        mass = (guide[..., :positions].float() * inside).sum(-1)
        loss = loss - torch.log(mass[real] + 1e-4).sum() / max(1, real.sum())  # silence has no place to look at
    return loss / len(guides)


def grow(state, count, named, others):
    """Gives a checkpoint's table `count` rows more, which begin near the row that stood for them until now."""
    name, table = "decoder.embed_tokens.weight", state["model"]["decoder.embed_tokens.weight"]
    fresh = table[-1:] + 0.05 * torch.randn(count, table.shape[1])
    for weights in (state["model"], state["average"]):
        weights[name] = torch.cat([weights[name][:-1], fresh, weights[name][-1:]])
    parameter = dict(named)[name]
    moments = state["optimizers"][1]["state"][next(i for i, p in enumerate(others) if p is parameter)]
    for key in ("exp_avg", "exp_avg_sq"):
        moments[key] = torch.cat([moments[key][:-1], moments[key][-1:].expand(count, -1), moments[key][-1:]])


def fit_heads(model, reader, shards):
    """Trains the heads that read the encoder, and nothing else: they are not in a model file."""
    optimizer, table = torch.optim.AdamW(reader.parameters(), lr=HEADS_RATE), model.decoder.embed_tokens.weight.detach()
    for step, batch in zip(range(HEADS_STEPS), shards):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            states, _ = model.encoder(batch["mel"], batch["offset"], batch["silence"])
        states = states[:, :batch["classes"].shape[1]].float()
        read_loss, read = reading(reader, table, states, batch["said"])
        phoneme_loss = F.cross_entropy(reader.phoneme(states).flatten(0, 1), batch["classes"].flatten())
        for group in optimizer.param_groups:
            group["lr"] = HEADS_RATE * (1 - step / HEADS_STEPS)
        optimizer.zero_grad(set_to_none=True)
        (read_loss + phoneme_loss).backward()
        optimizer.step()
    print(f"heads: phoneme {phoneme_loss.item():.3f} read {read:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="begun", type=pathlib.Path, help="a model file that a new run begins with")
    parser.add_argument("--used", type=float, default=0, help="with --from: the minutes that its training counts as")
    parser.add_argument("--encoder", type=pathlib.Path, help="a checkpoint whose encoder a new run begins with")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "checkpoint.pt"
    state = torch.load(checkpoint, weights_only=False) if checkpoint.exists() else None
    ids = state["ids"] if state else []
    ids = ids + [token for token in used_ids() if token not in set(ids)]  # the grammar may have grown
    row = {token: i for i, token in enumerate(ids)}
    model = Whisper(len(ids) + 1, tokens.N_VOCAB - len(ids), **SHAPE)
    reader = Reader(SHAPE["d_model"], clips.PHONEME_CLASSES)
    reader.teach(model.decoder.layers[0].encoder_attn)
    if args.encoder and not state:
        begun = torch.load(args.encoder, weights_only=False)
        model.encoder.load_state_dict({k.removeprefix("encoder."): v for k, v in begun["average"].items() if k.startswith("encoder.")})
        reader.phoneme.load_state_dict({k.removeprefix("phoneme."): v for k, v in (begun.get("reader") or begun["phoneme_head"]).items()
                                        if "views" not in k})
    if args.begun and not state:
        model.load_state_dict(export.small_state(args.begun, ids))
    named = [(name, p) for name, p in [*model.named_parameters(), *reader.named_parameters()] if p.requires_grad]
    matrices = [p for name, p in named if ".layers." in name and p.dim() == 2]
    others = [p for name, p in named if not any(p is m for m in matrices)]
    parameters = [p for _, p in named]
    optimizers = [Muon(matrices, MUON_RATE), torch.optim.AdamW(others, lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)]
    is_instant = torch.tensor([t >= tokens.TIMESTAMP for t in ids] + [False])
    weight = torch.where(is_instant, INSTANT_WEIGHT, 1.0)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    step, samples, used = 0, 0, args.used
    if state:
        grow(state, len(ids) - len(state["ids"]), named, others)
        model.load_state_dict(state["model"]), reader.load_state_dict(state["reader"])
        for optimizer, kept in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        average, step, samples, used = state["average"], state["step"], state["samples"], state["used"]
    print(f"{len(ids)} ids, {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, from step {step}", flush=True)

    def save():
        part = checkpoint.with_suffix(".part")
        torch.save({"ids": ids, "shape": SHAPE, "model": model.state_dict(), "reader": reader.state_dict(), "average": average,
                    "optimizers": [o.state_dict() for o in optimizers], "step": step, "samples": samples, "used": used}, part)
        part.replace(checkpoint)

    start, saved, meters = time.process_time() - used * 60, time.time(), []
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append("to end"))
    shards = Shards(args.data, row, args.seed + step)
    shards.at(used / args.minutes)
    if args.begun and not state:
        fit_heads(model, reader, shards)
    for batch in shards:
        used = (time.process_time() - start) / 60
        progress = used / args.minutes
        if progress >= 1 or asked:
            break
        shards.at(progress)
        rate = min(1, (step + 1) / WARM_UP, (1 - progress) / FALL + 0.01)
        for optimizer, peak in zip(optimizers, (MUON_RATE, PEAK_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
        guide_weight = GUIDE_WEIGHT * min(1.0, max(0.0, (GUIDE_END - progress) / GUIDE_FALL))
        goal, positions = batch["goal"], batch["classes"].shape[1]
        with torch.autocast("cpu", torch.bfloat16):
            states, bias = model.encoder(batch["mel"], batch["offset"], batch["silence"])
            hidden, guides = model.decoder(batch["ids"], states, bias, weights=guide_weight > 0)
            heard = states[:, :positions]
            read_loss, read = reading(reader, model.decoder.embed_tokens.weight, heard, batch["said"])
            phoneme_loss = F.cross_entropy(reader.phoneme(heard).float().flatten(0, 1), batch["classes"].flatten())
        wanted = goal[goal != IGNORE]
        each = F.cross_entropy(model.logits(hidden[goal != IGNORE].float()), wanted, reduction="none")
        loss = (each * weight[wanted]).sum() / weight[wanted].sum() + PHONEME_WEIGHT * phoneme_loss + READ_WEIGHT * read_loss
        guide_loss = torch.zeros(())
        if guide_weight > 0:
            guide_loss = guidance(guides, batch["span"], positions)
            loss = loss + guide_weight * guide_loss
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer in optimizers:
            optimizer.step()
        step, samples = step + 1, samples + len(goal)
        keep = min(DECAY, step / (step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), list(model.state_dict().values()), 1 - keep)
        text = each[~is_instant[wanted]]
        meters.append((text.mean().item() if len(text) else 0.0, phoneme_loss.item(), read, guide_loss.item()))
        if step % 50 == 0:
            means = np.mean(meters, 0)
            print(f"step {step} samples {samples} minutes {used:.1f} text {means[0]:.3f} phoneme {means[1]:.3f} read {means[2]:.3f} guide {means[3]:.3f} rate {rate:.3f}", flush=True)
            meters = []
        if time.time() - saved > 120:
            save()
            saved = time.time()
    save()


if __name__ == "__main__":
    main()
