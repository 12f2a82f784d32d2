"""Qwen3 as one scripted module for prompt and single tokens, with a KV cache of fixed size inside.

Written for speed as one would write it for PyTorch alone: queries of a key head are its batch, so that the cache is
never copied or repeated; only the last position's logits are computed.
"""
import base64

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinds import finished, table

CHECKED_BELOW = 500e6  # bytes: larger files are not loaded a second time for the comparison


def linear(weight, kind):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    layer.weight = nn.Parameter(weight, requires_grad=False)
    return finished(layer, kind)


def rms(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return F.rms_norm(x.float(), [x.size(-1)], weight, epsilon).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x: tokens, heads, size; the second half is the first's partner."""
    first, second = x.float().chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, weights, kind, heads: int, key_heads: int, size: int, epsilon: float):
        super().__init__()
        self.heads, self.key_heads, self.size, self.epsilon = heads, key_heads, size, epsilon
        self.q, self.k, self.v, self.o = (linear(weights(f"attn_{n}"), kind) for n in ("q", "k", "v", "output"))
        self.gate, self.up, self.down = (linear(weights(f"ffn_{n}"), kind) for n in ("gate", "up", "down"))
        for name in ("attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm"):
            self.register_buffer(name, weights(name))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, at: int, mask: Tensor) -> Tensor:
        n = x.size(0)
        normed = rms(x, self.attn_norm, self.epsilon)
        q = rotate(rms(self.q(normed).view(n, self.heads, self.size), self.attn_q_norm, self.epsilon), cos, sin)
        k = rotate(rms(self.k(normed).view(n, self.key_heads, self.size), self.attn_k_norm, self.epsilon), cos, sin)
        v = self.v(normed).view(n, self.key_heads, self.size)
        keys[:, at:at + n] = k.transpose(0, 1).to(keys.dtype)
        values[:, at:at + n] = v.transpose(0, 1).to(values.dtype)
        groups = self.heads // self.key_heads
        q = q.view(n, self.key_heads, groups, self.size).permute(1, 2, 0, 3).to(keys.dtype)
        k = keys[:, :at + n].unsqueeze(1).expand(-1, groups, -1, -1)
        v = values[:, :at + n].unsqueeze(1).expand(-1, groups, -1, -1)
        if n == 1:
            mixed = F.scaled_dot_product_attention(q, k, v)
        elif at == 0:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.o(mixed.permute(2, 0, 1, 3).reshape(n, self.heads * self.size).to(x.dtype))
        normed = rms(x, self.ffn_norm, self.epsilon)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Qwen3(nn.Module):
    def __init__(self, weights, kind, layers, heads, key_heads, size, epsilon, base, context):
        super().__init__()
        self.epsilon = epsilon
        embedding, output = table(weights("token_embd"), kind)
        self.register_buffer("embedding", embedding)
        self.head = linear(output, kind)
        self.register_buffer("norm", weights("output_norm"))
        self.layers = nn.ModuleList(
            Layer(lambda n, i=i: weights(f"blk.{i}.{n}"), kind, heads, key_heads, size, epsilon) for i in range(layers))
        angles = torch.arange(context)[:, None] * base ** (-torch.arange(0, size, 2) / size)
        self.register_buffer("cos", angles.cos()[:, None])
        self.register_buffer("sin", angles.sin()[:, None])
        own = torch.bfloat16 if kind == "bf16" else torch.float32
        self.register_buffer("keys", torch.zeros(layers, key_heads, context, size, dtype=own))
        self.register_buffer("values", torch.zeros(layers, key_heads, context, size, dtype=own))

    def forward(self, ids: Tensor, start: Tensor) -> Tensor:
        """ids: int64 (tokens); start: int64 (1), the first one's position. Returns float32 logits after the last."""
        at, n = int(start.item()), ids.size(0)
        x = F.embedding(ids, self.embedding).to(self.keys.dtype)
        cos, sin = self.cos[at:at + n], self.sin[at:at + n]
        mask = torch.zeros(0)
        if n > 1 and at > 0:
            seen = torch.arange(at + n)[None, :] <= at + torch.arange(n)[:, None]
            mask = torch.zeros(n, at + n).masked_fill(seen.logical_not(), float("-inf")).to(self.keys.dtype)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, self.keys[i], self.values[i], at, mask)
        return self.head(rms(x[-1:], self.norm, self.epsilon))[0].float()


def read(path):
    """(value of a key, weights by name as float32)."""
    reader = gguf.GGUFReader(path)
    stored = {t.name: t for t in reader.tensors}

    def weights(name):
        tensor = stored[name + ".weight"]
        array = np.asarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        return torch.from_numpy(array.reshape(*reversed(tensor.shape.tolist())).copy())

    return (lambda key: reader.fields[key].contents()), weights


def build(path, kind, context):
    value, weights = read(path)
    of = lambda name: value(f"qwen3.{name}")
    return Qwen3(weights, kind, of("block_count"), of("attention.head_count"), of("attention.head_count_kv"),
                 of("attention.key_length"), of("attention.layer_norm_rms_epsilon"), of("rope.freq_base"), context).eval()


def tokens(value, folder):
    """tokens.txt (base64 of each token's bytes, empty for control tokens), tokenizer.json of plain text, control ids."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    names, kinds = value("tokenizer.ggml.tokens"), value("tokenizer.ggml.token_type")
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {chr(b): b for b in printable}
    letters.update({chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)})
    lines = [base64.b64encode(bytes(letters[c] for c in name)).decode() if kind == 1 else "" for name, kind in zip(names, kinds)]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", "ascii")
    merges = [tuple(merge.split(" ")) for merge in value("tokenizer.ggml.merges")]
    made = Tokenizer(models.BPE(vocab={n: i for i, (n, k) in enumerate(zip(names, kinds)) if k == 1}, merges=merges))
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"),
                                                  pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    made.save(str(folder / "tokenizer.json"))
    return {name: names.index(name) for name in ("<|im_start|>", "<|im_end|>", "<|endoftext|>")}


def check(path):
    """Against transformers: prompt, a second stretch, single tokens. Returns the largest difference of a logit."""
    from transformers import Qwen3Config, Qwen3ForCausalLM
    module = build(path, "fp32", 64)
    value, weights = read(path)
    of = lambda name: value(f"qwen3.{name}")
    theirs = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=len(value("tokenizer.ggml.tokens")), hidden_size=of("embedding_length"), intermediate_size=of("feed_forward_length"),
        num_hidden_layers=of("block_count"), num_attention_heads=of("attention.head_count"),
        num_key_value_heads=of("attention.head_count_kv"), head_dim=of("attention.key_length"), rope_theta=of("rope.freq_base"),
        rms_norm_eps=of("attention.layer_norm_rms_epsilon"), tie_word_embeddings=True, attention_bias=False)).eval()
    state = {"model.embed_tokens.weight": weights("token_embd"), "lm_head.weight": weights("token_embd"), "model.norm.weight": weights("output_norm")}
    parts = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
             "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "input_layernorm": "attn_norm",
             "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
    for i in range(of("block_count")):
        for name, ours in parts.items():
            state[f"model.layers.{i}.{name}.weight"] = weights(f"blk.{i}.{ours}")
    theirs.load_state_dict(state)
    ids = torch.arange(3, 43) % 200
    want = theirs(ids[None]).logits[0]
    worst, at = 0.0, 0
    for piece in (ids[:20], ids[20:37], *ids[37:].split(1)):
        got = module(piece, torch.tensor([at]))
        at += len(piece)
        worst = max(worst, float((got - want[at - 1]).abs().max()))
    return worst


def export(arguments, folder):
    value, _ = read(arguments.model)
    meta = {"context": arguments.context, "control": tokens(value, folder)}
    if arguments.model.stat().st_size < CHECKED_BELOW:
        worst = check(arguments.model)
        if worst > 2e-3:
            raise SystemExit(f"the module differs from transformers by {worst} in a logit")
        meta["largest_difference_to_transformers"] = worst
    torch.jit.save(torch.jit.script(build(arguments.model, arguments.type, arguments.context)), str(folder / "model.pt"))
    return meta
