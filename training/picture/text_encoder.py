"""The demo's CLIP-L text encoder: frozen, generated from a seed, never trained.

stable-diffusion.cpp wants a CLIP-L of the real size (12 layers x 768, 49408 tokens). A
trained one cannot be shipped, and the demo needs none: a fixed code for every token and a
little mixing is all that the diffusion model has to read. So most of the network is zero
(such layers pass their input on unchanged) and what is left is +-1 bits of a hash:

  token embedding   dims 0..639 are a +-1 code of the token
  positions         dim 640 + p is 8 at position p
  layer 0           heads 0..7 fetch the previous token, heads 8..11 the one before it
  layers 1..10      identity
  layer 11          every head averages the tokens up to here, end-of-text left out, so
                    the pooled vector is a bag of words and of word pairs

The bits are those of splitmix64's finalizer over a stream number and an index, so another
language makes the same file byte for byte. TEXT_ENCODER.md is the specification.

Run it as a program to write the GGUF file; import it for `encode`, the same network in
PyTorch without the layers that do nothing.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

WIDTH, HIDDEN_MLP, LAYERS, HEADS, HEAD_DIM = 768, 3072, 12, 12, 64
VOCABULARY, POSITIONS = 49408, 77
BOS, EOS = 49406, 49407
CODE = 640  # dims 0..CODE-1 carry meaning; then the one-hot position; then the marker
MARKER = 717  # this dim is set for end-of-text alone
PREVIOUS_HEADS = 8  # heads 0..7 look one token back, the others two

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hash_bits(stream: int, count: int) -> np.ndarray:
    """`count` bits (0 or 1) of a stream: bit i is bit (i mod 64) of word i div 64."""
    with np.errstate(over="ignore"):
        z = np.uint64(stream) * _GOLDEN + np.arange((count + 63) // 64, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return np.unpackbits(z.astype("<u8").view(np.uint8), bitorder="little")[:count]


def signs(stream: int, rows: int, columns: int) -> np.ndarray:
    """+1 where the stream's bit is set, -1 where it is not; index = row * columns + column."""
    bits = hash_bits(stream, rows * columns).astype(np.int8)
    return (2 * bits - 1).reshape(rows, columns)


def token_codes(ids=None) -> np.ndarray:
    """The +-1 codes, (tokens, 640) int8: of all tokens, or of those asked for."""
    codes = signs(1, VOCABULARY, CODE)
    return codes if ids is None else codes[np.asarray(ids)]


def position_codes(back: int) -> np.ndarray:
    """(64, 77): column p is the random code of position p - back (of 0 before the start)."""
    codes = signs(2, POSITIONS, HEAD_DIM)
    return codes[np.maximum(np.arange(POSITIONS) - back, 0)].T


def layer_0() -> dict:
    """q, k, v and out of layer 0, float32, shape (out, in)."""
    q, k, v, out = (np.zeros((WIDTH, WIDTH), np.float32) for _ in range(4))
    for head in range(HEADS):
        rows = slice(head * HEAD_DIM, (head + 1) * HEAD_DIM)
        back = 1 if head < PREVIOUS_HEADS else 2
        q[rows, CODE:CODE + POSITIONS] = position_codes(back) / 4
        k[rows, CODE:CODE + POSITIONS] = position_codes(0) / 4
    v[:, :CODE] = signs(3, WIDTH, CODE) / 32
    out[:CODE, :] = signs(4, CODE, WIDTH) / 32
    return {"q_proj": q, "k_proj": k, "v_proj": v, "out_proj": out}


def layer_11() -> dict:
    """q (zero: its bias asks), k, v and out of layer 11."""
    k, v, out = (np.zeros((WIDTH, WIDTH), np.float32) for _ in range(3))
    k[::HEAD_DIM, MARKER] = -4
    v[:, :CODE] = signs(5, WIDTH, CODE) / 32
    out[:CODE, :] = signs(6, CODE, WIDTH) / 2
    return {"q_proj": None, "k_proj": k, "v_proj": v, "out_proj": out}


def layer_11_query_bias() -> np.ndarray:
    bias = np.zeros(WIDTH, np.float32)
    bias[::HEAD_DIM] = 4
    return bias


def position_embedding() -> np.ndarray:
    table = np.zeros((POSITIONS, WIDTH), np.float32)
    table[np.arange(POSITIONS), CODE + np.arange(POSITIONS)] = 8
    return table


def token_embedding(ids=None) -> np.ndarray:
    """Float32 rows (tokens, 768) as the file's Q4_0 rows decode."""
    codes = token_codes(ids)
    rows = np.zeros((len(codes), WIDTH), np.float32)
    rows[:, :CODE] = codes
    rows[(np.arange(VOCABULARY) if ids is None else np.asarray(ids)) == EOS, MARKER] = 7
    return rows


# ---------------------------------------------------------------- the file

def q4_0_embedding() -> np.ndarray:
    """The token embedding as Q4_0: blocks of 32 are a float16 scale and 16 bytes, whose low
    nibbles are numbers 0..15 and high nibbles 16..31, each (nibble - 8) * scale."""
    nibbles = np.full((VOCABULARY, WIDTH), 8, np.uint8)
    nibbles[:, :CODE] = 8 + 4 * token_codes()  # 12 or 4: +-4 * 0.25
    nibbles[EOS, MARKER] = 15
    scales = np.full((VOCABULARY, WIDTH // 32), 0.25, np.float16)
    scales[EOS, MARKER // 32] = 1
    blocks = nibbles.reshape(VOCABULARY, WIDTH // 32, 32)
    data = np.empty((VOCABULARY, WIDTH // 32, 18), np.uint8)
    data[..., :2] = scales[..., None].view(np.uint8)
    data[..., 2:] = blocks[..., :16] | (blocks[..., 16:] << 4)
    return data.reshape(VOCABULARY, -1)


def write(path: Path) -> str:
    """Writes the GGUF file and returns its SHA-256."""
    import gguf

    types = gguf.GGMLQuantizationType
    writer = gguf.GGUFWriter(path, "clip-l")

    def zero_q1_0(name, rows, columns):
        # all bytes zero: scale 0, so every weight is 0, at 18 bytes for 128 of them
        writer.add_tensor(name, np.zeros((rows, columns // 128 * 18), np.uint8), raw_dtype=types.Q1_0)

    zeros, ones = np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32)
    writer.add_tensor("text_model.embeddings.token_embedding.weight", q4_0_embedding(), raw_dtype=types.Q4_0)
    writer.add_tensor("text_model.embeddings.position_embedding.weight", position_embedding())
    for index in range(LAYERS):
        matrices = {0: layer_0, LAYERS - 1: layer_11}.get(index, dict)()
        prefix = f"text_model.encoder.layers.{index}."
        writer.add_tensor(prefix + "layer_norm1.weight", ones)
        writer.add_tensor(prefix + "layer_norm1.bias", zeros)
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            if matrices.get(name) is None:
                zero_q1_0(prefix + f"self_attn.{name}.weight", WIDTH, WIDTH)
            else:
                writer.add_tensor(prefix + f"self_attn.{name}.weight", matrices[name].astype(np.float16))
            asks = name == "q_proj" and index == LAYERS - 1
            writer.add_tensor(prefix + f"self_attn.{name}.bias", layer_11_query_bias() if asks else zeros)
        writer.add_tensor(prefix + "layer_norm2.weight", ones)
        writer.add_tensor(prefix + "layer_norm2.bias", zeros)
        zero_q1_0(prefix + "mlp.fc1.weight", HIDDEN_MLP, WIDTH)
        writer.add_tensor(prefix + "mlp.fc1.bias", np.zeros(HIDDEN_MLP, np.float32))
        zero_q1_0(prefix + "mlp.fc2.weight", WIDTH, HIDDEN_MLP)
        writer.add_tensor(prefix + "mlp.fc2.bias", zeros)
    writer.add_tensor("text_model.final_layer_norm.weight", ones)
    writer.add_tensor("text_model.final_layer_norm.bias", zeros)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# ---------------------------------------------------------------- the same network in PyTorch

class TextEncoder:
    """`encode` gives what the engine's CLIP-L gives, without the layers that do nothing.

    Tokens of the same id get the same code, so only the two working layers are computed;
    attention of layer 0 depends on the position alone."""

    def __init__(self):
        import torch

        self.torch = torch
        self.first = {k: torch.from_numpy(v) for k, v in layer_0().items()}
        self.last = {k: torch.from_numpy(v) for k, v in layer_11().items() if v is not None}
        self.bias = torch.from_numpy(layer_11_query_bias())
        self.positions = torch.from_numpy(position_embedding())
        self.embedding = token_embedding()

    def _attend(self, x, weights, query_bias=None):
        torch = self.torch
        batch, length, _ = x.shape
        normed = torch.nn.functional.layer_norm(x, (WIDTH,), eps=1e-5)
        split = lambda t: t.view(batch, length, HEADS, HEAD_DIM).transpose(1, 2)
        q = normed @ weights["q_proj"].T if query_bias is None else query_bias.expand(batch, length, WIDTH)
        k, v = normed @ weights["k_proj"].T, normed @ weights["v_proj"].T
        mixed = torch.nn.functional.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=True)
        return x + mixed.transpose(1, 2).reshape(batch, length, WIDTH) @ weights["out_proj"].T

    def encode(self, ids):
        """ids: (captions, up to 77). Returns hidden states (captions, length, 768) as the engine's
        clip-skip 2 gives them, and the pooled vectors (captions, 768)."""
        torch = self.torch
        with torch.no_grad():
            ids = np.asarray(ids)
            x = torch.from_numpy(self.embedding[ids]) + self.positions[:ids.shape[1]]
            hidden = self._attend(x, self.first)
            last = self._attend(hidden, self.last, self.bias)
            last = torch.nn.functional.layer_norm(last, (WIDTH,), eps=1e-5)
            end = torch.from_numpy((ids == EOS).argmax(axis=1))
            return hidden, last[torch.arange(len(ids)), end]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", type=Path, nargs="?", default=Path("sd3-demo-clip_l.gguf"))
    arguments = parser.parse_args()
    print(write(arguments.output), arguments.output)
