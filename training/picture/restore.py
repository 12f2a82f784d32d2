"""The other way round from `export.py`: what is trained, read from the shipped files.

So training can go on where no checkpoint is left. F16 has rounded the weights, and the
optimizers begin anew; the rest is what was exported. The parts that never trained are not read.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file

import autoencoder
import model as m


def heads(tensor):
    """Rows of the trained heads, of q, k and v of all heads."""
    return tensor.view(3, m.HIDDEN, *tensor.shape[1:])[:, :m.WIDTH].flatten(0, 1)


def attention(ours, shipped, prefix):
    for kind in ("weight", "bias"):
        getattr(ours.qkv, kind).copy_(heads(shipped[f"{prefix}qkv.{kind}"]))
    ours.norm_q.weight.copy_(shipped[prefix + "ln_q.weight"])
    ours.norm_k.weight.copy_(shipped[prefix + "ln_k.weight"])
    if ours.out:
        ours.out.weight.copy_(shipped[prefix + "proj.weight"][:, :m.WIDTH])
        ours.out.bias.copy_(shipped[prefix + "proj.bias"])


def stream(modulation, mlp, shipped, prefix):
    for kind in ("weight", "bias"):
        ours = getattr(modulation, kind)
        ours.copy_(shipped[f"{prefix}adaLN_modulation.1.{kind}"][:len(ours)])
        for index, name in ((0, "fc1"), (2, "fc2")) if mlp else ():
            getattr(mlp[index], kind).copy_(shipped[f"{prefix}mlp.{name}.{kind}"])


@torch.no_grad()
def diffusion(net: m.Diffusion, folder: Path, directions):
    """Fills `net`, whose mean of the pooled vectors is set. directions: (768, 768), their whitening, strongest first.

    The shipped first layer has it folded in, perhaps with that of other captions. So the 96 directions that this
    layer reads take the place of the weakest ones that are kept, and it comes back exactly."""
    shipped = {name: t.float() for name, t in load_file(folder / "sd3-demo.safetensors").items()}
    c = m.CHANNELS
    net.patch.weight.copy_(shipped["x_embedder.proj.weight"][:, :c].flatten(1))
    net.patch.bias.copy_(shipped["x_embedder.proj.bias"])
    net.positions.copy_(shipped["pos_embed"][0])
    first = shipped["y_embedder.mlp.0.weight"][:, :m.POOLED]
    back = torch.linalg.pinv(directions)
    read = torch.linalg.qr(back @ first.T).Q
    kept = torch.linalg.qr(torch.cat([read, torch.eye(m.POOLED)[:, :m.WHITE - m.HIDDEN]], 1)).Q
    net.pooled_basis.copy_(directions @ kept)
    net.y_embed[0].weight.copy_((kept.T @ back @ first.T).T)
    net.y_embed[0].bias.copy_(shipped["y_embedder.mlp.0.bias"] + first @ net.pooled_mean)
    for kind in ("weight", "bias"):
        for index in (0, 2):
            getattr(net.t_embed[index], kind).copy_(shipped[f"t_embedder.mlp.{index}.{kind}"])
        getattr(net.y_embed[2], kind).copy_(shipped[f"y_embedder.mlp.2.{kind}"])
        getattr(net.final_mod, kind).copy_(shipped[f"final_layer.adaLN_modulation.1.{kind}"])
        last = shipped[f"final_layer.linear.{kind}"]
        getattr(net.final, kind).copy_(last.view(m.PATCH ** 2, -1, *last.shape[1:])[:, :c].flatten(0, 1))
    net.c_embed.weight.copy_(shipped["context_embedder.weight"][:, :m.CODE])
    net.c_embed.bias.copy_(shipped["context_embedder.bias"])
    for index, block in enumerate(net.blocks):
        x, context = (f"joint_blocks.{index}.{name}_block." for name in ("x", "context"))
        attention(block.x_attn, shipped, x + "attn.")
        attention(block.c_attn, shipped, context + "attn.")
        if block.dual:
            attention(block.x_attn2, shipped, x + "attn2.")
        stream(block.x_mod, block.x_mlp, shipped, x)
        stream(block.c_mod, block.c_mlp, shipped, context)


@torch.no_grad()
def components_and_decoder(folder: Path, decoder: autoencoder.Decoder):
    """The linear encoder, the same to the bit, and `decoder` filled."""
    shipped = {name: t.float() for name, t in load_file(folder / "sd3-demo-taesd.safetensors").items()}
    z = autoencoder.LATENTS
    project = shipped["encoder.layers.10.weight"]
    basis = torch.zeros(z, 3, 2, 2, 2, 2, 2, 2)
    for a in range(4):
        for b in range(4):
            for c in range(4):
                for colour in range(3):
                    basis[:, colour, a // 2, a % 2, b // 2, b % 2, c // 2, c % 2] = \
                        project[:z, b * 12 + c * 3 + colour, 1 + a // 2, 1 + a % 2]
    basis = basis.permute(0, 1, 2, 4, 6, 3, 5, 7).reshape(z, -1).T.contiguous()
    # of the mean only its latents are shipped; any mean with the same ones does
    mean = basis @ torch.linalg.solve(basis.T @ basis, -shipped["encoder.layers.14.bias"][:z])

    def conv(ours, name):
        ours.weight.copy_(shipped[name + ".weight"][:ours.weight.shape[0], :ours.weight.shape[1]])
        if ours.bias is not None:
            ours.bias.copy_(shipped[name + ".bias"][:len(ours.bias)])

    def residual(ours, name):
        for index in range(3):
            conv(ours.conv[index], f"{name}.conv.{2 * index}")

    conv(decoder.first, "decoder.layers.0")
    for stage in range(3):
        for block in range(3):
            residual(decoder.stages[stage][block], f"decoder.layers.{2 + 5 * stage + block}")
        conv(decoder.up[stage], f"decoder.layers.{6 + 5 * stage}")
    residual(decoder.last, "decoder.layers.17")
    conv(decoder.rgb, "decoder.layers.18")
    return autoencoder.Components(mean, basis)
