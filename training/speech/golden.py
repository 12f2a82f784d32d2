"""Golden answers: what transformers says with the shipped weights, for tests that hold the worker's engine to it.

`python golden.py MODEL.bin OUT` writes
- OUT/speech.wav: all clips one after the other, 16 kHz, 16 bits, mono;
- OUT/speech.json: per clip its place in the wav; the greedy ids and their log-probabilities, as `generate` of
  transformers makes them over the whole 30 s window with timestamps; the language that it detects; and texts with
  the ids of OpenAI's vocabulary;
- OUT/speech-mel.f32: the log-mel spectrograms of the first MELS clips by transformers' feature extractor, 80 rows of
  "mel_frames" values each, little-endian; all later frames of the 30 s have the value "mel_silence".

The weights are those of the file, dequantised: the file's blocks of 8 bits are the model, not an approximation of it.
"""
import argparse
import hashlib
import json
import pathlib
import random

import numpy as np
import soundfile
import torch
from transformers import GenerationConfig, GenerationMixin, LogitsProcessorList, WhisperFeatureExtractor
from transformers.generation.logits_process import SuppressTokensLogitsProcessor, WhisperTimeStampLogitsProcessor
from transformers.models.whisper.tokenization_whisper import LANGUAGES as LANGUAGES_OF_WHISPER

import clips
import export
import grammar
import sound
import synth
import tokens

CLIPS, LONGEST, SEED, MELS = 24, 2.3, 11, 2
LANGUAGES = ["ko"] * 4 + ["en", "ja"]
FIRST_LANGUAGE, LAST_LANGUAGE = tokens.SOT + 1, tokens.SOT + 99  # of a vocabulary of 51865
TEXTS = ["초콜릿 케이크 하나 주문할게요.", " 딸기를 올려 주세요.", "민수야 생일 축하해", "010-1234-5678", "3월 5일 오후 2시 30분", "I would like a cheese cake.",
         "It's 25% off, isn't it?", "抹茶ケーキをください。", "안녕하세요?  네, 2호로 할게요!", "Menu: 초콜릿 케이크, 딸기 생크림 케이크, 티라미수."]


class Greedy:
    """transformers under Whisper's own rules for decoding: of the control tokens only the end, timestamps in pairs, the first within a second."""

    def __init__(self, model):
        self.model, self.codes = model, list(LANGUAGES_OF_WHISPER)[:LAST_LANGUAGE - FIRST_LANGUAGE + 1]
        self.config = GenerationConfig(
            decoder_start_token_id=tokens.SOT, eos_token_id=tokens.EOT, pad_token_id=tokens.EOT, bos_token_id=tokens.EOT, max_length=220,
            no_timestamps_token_id=tokens.NO_TIMESTAMPS, max_initial_timestamp_index=50, do_sample=False, num_beams=1,
            return_dict_in_generate=True, output_scores=True)
        self.extract = WhisperFeatureExtractor(feature_size=sound.N_MELS)

    @torch.no_grad()
    def __call__(self, wave, language):
        """(features, ids with timestamps and without the end, their log-probabilities, detected language, its probability)."""
        features = self.extract(wave, sampling_rate=sound.RATE, return_tensors="pt").input_features
        chance = self.model(features, decoder_input_ids=torch.tensor([[tokens.SOT]])).logits[0, -1, FIRST_LANGUAGE:LAST_LANGUAGE + 1].softmax(-1)
        prompt = torch.tensor([[tokens.SOT, tokens.LANGUAGE[language], tokens.TRANSCRIBE]])
        rules = LogitsProcessorList([SuppressTokensLogitsProcessor(list(range(tokens.SOT, tokens.TIMESTAMP))),
                                     WhisperTimeStampLogitsProcessor(self.config, begin_index=prompt.shape[1])])
        made = GenerationMixin.generate(self.model, features, generation_config=self.config, decoder_input_ids=prompt, logits_processor=rules,
                                        attention_mask=torch.ones(features.shape[::2], dtype=torch.long))
        ids = made.sequences[0, prompt.shape[1]:].tolist()
        logprobs = [round(float(values[0].log_softmax(-1)[i]), 4) for values, i in zip(made.scores, ids)]
        if ids[-1] == tokens.EOT:
            ids, logprobs = ids[:-1], logprobs[:-1]
        return features[0].numpy(), ids, logprobs, self.codes[int(chance.argmax())], round(float(chance.max()), 4)


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
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    greedy, rng, speaker = Greedy(export.load(args.model)), random.Random(SEED), synth.Synth()
    rows, waves, mels, at = [], [], [], 0
    while len(rows) < CLIPS:
        clip = draw(rng, speaker, LANGUAGES[len(rows) % len(LANGUAGES)])
        pcm = np.round(clip.wave * 32768).astype(np.int16)
        mel, ids, logprobs, detected, probability = greedy(pcm.astype(np.float32) / 32768, clip.language)
        if sum(i >= tokens.TIMESTAMP for i in ids) > 2:  # whisper.cpp ends with a timestamp near the sound's end, transformers goes on
            continue
        rows.append({"start": at, "samples": len(pcm), "language": clip.language, "spoken": clip.text,
                     "text": tokens.decode([t for t in ids if t < tokens.EOT]).strip(), "ids": ids, "logprobs": logprobs,
                     "detected": detected, "probability": probability})
        if len(mels) < MELS:
            frames = len(pcm) // sound.HOP + 3
            rows[-1].update(mel_frames=frames, mel_silence=float(mel[0, -1]))
            assert np.all(mel[:, frames:] == mel[0, -1]), "sound beyond the end of the clip"
            mels.append(mel[:, :frames])
        waves.append(pcm)
        at += len(pcm)
    args.out.mkdir(parents=True, exist_ok=True)
    soundfile.write(args.out / "speech.wav", np.concatenate(waves), sound.RATE, subtype="PCM_16")
    np.concatenate([mel.ravel() for mel in mels]).astype("<f4").tofile(args.out / "speech-mel.f32")
    head = {"made_by": "training/speech/golden.py: transformers, F32, greedy", "model": args.model.name,
            "sha256": hashlib.sha256(args.model.read_bytes()).hexdigest(), "first_timestamp": tokens.TIMESTAMP}
    lines = lambda values: "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in values) + "\n]"
    texts = [{"text": text, "ids": tokens.encode(text)} for text in TEXTS]
    (args.out / "speech.json").write_text(
        json.dumps(head, ensure_ascii=False)[:-1] + ', "clips": ' + lines(rows) + ', "tokenizer": ' + lines(texts) + "}\n", "utf-8")
    print(f"{len(rows)} clips, {at / sound.RATE:.0f} s, {sum(row['text'] == row['spoken'] for row in rows)} as spoken")


if __name__ == "__main__":
    main()
