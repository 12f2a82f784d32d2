"""Golden answers: what transformers says on the shipped weights, for tests that hold the worker to it.

`python golden.py MODEL.bin OUT` writes OUT/speech.wav (all clips one after the other, 16 kHz, 16 bits, mono) and
OUT/speech.json: per clip its place in the wav, the greedy ids without timestamps over the whole 30 s window with
their log-probabilities, and the language's probability. With `--engine FOLDER` it also compares whisper.cpp.
"""
import argparse
import json
import pathlib
import random

import numpy as np
import soundfile
import torch
from transformers import WhisperFeatureExtractor

import clips
import export
import grammar
import sound
import synth
import tokens

CLIPS, LONGEST, SEED = 24, 3.0, 11
LANGUAGES = ["ko"] * 4 + ["en", "ja"]
ALL_LANGUAGES = slice(tokens.SOT + 1, tokens.SOT + 100)  # the 99 of a vocabulary of 51865
TEXTS = ["초콜릿 케이크 하나 주문할게요.", " 딸기를 올려 주세요.", "민수야 생일 축하해", "010-1234-5678", "I would like a cheese cake.", "抹茶ケーキをください。"]


class Greedy:
    """transformers with its own features, choosing as whisper.cpp does: no control tokens but the end, no timestamps."""

    def __init__(self, model):
        self.model = model
        self.extract = WhisperFeatureExtractor(feature_size=sound.N_MELS)

    @torch.no_grad()
    def __call__(self, wave, language):
        features = self.extract(wave, sampling_rate=sound.RATE, return_tensors="pt").input_features
        states = self.model.model.encoder(features).last_hidden_state
        logits = lambda ids: self.model(encoder_outputs=(states,), decoder_input_ids=torch.tensor([ids])).logits[0, -1]
        chance = logits([tokens.SOT])[ALL_LANGUAGES].softmax(-1)
        detected = int(chance.argmax()) + tokens.SOT + 1
        prompt, ids, logprobs = [tokens.SOT, tokens.LANGUAGE[language], tokens.TRANSCRIBE, tokens.NO_TIMESTAMPS], [], []
        while len(ids) < 200 and tokens.EOT not in ids:
            values = logits(prompt + ids)
            values[tokens.SOT:] = -torch.inf
            values = values.log_softmax(-1)
            ids.append(int(values.argmax()))
            logprobs.append(round(float(values.max()), 4))
        code = next((k for k, v in tokens.LANGUAGE.items() if v == detected), str(detected))
        return ids, logprobs, code, round(float(chance.max()), 4)


def draw(rng, speaker, language):
    while True:
        sentence = [grammar.sentence(rng, language, "test")]
        voice = clips.draw_voice(rng, language, rng.choice(["train", "test"]))
        speech = clips.draw_speech(rng, speaker, language, "test", sentences=sentence, voice=voice)
        clip = clips.record(rng, speech, "clean")
        if len(clip.wave) <= LONGEST * sound.RATE:
            return clip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--engine", help="folder of libwhisper.so, to compare with")
    args = parser.parse_args()
    torch.set_num_threads(1)
    greedy, rng, speaker = Greedy(export.load(args.model)), random.Random(SEED), synth.Synth()
    answers, waves, at = [], [], 0
    for i in range(CLIPS):
        clip = draw(rng, speaker, LANGUAGES[i % len(LANGUAGES)])
        pcm = np.round(clip.wave * 32768).astype(np.int16)
        ids, logprobs, detected, probability = greedy(pcm.astype(np.float32) / 32768, clip.language)
        answers.append({"start": at, "samples": len(pcm), "language": clip.language, "spoken": clip.text, "ids": ids, "logprobs": logprobs,
                        "text": tokens.decode(ids).strip(), "detected": detected, "probability": probability})
        waves.append(pcm)
        at += len(pcm)
    args.out.mkdir(parents=True, exist_ok=True)
    soundfile.write(args.out / "speech.wav", np.concatenate(waves), sound.RATE, subtype="PCM_16")
    document = {"clips": answers, "tokenizer": [{"text": t, "ids": tokens.encode(t)} for t in TEXTS]}
    (args.out / "speech.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    print(f"{len(answers)} clips, {sum(a['text'] == a['spoken'] for a in answers)} as spoken")
    if args.engine:
        import whisper_cpp
        engine, same, worst = whisper_cpp.WhisperCpp(args.engine, args.model), 0, 0.0
        for answer, pcm in zip(answers, waves):
            _, _, _, pairs = engine.transcribe(pcm.astype(np.float32) / 32768, answer["language"], timestamps=False)
            if [i for i, _ in pairs] == answer["ids"]:
                same += 1
                worst = max([worst] + [abs(np.log(p) - q) for (_, p), q in zip(pairs, answer["logprobs"])])
            else:
                print("differs:", answer["text"], "|", tokens.decode([i for i, _ in pairs]))
        print(f"whisper.cpp: ids identical on {same} of {len(answers)}, largest difference of a log-probability {worst:.3f}")


if __name__ == "__main__":
    main()
