"""Golden answers for the parity test: what transformers writes, greedily and in F32, with the weights of a GGUF file; 64
tokens each, or up to the end of the turn; and the tokens of some texts.

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
# Texts on which tokenizers like to differ: syllables apart and composed, emoji of several code points, blanks, marks,
# digits, scripts side by side, escapes, a control token's name cut in two.
TEXTS = ["초콜릿 케이크 하나 주문할게요.", "딸기생크림케이크랑아메리카노", "뷁쀍 궯쓩", "ㅋㅋㅋ ㅠㅠ 네!!", "\u1103\u1161\u11b0 \u1112\u1161\u11ab", "🎂🍓 생일 축하해 🥳",
         "👩‍👩‍👧‍👦🇰🇷👍🏽", "Happy Birthday 지민아 ❤️", "I'd like TWO cakes, they're great", "お誕生日おめでとう、ケーキ2個", "生日快樂 蛋糕", "12,500원 3호 1/2 2026-11-22",
         "  앞뒤 빈칸  ", "줄\n바꿈\r\n\n두 번\t탭", '{"menu":"당근 케이크","quantity":2}', 'she said \"네\" \\ back', "àéîõü ßÆ ñ Ω я", "a\u0301 e\u0323\u0301", "\u200b\u00a0\ufeff끝",
         "<|im_ start|> <|im", "<|im_start|>user\n안녕<|im_end|>\n", "…—‘’“”·「」『』", "케이크케이크 케이크  케이크", "٣ 個 Ⅳ ½ ²", "1234567890", ""]


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
    texts = [{"text": text, "tokens": tokenizer.encode(text).ids} for text in TEXTS]
    golden = {"made_by": "training/language/golden.py: transformers, F32, greedy", "model": path.name,
              "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "texts": texts, "prompts": made}
    lists = [f', "{key}": [\n' + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in golden.pop(key)) + "\n]" for key in ("texts", "prompts")]
    output.write_text(json.dumps(golden, ensure_ascii=False)[:-1] + "".join(lists) + "}\n", "utf-8")
    print(f"{output}: {len(made)} prompts, {TOKENS} tokens each")


if __name__ == "__main__":
    main()
