"""whisper.cpp's model file: a header, mel filters, the vocabulary, then tensors until the end.

Tensors keep openai's names; here they are given and answered under transformers' names. Matrices are Q8_0
(blocks of 32 with an f16 scale), the two convolutions f16, the rest f32: what whisper.cpp expects of ftype 7.
"""
import struct

import numpy as np

import sound
import tokens

MAGIC, FTYPE_Q8_0, QUANTISATION_VERSION = 0x67676D6C, 7, 2
F32, F16, Q8_0 = 0, 1, 8
_BLOCK = np.dtype([("scale", "<f2"), ("values", "i1", 32)])

_NAMES = [  # transformers, openai
    ("model.", ""), ("layers", "blocks"), ("fc1", "mlp.0"), ("fc2", "mlp.2"), ("final_layer_norm", "mlp_ln"),
    ("encoder_attn_layer_norm", "cross_attn_ln"), ("self_attn_layer_norm", "attn_ln"), ("encoder_attn", "cross_attn"),
    ("self_attn", "attn"), ("k_proj", "key"), ("q_proj", "query"), ("v_proj", "value"), ("out_proj", "out"),
    ("encoder.layer_norm", "encoder.ln_post"), ("decoder.layer_norm", "decoder.ln"), ("embed_positions.weight", "positional_embedding"),
    ("embed_tokens", "token_embedding"),
]


def to_openai(name):
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name


def quantise(matrix):
    blocks = matrix.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1) / 127
    packed = np.empty(len(blocks), _BLOCK)
    packed["scale"] = scale
    packed["values"] = np.round(blocks / np.where(scale == 0, 1, scale)[:, None])
    return packed


def dequantise(packed, shape):
    return (packed["values"].astype(np.float32) * packed["scale"].astype(np.float32)[:, None]).reshape(shape)


def write(path, state, config):
    """`state`: transformers' state dict as numpy arrays, without the tied output. `config`: a WhisperConfig."""
    header = [config.vocab_size, config.max_source_positions, config.d_model, config.encoder_attention_heads, config.encoder_layers,
              config.max_target_positions, config.d_model, config.decoder_attention_heads, config.decoder_layers, config.num_mel_bins,
              QUANTISATION_VERSION * 1000 + FTYPE_Q8_0]
    with open(path, "wb") as out:
        out.write(struct.pack("<I11i", MAGIC, *header))
        out.write(struct.pack("<2i", *sound.FILTERS.shape) + sound.FILTERS.tobytes())
        out.write(struct.pack("<i", len(tokens.TABLE)))
        for entry in tokens.TABLE:
            out.write(struct.pack("<i", len(entry)) + entry)
        for name, value in state.items():
            if name.endswith("conv1.bias") or name.endswith("conv2.bias"):
                value = value[:, None]
            name = to_openai(name).encode()
            if value.ndim == 3:
                kind, data = F16, value.astype("<f2")
            elif value.ndim == 2 and value.shape[1] % 32 == 0 and b"positional" not in name:
                kind, data = Q8_0, quantise(value)
            else:
                kind, data = F32, value.astype("<f4")
            out.write(struct.pack("<3i", value.ndim, len(name), kind) + struct.pack(f"<{value.ndim}i", *reversed(value.shape)) + name + data.tobytes())


def read(path):
    """The header's eleven numbers and the tensors, dequantised to f32, under openai's names."""
    data, at = open(path, "rb").read(), 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    magic, *header = take("I11i")
    if magic != MAGIC:
        raise ValueError(f"{path} is no whisper.cpp model: magic {magic:#x}")
    mels, bins = take("2i")
    at += 4 * mels * bins
    for _ in range(take("i")[0]):
        length, = take("i")
        at += length
    tensors = {}
    while at < len(data):
        dims, length, kind = take("3i")
        shape = tuple(reversed(take(f"{dims}i")))
        name = data[at:at + length].decode()
        at += length
        count = int(np.prod(shape))
        form, number = {F32: ("<f4", count), F16: ("<f2", count), Q8_0: (_BLOCK, count // 32)}[kind]
        packed = np.frombuffer(data, form, number, at)
        at += packed.nbytes
        tensors[name] = dequantise(packed, shape) if kind == Q8_0 else packed.astype(np.float32).reshape(shape)
    return header, tensors
