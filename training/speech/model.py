"""Whisper's network for training, with the parameter names of transformers' WhisperForConditionalGeneration.

It differs from transformers only in what training needs and inference never sees: a small output table (the
ids that occur, and one row for all others), attention biases for sampled silence, a phoneme head, and the
cross-attention of one head per layer handed out for guidance.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

WINDOW = 1500      # encoder positions of 30 s
SAMPLED = 80       # silent positions that stand for the rest of the window
SHAPE = {"d_model": 128, "heads": 2, "encoder_layers": 4, "decoder_layers": 3}
TEXT_POSITIONS = 448
LOOKING = 12               # waves by which a head finds a place so far from its own
LOOKED_AT = (3, 6, 10)     # where the heads of the encoder's first layers look at first, before and behind


def sinusoids(length, channels):
    scale = torch.exp(-math.log(10000) / (channels // 2 - 1) * torch.arange(channels // 2))
    angles = torch.arange(length)[:, None] * scale[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.k_proj = nn.Linear(d, d, bias=False)
        self.v_proj = nn.Linear(d, d)
        self.q_proj = nn.Linear(d, d)
        self.out_proj = nn.Linear(d, d)

    def look(self, head, offset, gain):
        """Starts `head` looking `offset` places on, by turning the fast waves of the positions: to learn that takes long."""
        d = self.q_proj.weight.shape[1]
        half, size = d // 2, d // self.heads
        start = head % self.heads * size
        with torch.no_grad():
            q, k = self.q_proj.weight[start:start + size], self.k_proj.weight[start:start + size]
            q[:2 * LOOKING].zero_(), k[:2 * LOOKING].zero_()
            for i in range(LOOKING):
                turn = offset * math.exp(-math.log(10000) / (half - 1) * i)
                cos, sin = gain * math.cos(turn), gain * math.sin(turn)
                k[2 * i, i] = k[2 * i + 1, half + i] = gain
                q[2 * i, i], q[2 * i, half + i] = cos, sin        # sin(a + turn)
                q[2 * i + 1, i], q[2 * i + 1, half + i] = -sin, cos  # cos(a + turn)

    def _split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, source=None, bias=None, causal=False, weights=False):
        source = x if source is None else source
        q, k, v = self._split(self.q_proj(x)), self._split(self.k_proj(source)), self._split(self.v_proj(source))
        scores = q @ (k * (1 / math.sqrt(q.shape[-1]))).transpose(-1, -2)  # faster here than the fused kernel's backward pass
        if causal:
            scores = scores + torch.full(scores.shape[-2:], -math.inf).triu(1).to(scores.dtype)
        if bias is not None:
            scores = scores + bias.to(scores.dtype)
        probabilities = scores.softmax(-1).to(v.dtype)
        out, guide = probabilities @ v, probabilities[:, 0] if weights else None
        return self.out_proj(out.transpose(1, 2).flatten(2)), guide


class EncoderLayer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.self_attn = Attention(d, heads)
        self.self_attn_layer_norm = nn.LayerNorm(d)
        self.fc1, self.fc2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
        self.final_layer_norm = nn.LayerNorm(d)

    def forward(self, x, bias):
        x = x + self.self_attn(self.self_attn_layer_norm(x), bias=bias)[0]
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x)), approximate="tanh"))


class DecoderLayer(EncoderLayer):
    def __init__(self, d, heads):
        super().__init__(d, heads)
        self.encoder_attn = Attention(d, heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(d)

    def forward(self, x, source, bias, weights):
        x = x + self.self_attn(self.self_attn_layer_norm(x), causal=True)[0]
        seen, guide = self.encoder_attn(self.encoder_attn_layer_norm(x), source, bias, weights=weights)
        x = x + seen
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x)), approximate="tanh")), guide


class Encoder(nn.Module):
    def __init__(self, d, heads, layers, n_mels):
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, d, 3, padding=1)
        self.conv2 = nn.Conv1d(d, d, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(WINDOW, d)
        self.embed_positions.weight = nn.Parameter(sinusoids(WINDOW, d), requires_grad=False)
        with torch.no_grad():  # what is heard shall begin about as large as where it is heard
            self.conv1.weight.mul_(2), self.conv2.weight.mul_(4)
        self.layers = nn.ModuleList(EncoderLayer(d, heads) for _ in range(layers))
        for layer, offset in zip(self.layers, LOOKED_AT):
            layer.self_attn.look(0, -offset, 3.0), layer.self_attn.look(1, offset, 3.0)
        self.layer_norm = nn.LayerNorm(d)

    def _convolve(self, mel):
        gelu = lambda x: F.gelu(x, approximate="tanh")
        return gelu(self.conv2(gelu(self.conv1(mel)))).transpose(1, 2)

    def forward(self, mel, offset=0, silence=None):
        """`mel` (clips, mels, frames) lies `offset` positions after the window's start. With `silence`, the
        (clips,) value of a silent frame, the rest of the 30 s window is stood for by SAMPLED of its positions,
        each counted for its share. Answers the states (clips, positions, d) and the bias for attending to them."""
        position = self.embed_positions.weight
        if silence is None:
            x, bias = self._convolve(mel) + position[:mel.shape[2] // 2], None
        else:
            edge = silence[:, None, None].expand(-1, mel.shape[1], 4).to(mel.dtype)
            x = self._convolve(torch.cat([edge, mel, edge] if offset else [mel, edge], 2))
            x = x[:, 2 if offset else 0:-2]
            length = x.shape[1]
            outside = WINDOW - length
            pick = torch.randperm(outside)[:SAMPLED]
            pick = pick + (pick >= offset) * length
            still = self._convolve(torch.cat([edge, edge], 2))[:, 2:3]
            x = torch.cat([x + position[offset:offset + length], still + position[pick]], 1)
            bias = torch.zeros(length + SAMPLED)
            bias[length:] = math.log(outside / SAMPLED)
            bias = bias.to(x.dtype)[None, None, None]
        for layer in self.layers:
            x = layer(x, bias)
        return self.layer_norm(x), bias


class Decoder(nn.Module):
    def __init__(self, d, heads, layers, rows):
        super().__init__()
        self.embed_tokens = nn.Embedding(rows, d)
        self.embed_positions = nn.Embedding(TEXT_POSITIONS, d)
        self.layers = nn.ModuleList(DecoderLayer(d, heads) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(d)
        nn.init.normal_(self.embed_tokens.weight, std=0.1)
        self.embed_positions.weight = nn.Parameter(0.1 * sinusoids(TEXT_POSITIONS, d))
        for layer in self.layers:
            layer.self_attn.look(-1, -1, 5.0)

    def forward(self, ids, source, bias, weights=False):
        x = self.embed_tokens(ids) + self.embed_positions.weight[:ids.shape[1]]
        guides = []
        for layer in self.layers:
            x, guide = layer(x, source, bias, weights)
            guides.append(guide)
        return self.layer_norm(x), guides


class Whisper(nn.Module):
    """`rows` is the number of ids that occur plus one: the last row stands for the `unused` others."""

    def __init__(self, rows, unused, d_model, heads, encoder_layers, decoder_layers, n_mels=80):
        super().__init__()
        self.encoder = Encoder(d_model, heads, encoder_layers, n_mels)
        self.decoder = Decoder(d_model, heads, decoder_layers, rows)
        self.register_buffer("extra", torch.cat([torch.zeros(rows - 1), torch.tensor([math.log(max(unused, 1))])]), persistent=False)

    def logits(self, states):
        return states @ self.decoder.embed_tokens.weight.T + self.extra


class Reader(nn.Module):
    """What the encoder's states are asked for in training, beside the text: the phoneme of every 20 ms, and with the
    decoder's own table the token that is said there, the last one of the same character, and the one before it. So the
    cross-attention finds the place by the token before, and reads there the token to write."""

    def __init__(self, d, phonemes):
        super().__init__()
        self.phoneme = nn.Linear(d, phonemes)
        self.views = nn.ModuleList(nn.Linear(d, d) for _ in range(3))
        for view in self.views:
            nn.init.orthogonal_(view.weight)

    def teach(self, attention):
        """Starts a cross-attention with one head that looks for the token before and takes the token there."""
        size = attention.q_proj.weight.shape[0] // attention.heads
        look = torch.linalg.qr(torch.randn(attention.q_proj.weight.shape[1], size))[0].T
        with torch.no_grad():
            attention.q_proj.weight[:size] = 2.0 * look
            attention.k_proj.weight[:size] = 2.0 * look @ self.views[2].weight
