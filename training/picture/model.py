"""The diffusion model as it is trained: MMDiT-X with only its working parts.

stable-diffusion.cpp wants at least 24 blocks with as many heads as blocks. Of these a few
blocks and half of the heads are trained; the rest are exact identities and zeros that
`export.py` adds. The caption's tokens are updated in the first blocks alone and only read in
the others. Padding positions of the caption are identical, so they are kept once with
log(count) added to their attention score, which is the same softmax.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

BLOCKS, HEADS = 24, 24  # of the exported model
HIDDEN = 96
HEAD_DIM = HIDDEN // HEADS
TRAINED_BLOCKS, TRAINED_HEADS, DUAL_BLOCKS, CAPTION_BLOCKS = 8, 12, 1, 2
WIDTH = TRAINED_HEADS * HEAD_DIM
PATCH, CHANNELS, CODE, POOLED = 2, 12, 640, 768  # channels: those of 16 that carry the picture
WHITE = 160  # directions of the pooled vector that are kept
GRID = 32  # side of the position table in patches: pictures up to 16 * GRID pixels


class _HalfProducts(torch.autograd.Function):
    """x w' + b whose three products, forth and back, are of bfloat16 numbers; sums and results are float."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        rows, half = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(rows, half)
        return ((rows @ half.t()).float() + bias).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx, gradient):
        rows, half = ctx.saved_tensors
        whole = gradient.reshape(-1, gradient.shape[-1])
        short = whole.bfloat16()
        return (short @ half).float().view(*gradient.shape[:-1], -1), (short.t() @ rows).float(), whole.sum(0)


class Linear(nn.Linear):
    """Where there are many rows, training multiplies bfloat16 numbers: a step takes a quarter less. Pictures are made in float."""

    MANY = 100

    def forward(self, x):
        half = torch.is_grad_enabled() and x.numel() > self.MANY * self.in_features
        return _HalfProducts.apply(x, self.weight, self.bias) if half else super().forward(x)


class Rms(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(HEAD_DIM))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class Attention(nn.Module):
    """Queries, keys, values of one stream, and its output projection."""

    def __init__(self, output=True):
        super().__init__()
        self.qkv = Linear(HIDDEN, 3 * WIDTH)
        self.norm_q, self.norm_k = Rms(), Rms()
        self.out = Linear(WIDTH, HIDDEN) if output else None

    def heads(self, x):
        q, k, v = self.qkv(x).view(*x.shape[:2], 3, TRAINED_HEADS, HEAD_DIM).unbind(2)
        return self.norm_q(q).transpose(1, 2), self.norm_k(k).transpose(1, 2), v.transpose(1, 2)


def attend(q, k, v, bias=None):
    if bias is not None:
        bias = bias.expand(q.shape[0], q.shape[1], q.shape[2], k.shape[2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).flatten(2)


def mlp():
    return nn.Sequential(Linear(HIDDEN, 4 * HIDDEN), nn.GELU(approximate="tanh"), Linear(4 * HIDDEN, HIDDEN))


def norm(x, shift, scale):
    return F.layer_norm(x, (HIDDEN,), eps=1e-6) * (1 + scale) + shift


class Block(nn.Module):
    """A joint block. `dual`: the picture also attends to itself alone, as in MMDiT-X.
    `updates`: the caption's tokens are changed too, not only read."""

    def __init__(self, dual, updates):
        super().__init__()
        self.dual, self.updates = dual, updates
        self.x_attn, self.c_attn = Attention(), Attention(output=updates)
        self.x_attn2 = Attention() if dual else None
        self.x_mlp, self.c_mlp = mlp(), mlp() if updates else None
        self.x_mod = Linear(HIDDEN, (9 if dual else 6) * HIDDEN)
        self.c_mod = Linear(HIDDEN, (6 if updates else 2) * HIDDEN)
        for layer, gates in ((self.x_mod, (2, 5, 8)[:3 if dual else 2]), (self.c_mod, (2, 5) if updates else ())):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
            for gate in gates:
                layer.bias.data[gate * HIDDEN:(gate + 1) * HIDDEN] = 0.3

    def forward(self, x, context, t, bias):
        mx = self.x_mod(t)[:, None].chunk(9 if self.dual else 6, -1)
        mc = self.c_mod(t)[:, None].chunk(6 if self.updates else 2, -1)
        plain = F.layer_norm(x, (HIDDEN,), eps=1e-6)
        xq, xk, xv = self.x_attn.heads(plain * (1 + mx[1]) + mx[0])
        cq, ck, cv = self.c_attn.heads(norm(context, mc[0], mc[1]))
        length = context.shape[1]
        k, v = torch.cat([ck, xk], 2), torch.cat([cv, xv], 2)
        joint = attend(torch.cat([cq, xq], 2) if self.updates else xq, k, v, bias)
        update = mx[2] * self.x_attn.out(joint[:, -x.shape[1]:])
        if self.dual:
            update = update + mx[8] * self.x_attn2.out(attend(*self.x_attn2.heads(plain * (1 + mx[7]) + mx[6])))
        x = x + update
        x = x + mx[5] * self.x_mlp(norm(x, mx[3], mx[4]))
        if self.updates:
            context = context + mc[2] * self.c_attn.out(joint[:, :length])
            context = context + mc[5] * self.c_mlp(norm(context, mc[3], mc[4]))
        return x, context


def timestep_features(t):
    """(N,) in 0..1000 to (N, 256): cosines, then sines."""
    frequencies = torch.exp(-math.log(10000) * torch.arange(128) / 128)
    angles = t[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], -1)


class Diffusion(nn.Module):
    """Velocity (noise - picture) of noisy latents (N, 12, h, w), h and w at most 64."""

    def __init__(self):
        super().__init__()
        self.patch = Linear(PATCH * PATCH * CHANNELS, HIDDEN)
        self.positions = nn.Parameter(grid_positions())
        self.t_embed = nn.Sequential(Linear(256, HIDDEN), nn.SiLU(), Linear(HIDDEN, HIDDEN))
        # a fixed whitening of the pooled vector, folded into the first layer at export
        self.register_buffer("pooled_mean", torch.zeros(POOLED))
        self.register_buffer("pooled_basis", torch.zeros(POOLED, WHITE))
        self.y_embed = nn.Sequential(Linear(WHITE, HIDDEN), nn.SiLU(), Linear(HIDDEN, HIDDEN))
        self.c_embed = Linear(CODE, HIDDEN)
        self.blocks = nn.ModuleList(Block(i < DUAL_BLOCKS, i < CAPTION_BLOCKS) for i in range(TRAINED_BLOCKS))
        self.final_mod = Linear(HIDDEN, 2 * HIDDEN)
        self.final = Linear(HIDDEN, PATCH * PATCH * CHANNELS)
        nn.init.orthogonal_(self.patch.weight)
        for layer in (self.final_mod, self.final):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, latents, t, pooled, context, bias):
        """pooled (N, 768) and context (N, L, 640) as `conditioning` makes them; bias (N, L)."""
        n, _, h, w = latents.shape
        h, w = h // PATCH, w // PATCH
        patches = latents.view(n, CHANNELS, h, PATCH, w, PATCH).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w, -1)
        top, left = (GRID - h) // 2, (GRID - w) // 2
        positions = self.positions.view(GRID, GRID, HIDDEN)[top:top + h, left:left + w].reshape(1, h * w, HIDDEN)
        x = self.patch(patches) + positions
        signal = F.silu(self.t_embed(timestep_features(t)) + self.y_embed((pooled - self.pooled_mean) @ self.pooled_basis))
        context = self.c_embed(context)
        bias = torch.cat([bias, bias.new_zeros(n, h * w)], 1)[:, None, None]
        for block in self.blocks:
            x, context = block(x, context, signal, bias)
        shift, scale = self.final_mod(signal)[:, None].chunk(2, -1)
        x = self.final(norm(x, shift, scale))
        # the engine's order inside a patch of the output: row, column, channel
        x = x.view(n, h, w, PATCH, PATCH, CHANNELS).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(n, CHANNELS, h * PATCH, w * PATCH)


def grid_positions():
    """Start of the learnt position table: sines and cosines of row and column, (GRID^2, HIDDEN)."""
    quarter = HIDDEN // 4
    frequencies = torch.exp(-math.log(100) * torch.arange(quarter) / quarter)
    line = (torch.arange(GRID) - (GRID - 1) / 2)[:, None] * frequencies * 0.7
    waves = torch.cat([line.sin(), line.cos()], 1)  # (GRID, HIDDEN / 2)
    rows = waves[:, None].expand(GRID, GRID, -1)
    columns = waves[None].expand(GRID, GRID, -1)
    return torch.cat([rows, columns], -1).reshape(GRID * GRID, HIDDEN).contiguous() * 0.5
