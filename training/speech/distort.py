"""What is done to a spectrogram while training, so that every clip is heard from another throat and through another
device each time: the frequencies stretched or pressed, a smooth equaliser, some bands or a few frames hidden.

Values are those of a shard: (frames, 80), 0 where nothing is heard and 2 at the loudest, 1 for every 40 dB.
"""
import numpy as np

import sound

STRETCHED, EQUALISED, BANDS_HIDDEN, FRAMES_HIDDEN = 0.6, 0.6, 0.25, 0.25  # of the clips
TRACT = 0.16          # of the logarithm of the vocal tract's length, up or down
BENT = 4800.0         # hertz up to which frequencies are multiplied; above they lead back to the band's end
MOST_BANDS, MOST_FRAMES = 7, 6

_HERTZ = np.arange(sound.FILTERS.shape[1]) * (sound.RATE / sound.N_FFT)
_CENTRES = np.maximum.accumulate((sound.FILTERS * _HERTZ).sum(1) / sound.FILTERS.sum(1))  # of the bands
_BAND = np.arange(sound.N_MELS)


def stretched(values, factor):
    """The bands read at `factor` times their frequency."""
    edge = BENT * min(1.0, 1 / factor)
    end = sound.RATE / 2
    source = np.where(_CENTRES < edge, _CENTRES * factor, end - (end - edge * factor) * (end - _CENTRES) / (end - edge))
    place = np.interp(source, _CENTRES, _BAND)
    low = np.minimum(place.astype(int), sound.N_MELS - 2)
    share = (place - low).astype(np.float32)
    return values[:, low] * (1 - share) + values[:, low + 1] * share


def equalised(values, rng):
    """A slope of up to 6 dB to either side and two slow waves over the bands; what is silent stays so."""
    at = _BAND / (sound.N_MELS - 1)
    curve = rng.uniform(-0.3, 0.3) * (at - 0.5)
    for waves in (1.0, 2.5):
        curve = curve + rng.uniform(0, 0.1) * np.cos(2 * np.pi * (waves * at + rng.random()))
    louder = np.where(values > 0, values + curve.astype(np.float32), 0)
    return np.maximum(louder - (louder.max() - 2), 0)


def distorted(values, rng):
    """One clip as it is heard this time; `rng` is a random.Random."""
    if len(values) == 0 or values.max() <= 0:
        return values
    if rng.random() < STRETCHED:
        values = stretched(values, np.exp(rng.uniform(-TRACT, TRACT)))
    if rng.random() < EQUALISED:
        values = equalised(values, rng)
    if rng.random() < BANDS_HIDDEN:
        width = rng.randint(1, MOST_BANDS)
        first = rng.randint(0, sound.N_MELS - width)
        values = values.copy()
        values[:, first:first + width] = values[:, first:first + width].mean(0)
    if rng.random() < FRAMES_HIDDEN and len(values) > 2 * MOST_FRAMES:
        values = values.copy()
        for _ in range(1 + len(values) // 300):
            length = rng.randint(1, MOST_FRAMES)
            first = rng.randint(0, len(values) - length)
            values[first:first + length] = values.mean(0)
    return values
