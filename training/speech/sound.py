"""What happens to speech between the mouth and the model: room, noise, codec, level, and the log-mel spectrogram.

All signals are float32, mono, 16 kHz. Randomness comes from the generator that is passed in.
"""
import io

import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve, resample_poly
from transformers.audio_utils import mel_filter_bank

RATE = 16000
HOP = 160
N_FFT = 400
N_MELS = 80

FILTERS = mel_filter_bank(1 + N_FFT // 2, N_MELS, 0.0, 8000.0, RATE, norm="slaney", mel_scale="slaney").T.astype(np.float32)
_WINDOW = np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def log_mel(wave):
    """The spectrogram that whisper.cpp computes: (80, frames), one frame for every started 10 ms, of values in
    [max - 2, max]. The silence that fills the 30 s window has the value max - 2 and is not made here."""
    frames = -(-len(wave) // HOP)
    padded = np.concatenate([wave[1:201][::-1] if len(wave) > 200 else np.zeros(200, np.float32), wave, np.zeros(N_FFT, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:frames]
    power = np.abs(rfft(windows * _WINDOW, axis=1)) ** 2
    mel = np.log10(np.maximum(FILTERS @ power.T, 1e-10))
    return ((np.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0).astype(np.float32)


def noise(rng, length):
    """Unit-power noise: a random slope of the spectrum, sometimes a hum, a flutter or knocks."""
    n_fft = next_fast_len(length, real=True)
    spectrum = rfft(rng.standard_normal(n_fft, np.float32))
    hertz = np.arange(len(spectrum), dtype=np.float32) * (RATE / n_fft)
    slope = rng.choice([0.0, 0.5, 1.0, 1.5])
    spectrum *= (np.maximum(hertz, 30.0) / 1000.0) ** -slope
    if rng.random() < 0.3:  # a band, as of a fan or a street
        centre = rng.uniform(200, 4000)
        spectrum *= 0.1 + np.exp(-((hertz - centre) / rng.uniform(100, 1500)) ** 2)
    out = irfft(spectrum, n_fft)[:length].astype(np.float32)
    out /= np.sqrt(np.mean(out ** 2)) + 1e-9
    t = np.arange(length, dtype=np.float32) / RATE
    if rng.random() < 0.25:
        base = rng.choice([50.0, 60.0, 120.0, rng.uniform(80, 1000)])
        for k in range(1, rng.integers(2, 6)):
            out += rng.uniform(0.2, 1.0) * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6.28)).astype(np.float32)
    if rng.random() < 0.3:
        out *= 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 4) * t + rng.uniform(0, 6.28)).astype(np.float32)
    if rng.random() < 0.25:
        for _ in range(rng.integers(1, 8)):
            n = min(int(rng.uniform(0.005, 0.15) * RATE), length)
            at = rng.integers(0, length - n + 1)
            out[at:at + n] += rng.uniform(2, 12) * rng.standard_normal(n).astype(np.float32) * np.exp(-np.linspace(0, 5, n, dtype=np.float32))
    return out / (np.sqrt(np.mean(out ** 2)) + 1e-9)


def room(rng, wave):
    """A room of 0.1 to 0.6 s reverberation; the direct sound stays where it is."""
    decay = rng.uniform(0.1, 0.6)
    n = int(decay * RATE)
    tail = rng.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.linspace(0, 1, n, dtype=np.float32))
    tail *= rng.uniform(0.1, 0.7) / np.sqrt(np.sum(tail ** 2))
    tail[0] = 1.0
    return fftconvolve(wave, tail)[:len(wave)].astype(np.float32)


def telephone(wave):
    """8 kHz mu-law, as on a telephone line."""
    narrow = np.clip(resample_poly(wave, 1, 2), -1, 1)
    compressed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    compressed = np.round(compressed * 127) / 127
    narrow = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log(256)) / 255
    return resample_poly(narrow, 2, 1)[:len(wave)].astype(np.float32)


_CODECS = [("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS"), ("OGG", "VORBIS")]


def lossy(rng, wave):
    """Through a real MP3, Opus or Vorbis encoder at a low rate, and back."""
    container, subtype = _CODECS[rng.integers(len(_CODECS))]
    data = io.BytesIO()
    soundfile.write(data, wave, RATE, format=container, subtype=subtype, compression_level=float(rng.uniform(0.6, 0.99)))
    data.seek(0)
    decoded, rate = soundfile.read(data, dtype="float32")
    if rate != RATE:
        decoded = resample_poly(decoded, RATE, rate).astype(np.float32)
    out = np.zeros_like(wave)
    n = min(len(wave), len(decoded))
    out[:n] = decoded[:n]
    return out


def codec(rng, wave):
    return telephone(wave) if rng.random() < 0.5 else lossy(rng, wave)


def add_noise(rng, wave, snr_db, babble=None):
    """Noise at `snr_db` below the speech's mean power; `babble`, other speech, takes its place where given."""
    level = np.sqrt(np.mean(wave ** 2)) + 1e-9
    other = noise(rng, len(wave)) if babble is None else np.resize(babble, len(wave)) / (np.sqrt(np.mean(babble ** 2)) + 1e-9)
    return (wave + other * (level * 10 ** (-snr_db / 20))).astype(np.float32)


def quantise(wave, gain):
    """A recording's level and its 16 bits; over full scale it clips."""
    return (np.round(np.clip(wave * gain, -1, 1) * 32767) / 32768).astype(np.float32)
