"""Qwen3 in plain PyTorch, made for training on many short calls to one shop: the text that the calls share is computed
once and every call attends to it. Weights have the names and shapes of transformers' Qwen3ForCausalLM.
"""
import dataclasses
import math

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass
class Config:
    vocab_size: int
    hidden_size: int = 256
    intermediate_size: int = 512
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    # high, so that half of a head's dimensions do not turn within a prompt: those compare content
    rope_theta: float = 1e7
    rms_norm_eps: float = 1e-6
    max_position_embeddings: int = 4096

    @staticmethod
    def of(weights):
        """The sizes that differ between this project's models, from a state dict."""
        layers = sum(name.endswith("input_layernorm.weight") for name in weights)
        return Config(*weights["embed_tokens.weight"].shape, weights["layers.0.mlp.up_proj.weight"].shape[0], layers)


class Scaled(torch.autograd.Function):
    """RMS norm with its gradient by hand: a third of the time of autograd's on a CPU."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        wide = x.float()
        scale = torch.rsqrt(torch.linalg.vector_norm(wide, dim=-1, keepdim=True) ** 2 / wide.shape[-1] + eps)
        normal = wide * scale
        ctx.save_for_backward(normal, scale, weight)
        ctx.dtype = x.dtype
        return normal * weight

    @staticmethod
    def backward(ctx, gradient):
        normal, scale, weight = ctx.saved_tensors
        gradient = gradient.float()
        of_weight = (gradient * normal).flatten(0, -2).sum(0)
        inner = gradient * weight
        return (inner.sub_(normal * (inner * normal).mean(-1, keepdim=True)).mul_(scale)).to(ctx.dtype), of_weight, None


class Norm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return Scaled.apply(x, self.weight, self.eps)


def turned(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.hidden_size, c.num_attention_heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.num_attention_heads * c.head_dim, c.hidden_size, bias=False)
        self.q_norm, self.k_norm = Norm(c.head_dim, c.rms_norm_eps), Norm(c.head_dim, c.rms_norm_eps)

    def forward(self, x, rotation, attend):
        """x: tokens x hidden, in one row; `attend` does the attention on heads of that row."""
        c = self.c
        cos, sin = rotation
        q = turned(self.q_norm(self.q_proj(x).view(-1, c.num_attention_heads, c.head_dim)).to(cos.dtype), cos, sin)
        k = turned(self.k_norm(self.k_proj(x).view(-1, c.num_key_value_heads, c.head_dim)).to(cos.dtype), cos, sin)
        v = self.v_proj(x).view(-1, c.num_key_value_heads, c.head_dim)
        return self.o_proj(attend(q.to(v.dtype), k.to(v.dtype), v).reshape(x.shape[0], -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = Norm(c.hidden_size, c.rms_norm_eps), Norm(c.hidden_size, c.rms_norm_eps)
        self.self_attn, self.mlp = Attention(c), MLP(c)

    def forward(self, x, rotation, attend, dropout=0.0):
        x = x + F.dropout(self.self_attn(self.input_layernorm(x), rotation, attend), dropout)
        return x + F.dropout(self.mlp(self.post_attention_layernorm(x)), dropout)


def attention(q, k, v, mask):
    """q: batch x length x heads x size, k and v: batch x keys x groups x size; the mask is added. Written out, because
    the backward pass of PyTorch's own for CPUs takes twice as long at these sizes."""
    repeat = q.shape[2] // k.shape[2]
    q, k, v = q.transpose(1, 2), k.transpose(1, 2).repeat_interleave(repeat, 1), v.transpose(1, 2).repeat_interleave(repeat, 1)
    scores = torch.matmul(q / math.sqrt(q.shape[-1]), k.transpose(-1, -2)) + mask
    return torch.matmul(scores.softmax(-1).to(v.dtype), v).transpose(1, 2)


def later(length, before=0):
    """Mask of `length` places that see `before` others, and of their own those up to themselves."""
    return torch.full((length, length + before), -torch.inf).triu(before + 1)


class Qwen3(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = Norm(c.hidden_size, c.rms_norm_eps)

    @staticmethod
    def number():
        return torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32

    def rotation(self, positions):
        half = self.c.head_dim // 2
        angles = positions.reshape(-1, 1, 1).float() * self.c.rope_theta ** (-torch.arange(half) / half)
        return angles.cos().to(self.number()), angles.sin().to(self.number())

    def shared(self, groups, dropout=0.0):
        """Hidden states of calls that share how they begin, with a share of what each layer adds left out at random
        (`dropout`, for training). A group is (ids of the beginning, blocks): a block is a few
        calls of about one length, calls x length, padded at the end; each attends to its group's beginning and to
        itself. Returns one tensor, block after block: the calls' places, padding among them, x hidden."""
        pieces, positions, cuts, masks, at = [], [], [], [], 0
        for begun, blocks in groups:
            before = len(begun)
            pieces.append(begun)
            positions.append(torch.arange(before))
            start, at = at, at + before
            inside, own = [], later(before).to(self.number())
            for block in blocks:
                calls, after = block.shape
                pieces.append(block.reshape(-1))
                positions.append((before + torch.arange(after)).repeat(calls))
                inside.append((at, calls, after, later(after, before).to(self.number())))
                at += calls * after
            cuts.append((start, before, own, inside))
        x = self.embed_tokens(torch.cat(pieces))
        rotation = self.rotation(torch.cat(positions))

        def attend(q, k, v):
            out = []
            for start, before, own, inside in cuts:
                first = [t[start:start + before].unsqueeze(0) for t in (q, k, v)]
                out.append(attention(*first, own)[0])
                for begin, calls, after, mask in inside:
                    rest = [t[begin:begin + calls * after].view(calls, after, *t.shape[1:]) for t in (q, k, v)]
                    both = [torch.cat([f.expand(calls, *f.shape[1:]), t], 1) for f, t in zip(first[1:], rest[1:])]
                    out.append(attention(rest[0], *both, mask).flatten(0, 1))
            return torch.cat(out)

        for layer in self.layers:
            x = layer(x, rotation, attend, dropout)
        return self.norm(torch.cat([x[begin:begin + calls * after] for *_, inside in cuts for begin, calls, after, _ in inside]))

    def logits(self, hidden):
        return hidden @ self.embed_tokens.weight.to(hidden.dtype).T

    def step(self, ids, cache):
        """Logits after the last of `ids`; `cache` holds keys and values of what went before and grows."""
        past = cache[0][0].shape[0] if cache else 0
        x = self.embed_tokens(ids)
        rotation = self.rotation(torch.arange(past, past + len(ids)))
        mask = later(len(ids), past)
        grown = []
        for i, layer in enumerate(self.layers):
            def attend(q, k, v):
                if cache:
                    k, v = torch.cat([cache[i][0], k]), torch.cat([cache[i][1], v])
                grown.append((k, v))
                return attention(q[None], k[None], v[None], mask)[0]
            x = layer(x, rotation, attend)
        return self.logits(self.norm(x[-1])), grown


def initialised(c, seed):
    """Random weights, but with heads that copy: one layer notes the two tokens before each place, later layers look for
    a place that followed the same two tokens and suggest what stood there. Training learns when to use them; learning
    the copying itself took most of the time before.
    """
    g = torch.Generator().manual_seed(seed)
    model = Qwen3(c)
    content = c.hidden_size // 2
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                # what layers add is small beside the embeddings at first
                scale = 0.05 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1
                weight.normal_(0, scale / math.sqrt(weight.shape[1]), generator=g)
        embedding = model.embed_tokens.weight
        embedding.normal_(0, 0.02, generator=g)
        embedding[:, :content].normal_(0, 0.1, generator=g)
        embedding[:, -1] = 0.3  # the same for all: what a head needs to look at a place whatever stands there
        size, half = c.head_dim, c.head_dim // 2
        one, two = content, content + 40  # where the two tokens before are noted
        look = torch.linalg.qr(torch.randn(content, 40, generator=g))[0].T
        fast = list(range(4)) + list(range(half, half + 4))
        slow = [*range(12, half), *range(half + 12, size)]

        noting = model.layers[0].self_attn
        for head, back in ((0, 1), (1, 2)):
            rows = slice(head * size, (head + 1) * size)
            noting.q_proj.weight[rows] = 0
            for i in range(4):
                angle = back * c.rope_theta ** (-i / half)
                noting.q_proj.weight[head * size + i, -1] = math.cos(angle)
                noting.q_proj.weight[head * size + half + i, -1] = -math.sin(angle)
            noting.o_proj.weight[:, rows] = 0
            at = one if head == 0 else two
            for i in range(40):
                noting.o_proj.weight[at + i, head * size + i] = 0.07
        noting.k_proj.weight[:size] = 0
        noting.k_proj.weight[:4, -1] = 1
        noting.v_proj.weight[:size] = 0
        noting.v_proj.weight[:40, :content] = look
        for norm in (noting.q_norm, noting.k_norm):
            norm.weight[fast] = 2.5

        for layer in (1, 2):
            copying = model.layers[layer].self_attn
            rows, group = slice(2 * size, 3 * size), slice(size, 2 * size)
            q, k = torch.zeros(size, c.hidden_size), torch.zeros(size, c.hidden_size)
            for i, at in enumerate(slow):
                if i < 26:
                    q[at, :content], k[at, one + i] = look[i], 1
                else:
                    q[at, one + i - 26], k[at, two + i - 26] = 0.7, 0.7
            copying.q_proj.weight[rows], copying.k_proj.weight[group] = q, k
            give = torch.linalg.qr(torch.randn(content, size, generator=g))[0]
            copying.v_proj.weight[group] = 0
            copying.v_proj.weight[group, :content] = give.T
            copying.o_proj.weight[:, rows] = 0
            copying.o_proj.weight[:content, rows] = 0.2 * give
            for norm in (copying.q_norm, copying.k_norm):
                norm.weight[slow] = 2.0
    return model
