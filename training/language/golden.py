"""Golden answers for the parity test: what transformers writes, greedily and in F32, with the weights of a GGUF file; 64
tokens each, or up to the end of the turn.

    python golden.py ../../models-gguf/demo/qwen3-demo.gguf ../../src/test/resources/golden/language.json
"""
import hashlib
import json
import pathlib
import random
import sys

import torch

import calls
import evaluate
import export
import prompt

PROMPTS, TOKENS = 24, 64


def prompts():
    """(language, shop's and call's lines) of calls of all kinds, the demo's first."""
    yield "ko", prompt.shop_lines(evaluate.DEMO, "ko") + prompt.call_lines({"transcript": "초콜릿 케이크 하나 주문할게요. 딸기를 올려 주세요."}, "ko")
    yield "ko", prompt.call_lines({"transcript": "안녕하세요 케이크 추천해 주세요"}, "ko")
    maker = calls.Maker(random.Random(2026), held_out=True)
    while True:
        shop = maker.shop()
        maker.begin(shop)
        maker.turn()
        call, _ = maker.turn()
        yield maker.language, prompt.shop_lines(shop, maker.language) + prompt.call_lines(call, maker.language)


def main():
    path, output = map(pathlib.Path, sys.argv[1:3])
    torch.set_num_threads(1)
    _, net = export.read(path)
    tokenizer = export.tokenizer_of(path)
    made = []
    for language, lines in prompts():
        messages = [{"role": "system", "content": prompt.TEXTS[language]["system.compact"]}, {"role": "user", "content": "\n".join(lines)}]
        ids = tokenizer.encode(prompt.opening(messages[0]["content"]) + messages[1]["content"] + prompt.CLOSING).ids
        written, logprobs, cache = [], [], None
        with torch.no_grad():
            given = torch.tensor([ids])
            while len(written) < TOKENS:
                out = net(given, past_key_values=cache, use_cache=True)
                cache = out.past_key_values
                scores = out.logits[0, -1].log_softmax(-1)
                if int(scores.argmax()) == tokenizer.token_to_id(prompt.END):
                    break
                written.append(int(scores.argmax()))
                logprobs.append(round(float(scores.max()), 5))
                given = torch.tensor([[written[-1]]])
        made.append({"messages": messages, "prompt_tokens": ids, "tokens": written, "logprobs": logprobs})
        if len(made) == PROMPTS:
            break
    output.parent.mkdir(parents=True, exist_ok=True)
    golden = {"made_by": "training/language/golden.py: transformers, F32, greedy", "model": path.name,
              "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "prompts": made}
    rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in golden.pop("prompts"))
    output.write_text(json.dumps(golden, ensure_ascii=False)[:-1] + ', "prompts": [\n' + rows + "\n]}\n", "utf-8")
    print(f"{output}: {len(made)} prompts, {TOKENS} tokens each")


if __name__ == "__main__":
    main()
