"""Stable Diffusion 3.5's parts as three traced modules: text encoder, one step of the transformer with guidance's two
halves as its batch, and the small autoencoder's decoder. The transformer is diffusers' own class."""
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

HERE = Path(__file__).parent.parent / "picture"
CONTEXT, POOLED, TOKENS, CHANNELS = 4096, 2048, 77, 16


class Text(nn.Module):
    """ids int64 (texts, 77) to hidden states (texts, 154, 4096) and pooled (texts, 2048): CLIP-G's and T5's parts are zero."""

    def __init__(self, clip):
        super().__init__()
        self.clip = clip

    def forward(self, ids):
        out = self.clip(ids, output_hidden_states=True)
        context = torch.zeros(ids.size(0), 2 * TOKENS, CONTEXT)
        pooled = torch.zeros(ids.size(0), POOLED)
        context[:, :TOKENS, :out.pooler_output.size(1)] = out.hidden_states[-2].float()
        pooled[:, :out.pooler_output.size(1)] = out.pooler_output.float()
        return context, pooled


class Step(nn.Module):
    """The velocity at a noise level: float32 in and out, the transformer in its own type."""

    def __init__(self, transformer, kind):
        super().__init__()
        self.transformer, self.kind = transformer, kind

    def forward(self, latent, context, pooled, time):
        return self.transformer(latent.to(self.kind), context.to(self.kind), pooled.to(self.kind), time, return_dict=False)[0].float()


class Decoder(nn.Module):
    """Latents (1, 16, h, w) to a picture (3, 8h, 8w), 0 to 1."""

    def __init__(self, autoencoder):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latent):
        return (self.autoencoder.decode(latent, return_dict=False)[0][0] / 2 + 0.5).clamp(0, 1)


def autoencoder_tensors(path):
    """From safetensors, or from the GGUF that a random one is written as."""
    if path.suffix == ".safetensors":
        return load_file(path)
    import gguf
    import numpy as np
    return {t.name: torch.from_numpy(np.array(t.data, dtype=np.float32).reshape(*reversed(t.shape.tolist()))) for t in gguf.GGUFReader(path).tensors}


def transformer_of(tensors, made, kind):
    """diffusers' transformer with the file's weights; made straight in the wanted type, since a real one takes 9 GB in float32."""
    import model as shape
    width = tensors["x_embedder.proj.bias"].shape[0]
    grid = int(tensors["pos_embed"].shape[1] ** 0.5)
    dual = sum(1 for name in tensors if name.endswith("x_block.attn2.qkv.weight"))
    shape.HIDDEN, shape.HEAD_DIM, shape.GRID, shape.DUAL_BLOCKS = width, width // shape.HEADS, grid, dual
    before = torch.get_default_dtype()
    torch.set_default_dtype(kind)
    try:
        return made(tensors).to(kind)
    finally:
        torch.set_default_dtype(before)


def quantised(module, kind):
    if kind == "bf16":
        return module.to(torch.bfloat16)
    if kind == "int8":
        return torch.ao.quantization.quantize_dynamic(module, {nn.Linear}, dtype=torch.qint8, inplace=True)
    return module


def export(arguments, folder):
    sys.path.insert(0, str(HERE))
    from export import clip_text_model, diffusers_autoencoder, diffusers_transformer
    from conditioning import tokenizer

    kind = torch.bfloat16 if arguments.type == "bf16" else torch.float32
    tokenizer(arguments.clip_tokenizer, arguments.engine).backend_tokenizer.save(str(folder / "tokenizer.json"))
    ids = torch.full((2, TOKENS), 49407)
    ids[:, 0] = 49406
    text = Text(quantised(clip_text_model(), arguments.type)).eval()
    context, pooled = text(ids)
    trace = lambda module, inputs, name: torch.jit.save(torch.jit.trace(module, inputs, check_trace=False), str(folder / name))
    trace(text, (ids,), "text.pt")
    del text
    latent = torch.zeros(2, CHANNELS, arguments.side // 8, arguments.side // 8)
    trace(Decoder(diffusers_autoencoder(autoencoder_tensors(arguments.taesd))).eval(), (latent[:1],), "decoder.pt")
    transformer = transformer_of(load_file(arguments.model), diffusers_transformer, kind)
    trace(Step(quantised(transformer, arguments.type), kind).eval(), (latent, context, pooled, torch.full((2,), 500.0)), "step.pt")
    return {"side": arguments.side}
