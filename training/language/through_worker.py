"""Scores of order analysis taken through a running worker: `python through_worker.py REDIS_URL --calls 50`.

Calls and sentences are those of evaluate.py; what is compared is the worker's result: its intent, its stage after the
rules, its merged order. Prints a JSON list of rows: name, goal, value, number of answers.
"""
import argparse
import json
import pathlib
import random
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import calls
import evaluate
from worker import Worker


def payload(shop, call):
    context = {"user": call.get("user", {}), "menu": shop["menu"], "order_state": call["order_state"], "state": call["state"],
               "dialogue": [{"role": role, "content": said} for role, said in call.get("dialogue", [])]}
    return {"transcript": call["transcript"], "context": context, "user_history": call.get("history", []), "events": shop.get("events", [])}


def drawn(how_many, seed, **how):
    """(job's payload, expected intent, stage and order) of calls of two turns."""
    maker = calls.Maker(random.Random(seed), **how)
    for _ in range(how_many // 2):
        shop = maker.shop()
        maker.begin(shop)
        for _ in range(2):
            call, answer = maker.turn()
            yield payload(shop, call), answer["intent"], maker.stage, dict(maker.state)


def scored(worker, cases):
    cases = list(cases)
    right = {"intent": [], "state": [], "menu and style": []}
    for (_, intent, stage, order), got in zip(cases, worker.results("llm", [case[0] for case in cases])):
        right["intent"].append(got["intent"] == intent)
        right["state"].append(got["state"] == stage)
        right["menu and style"].append(all(got["order_state"].get(key) == order.get(key) for key in ("menu", "style")))
    return right


def free(worker):
    lines = [line.split("\t") for line in (evaluate.HERE / "free_sentences.tsv").read_text("utf-8").splitlines()]
    jobs = [payload(evaluate.SHOP, {"order_state": evaluate.ORDERS[stage], "state": stage, "transcript": said}) for _, stage, said in lines]
    return [got["intent"] == intent for (intent, _, _), got in zip(lines, worker.results("llm", jobs))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--calls", type=int, default=100, help="answers per row")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    worker, rows = Worker(args.url), []

    def row(score, goal, right):
        rows.append({"model": "language", "score": score, "goal": goal, "better": "more", "value": sum(right) / len(right), "of": len(right)})

    patterns = scored(worker, drawn(args.calls, args.seed, held_out=True))
    row("intent, patterns kept out", 0.97, patterns["intent"])
    row("state, patterns kept out", 0.95, patterns["state"])
    row("menu and style, patterns kept out", 0.95, patterns["menu and style"])
    row("menu and style, names never seen", 0.85, scored(worker, drawn(args.calls, args.seed, held_out=True, names="unseen", language="ko"))["menu and style"])
    row("intent, sentences written freely", 0.80, free(worker))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
