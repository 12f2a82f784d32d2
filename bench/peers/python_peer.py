"""transformers and diffusers as contenders, in the line protocol of bench/c/limit.c: "ready", then a run and a line of
JSON for each line of input. Models of real shapes in bf16 with random weights, made here.

    python python_peer.py language --threads 2 --prompt 64 --tokens 60     Qwen3-0.6B: tokens one after the other
    python python_peer.py speech   --threads 2 --tokens 20                 Whisper large-v3: a window of 30 s, its only one
    python python_peer.py picture  --threads 2 --side 256 --steps 3        SD3.5-medium: steps with guidance
"""
import argparse
import json
import sys
import time

import torch


def language(arguments):
    from transformers import Qwen3Config, Qwen3ForCausalLM
    model = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
        num_key_value_heads=8, head_dim=128, tie_word_embeddings=True, max_position_embeddings=40960)).eval()
    prompt = torch.arange(arguments.prompt)[None] % 256

    def run():
        out = model(prompt, use_cache=True, logits_to_keep=1)
        token, began = out.logits[:, -1].argmax(-1, keepdim=True), time.monotonic()
        for _ in range(arguments.tokens):
            out = model(token, past_key_values=out.past_key_values, use_cache=True)
            token = out.logits[:, -1].argmax(-1, keepdim=True)
        return {"seconds": time.monotonic() - began, "tokens": arguments.tokens}

    return run


def speech(arguments):
    from transformers import WhisperConfig, WhisperForConditionalGeneration
    model = WhisperForConditionalGeneration(WhisperConfig(
        vocab_size=51866, num_mel_bins=128, d_model=1280, encoder_layers=32, decoder_layers=32, encoder_attention_heads=20,
        decoder_attention_heads=20, encoder_ffn_dim=5120, decoder_ffn_dim=5120)).eval()
    mel = torch.randn(1, 128, 3000, dtype=torch.bfloat16)

    def run():
        began = time.monotonic()
        heard = model.model.encoder(mel)
        ids, cache = torch.tensor([[50258, 50264, 50360, 50364]]), None
        for _ in range(arguments.tokens):
            out = model(encoder_outputs=heard, decoder_input_ids=ids, past_key_values=cache, use_cache=True)
            cache, ids = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
        return {"seconds": time.monotonic() - began, "tokens": arguments.tokens}

    return run


def picture(arguments):
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel
    model = SD3Transformer2DModel(
        sample_size=128, patch_size=2, in_channels=16, num_layers=24, attention_head_dim=64, num_attention_heads=24,
        joint_attention_dim=4096, caption_projection_dim=1536, pooled_projection_dim=2048, out_channels=16,
        pos_embed_max_size=64, dual_attention_layers=tuple(range(13)), qk_norm="rms_norm").eval()
    side = arguments.side // 8
    context, pooled = torch.randn(2, 154, 4096, dtype=torch.bfloat16), torch.randn(2, 2048, dtype=torch.bfloat16)

    def run():
        scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
        scheduler.set_timesteps(arguments.steps)
        x, times = torch.randn(1, 16, side, side, dtype=torch.bfloat16), []
        for t in scheduler.timesteps:
            began = time.monotonic()
            away, towards = model(torch.cat([x, x]), context, pooled, t.expand(2)).sample.chunk(2)
            x = scheduler.step(away + 4.5 * (towards - away), t, x).prev_sample
            times.append(time.monotonic() - began)
        return {"seconds": sum(times), "step_seconds": sum(times[1:]) / max(1, len(times) - 1)}

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=("language", "speech", "picture"))
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=20)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_default_dtype(torch.bfloat16)
    run = {"language": language, "speech": speech, "picture": picture}[arguments.kind](arguments)
    print("ready", flush=True)
    for _ in sys.stdin:
        with torch.inference_mode():
            print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    main()
