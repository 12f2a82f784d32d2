"""Whisper as one scripted module: spectrogram, encoder, and decoder steps with the caches inside.

Called with samples it encodes a window and returns nothing of use; called with ids it decodes them from a position on.
The spectrogram is that of openai's Whisper and whisper.cpp, over the file's own mel filters.
"""
import base64
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinds import finished, table

RATE, FFT, HOP, WINDOW = 16_000, 400, 160, 1500
F32, F16, Q8_0, BF16 = 0, 1, 8, 30
CHECKED_BELOW = 100e6  # bytes: larger files are not loaded a second time for the comparison
BLOCK = np.dtype([("scale", "<f2"), ("values", "i1", 32)])


def read(path):
    """(header, mel filters, vocabulary as bytes, tensors by openai's names) of a whisper.cpp file."""
    data, at = np.memmap(path, np.uint8, "r"), 0

    def take(form):
        nonlocal at
        size = struct.calcsize("<" + form)
        values = struct.unpack("<" + form, data[at:at + size].tobytes())
        at += size
        return values

    magic, *header = take("I11i")
    if magic != 0x67676D6C:
        raise SystemExit(f"{path} is no whisper.cpp model: magic {magic:#x}")
    mels, bins = take("2i")
    filters = np.frombuffer(data[at:at + 4 * mels * bins].tobytes(), "<f4").reshape(mels, bins)
    at += 4 * mels * bins
    words = []
    for _ in range(take("i")[0]):
        length, = take("i")
        words.append(data[at:at + length].tobytes())
        at += length
    tensors = Tensors()
    while at < len(data):
        dims, length, kind = take("3i")
        shape = tuple(reversed(take(f"{dims}i")))
        name = data[at:at + length].tobytes().decode()
        at += length
        count = int(np.prod(shape))
        size = {F32: 4 * count, F16: 2 * count, BF16: 2 * count, Q8_0: count // 32 * 34}[kind]
        tensors[name] = kind, shape, data[at:at + size]
        at += size
    return header, torch.from_numpy(filters.copy()), words, tensors


class Tensors(dict):
    """Raw tensors by name; taken out one by one as float32, so that a large file is never in memory as a whole."""

    def pop(self, name, *default):
        if default and name not in self:
            return default[0]
        kind, shape, raw = super().pop(name)
        if kind == Q8_0:
            blocks = np.frombuffer(raw.tobytes(), BLOCK)
            values = blocks["values"].astype(np.float32) * blocks["scale"].astype(np.float32)[:, None]
        elif kind == BF16:
            values = (np.frombuffer(raw.tobytes(), "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(raw.tobytes(), "<f4" if kind == F32 else "<f2").astype(np.float32)
        return torch.from_numpy(values.reshape(shape))


def linear(tensors, name, kind):
    weight, bias = tensors.pop(name + ".weight"), tensors.pop(name + ".bias", None)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return finished(layer, kind)


def norm(tensors, name, kind):
    weight = tensors.pop(name + ".weight")
    layer = nn.LayerNorm(weight.shape[0])
    layer.weight, layer.bias = (nn.Parameter(t, requires_grad=False) for t in (weight, tensors.pop(name + ".bias")))
    return layer.to(torch.bfloat16) if kind == "bf16" else layer


def convolution(tensors, name, stride, kind):
    weight = tensors.pop(name + ".weight")
    layer = nn.Conv1d(weight.shape[1], weight.shape[0], 3, stride, 1)
    layer.weight = nn.Parameter(weight, requires_grad=False)
    layer.bias = nn.Parameter(tensors.pop(name + ".bias").flatten(), requires_grad=False)
    return layer.to(torch.bfloat16) if kind == "bf16" else layer


def heads(x: Tensor, count: int) -> Tensor:
    return x.view(x.size(0), count, x.size(1) // count).transpose(0, 1)


def joined(x: Tensor) -> Tensor:
    return x.transpose(0, 1).flatten(1)


class EncoderLayer(nn.Module):
    def __init__(self, tensors, name, kind, count: int):
        super().__init__()
        self.count = count
        self.norm, self.mlp_norm = norm(tensors, name + "attn_ln", kind), norm(tensors, name + "mlp_ln", kind)
        self.q, self.k, self.v, self.o = (linear(tensors, f"{name}attn.{n}", kind) for n in ("query", "key", "value", "out"))
        self.up, self.down = linear(tensors, name + "mlp.0", kind), linear(tensors, name + "mlp.2", kind)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        q, k, v = heads(self.q(y), self.count), heads(self.k(y), self.count), heads(self.v(y), self.count)
        x = x + self.o(joined(F.scaled_dot_product_attention(q[None], k[None], v[None])[0]))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class DecoderLayer(nn.Module):
    def __init__(self, tensors, name, kind, count: int):
        super().__init__()
        self.count = count
        self.norm, self.cross_norm, self.mlp_norm = (norm(tensors, name + n, kind) for n in ("attn_ln", "cross_attn_ln", "mlp_ln"))
        self.q, self.k, self.v, self.o = (linear(tensors, f"{name}attn.{n}", kind) for n in ("query", "key", "value", "out"))
        self.cq, self.ck, self.cv, self.co = (linear(tensors, f"{name}cross_attn.{n}", kind) for n in ("query", "key", "value", "out"))
        self.up, self.down = linear(tensors, name + "mlp.0", kind), linear(tensors, name + "mlp.2", kind)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, heard_keys: Tensor, heard_values: Tensor, at: int, mask: Tensor) -> Tensor:
        n, y = x.size(0), self.norm(x)
        keys[:, at:at + n] = heads(self.k(y), self.count).to(keys.dtype)
        values[:, at:at + n] = heads(self.v(y), self.count).to(values.dtype)
        q, k, v = heads(self.q(y), self.count).to(keys.dtype), keys[:, :at + n], values[:, :at + n]
        if n == 1:
            mixed = F.scaled_dot_product_attention(q[None], k[None], v[None])[0]
        else:
            mixed = F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask)[0]
        x = x + self.o(joined(mixed).to(x.dtype))
        q = heads(self.cq(self.cross_norm(x)), self.count).to(keys.dtype)
        x = x + self.co(joined(F.scaled_dot_product_attention(q[None], heard_keys[None], heard_values[None])[0]).to(x.dtype))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class Whisper(nn.Module):
    def __init__(self, header, filters, tensors, kind):
        super().__init__()
        _, _, width, count, encoder, text, _, _, decoder, _, _ = header
        self.count = count
        self.register_buffer("filters", filters)
        self.register_buffer("hann", torch.hann_window(FFT))
        self.conv1, self.conv2 = convolution(tensors, "encoder.conv1", 1, kind), convolution(tensors, "encoder.conv2", 2, kind)
        self.register_buffer("positions", tensors.pop("encoder.positional_embedding"))
        self.encoder = nn.ModuleList(EncoderLayer(tensors, f"encoder.blocks.{i}.", kind, count) for i in range(encoder))
        self.encoder_norm = norm(tensors, "encoder.ln_post", kind)
        embedding, output = table(tensors.pop("decoder.token_embedding.weight"), kind)
        self.register_buffer("embedding", embedding)
        head = nn.Linear(output.shape[1], output.shape[0], bias=False, device="meta")
        head.weight = nn.Parameter(output, requires_grad=False)
        self.head = finished(head, kind)
        self.register_buffer("text_positions", tensors.pop("decoder.positional_embedding"))
        self.decoder = nn.ModuleList(DecoderLayer(tensors, f"decoder.blocks.{i}.", kind, count) for i in range(decoder))
        self.decoder_norm = norm(tensors, "decoder.ln", kind)
        own = torch.bfloat16 if kind == "bf16" else torch.float32
        self.register_buffer("keys", torch.zeros(decoder, count, text, width // count, dtype=own))
        self.register_buffer("values", torch.zeros(decoder, count, text, width // count, dtype=own))
        self.register_buffer("heard_keys", torch.zeros(decoder, count, 1, width // count, dtype=own))
        self.register_buffer("heard_values", torch.zeros(decoder, count, 1, width // count, dtype=own))

    def mel(self, samples: Tensor, frames: int) -> Tensor:
        """(mels, frames) of a window: the loudest point of what was said counts, not that of the padding."""
        # As far as the frames reach, and so much silence behind all sound that nothing is mirrored into them.
        padded = F.pad(samples, [0, max(0, frames * 160 - samples.size(0)) + 400])
        power = torch.stft(padded, 400, 160, 400, self.hann, center=True, pad_mode="reflect", return_complex=True).abs().square()
        mel = (self.filters @ power[:, :-1]).clamp(min=1e-10).log10()
        mel = torch.maximum(mel, mel.max() - 8.0)
        return ((mel + 4.0) / 4.0)[:, :frames]

    def encode(self, samples: Tensor, positions: int):
        x = self.mel(samples, 2 * positions).to(self.conv1.weight.dtype)[None]
        x = F.gelu(self.conv2(F.gelu(self.conv1(x), approximate="tanh")), approximate="tanh")[0].t()
        x = x + self.positions[:positions].to(x.dtype)
        for layer in self.encoder:
            x = layer(x)
        x = self.encoder_norm(x)
        keys, values = [], []
        for layer in self.decoder:
            keys.append(heads(layer.ck(x), self.count))
            values.append(heads(layer.cv(x), self.count))
        self.heard_keys = torch.stack(keys).to(self.keys.dtype)
        self.heard_values = torch.stack(values).to(self.keys.dtype)

    def forward(self, samples: Tensor, positions: Tensor, ids: Tensor, start: Tensor) -> Tensor:
        """samples: float32, or one element to encode nothing; positions, start: int64 (1); ids: int64. Float32 logits after the last id."""
        if samples.size(0) > 1:
            self.encode(samples, int(positions.item()))
        at, n = int(start.item()), ids.size(0)
        x = (F.embedding(ids, self.embedding).float() + self.text_positions[at:at + n]).to(self.keys.dtype)
        seen = torch.arange(at + n)[None, :] <= at + torch.arange(n)[:, None]
        mask = torch.zeros(n, at + n).masked_fill(seen.logical_not(), float("-inf")).to(self.keys.dtype)
        for i, layer in enumerate(self.decoder):
            x = layer(x, self.keys[i], self.values[i], self.heard_keys[i], self.heard_values[i], at, mask)
        return self.head(self.decoder_norm(x[-1:]))[0].float()


def check(path):
    """Against transformers on the same window. Returns the largest difference of a logit."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "speech"))
    import export as own
    theirs = own.load(str(path))
    header, filters, _, tensors = read(path)
    module = Whisper(header, filters, tensors, "fp32").eval()
    samples = 0.1 * torch.sin(torch.arange(3 * RATE) * 0.05) * torch.sin(torch.arange(3 * RATE) * 0.0007)
    mel = module.mel(samples, 2 * WINDOW)
    ids = torch.tensor([50258, 50264, 50359, 50363, 300, 400])
    want = theirs(input_features=mel[None], decoder_input_ids=ids[None]).logits[0]
    worst, at = 0.0, 0
    for piece in (ids[:4], ids[4:5], ids[5:]):
        got = module(samples if at == 0 else samples[:1], torch.tensor([WINDOW]), piece, torch.tensor([at]))
        at += len(piece)
        worst = max(worst, float((got - want[at - 1]).abs().max()))
    return worst


def export(arguments, folder):
    header, filters, words, tensors = read(arguments.model)
    (folder / "tokens.txt").write_text("\n".join(base64.b64encode(w).decode() for w in words) + "\n", "ascii")
    meta = {"vocabulary": header[0], "mels": header[9], "text_positions": header[5]}
    if arguments.model.stat().st_size < CHECKED_BELOW:
        worst = check(arguments.model)
        if worst > 5e-3:
            raise SystemExit(f"the module differs from transformers by {worst} in a logit")
        meta["largest_difference_to_transformers"] = worst
    torch.jit.save(torch.jit.script(Whisper(header, filters, tensors, arguments.type).eval()), str(folder / "model.pt"))
    return meta
