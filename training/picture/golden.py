"""Golden pictures: diffusers and transformers on the shipped weights, for the engine to match.

    python golden.py --work ../.work/picture --weights ../../models-gguf/demo \\
        --output ../../src/test/resources/golden/picture

Everything here is the Python stack's own: CLIPTextModel, SD3Transformer2DModel,
FlowMatchEulerDiscreteScheduler, AutoencoderTiny, all in float32, holding the very numbers of
the shipped files (F16, so nothing is rounded again). The engine's CPU generator (`CPU_RNG`)
is torch's Mersenne Twister: `torch.randn(16, h / 8, w / 8)` with the job's seed is its
starting noise, number by number. Its discrete schedule starts at 999 and ends at 0 in equal
steps t, with sigma = 3 s / (1 + 2 s), s = (t + 1) / 1000, and then 0.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from captions import NEGATIVE, QUALITY
from conditioning import Conditioning, tokenizer
from export import CONTEXT, POOLED, clip_text_model, diffusers_autoencoder, diffusers_transformer
from sample import engine_noise, sigmas

CASES = (
    ("chocolate", "A beautiful chocolate cake" + QUALITY, 42, 8, 2.0),
    ("strawberry-heart", "A beautiful heart-shaped strawberry cake with fresh strawberries and candles" + QUALITY, 7, 8, 2.0),
    ("matcha-square", "A beautiful square green tea cake with blueberries, white frosting" + QUALITY, 2024, 6, 3.5),
)
TEXTS = (  # what a tokenizer may trip over
    "", "cake", "a photo of a cake", "Strawberry Shortcake", "strawberryshortcakecandlesandflowers", "2024", "4k, 8K, 3.5 inches",
    "mom's cake, it's Dad's", "we'll they've i'm don't you're he'd", "!!!", "cake...!?", "a - b -- c_d", "100% (50 * 2) + [3]",
    "A  beautiful\t cake\n with   spaces", "\"Happy Birthday\" lettering", "heart-shaped, two-tier; red/white", "pneumonoultramicroscopic",
    "@home #1 $5 & <b>", "A beautiful chocolate cake with strawberries and cream, 3 candles, birthday celebration" + QUALITY,
)


@torch.no_grad()
def text(clip, conditioning, captions):
    """Context (N, 154, 4096) and pooled (N, 2048) as SD3 wants them; CLIP-G and T5 are zeros."""
    ids = torch.from_numpy(conditioning.ids(captions))
    out = clip(ids, output_hidden_states=True)
    context, pooled = torch.zeros(len(ids), 154, CONTEXT), torch.zeros(len(ids), POOLED)
    context[:, :77, :768], pooled[:, :768] = out.hidden_states[-2], out.pooler_output
    return ids, context, pooled


@torch.no_grad()
def picture(parts, prompt, seed, steps, guidance, size):
    """Token ids, starting noise, and the finished picture (size, size, 3) in 0..1."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    clip, transformer, vae, conditioning = parts
    ids, context, pooled = text(clip, conditioning, [NEGATIVE, prompt])
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    scheduler.set_timesteps(sigmas=sigmas(steps)[:-1].tolist())
    noise = engine_noise(seed, size)
    x = noise[None]
    for t in scheduler.timesteps:
        away, towards = transformer(torch.cat([x, x]), context, pooled, t.expand(2)).sample.chunk(2)
        x = scheduler.step(away + guidance * (towards - away), t, x).prev_sample
    return ids[1], noise, (vae.decode(x).sample[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    files = [arguments.weights / f"{name}.safetensors" for name in ("sd3-demo", "sd3-demo-taesd")]
    parts = (clip_text_model(), diffusers_transformer(load_file(files[0])),
             diffusers_autoencoder(load_file(files[1])), Conditioning(tokenizer(arguments.work)))
    cases = []
    for name, prompt, seed, steps, guidance in CASES:
        ids, noise, made = picture(parts, prompt, seed, steps, guidance, arguments.size)
        Image.fromarray((made * 255).round().byte().numpy()).save(arguments.output / f"{name}.png", optimize=True)
        cases.append({
            "name": name, "prompt": prompt, "negative_prompt": NEGATIVE, "seed": seed, "steps": steps,
            "guidance_scale": guidance, "width": arguments.size, "height": arguments.size, "picture": f"{name}.png",
            "token_ids": ids[:int((ids == 49407).int().argmax()) + 1].tolist(),
            "sigmas": np.round(sigmas(steps), 7).tolist(),
            "noise_starts": [round(v, 6) for v in noise.flatten()[:8].tolist()],
        })
        print(name, flush=True)
    texts = [{"text": t, "tokens": len(parts[3].tokenizer(t, add_special_tokens=False)["input_ids"])} for t in TEXTS]
    made_from = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    (arguments.output / "golden.json").write_text(
        json.dumps({"made_from": made_from, "cases": cases, "texts": texts}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
