"""TorchScript of the worker's own model files, for a worker on PyTorch that is held to the same answers.

    python export.py language ../../models-gguf/demo/qwen3-demo.gguf OUT --type int8 --context 2048
    python export.py speech   ../../models-gguf/demo/whisper-demo.bin OUT --type bf16
    python export.py picture  ../../models-gguf/demo/sd3-demo.safetensors OUT --type fp32 --side 128 \\
        --taesd ../../models-gguf/demo/sd3-demo-taesd.safetensors --clip-tokenizer WORK [--engine STABLE-DIFFUSION.CPP]

OUT becomes a folder with one module (a picture model: three), the vocabulary, and meta.json. The weights are those of
the file, dequantised: nothing is trained or downloaded here. What goes in and out of a module is float32 whatever its
weights are; its KV cache stays inside. Each module is checked against transformers or diffusers where its file is small
enough to hold twice.

types: fp32; bf16 (weights and arithmetic); int8 (linear layers quantised on the fly, embeddings in bf16)
"""
import argparse
import json
from pathlib import Path

import torch

import language
import picture
import speech
from kinds import TYPES


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=("language", "speech", "picture"))
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--type", choices=TYPES, default="fp32")
    parser.add_argument("--context", type=int, default=4096, help="language: tokens that its cache holds")
    parser.add_argument("--side", type=int, default=512, help="picture: pixels a side")
    parser.add_argument("--taesd", type=Path, help="picture: the autoencoder")
    parser.add_argument("--clip-tokenizer", type=Path, help="picture: work folder with the tokenizer of training/picture")
    parser.add_argument("--engine", type=Path, help="picture: stable-diffusion.cpp's sources, where that folder is empty")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    beside = arguments.output.with_name(arguments.output.name + ".part")
    beside.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        meta = {"language": language, "speech": speech, "picture": picture}[arguments.kind].export(arguments, beside)
    meta = {"kind": arguments.kind, "type": arguments.type, "model": arguments.model.name, **meta}
    (beside / "meta.json").write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", "utf-8")
    beside.rename(arguments.output)
    print(f"{arguments.output}: {sum(f.stat().st_size for f in arguments.output.iterdir()) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
