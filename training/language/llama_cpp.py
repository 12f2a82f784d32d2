"""llama.cpp through ctypes, so that scores and parity are those of the engine that the worker runs: CPU, one thread, no
flash attention, keys and values in F16, as the worker's own settings for the demo.

The structs are those of llama.h in the pinned version, field by field; a newer engine may need others.
"""
import ctypes as c
import pathlib

import numpy as np
import torch

_FLAG, _INT, _UINT, _REAL, _TEXT, _ANY, _SIZE = c.c_bool, c.c_int32, c.c_uint32, c.c_float, c.c_char_p, c.c_void_p, c.c_size_t
FORMATS = {"F16": 1, "Q8_0": 7, "Q4_K_M": 15}


def _struct(name, spec):
    fields = [(field, kind) for kind, names in spec for field in names.split()]
    return type(name, (c.Structure,), {"_fields_": fields})


_ModelParams = _struct("_ModelParams", [
    (_ANY, "devices tensor_buft_overrides"), (_INT, "n_gpu_layers split_mode load_mode lazy_mode main_gpu"),
    (_ANY, "tensor_split progress_callback progress_data kv_overrides"),
    (_FLAG, "vocab_only check_tensors use_extra_bufts no_host no_alloc load_mtp")])
_ContextParams = _struct("_ContextParams", [
    (_UINT, "n_ctx n_batch n_ubatch n_seq_max n_rs_seq n_outputs_max n_outputs_max_per_seq"),
    (_INT, "n_threads n_threads_batch ctx_type rope_scaling_type pooling_type attention_type flash_attn_type"),
    (_REAL, "rope_freq_base rope_freq_scale yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow"),
    (_UINT, "yarn_orig_ctx"), (_REAL, "defrag_thold"), (_ANY, "cb_eval cb_eval_data"), (_INT, "type_k type_v"),
    (_ANY, "abort_callback abort_data"), (_FLAG, "embeddings offload_kqv no_perf op_offload swa_full kv_unified"),
    (_ANY, "samplers"), (_SIZE, "n_samplers"), (_ANY, "ctx_other")])
_QuantizeParams = _struct("_QuantizeParams", [
    (_INT, "nthread ftype output_tensor_type token_embedding_type"),
    (_FLAG, "allow_requantize quantize_output_tensor only_copy pure keep_split dry_run"),
    (_ANY, "imatrix kv_overrides tt_overrides prune_layers"), (_SIZE, "max_buf_size")])
_Batch = _struct("_Batch", [(_INT, "n_tokens"), (_ANY, "token embd pos n_seq_id seq_id logits")])


def library(folder):
    """libllama.so of a folder, its kernels loaded and its log silent."""
    folder = pathlib.Path(folder)
    for name in ("libggml-base.so", "libggml.so"):
        ggml = c.CDLL(str(folder / name), mode=c.RTLD_GLOBAL)
    lib = c.CDLL(str(folder / "libllama.so"))
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    lib.quiet = c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)(lambda *_: None)
    lib.llama_log_set(lib.quiet, None)
    for name, result, arguments in (
            ("model_default_params", _ModelParams, []), ("context_default_params", _ContextParams, []),
            ("model_quantize_default_params", _QuantizeParams, []), ("model_quantize", _UINT, [_TEXT, _TEXT, c.POINTER(_QuantizeParams)]),
            ("model_load_from_file", _ANY, [_TEXT, _ModelParams]), ("init_from_model", _ANY, [_ANY, _ContextParams]),
            ("model_get_vocab", _ANY, [_ANY]), ("vocab_n_tokens", _INT, [_ANY]), ("get_memory", _ANY, [_ANY]),
            ("memory_clear", None, [_ANY, _FLAG]), ("batch_get_one", _Batch, [_ANY, _INT]), ("decode", _INT, [_ANY, _Batch]),
            ("get_logits_ith", c.POINTER(_REAL), [_ANY, _INT]), ("free", None, [_ANY]), ("model_free", None, [_ANY]),
            ("tokenize", _INT, [_ANY, _TEXT, _INT, _ANY, _INT, _FLAG, _FLAG])):
        function = getattr(lib, "llama_" + name)
        function.restype, function.argtypes = result, arguments
    if lib.llama_context_default_params().n_batch != 2048:
        raise RuntimeError(f"{folder} holds a llama.cpp of another version")
    return lib


def quantized(folder, source, target, name):
    """Writes `source` in one of FORMATS."""
    lib = library(folder)
    params = lib.llama_model_quantize_default_params()
    params.ftype, params.nthread = FORMATS[name], 1
    if lib.llama_model_quantize(str(source).encode(), str(target).encode(), c.byref(params)):
        raise RuntimeError(f"llama.cpp cannot write {source} as {name}")


class LlamaCpp:
    """A loaded model. It has `step` as model.Qwen3 has it: one sequence at a time."""

    def __init__(self, folder, path):
        lib = self.lib = library(folder)
        params = lib.llama_model_default_params()
        params.n_gpu_layers, params.use_extra_bufts = 0, False
        self.model = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.model:
            raise RuntimeError(f"llama.cpp cannot load {path}")
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = 2048
        params.n_threads = params.n_threads_batch = 1
        params.flash_attn_type = 0
        self.context = lib.llama_init_from_model(self.model, params)
        self.vocabulary = lib.llama_model_get_vocab(self.model)
        self.size = lib.llama_vocab_n_tokens(self.vocabulary)

    def tokens(self, text):
        """Ids of a text; names of control tokens within it stand for themselves, as in the prompts of training."""
        data = text.encode("utf-8")
        ids = (_INT * (len(data) + 2))()
        return ids[:self.lib.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), False, True)]

    def step(self, ids, cache):
        """Logits after the last of `ids`. Without a cache a new text begins; the cache itself is the engine's."""
        if cache is None:
            self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)
        row = (_INT * len(ids))(*ids.tolist())
        if self.lib.llama_decode(self.context, self.lib.llama_batch_get_one(c.addressof(row), len(ids))):
            raise RuntimeError("llama.cpp cannot go on")
        logits = self.lib.llama_get_logits_ith(self.context, -1)
        return torch.from_numpy(np.ctypeslib.as_array(logits, (self.size,)).copy()), True

    def close(self):
        self.lib.llama_free(self.context)
        self.lib.llama_model_free(self.model)
