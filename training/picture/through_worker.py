"""Scores of pictures taken through a running worker: `python through_worker.py REDIS_URL --work . --count 40`.

Orders are the held-out combinations, said in Korean, so that the worker's own wordlist makes the prompt; the classifier of
evaluate.py (classifier.pt here, or in another folder that `evaluate.py --train` left one in) reads the pictures that come back. It knows the project's drawings
alone: for photographs of a large model its verdict means nothing. A topping counts among those ordered; pictures with
all of them and no other are a row of their own. Prints a JSON list of rows: name, goal (null: none), value, number.
"""
import argparse
import base64
import io
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import evaluate
from worker import Worker

FLAVOURS = {"chocolate": "초콜릿", "strawberry": "딸기", "vanilla": "생크림", "cheese": "치즈", "green tea": "녹차", "carrot": "당근",
            "red velvet": "레드벨벳", "blueberry": "블루베리", "mango": "망고", "sweet potato": "고구마", "tiramisu": "티라미수", "cookies and cream": "오레오"}
SHAPES = {"round": "동그란", "heart": "하트 모양", "square": "네모난"}
TIERS = {1: "", 2: "2단", 3: "3단"}
TOPPINGS = {"strawberries": "신선한 딸기", "blueberries": "신선한 블루베리", "cherries": "체리", "macarons": "마카롱", "flowers": "꽃 장식",
            "chocolate": "초콜릿 칩", "sprinkles": "스프링클", "cream": "휘핑크림", "mango": "망고 조각", "nuts": "견과류"}


def korean(cake):
    """The order as a customer says it."""
    words = [SHAPES[cake.shape], TIERS[cake.tiers], FLAVOURS[cake.flavour], "케이크"]
    toppings = [TOPPINGS[topping] for topping in cake.toppings]
    return " ".join(filter(None, words)) + (f", {', '.join(toppings)} 올려서" if toppings else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    net = evaluate.Classifier()
    net.load_state_dict(torch.load(args.work / "classifier.pt", weights_only=True))
    net.eval()
    torch.set_num_threads(1)
    cakes = evaluate.held_out_orders(np.random.default_rng(args.seed), args.count)
    pictures = []
    for result in Worker(args.url).results("image", [{"prompt": korean(cake), "seed": 1000 + i} for i, cake in enumerate(cakes)]):
        image = Image.open(io.BytesIO(base64.b64decode(result["image_base64"]))).convert("RGB")
        pictures.append(torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255)
    scores = evaluate.score(net, torch.stack(pictures), cakes)
    toppings = int(evaluate.labels(cakes)["toppings"].sum())
    rows = [("flavour as ordered", "flavour", 0.9, len(cakes)), ("shape as ordered", "shape", 0.9, len(cakes)),
            ("topping as ordered", "topping present", 0.9, toppings), ("toppings exact", "toppings exact", None, len(cakes))]
    print(json.dumps([{"model": "picture", "score": score, "goal": goal, "better": "more", "value": scores[key], "of": of}
                      for score, key, goal, of in rows]))


if __name__ == "__main__":
    main()
