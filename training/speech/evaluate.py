"""Scores on clips that never trained (other patterns, voices, combinations), made on the spot from a seed.

`python evaluate.py MODEL.bin --engine FOLDER` runs them through whisper.cpp in FOLDER; without --engine through
transformers on the same weights. Character errors count every character, blanks and punctuation included.
"""
import argparse
import json
import random
import time

import numpy as np
import torch

import clips
import sound
import synth
import tokens

CONDITIONS = [  # name, language, sentence category, recording, how often
    ("Korean, clean", "ko", None, "clean", 2),
    ("Korean names and numbers, clean", "ko", "contact", "clean", 2),
    ("Korean, noise and codec", "ko", None, "noisy", 2),
    ("English, clean", "en", None, "clean", 1),
    ("Japanese, clean", "ja", None, "clean", 1),
]


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


class Transformers:
    """transformers on the exported weights, decoding as whisper.cpp does: greedy, without timestamps."""

    def __init__(self, path):
        import export
        self.model = export.load(path)
        torch.set_num_threads(1)

    @torch.no_grad()
    def features(self, wave, positions=1500):
        mel = sound.log_mel(wave)
        full = np.full((80, 2 * positions), mel.max() - 2, np.float32)
        full[:, :min(mel.shape[1], 2 * positions)] = mel[:, :2 * positions]
        return torch.from_numpy(full)[None]

    @torch.no_grad()
    def transcribe(self, wave, language=None, audio_ctx=0, timestamps=False, prompt=None):
        states = self.encode(self.features(wave, audio_ctx or 1500))
        detected = self.logits([tokens.SOT], states)[list(tokens.LANGUAGE.values())]
        language = language or list(tokens.LANGUAGE)[int(detected.argmax())]
        ids, pairs = [tokens.SOT, tokens.LANGUAGE[language], tokens.TRANSCRIBE, tokens.NO_TIMESTAMPS], []
        while len(ids) < 224:
            logits = self.logits(ids, states)
            logits[tokens.SOT:] = -torch.inf
            chance = logits.log_softmax(-1)
            best = int(chance.argmax())
            pairs.append((best, float(chance[best].exp())))
            if best == tokens.EOT:
                break
            ids.append(best)
        return tokens.decode(ids[4:]).strip(), language, [], pairs

    def encode(self, features):
        encoder = self.model.model.encoder
        x = torch.nn.functional.gelu(encoder.conv1(features), approximate="tanh")
        x = torch.nn.functional.gelu(encoder.conv2(x), approximate="tanh").transpose(1, 2)
        x = x + encoder.embed_positions.weight[:x.shape[1]]
        for layer in encoder.layers:
            x = layer(x, None, None)[0]
        return encoder.layer_norm(x)

    def logits(self, ids, states):
        hidden = self.model.model.decoder(input_ids=torch.tensor([ids]), encoder_hidden_states=states, use_cache=False).last_hidden_state
        return self.model.proj_out(hidden[0, -1])


def context_for(wave):
    """The encoder positions for a clip and a second's margin, as a worker may choose them."""
    return min(1500, -(-len(wave) // 320) + 50)


def score(engine, count, seed, short, timestamps, voices="test"):
    speaker, results = synth.Synth(), {}
    detected = spoken = 0
    for name, language, category, recording, times in CONDITIONS:
        rng = random.Random(f"{seed} {name}")
        errors = characters = exact = 0
        for _ in range(count * times):
            clip = clips.draw_held_out(rng, speaker, language, category, recording, voices)
            context = context_for(clip.wave) if short else 0
            text, *_ = engine.transcribe(clip.wave, language, context, timestamps)
            errors, characters, exact = errors + distance(clip.text, text), characters + len(clip.text), exact + (clip.text == text)
            if recording == "clean" and category is None:
                detected += engine.transcribe(clip.wave, None, context, timestamps)[1] == language
                spoken += 1
        results[name] = {"error": errors / characters, "exact": exact / (count * times), "clips": count * times}
    rng = random.Random(f"{seed} silence")
    quiet = [clips.draw_silence(rng) for _ in range(count)]
    empty = [engine.transcribe(c.wave, None, context_for(c.wave) if short else 0, timestamps)[0] == "" for c in quiet]
    results["language detected"] = {"share": detected / spoken, "clips": spoken}
    results["silence and noise empty"] = {"share": sum(empty) / len(empty), "clips": len(empty)}
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--engine", help="folder of libwhisper.so")
    parser.add_argument("--count", type=int, default=100, help="clips per language; twice as many per Korean line")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--short", action="store_true", help="shortened audio_ctx instead of the whole 30 s window")
    parser.add_argument("--timestamps", action="store_true")
    parser.add_argument("--seen-voices", action="store_true", help="sentences are held out, voices are not")
    args = parser.parse_args()
    if args.engine:
        import whisper_cpp
        engine = whisper_cpp.WhisperCpp(args.engine, args.model)
    else:
        engine = Transformers(args.model)
    start = time.time()
    results = score(engine, args.count, args.seed, args.short, args.timestamps, "train" if args.seen_voices else "test")
    for name, row in results.items():
        print(name + ": " + ", ".join(f"{k} {v:.2%}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()))
    print(json.dumps(results))
    print(f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
