"""Speech from the espeak-ng C library, with the time of every word and phoneme.

One `Synth` owns the library's global state, so there is one per process. It runs in
synchronous mode: `say` returns when the whole utterance is in memory (about 10 ms each),
which also makes the events line up with the samples.
"""
import ctypes as c
import pathlib
import subprocess
from dataclasses import dataclass

import numpy as np

import voices

RATE = 22050  # of every espeak-ng voice that is not MBROLA

_EVENT_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8, _END_PAUSE = 2, 1, 1, 0x1000
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class _Id(c.Union):
    _fields_ = [("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8)]


class _Event(c.Structure):
    _fields_ = [("type", c.c_int), ("identifier", c.c_uint), ("text_position", c.c_int), ("length", c.c_int),
                ("audio_position", c.c_int), ("sample", c.c_int), ("user_data", c.c_void_p), ("id", _Id)]


_CALLBACK = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


@dataclass
class Utterance:
    wave: np.ndarray   # float32 in [-1, 1], mono, RATE Hz
    words: list        # (start in seconds, character offset in the text from 0)
    phonemes: list     # (start in seconds, espeak mnemonic); a pause is ""

    @property
    def seconds(self):
        return len(self.wave) / RATE


class Synth:
    def __init__(self, library="libespeak-ng.so.1"):
        self._lib = c.CDLL(library)
        version = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout
        self._data = voices.folder(pathlib.Path(version.rpartition("Data at: ")[2].strip()))
        self.redraw_voices(0)
        rate = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, self._data.name.encode(), _PHONEME_EVENTS)
        if rate != RATE:
            raise RuntimeError(f"espeak_Initialize answered {rate}, expected the sample rate {RATE}")
        self._chunks, self._words, self._phonemes = [], [], []
        self._callback = _CALLBACK(self._collect)  # kept: the library only holds the pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    def redraw_voices(self, seed):
        """Makes `+drawn0` and its like other voices than before."""
        voices.redraw(self._data, seed)

    def _collect(self, wave, count, events):
        if wave and count:
            self._chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        i = 0
        while events[i].type != _EVENT_END:
            event = events[i]
            if event.type == _EVENT_WORD:
                self._words.append((event.audio_position / 1000, event.text_position - 1))
            elif event.type == _EVENT_PHONEME:
                self._phonemes.append((event.audio_position / 1000, event.id.string.decode("utf-8", "replace")))
            i += 1
        return 0

    def say(self, text, voice="ko", rate=175, pitch=50, spread=50):
        """Speaks `text`. `voice` is a language with an optional variant ("ko+f2"), `rate` words a
        minute, `pitch` and `spread` (of the pitch) 0 to 100. Raises ValueError for an unknown voice."""
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        for parameter, value in ((_RATE, rate), (_VOLUME, 100), (_PITCH, pitch), (_RANGE, spread)):
            self._lib.espeak_SetParameter(parameter, int(value), 0)
        self._chunks, self._words, self._phonemes = [], [], []
        data = text.encode()
        self._lib.espeak_Synth(data, c.c_size_t(len(data) + 1), 0, 1, 0, _UTF8, None, None)
        self._lib.espeak_Synchronize()
        wave = np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.int16)
        return Utterance(wave.astype(np.float32) / 32768, self._words, self._phonemes)
