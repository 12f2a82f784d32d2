"""Scores of a GGUF file on calls kept out of training. Answers are decoded greedily under the form of the worker's
answers, as a regular expression over bytes: the worker's own decoder gives the same form, at most other tokens.

    python evaluate.py ../../models-gguf/demo/qwen3-demo.gguf [--calls 100] [--engine ../../native/dist/linux-x86_64]
    python evaluate.py FILE --say "초콜릿 케이크 하나 주문할게요" "주문 취소할게요"      in the demo's shop, one call

With --engine the probabilities are llama.cpp's, else those of model.py, in F32. Of the free sentences only the score is
printed: who reads which of them failed writes patterns for the test.
"""
import argparse
import json
import pathlib
import random

import regex
import torch

import calls
import export
import llama_cpp
import prompt
from tokenizer import letters, LETTERS

HERE = pathlib.Path(__file__).resolve().parent
SHOP = {"menu": [{"name": name, "price": price, "styles": ["클래식", "모던", "빈티지"], "options": ["딸기", "초", "리본"]} for name, price in
                 (("초콜릿 케이크", 38000), ("생크림 케이크", 35000), ("딸기 케이크", 36000), ("치즈 케이크", 36000), ("고구마 케이크", 34000), ("녹차 케이크", 37000))]}
# as `ai-server demo` has it
DEMO = {"menu": [{"name": name, "price": price, "styles": ["둥근", "하트", "사각", "2단"], "options": ["딸기", "블루베리", "초콜릿 칩", "초"]} for name, price in
                 (("초콜릿 케이크", 38000), ("딸기 생크림 케이크", 35000), ("치즈 케이크", 36000), ("당근 케이크", 34000), ("말차 케이크", 37000), ("레드벨벳 케이크", 39000))]}


def known(menu, key, name):
    items = [menu[name]] if name in menu else list(menu.values())
    return list(dict.fromkeys(v for item in items for v in item.get(key, [])))


def form(menu, order):
    """The worker's form of an answer, over the letters that stand for bytes."""
    exactly = lambda text: regex.escape(letters(text))
    control = regex.escape("".join(LETTERS[:32]))
    text = rf'(?:[^"\\{control}]|\\["\\]){{1,%d}}"'
    one = lambda names: "(?:" + "|".join(exactly(prompt.compact(n)) for n in names) + ")"
    null_or = lambda names: rf'(?:null|{one(names) if names else chr(34) + text % 120})'
    several = lambda names, most: (lambda item: rf"\[(?:{item}(?:,{item}){{0,{most - 1}}})?\]")(one(names) if names else '"' + text % 120)
    key = lambda name: exactly(f',"{name}":')

    def with_details(name):
        return key("style") + null_or(known(menu, "styles", name)) + key("options") + several(known(menu, "options", name), 8)
    ways = ["null" + with_details(order.get("menu"))] + [exactly(prompt.compact(name)) + with_details(name) for name in menu]
    ways += [] if menu else ['"' + text % 120 + with_details(None)]
    removable = [f for f in prompt.FIELDS if f not in ("menu", "options") and order.get(f)] + order.get("options", [])
    names = list(menu)
    recommended = rf'(?:null|\{{"name":{one(names) if names else chr(34) + text % 120}\}})'
    return (exactly('{"intent":"') + "(?:" + "|".join(prompt.INTENTS) + ")" + exactly('","order_state":{"menu":') + "(?:" + "|".join(ways) + ")"
            + key("size") + null_or([]) + key("quantity") + r"(?:null|[1-9][0-9]?)" + key("lettering") + null_or([]) + key("pickup_at") + null_or([])
            + key("notes") + null_or([]) + key("remove") + (several(removable, 8) if removable else r"\[\]")
            + exactly('},"state":"') + "(?:" + "|".join(prompt.STAGES) + ")" + exactly('","recommended_menu":') + recommended
            + key("alternatives") + several(names, 3) + key("additional_questions") + several([], 2)
            + key("analysis") + '"' + text % 360 + key("response") + '"' + text % 600 + r"\}")


def likeliest_first(logits):
    """Most often the first fits, and the others need no sorting."""
    yield int(logits.argmax())
    yield from logits.argsort(descending=True).tolist()


class Reader:
    def __init__(self, path, engine=None):
        self.net = llama_cpp.LlamaCpp(engine, path) if engine else export.read(path)[0]
        self.tokenizer = export.tokenizer_of(path)
        self.spelled = [self.tokenizer.id_to_token(i) for i in range(self.tokenizer.get_vocab_size())]

    @torch.no_grad()
    def answer(self, text, pattern, most=320):
        """The answer's JSON text, None if it did not end in time."""
        pattern = regex.compile(pattern, regex.DOTALL)
        logits, cache = self.net.step(torch.tensor(self.tokenizer.encode(text).ids), None)
        written = ""
        for _ in range(most):
            for token in likeliest_first(logits):
                if token < len(self.spelled) - 3 and (match := pattern.fullmatch(written + self.spelled[token], partial=True)):
                    break
            written += self.spelled[token]
            if not match.partial:
                return bytes(LETTERS.index(c) for c in written).decode("utf-8", "replace")
            logits, cache = self.net.step(torch.tensor([token]), cache)
        return None


def flat(text):
    return json.loads(text) if text else {"intent": None, "order_state": {}, "state": None, "recommended_menu": None}


def scored(reader, how_many, seed, **how):
    """Shares of right answers over calls drawn with `how`."""
    maker = calls.Maker(random.Random(seed), **how)
    counts = {"intent": [], "state": [], "order_state": [], "menu_style": [], "menu_said": [], "recommended": [], "response": [], "form": []}
    while len(counts["intent"]) < how_many:
        shop = maker.shop()
        maker.begin(shop)
        for _ in range(2):
            call, answer = maker.turn()
            begun = prompt.opening(prompt.TEXTS[maker.language]["system.compact"]) + "".join(line + "\n" for line in prompt.shop_lines(shop, maker.language))
            text = reader.answer(begun + "\n".join(prompt.call_lines(call, maker.language)) + prompt.CLOSING,
                                 form({item["name"]: item for item in shop["menu"]}, call["order_state"]))
            right, got = json.loads("".join(piece for piece, _ in prompt.answer_segments(answer))), flat(text)
            counts["form"].append(text is not None)
            for key in ("intent", "state", "order_state"):
                counts[key].append(got[key] == right[key])
            pair = lambda it: (it["order_state"].get("menu"), it["order_state"].get("style"))
            counts["menu_style"].append(pair(got) == pair(right))
            if right["order_state"]["menu"]:
                counts["menu_said"].append(pair(got)[0] == pair(right)[0])
            if right["recommended_menu"]:
                counts["recommended"].append(got["recommended_menu"] == right["recommended_menu"])
            counts["response"].append(got.get("response") == right["response"])
    return {key: (sum(found) / len(found) if found else None, len(found)) for key, found in counts.items()}


ORDERS = {"greeting": {}, "menu_selection": {}, "style_selection": {"menu": "딸기 케이크"},
          "customization": {"menu": "딸기 케이크", "style": "클래식", "options": ["초", "리본"]},
          "confirmation": {"menu": "딸기 케이크", "style": "클래식", "quantity": 1, "options": ["초", "리본"], "lettering": "생일 축하해", "pickup_at": "내일 오후 3시"}}


def free(reader):
    """(share of sentences with the right intent, their number)."""
    right, count = 0, 0
    for line in (HERE / "free_sentences.tsv").read_text("utf-8").splitlines():
        intent, stage, said = line.split("\t")
        language = "ko" if regex.search(r"\p{Hangul}", said) else "ja" if regex.search(r"[\p{Hiragana}\p{Katakana}]", said) else "en"
        text = prompt.opening(prompt.TEXTS[language]["system.compact"]) + "\n".join(
            prompt.shop_lines(SHOP, language) + prompt.call_lines({"order_state": ORDERS[stage], "state": stage, "transcript": said}, language)) + prompt.CLOSING
        with torch.no_grad():
            logits, _ = reader.net.step(torch.tensor(reader.tokenizer.encode(text + '{"intent":"').ids), None)
        got = max(prompt.INTENTS, key=lambda i: logits[reader.tokenizer.encode(i).ids[0]].item())
        count += 1
        right += got == intent
    return right / count, count


def say(reader, sentences):
    maker = calls.Maker(random.Random(0), language="ko")
    maker.shop()
    maker.begin(DEMO)
    maker.state, maker.stage, dialogue = {}, "greeting", []
    for said in sentences:
        call = {"dialogue": dialogue[-4:], "order_state": maker.state, "state": maker.stage, "transcript": said}
        text = prompt.opening(prompt.TEXTS["ko"]["system.compact"]) + "\n".join(prompt.shop_lines(DEMO, "ko") + prompt.call_lines(call, "ko")) + prompt.CLOSING
        text = reader.answer(text, form(maker.menu, maker.state))
        print(said, "\n  ", text)
        got = flat(text)
        if got["intent"]:
            maker.state = {} if got["intent"] == "cancel" else maker.merged({k: v for k, v in got["order_state"].items() if v})
            maker.stage = got["state"]
            dialogue += [("user", said), ("assistant", got["response"])]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("file")
    options.add_argument("--calls", type=int, default=100)
    options.add_argument("--seed", type=int, default=5, help="of the calls")
    options.add_argument("--engine", help="folder of libllama.so")
    options.add_argument("--say", nargs="+")
    options = options.parse_args()
    torch.set_num_threads(1)
    reader = Reader(options.file, options.engine)
    if options.say:
        return say(reader, options.say)
    share, count = free(reader)
    print(f"free sentences: intent {share:.3f} of {count}", flush=True)
    for name, how in {"new draws of the patterns of training": {}, "held-out patterns": {"held_out": True},
                      "held-out patterns, unseen words as names": {"held_out": True, "names": "words", "language": "ko"},
                      "held-out patterns, random syllables as names": {"held_out": True, "names": "unseen", "language": "ko"}}.items():
        print(name + ": " + ", ".join(f"{key} {value if value is None else round(value, 3)} of {n}" for key, (value, n) in scored(reader, options.calls, options.seed, **how).items()), flush=True)


if __name__ == "__main__":
    main()
