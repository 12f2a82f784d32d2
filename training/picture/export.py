"""Turns the checkpoints into files for the engine, and into diffusers models with the same weights.

    python export.py --work ../.work/picture --output ../../models-gguf/demo

writes sd3-demo.safetensors (MMDiT-X, 24 blocks, F16), sd3-demo-taesd.safetensors (F16) and,
into the work folder, sd3-demo-clip_l.gguf, which is generated and never shipped.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import autoencoder
import model as m
import text_encoder

SHAPE_CHANNELS, CONTEXT, POOLED = 16, 4096, 2048  # of the exported shape


def spread_heads(weight):
    """Rows of the trained heads, for q, k and v, to rows of all heads."""
    full = torch.zeros(3, m.HIDDEN, *weight.shape[1:])
    full[:, :m.WIDTH] = weight.view(3, m.WIDTH, *weight.shape[1:])
    return full.flatten(0, 1)


def attention(out, prefix, trained):
    """One SelfAttention of the engine; `trained` None: zeros."""
    h = m.HIDDEN
    out[prefix + "qkv.weight"] = spread_heads(trained.qkv.weight) if trained else torch.zeros(3 * h, h)
    out[prefix + "qkv.bias"] = spread_heads(trained.qkv.bias) if trained else torch.zeros(3 * h)
    for ours, theirs in (("norm_q", "ln_q"), ("norm_k", "ln_k")):
        out[prefix + theirs + ".weight"] = getattr(trained, ours).weight if trained else torch.ones(m.HEAD_DIM)
    if prefix.endswith(f"{m.BLOCKS - 1}.context_block.attn."):
        return
    out[prefix + "proj.weight"] = torch.zeros(h, h)
    out[prefix + "proj.bias"] = torch.zeros(h)
    if trained and trained.out:
        out[prefix + "proj.weight"][:, :m.WIDTH] = trained.out.weight
        out[prefix + "proj.bias"] = trained.out.bias


def stream(out, prefix, modulation, mlp, mods):
    """Modulation and MLP of one stream; what was not trained is zero, so its gate is shut."""
    h = m.HIDDEN
    weight, bias = torch.zeros(mods * h, h), torch.zeros(mods * h)
    if modulation is not None:
        weight[:len(modulation.weight)], bias[:len(modulation.bias)] = modulation.weight, modulation.bias
    out[prefix + "adaLN_modulation.1.weight"], out[prefix + "adaLN_modulation.1.bias"] = weight, bias
    if mods == 2:
        return
    for index, name, rows, columns in ((0, "fc1", 4 * h, h), (2, "fc2", h, 4 * h)):
        out[prefix + f"mlp.{name}.weight"] = mlp[index].weight if mlp else torch.zeros(rows, columns)
        out[prefix + f"mlp.{name}.bias"] = mlp[index].bias if mlp else torch.zeros(rows)


@torch.no_grad()
def engine_tensors(trained: m.Diffusion) -> dict:
    """All tensors of the engine's MMDiT, float32, by its names."""
    h, c, out = m.HIDDEN, m.CHANNELS, {}
    patch = torch.zeros(h, SHAPE_CHANNELS, m.PATCH, m.PATCH)
    patch[:, :c] = trained.patch.weight.view(h, c, m.PATCH, m.PATCH)
    out["x_embedder.proj.weight"], out["x_embedder.proj.bias"] = patch, trained.patch.bias
    out["pos_embed"] = trained.positions[None]
    for index, layer in ((0, trained.t_embed[0]), (2, trained.t_embed[2])):
        out[f"t_embedder.mlp.{index}.weight"], out[f"t_embedder.mlp.{index}.bias"] = layer.weight, layer.bias
    first = trained.y_embed[0].weight @ trained.pooled_basis.T
    out["y_embedder.mlp.0.weight"] = torch.zeros(h, POOLED)
    out["y_embedder.mlp.0.weight"][:, :m.POOLED] = first
    out["y_embedder.mlp.0.bias"] = trained.y_embed[0].bias - first @ trained.pooled_mean
    out["y_embedder.mlp.2.weight"], out["y_embedder.mlp.2.bias"] = trained.y_embed[2].weight, trained.y_embed[2].bias
    out["context_embedder.weight"] = torch.zeros(h, CONTEXT)
    out["context_embedder.weight"][:, :m.CODE] = trained.c_embed.weight
    out["context_embedder.bias"] = trained.c_embed.bias
    for index in range(m.BLOCKS):
        block = trained.blocks[index] if index < m.TRAINED_BLOCKS else None
        dual, final = index < m.DUAL_BLOCKS, index == m.BLOCKS - 1
        x, context = (f"joint_blocks.{index}.{name}_block." for name in ("x", "context"))
        attention(out, x + "attn.", block and block.x_attn)
        attention(out, context + "attn.", block and block.c_attn)
        if dual:
            attention(out, x + "attn2.", block.x_attn2)
        stream(out, x, block and block.x_mod, block and block.x_mlp, 9 if dual else 6)
        stream(out, context, block and block.c_mod, block and block.c_mlp, 2 if final else 6)
    out["final_layer.adaLN_modulation.1.weight"] = trained.final_mod.weight
    out["final_layer.adaLN_modulation.1.bias"] = trained.final_mod.bias
    for kind in ("weight", "bias"):
        ours = getattr(trained.final, kind)
        full = torch.zeros(m.PATCH ** 2, SHAPE_CHANNELS, *ours.shape[1:])
        full[:, :c] = ours.view(m.PATCH ** 2, c, *ours.shape[1:])
        out[f"final_layer.linear.{kind}"] = full.flatten(0, 1)
    return out


def halves(tensors: dict) -> dict:
    """F16, but vectors (biases, norms) and the position table F32, as the engine keeps them."""
    return {name: t.detach().float().contiguous() if t.ndim == 1 or name == "pos_embed"
            else t.detach().half().contiguous() for name, t in tensors.items()}


@torch.no_grad()
def autoencoder_tensors(components, decoder) -> dict:
    """TAESD3 by diffusers' names: the linear encoder written out, and the trained decoder."""
    inner, ours, z, out = autoencoder.INNER, autoencoder.CHANNELS, autoencoder.LATENTS, {}

    def conv(name, rows, columns, weight=None, bias=None, has_bias=True):
        full = torch.zeros(rows, columns, 3, 3)
        if weight is not None:
            full[:weight.shape[0], :weight.shape[1]] = weight
        out[name + ".weight"] = full
        if has_bias:
            out[name + ".bias"] = torch.zeros(rows)
            if bias is not None:
                out[name + ".bias"][:len(bias)] = bias

    def residual(name, block=None):
        for index in range(3):
            trained = block.conv[index] if block else None
            conv(f"{name}.conv.{2 * index}", inner, inner, *((trained.weight, trained.bias) if block else ()))

    # the encoder: copy the colours, twice halve the side by moving 2 x 2 pixels into
    # channels, then project 2 x 2 of those on the components, once with each sign
    copy = torch.zeros(3, 3, 3, 3)
    copy[range(3), range(3), 1, 1] = 1
    conv("encoder.layers.0", inner, 3, copy)
    residual("encoder.layers.1")
    for layer, channels in ((2, 3), (6, 12)):
        move = torch.zeros(4 * channels, channels, 3, 3)
        for y in range(2):
            for x in range(2):
                for channel in range(channels):
                    move[(2 * y + x) * channels + channel, channel, 1 + y, 1 + x] = 1
        conv(f"encoder.layers.{layer}", inner, inner, move, has_bias=False)
        for block in range(3):
            residual(f"encoder.layers.{layer + 1 + block}")
    project = torch.zeros(z, 48, 3, 3)
    basis = components.basis.T.reshape(z, 3, 2, 2, 2, 2, 2, 2).permute(0, 1, 2, 5, 3, 6, 4, 7)
    # basis: component, colour, then y and x, each as 4 * a + 2 * b + c with offsets (a; b; c)
    for a in range(4):
        for b in range(4):
            for c in range(4):
                part = basis[:, :, a // 2, a % 2, b // 2, b % 2, c // 2, c % 2]
                for colour in range(3):
                    project[:, b * 12 + c * 3 + colour, 1 + a // 2, 1 + a % 2] = part[:, colour]
    conv("encoder.layers.10", inner, inner, torch.cat([project, -project]), has_bias=False)
    for block in range(3):
        residual(f"encoder.layers.{11 + block}")
    difference = torch.zeros(z, 2 * z, 3, 3)
    difference[range(z), range(z), 1, 1] = 1
    difference[range(z), range(z, 2 * z), 1, 1] = -1
    conv("encoder.layers.14", SHAPE_CHANNELS, inner, difference, -(components.mean @ components.basis))

    conv("decoder.layers.0", inner, SHAPE_CHANNELS, decoder.first.weight, decoder.first.bias)
    for stage in range(3):
        for block in range(3):
            residual(f"decoder.layers.{2 + 5 * stage + block}", decoder.stages[stage][block])
        conv(f"decoder.layers.{6 + 5 * stage}", inner, inner, decoder.up[stage].weight, has_bias=False)
    residual("decoder.layers.17", decoder.last)
    conv("decoder.layers.18", 3, inner, decoder.rgb.weight, decoder.rgb.bias)
    return out


def diffusers_transformer(tensors: dict):
    """diffusers' SD3Transformer2DModel with the engine's tensors (as stored, so rounded)."""
    from diffusers import SD3Transformer2DModel

    net = SD3Transformer2DModel(
        sample_size=m.GRID * m.PATCH, patch_size=m.PATCH, in_channels=SHAPE_CHANNELS, num_layers=m.BLOCKS,
        attention_head_dim=m.HEAD_DIM, num_attention_heads=m.HEADS, joint_attention_dim=CONTEXT,
        caption_projection_dim=m.HIDDEN, pooled_projection_dim=POOLED, out_channels=SHAPE_CHANNELS,
        pos_embed_max_size=m.GRID, dual_attention_layers=tuple(range(m.DUAL_BLOCKS)), qk_norm="rms_norm")
    out = {}
    swap = lambda t: torch.cat(t.chunk(2)[::-1])  # shift, scale -> scale, shift
    simple = {
        "x_embedder.proj": "pos_embed.proj", "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
        "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
        "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
        "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
        "context_embedder": "context_embedder", "final_layer.linear": "proj_out",
    }
    for name, tensor in tensors.items():
        tensor = tensor.to(torch.get_default_dtype())  # float32, but where a caller is short of memory
        stem, _, kind = name.rpartition(".")
        if name == "pos_embed":
            out["pos_embed.pos_embed"] = tensor
        elif stem in simple:
            out[f"{simple[stem]}.{kind}"] = tensor
        elif stem == "final_layer.adaLN_modulation.1":
            out[f"norm_out.linear.{kind}"] = swap(tensor)
        else:
            _, index, block, rest = stem.split(".", 3)
            to, context = f"transformer_blocks.{index}.", block == "context_block"
            if rest == "adaLN_modulation.1":
                last = context and int(index) == m.BLOCKS - 1
                out[f"{to}norm1{'_context' if context else ''}.linear.{kind}"] = swap(tensor) if last else tensor
            elif rest.startswith("mlp"):
                net_name = {"mlp.fc1": "net.0.proj", "mlp.fc2": "net.2"}[rest]
                out[f"{to}ff{'_context' if context else ''}.{net_name}.{kind}"] = tensor
            else:
                which, part = rest.split(".")
                if part == "qkv":
                    names = ("add_q_proj", "add_k_proj", "add_v_proj") if context else ("to_q", "to_k", "to_v")
                    for n, piece in zip(names, tensor.chunk(3)):
                        out[f"{to}{which}.{n}.{kind}"] = piece
                elif part == "proj":
                    out[f"{to}{which}.{'to_add_out' if context else 'to_out.0'}.{kind}"] = tensor
                else:
                    added = "added_" if context else ""
                    out[f"{to}{which}.norm_{added}{part[-1]}.{kind}"] = tensor
    net.load_state_dict(out)
    return net.eval()


def diffusers_autoencoder(tensors: dict):
    from diffusers import AutoencoderTiny

    net = AutoencoderTiny(latent_channels=SHAPE_CHANNELS)
    net.load_state_dict({name: t.float() for name, t in tensors.items()})
    return net.eval()


def clip_text_model():
    """transformers' CLIPTextModel with the generated weights."""
    from transformers import CLIPTextConfig, CLIPTextModel

    net = CLIPTextModel(CLIPTextConfig(
        vocab_size=text_encoder.VOCABULARY, hidden_size=text_encoder.WIDTH, intermediate_size=text_encoder.HIDDEN_MLP,
        num_hidden_layers=text_encoder.LAYERS, num_attention_heads=text_encoder.HEADS, hidden_act="quick_gelu",
        bos_token_id=text_encoder.BOS, eos_token_id=text_encoder.EOS, pad_token_id=text_encoder.EOS)).eval()
    weights = {name: torch.ones_like(t) if "norm" in name and name.endswith("weight") else torch.zeros_like(t)
               for name, t in net.state_dict().items()}
    base = "text_model.embeddings."
    weights[base + "token_embedding.weight"] = torch.from_numpy(text_encoder.token_embedding())
    weights[base + "position_embedding.weight"] = torch.from_numpy(text_encoder.position_embedding())
    for index, layer in ((0, text_encoder.layer_0()), (text_encoder.LAYERS - 1, text_encoder.layer_11())):
        prefix = f"text_model.encoder.layers.{index}.self_attn."
        for name, matrix in layer.items():
            if matrix is not None:
                weights[f"{prefix}{name}.weight"] = torch.from_numpy(matrix)
    weights[prefix + "q_proj.bias"] = torch.from_numpy(text_encoder.layer_11_query_bias())
    net.load_state_dict(weights)
    return net


def load_trained(work: Path, averaged=True):
    """The trained diffusion model, the linear encoder and the decoder of a work folder."""
    diffusion = m.Diffusion()
    diffusion.load_state_dict(torch.load(work / "diffusion.pt", weights_only=True)["average" if averaged else "model"])
    saved = torch.load(work / "autoencoder.pt", weights_only=True)
    decoder = autoencoder.Decoder()
    decoder.load_state_dict(saved["decoder"])
    return diffusion.eval(), autoencoder.Components(saved["mean"], saved["basis"]), decoder.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    diffusion, components, decoder = load_trained(arguments.work)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, tensors in (("sd3-demo", engine_tensors(diffusion)),
                          ("sd3-demo-taesd", autoencoder_tensors(components, decoder))):
        path = arguments.output / f"{name}.safetensors"
        save_file(halves(tensors), path)
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
    print(text_encoder.write(arguments.work / "sd3-demo-clip_l.gguf"), "sd3-demo-clip_l.gguf")


if __name__ == "__main__":
    main()
