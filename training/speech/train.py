"""Trains the speech model: `python train.py DATA OUT --minutes M`. Resumable: the same command goes on where it stopped.

One thread. The budget is counted in minutes of processor time, and the learning rate follows the share that is used up:
level after the warm-up, straight down in the last FALL of it. A restart may give another budget. Loss = next token +
phoneme of every 20 ms + guidance of one cross-attention head per layer to the token's place in the sound (falling with
the rate).
"""
import argparse
import json
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

import clips
import grammar
import grammar_ko
import tokens
from model import SHAPE, WINDOW, Whisper

FRAMES_A_BATCH = 2600
PEAK_RATE, WARM_UP, FALL, DECAY = 2e-3, 200, 0.35, 0.99
PHONEME_WEIGHT, GUIDE_WEIGHT, GUIDE_END, GUIDE_MARGIN = 1.0, 1.0, 0.95, 0.04
LONGEST, SHORT_FRAMES, SHORT_UNTIL = 3000, 360, 0.22  # short, mostly clean clips in short windows first: attention finds its way in them sooner
NOISY_EARLY, NOISY_FROM = 0.4, 0.93  # before that share of the time only so many of the clips with noise, room or codec
CORRUPTED = 0.1       # of the decoder's text inputs are another token, so that it looks at the sound and not only at what it wrote
ENCODER_EVERY, ENCODER_FROM = 3, 0.93  # before that share of the time the encoder learns in one of so many steps: it is ahead of the decoder, and costs most
JOINED, JOINED_FRAMES = 0.6, 500  # of the clips shorter than that are put together in twos
IGNORE = -100


def used_ids():
    """The ids that the grammar can write, found by drawing from it, and the control tokens that the model says or hears."""
    rng, ids = random.Random(0), set()
    for language, count in (("ko", 120_000), ("en", 15_000), ("ja", 15_000)):
        blank = "" if language == "ja" else " "
        for _ in range(count):
            ids.update(tokens.encode(blank + grammar.sentence(rng, language, rng.choice(["train", "test"])).text))
    for surname in grammar_ko.SURNAMES:
        for first in grammar_ko.FIRST:
            for second in grammar_ko.SECOND:
                ids.update(tokens.encode(f" {surname}{first}{second}"))
    for which in (grammar_ko.GREETINGS, grammar_ko.FAREWELLS):
        for text in which:
            ids.update(tokens.encode(" " + text))
    ids.update(range(tokens.TIMESTAMP, tokens.TIMESTAMP + 1501, tokens.TICK))
    ids.update([tokens.EOT, tokens.SOT, tokens.TRANSCRIBE, tokens.PREV, tokens.NO_SPEECH, tokens.NO_TIMESTAMPS, *tokens.LANGUAGE.values()])
    ids.update(tokens.encode(", 메뉴: 케이크, 주문, Menu:"))
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
                        pool.append((clip, mel[frames:frames + n], phonemes[classes:classes + (n + 1) // 2]))
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
                    waiting[language] = item
                    continue
                item = self._join(waiting.pop(language), item)
            out.append(item)
        return out + list(waiting.values())

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
        silence, rows, goals, spans = [], [], [], []
        for i, (clip, sound, phonemes) in enumerate(batch):
            floor = clip["top"] - 2
            mel[i] = floor
            n = min(len(sound), 2 * positions)
            mel[i, :n] = sound[:n] / 127.5 + floor
            classes[i, :min(len(phonemes), positions)] = phonemes[:positions]
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
        return {"mel": torch.from_numpy(mel).transpose(1, 2), "classes": torch.from_numpy(classes), "ids": ids, "goal": goal,
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "checkpoint.pt"
    state = torch.load(checkpoint, weights_only=False) if checkpoint.exists() else None
    ids = state["ids"] if state else used_ids()
    row = {token: i for i, token in enumerate(ids)}
    model = Whisper(len(ids) + 1, tokens.N_VOCAB - len(ids), **SHAPE)
    phoneme_head = torch.nn.Linear(SHAPE["d_model"], clips.PHONEME_CLASSES)
    parameters = [p for p in [*model.parameters(), *phoneme_head.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    step, samples, used = 0, 0, 0.0
    if state:
        model.load_state_dict(state["model"]), phoneme_head.load_state_dict(state["phoneme_head"]), optimizer.load_state_dict(state["optimizer"])
        average, step, samples, used = state["average"], state["step"], state["samples"], state["used"]
    print(f"{len(ids)} ids, {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, from step {step}", flush=True)

    def save():
        part = checkpoint.with_suffix(".part")
        torch.save({"ids": ids, "shape": SHAPE, "model": model.state_dict(), "phoneme_head": phoneme_head.state_dict(), "average": average,
                    "optimizer": optimizer.state_dict(), "step": step, "samples": samples, "used": used}, part)
        part.replace(checkpoint)

    start, saved, meters = time.process_time() - used * 60, time.time(), []
    shards = Shards(args.data, row, args.seed + step)
    shards.at(used / args.minutes)
    for batch in shards:
        used = (time.process_time() - start) / 60
        progress = used / args.minutes
        if progress >= 1:
            break
        shards.at(progress)
        rate = PEAK_RATE * min(1, (step + 1) / WARM_UP, (1 - progress) / FALL + 0.01)
        for group in optimizer.param_groups:
            group.update(lr=rate, fused=True)  # a checkpoint may know nothing of fused
        easy = progress < SHORT_UNTIL
        guide_weight = GUIDE_WEIGHT * min(1.0, max(0.0, (GUIDE_END - progress) / FALL))
        goal, positions = batch["goal"], batch["classes"].shape[1]
        with torch.autocast("cpu", torch.bfloat16):
            with torch.set_grad_enabled(progress > ENCODER_FROM or easy or step % ENCODER_EVERY == 0):
                states, bias = model.encoder(batch["mel"], batch["offset"], batch["silence"])
            hidden, guides = model.decoder(batch["ids"], states, bias, weights=guide_weight > 0)
        token_loss = F.cross_entropy(model.logits(hidden[goal != IGNORE].float()), goal[goal != IGNORE])
        phoneme_loss = F.cross_entropy(phoneme_head(states[:, :positions].float()).flatten(0, 1), batch["classes"].flatten())
        loss = token_loss + PHONEME_WEIGHT * phoneme_loss
        guide_loss = torch.zeros(())
        if guide_weight > 0:
            guide_loss = guidance(guides, batch["span"], positions)
            loss = loss + guide_weight * guide_loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step, samples = step + 1, samples + len(goal)
        keep = min(DECAY, step / (step + 20))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        meters.append((token_loss.item(), phoneme_loss.item(), guide_loss.item()))
        if step % 50 == 0:
            means = np.mean(meters, 0)
            print(f"step {step} samples {samples} minutes {used:.1f} token {means[0]:.3f} phoneme {means[1]:.3f} guide {means[2]:.3f} rate {rate:.1e}", flush=True)
            meters = []
        if time.time() - saved > 120:
            save()
            saved = time.time()
    save()


if __name__ == "__main__":
    main()
