"""Makes training shards: `python make_data.py OUT --shards N --seed S`. Resumable; one process, one thread.

A shard is an .npz of CLIPS clips: their log-mels as bytes one after the other ("mel", 80 a frame), phoneme
classes per 20 ms ("phonemes"), and a JSON list ("clips") with frames, scale, language and the target tokens
with the seconds that each belongs to. A shard that exists is not made again; each has its own seed.
"""
import argparse
import json
import os
import pathlib
import random

import numpy as np

import align
import clips
import sound
import synth
import tokens

CLIPS = 500
FRAME = 0.02


def words_of(segment, language):
    """The words of a sentence with their times; words that espeak-ng ran together are one."""
    blank, out = "" if language == "ja" else " ", []
    for written, a, b in segment:
        if out and out[-1][1] == a:
            written, b = out.pop()[0] + blank + written, max(b, a)
        out.append((written, a, b))
    return out


def targets(clip):
    """(token, start, end) of text and timestamps. Timestamps carry the instant that they name."""
    out, syllables = [], align.onsets(clip.phonemes)
    blank = "" if clip.language == "ja" else " "
    for text, start, end, words in clip.segments:
        latest = tokens.TIMESTAMP + 50 if not out else tokens.TIMESTAMP + 1500  # decoders begin within the first second
        first, last = min(latest, tokens.timestamp(start)), tokens.timestamp(end)
        out.append((first, start, start))
        places = []  # of every byte
        for written, a, b in words_of(words, clip.language):
            spans = align.characters(written, a, b, syllables)
            places += spans[:1] * len(blank)
            for character, span in zip(written, spans):
                places += [span] * len(character.encode())
        at = 0
        for token in tokens.spell(blank + text, clip.language):
            inside = places[at:at + len(tokens.TABLE[token])]
            at += len(inside)
            out.append((token, min(a for a, _ in inside), max(b for _, b in inside)))
        out.append((max(first, last), end, end))
    return [(token, round(a, 3), round(b, 3)) for token, a, b in out]


def frame_classes(clip, frames):
    classes = np.zeros((frames + 1) // 2, np.uint8)
    for i, (start, phoneme) in enumerate(clip.phonemes):
        classes[int(start / FRAME):] = phoneme
    return classes


def make_shard(path, seed, speaker):
    rng = random.Random(seed)
    speaker.redraw_voices(seed)
    mels, phonemes, meta, babble = [], [], [], []
    for _ in range(CLIPS):
        crowd = None
        if len(babble) > 2:
            crowd = sum(np.resize(w, max(map(len, babble))) for w in rng.sample(babble, 3))
        clip = clips.draw(rng, speaker, babble=crowd)
        if clip.language:
            babble = (babble + [clip.wave])[-6:]
        mel = sound.log_mel(clip.wave)
        top = float(mel.max())
        mels.append(np.round((mel.T - (top - 2)) * 127.5).astype(np.uint8))
        phonemes.append(frame_classes(clip, mel.shape[1]))
        meta.append({"frames": mel.shape[1], "top": top, "language": clip.language, "targets": targets(clip)})
    part = path.with_suffix(".part.npz")
    np.savez(part, mel=np.concatenate(mels), phonemes=np.concatenate(phonemes), clips=np.frombuffer(json.dumps(meta).encode(), np.uint8))
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shards", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    speaker = synth.Synth()
    for i in range(args.shards):
        path = args.out / f"{i:04d}.npz"
        if not path.exists():
            make_shard(path, args.seed * 1_000_003 + i, speaker)
            print(path.name, flush=True)


if __name__ == "__main__":
    main()
