"""whisper.cpp 1.8.3 through ctypes, so that scores are those of the engine that the worker runs.

The two structs are whisper.h's, field by field; a newer engine may need others. One context, one thread.
"""
import ctypes as c
import pathlib

import numpy as np

_FLAG, _INT, _REAL, _TEXT, _ANY, _SIZE = c.c_bool, c.c_int, c.c_float, c.c_char_p, c.c_void_p, c.c_size_t


def _struct(name, spec):
    fields = [(field, kind) for kind, names in spec for field in names.split()]
    return type(name, (c.Structure,), {"_fields_": fields})


_ContextParams = _struct("_ContextParams", [
    (_FLAG, "use_gpu flash_attn"), (_INT, "gpu_device"), (_FLAG, "dtw_token_timestamps"), (_INT, "dtw_aheads_preset dtw_n_top"),
    (_SIZE, "n_heads"), (_ANY, "heads"), (_SIZE, "dtw_mem_size")])
_FullParams = _struct("_FullParams", [
    (_INT, "strategy n_threads n_max_text_ctx offset_ms duration_ms"),
    (_FLAG, "translate no_context no_timestamps single_segment print_special print_progress print_realtime print_timestamps token_timestamps"),
    (_REAL, "thold_pt thold_ptsum"), (_INT, "max_len"), (_FLAG, "split_on_word"), (_INT, "max_tokens"), (_FLAG, "debug_mode"),
    (_INT, "audio_ctx"), (_FLAG, "tdrz_enable"), (_TEXT, "suppress_regex initial_prompt"), (_FLAG, "carry_initial_prompt"),
    (_ANY, "prompt_tokens"), (_INT, "prompt_n_tokens"), (_TEXT, "language"), (_FLAG, "detect_language suppress_blank suppress_nst"),
    (_REAL, "temperature max_initial_ts length_penalty temperature_inc entropy_thold logprob_thold no_speech_thold"),
    (_INT, "best_of beam_size"), (_REAL, "patience"),
    (_ANY, "new_segment_callback a progress_callback b encoder_begin_callback c abort_callback d logits_filter_callback e grammar_rules"),
    (_SIZE, "n_grammar_rules i_start_rule"), (_REAL, "grammar_penalty"), (_FLAG, "vad"), (_TEXT, "vad_model_path"),
    (_REAL, "vad_threshold"), (_INT, "vad_min_speech vad_min_silence"), (_REAL, "vad_max_speech"), (_INT, "vad_pad"), (_REAL, "vad_overlap")])


class WhisperCpp:
    """`folder` holds libwhisper.so and its ggml libraries."""

    def __init__(self, folder, model):
        folder = pathlib.Path(folder)
        load = lambda pattern: [c.CDLL(str(p), mode=c.RTLD_GLOBAL) for p in sorted(folder.glob(pattern))[:1]]
        load("libggml-base.so*")
        ggml = load("libggml.so*")
        self._lib = c.CDLL(str(folder / "libwhisper.so"))
        if ggml:  # where the kernels are plugins, one for each kind of processor
            ggml[0].ggml_backend_load_all_from_path(str(folder).encode())
        lib = self._lib
        self._quiet = c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)(lambda *_: None)
        lib.whisper_log_set(self._quiet, None)
        lib.whisper_context_default_params.restype = _ContextParams
        lib.whisper_full_default_params.restype = _FullParams
        lib.whisper_init_from_file_with_params.restype = _ANY
        lib.whisper_init_from_file_with_params.argtypes = [_TEXT, _ContextParams]
        lib.whisper_full.argtypes = [_ANY, _FullParams, c.POINTER(c.c_float), c.c_int]
        lib.whisper_full_get_segment_text.restype = _TEXT
        lib.whisper_full_get_segment_t0.restype = lib.whisper_full_get_segment_t1.restype = c.c_int64
        lib.whisper_full_get_token_p.restype = c.c_float
        lib.whisper_lang_str.restype = _TEXT
        for name in ("n_segments", "lang_id"):
            getattr(lib, f"whisper_full_{name}").argtypes = [_ANY]
        for name in ("get_segment_text", "get_segment_t0", "get_segment_t1", "n_tokens"):
            getattr(lib, f"whisper_full_{name}").argtypes = [_ANY, _INT]
        for name in ("get_token_id", "get_token_p"):
            getattr(lib, f"whisper_full_{name}").argtypes = [_ANY, _INT, _INT]
        params = lib.whisper_context_default_params()
        params.use_gpu = params.flash_attn = False  # its flash attention counts the keys that only fill up a block of 256
        self._context = lib.whisper_init_from_file_with_params(str(model).encode(), params)
        if not self._context:
            raise RuntimeError(f"whisper.cpp cannot load {model}")

    def transcribe(self, wave, language=None, audio_ctx=0, timestamps=True, prompt=None):
        """Greedy. Answers (text, language, [(start, end, text)], [(token id, probability)])."""
        lib = self._lib
        p = lib.whisper_full_default_params(0)
        p.n_threads, p.audio_ctx, p.no_timestamps, p.suppress_blank, p.no_context = 1, audio_ctx, not timestamps, False, True
        p.print_progress = p.print_realtime = False
        p.temperature_inc = 0.0
        p.language = language.encode() if language else b"auto"
        p.initial_prompt = prompt.encode() if prompt else None
        wave = np.ascontiguousarray(np.pad(wave, (0, max(0, 1600 - len(wave)))), np.float32)
        rc = lib.whisper_full(self._context, p, wave.ctypes.data_as(c.POINTER(c.c_float)), len(wave))
        if rc != 0:
            raise RuntimeError(f"whisper_full answered {rc}")
        segments, ids = [], []
        for i in range(lib.whisper_full_n_segments(self._context)):
            text = lib.whisper_full_get_segment_text(self._context, i).decode("utf-8", "replace")
            start, end = lib.whisper_full_get_segment_t0(self._context, i) / 100, lib.whisper_full_get_segment_t1(self._context, i) / 100
            segments.append((start, end, text))
            ids += [(lib.whisper_full_get_token_id(self._context, i, j), lib.whisper_full_get_token_p(self._context, i, j))
                    for j in range(lib.whisper_full_n_tokens(self._context, i))]
        found = lib.whisper_lang_str(lib.whisper_full_lang_id(self._context)).decode()
        return "".join(text for *_, text in segments).strip(), found, segments, ids
