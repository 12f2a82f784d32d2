"""Draws one clip: sentences, a voice, a recording. The same code makes training and held-out clips;
`split` decides about patterns and voices, `condition` about the recording.
"""
import random
import zlib
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

import grammar
import sound
import synth
import voices

VOICES = {"ko": ["ko"], "ja": ["ja"], "en": ["en-us", "en-us", "en"]}
TRAIN_VARIANTS = """Alex Alicia Andrea Andy Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Mike Nguyen RicishayMax RicishayMax2
RicishayMax3 Storm adam anika announcer antonio aunty benjamin boris caleb david ed edward2 f1 f2 f3 f5 grandma grandpa gustave iven iven2
iven4 john klatt klatt2 klatt3 klatt5 klatt6 linda m1 m2 m3 m4 m6 m7 m8 marcelo max michel miguel norbert pablo paul pedro quincy rob robert
sandro shelby steph steph3 victor zac""".split()
DRAWN = 0.7  # of the training voices with a variant have a drawn one (voices.py)
TEST_VARIANTS = "f4 m5 Michael Annie klatt4 belinda steph2 edward travis iven3".split()
SPEEDS = [(320, 441)] * 4 + [(7, 10), (18, 25), (11, 15), (3, 4)]  # resampling from 22050 Hz; off 320/441 it moves pitch and formants
PHONEME_CLASSES = 192  # espeak mnemonics hashed; 0 is silence


@dataclass
class Clip:
    wave: np.ndarray      # 16 kHz
    language: str         # "ko", "en", "ja"; "" where nobody speaks
    segments: list        # per sentence: (text, start, end, [(written word, start, end)])
    phonemes: list        # (start in seconds, class)

    @property
    def text(self):
        return ("" if self.language == "ja" else " ").join(text for text, *_ in self.segments)


def phoneme_class(mnemonic):
    if mnemonic == "" or mnemonic[0] in "_(":
        return 0
    return 1 + zlib.crc32(mnemonic.encode()) % (PHONEME_CLASSES - 1)


@dataclass
class Voice:
    name: str
    rate: int
    pitch: int
    spread: int


def draw_voice(rng, language, split):
    base = rng.choice(VOICES[language])
    if split == "train" and rng.random() < 0.15:
        if rng.random() < 0.5:
            return Voice(base, 175, 50, 50)
        return Voice(base, rng.randint(140, 220), rng.randint(25, 80), rng.randint(20, 80))
    if split == "train" and rng.random() < DRAWN:
        return Voice(f"{base}+{rng.choice(voices.NAMES)}", rng.randint(130, 225), rng.randint(30, 70), rng.randint(15, 85))
    variant = rng.choice(TRAIN_VARIANTS if split == "train" else TEST_VARIANTS)
    return Voice(f"{base}+{variant}", rng.randint(130, 225), rng.randint(20, 85), rng.randint(15, 85))


def _say(speaker, sentences, voice):
    """Speaks the sentences in one go; answers the utterance and per sentence its words with their times."""
    text, spans = "", []
    for sentence in sentences:
        span = []
        for _, spoken in sentence.words:
            span.append(len(text))
            text += spoken + " "
        spans.append(span)
    said = speaker.say(text.strip(), voice.name, voice.rate, voice.pitch, voice.spread)
    pauses = [t for t, p in said.phonemes if phoneme_class(p) == 0]
    flat = [start for span in spans for start in span]
    times = []
    for i, start in enumerate(flat):
        end = flat[i + 1] if i + 1 < len(flat) else len(text)
        inside = [t for t, offset in said.words if start <= offset < end]
        times.append(inside[0] if inside else None)
    ends, following = [None] * len(times), said.seconds
    for i in reversed(range(len(times))):
        joined = times[i] is None  # espeak-ng ran the word together with the one before it: they share one span
        if joined:
            times[i] = next((t for t in reversed(times[:i]) if t is not None), 0.0)
        ends[i] = min([p for p in pauses if times[i] < p < following] + [following])
        if not joined:
            following = times[i]
    segments, at = [], 0
    for sentence, span in zip(sentences, spans):
        words = [(written, times[at + i], max(ends[at + i], times[at + i] + 0.02)) for i, (written, _) in enumerate(sentence.words)]
        at += len(span)
        segments.append((sentence.text, words[0][1], words[-1][2], words))
    return said, segments


def draw_speech(rng, speaker, language, split, category=None, sentences=None, voice=None, speed=None):
    """Clean speech at 16 kHz as a Clip, before the recording."""
    voice = voice or draw_voice(rng, language, split)
    sentences = sentences or grammar.clip(rng, language, split, category)
    groups = [sentences] if rng.random() < 0.5 else [[s] for s in sentences]
    up, down = speed or (rng.choice(SPEEDS) if split == "train" else SPEEDS[0])
    stretch = (up / down) / (sound.RATE / synth.RATE)
    waves, segments, phonemes, now = [], [], [], 0.0
    for i, group in enumerate(groups):
        if i:
            gap = int(rng.uniform(0.0, 1.0) * sound.RATE)
            waves.append(np.zeros(gap, np.float32))
            phonemes.append((now, 0))
            now += gap / sound.RATE
        said, parts = _say(speaker, group, voice)
        wave = resample_poly(said.wave, up, down).astype(np.float32)
        place = lambda t: now + t * stretch
        segments += [(text, place(a), place(b), [(w, place(c), place(d)) for w, c, d in words]) for text, a, b, words in parts]
        phonemes += [(place(t), phoneme_class(p)) for t, p in said.phonemes]
        waves.append(wave)
        now += len(wave) / sound.RATE
    return Clip(np.concatenate(waves), language, segments, phonemes)


def record(rng, clip, condition="mixed", babble=None):
    """Puts the speech into a recording: pauses around it, room, noise, codec, level.
    `condition`: "clean" (pauses and level only), "noisy" (noise and codec always), "mixed" (training)."""
    nrng = np.random.default_rng(rng.getrandbits(32))
    lead = 0.0 if rng.random() < 0.2 else rng.uniform(0, 0.5) if rng.random() < 0.85 else rng.uniform(0.5, 2.5)
    trail = rng.uniform(0, 0.6)
    wave = np.concatenate([np.zeros(int(lead * sound.RATE), np.float32), clip.wave, np.zeros(int(trail * sound.RATE), np.float32)])
    shift = int(lead * sound.RATE) / sound.RATE
    wave *= 0.6 / (np.abs(wave).max() + 1e-6)
    noisy = condition == "noisy"
    if noisy or condition == "mixed":
        if rng.random() < (0.3 if noisy else 0.2):
            wave = sound.room(nrng, wave)
        if noisy or rng.random() < 0.45:
            crowd = babble is not None and rng.random() < 0.15
            snr = rng.uniform(15, 30) if crowd else rng.uniform(8, 25) if noisy else rng.uniform(6, 40)
            wave = sound.add_noise(nrng, wave, snr, babble if crowd else None)
        if noisy or rng.random() < 0.2:
            wave = sound.codec(nrng, wave * (0.6 / np.abs(wave).max()))
    level = rng.uniform(1.5, 3.0) if condition == "mixed" and rng.random() < 0.04 else 10 ** rng.uniform(-1.5, 0.2)
    moved = [(text, a + shift, b + shift, [(w, c + shift, d + shift) for w, c, d in words]) for text, a, b, words in clip.segments]
    phonemes = [(0.0, 0)] + [(t + shift, p) for t, p in clip.phonemes] + [(shift + len(clip.wave) / sound.RATE, 0)]
    return Clip(sound.quantise(wave, level), clip.language, moved, phonemes)


def draw_silence(rng):
    """Nobody speaks: digital silence, room noise of any level, hum, knocks."""
    nrng = np.random.default_rng(rng.getrandbits(32))
    length = int(rng.uniform(0.4, 6) * sound.RATE)
    kind = rng.random()
    if kind < 0.15:
        wave = np.zeros(length, np.float32)
    elif kind < 0.25:
        wave = nrng.integers(-2, 3, length).astype(np.float32) / 32768
    else:
        wave = sound.noise(nrng, length) * 10 ** rng.uniform(-4, -0.7)
        if rng.random() < 0.2:
            wave[: int(length * rng.random())] = 0
        if rng.random() < 0.2:
            wave = sound.codec(nrng, np.clip(wave, -1, 1))
    return Clip(sound.quantise(wave, 1.0), "", [], [(0.0, 0)])


def draw(rng, speaker, split="train", language=None, condition="mixed", category=None, babble=None):
    """One clip. In training 5 % are silence, and of the speech 63 % is Korean."""
    if language is None:
        language = rng.choices(["ko", "en", "ja", ""], [60, 22, 13, 5])[0]
    if language == "":
        return draw_silence(rng)
    while True:
        clip = record(rng, draw_speech(rng, speaker, language, split, category), condition, babble)
        if len(clip.wave) <= 29 * sound.RATE:
            return clip


def draw_held_out(rng, speaker, language, category=None, condition="clean", voices="test"):
    """One clip for evaluation: sentences of the test split, a held-out voice unless `voices` is "train"."""
    while True:
        sentences = grammar.clip(rng, language, "test", category)
        speech = draw_speech(rng, speaker, language, "test", sentences=sentences, voice=draw_voice(rng, language, voices))
        clip = record(rng, speech, condition)
        if len(clip.wave) <= 29 * sound.RATE:
            return clip
