"""How much of the golden answers llama.cpp writes when the weights are rounded: the model is written in each format to a
temporary folder, and its greedy tokens are compared with those of transformers in F32.

    python parity.py ../../models-gguf/demo/qwen3-demo.gguf ../../src/test/resources/golden/language.json ENGINE

ENGINE is the folder of libllama.so, such as native/dist/linux-x86_64.
"""
import json
import pathlib
import sys
import tempfile

import torch

import llama_cpp
import prompt


def compared(engine, golden):
    """(share of prompts whose tokens are all the same, share of tokens before the first difference)."""
    same, agreed, total = 0, 0, 0
    for row in golden["prompts"]:
        given, cache, common = torch.tensor(row["prompt_tokens"]), None, 0
        for token in row["tokens"]:
            logits, cache = engine.step(given, cache)
            if int(logits.argmax()) != token:
                break
            common += 1
            given = torch.tensor([token])
        same += common == len(row["tokens"])
        agreed += common
        total += len(row["tokens"])
    return same / len(golden["prompts"]), agreed / total


def main():
    path, golden, folder = map(pathlib.Path, sys.argv[1:4])
    golden = json.loads(golden.read_text("utf-8"))
    engine = llama_cpp.LlamaCpp(folder, path)
    texts = sum(engine.tokens(prompt.opening(row["messages"][0]["content"]) + row["messages"][1]["content"] + prompt.CLOSING)
                == row["prompt_tokens"] for row in golden["prompts"])
    texts += sum(engine.tokens(row["text"]) == row["tokens"] for row in golden["texts"])
    print(f"texts with the same tokens: {texts} of {len(golden['prompts']) + len(golden['texts'])}")
    with tempfile.TemporaryDirectory() as made:
        for name in ("F32", *llama_cpp.FORMATS):
            if name != "F32":
                engine.close()
                target = pathlib.Path(made) / f"{name}.gguf"
                llama_cpp.quantized(folder, path, target, name)
                engine = llama_cpp.LlamaCpp(folder, target)
            size = (path if name == "F32" else target).stat().st_size / 1e6
            whole, share = compared(engine, golden)
            print(f"{name}: {size:.1f} MB, answers the same {whole:.3f}, tokens before the first difference {share:.3f}")


if __name__ == "__main__":
    main()
