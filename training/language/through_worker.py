"""Scores of order analysis taken through a running worker: `python through_worker.py REDIS_URL --calls 50`.

Calls and sentences are those of evaluate.py; what is compared is the worker's result: its intent, its stage after the
rules, its merged order. "menu, where one was said" counts the calls alone whose sentence names a menu that the order did
not have before: in the others a worker that changes nothing is right. Prints a JSON list of rows: name, goal (null: none),
value, number of answers.
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
    """(job's payload, expected intent, stage and order, whether a menu was said) of calls of two turns; the last may have one."""
    maker = calls.Maker(random.Random(seed), **how)
    for i in range(how_many):
        if i % 2 == 0:
            shop = maker.shop()
            maker.begin(shop)
        call, answer = maker.turn()
        yield payload(shop, call), answer["intent"], maker.stage, dict(maker.state), named(answer["order_state"], call["order_state"])


def named(said, before):
    """Whether a sentence names a menu that the order did not have."""
    return bool(said.get("menu")) and said["menu"] != before.get("menu")


def scored(worker, cases):
    cases = list(cases)
    right = {"intent": [], "state": [], "menu and style": [], "menu said": []}
    for (_, intent, stage, order, said), got in zip(cases, worker.results("llm", [case[0] for case in cases])):
        right["intent"].append(got["intent"] == intent)
        right["state"].append(got["state"] == stage)
        right["menu and style"].append(all(got["order_state"].get(key) == order.get(key) for key in ("menu", "style")))
        if said:
            right["menu said"].append(got["order_state"].get("menu") == order.get("menu"))
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
    if args.calls < 1:
        parser.error("--calls must be 1 or more")
    worker, rows = Worker(args.url), []

    def row(score, goal, right):
        if not right:
            return print(f"{score}: none of {args.calls} calls is of that kind", file=sys.stderr)
        rows.append({"model": "language", "score": score, "goal": goal, "better": "more", "value": sum(right) / len(right), "of": len(right)})

    patterns = scored(worker, drawn(args.calls, args.seed, held_out=True))
    row("intent, patterns kept out", 0.97, patterns["intent"])
    row("state, patterns kept out", 0.95, patterns["state"])
    row("menu and style, patterns kept out", 0.95, patterns["menu and style"])
    unseen = scored(worker, drawn(args.calls, args.seed, held_out=True, names="unseen", language="ko"))
    row("menu, where one was said, names never seen", 0.85, unseen["menu said"])
    row("menu and style, names never seen", None, unseen["menu and style"])
    row("intent, sentences written freely", 0.80, free(worker))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
