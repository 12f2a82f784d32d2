"""The prompt of an order and the form of its answer, byte for byte as the worker writes them (docs/prompt.md).

`python prompt.py` compares with the examples that the Java tests compare with.
"""
import json
import pathlib
import re
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIELDS = ["menu", "style", "size", "quantity", "options", "lettering", "pickup_at", "notes"]
STAGES = ["greeting", "menu_selection", "style_selection", "customization", "confirmation"]
INTENTS = ["order", "inquiry", "recommendation", "change", "cancel", "other"]


def texts(language):
    """The sections of a prompt file: a text by name, [labels] and [questions] as dictionaries."""
    sections, current = {}, None
    for line in (ROOT / f"src/main/resources/aiserver/prompts/{language}.txt").read_text("utf-8").splitlines():
        name = re.fullmatch(r"\[(.*)\]", line.strip())
        if line.strip().startswith("#"):
            continue
        if name:
            current = sections.setdefault(name[1], [])
        elif current is not None:
            current.append(line)
    found = {name: "\n".join(lines).strip() for name, lines in sections.items()}
    for name in ("labels", "questions", "reasons"):
        found[name] = dict([part.strip() for part in line.split("=", 1)] for line in found[name].splitlines() if line.strip())
    return found


TEXTS = {language: texts(language) for language in ("ko", "en", "ja")}


def one_line(text, most=None):
    gap, line = False, []
    for c in text:
        if unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp"):
            gap = True
            continue
        if gap and line:
            line.append(" ")
        gap = False
        line.append("\ufffd" if unicodedata.category(c) == "Cs" else c)
    if most is not None and len(line) > most:
        return "".join(line[:most - 1]).rstrip() + "…"
    return "".join(line)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def quoted(text):
    return compact(one_line(text))


def _list(opening, items, closing):
    return f" {opening}{'/'.join(one_line(item, 60) for item in items)}{closing}" if items else ""


def _number(value):
    return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def entry(name, styles, options, price):
    return one_line(name) + _list("[", styles, "]") + _list("{", options, "}") + (f" {price}" if price is not None else "")


def menu_item(item):
    return entry(item["name"], item.get("styles", []), item.get("options", []), item.get("price"))


def past_order(order):
    style = [order["style"]] if order.get("style") else []
    text = entry(one_line(order["menu"], 60), style, order.get("options", []), order.get("price"))
    return text + (" " + one_line(order["ordered_at"])[:10] if order.get("ordered_at") else "")


def event(it):
    text = one_line(it["name"], 60)
    if it.get("discount_percent") is not None:
        text += f" {_number(it['discount_percent'])}%"
    text += _list("[", it.get("menus", []), "]")
    if it.get("ends_at"):
        text += " ~" + one_line(it["ends_at"], 25)
    return text + (f" ({one_line(it['description'], 200)})" if (it.get("description") or "").strip() else "")


def customer(user):
    facts = [one_line(user["name"], 60)] if user.get("name") else []
    facts += [f"{one_line(key, 60)} {one_line(str(value), 60)}" for key, value in user.items() if key != "name"]
    return "; ".join(facts[:8])


def order(state):
    held = {}
    for field in FIELDS:
        value = state.get(field)
        if value in (None, "", []):
            continue
        held[field] = [one_line(v, 60) for v in value] if field == "options" else value if isinstance(value, int) else one_line(value, 200)
    return compact(held)


def shop_lines(shop, language):
    """Lines that all customers of a shop share."""
    label, lines = TEXTS[language]["labels"], []
    if shop.get("menu"):
        lines.append(f"{label['menu']}: " + "; ".join(map(menu_item, shop["menu"])))
    if shop.get("events"):
        lines.append(f"{label['events']}: " + "; ".join(map(event, shop["events"])))
    return lines


def call_lines(call, language):
    """Lines of one call: {user, history (oldest first), dialogue, order_state, state, transcript}."""
    label, lines = TEXTS[language]["labels"], []
    if customer(call.get("user", {})):
        lines.append(f"{label['customer']}: {customer(call['user'])}")
    if call.get("history"):
        lines.append(f"{label['history']}: " + "; ".join(map(past_order, call["history"])))
    if call.get("dialogue"):
        lines.append(f"{label['dialogue']}:")
        for role, said in call["dialogue"]:
            lines.append(f"{label['said' if role == 'user' else 'answered']}: {quoted(one_line(said, 500))}")
    lines.append(f"{label['order']}: {order(call.get('order_state', {}))}")
    lines.append(f"{label['stage']}: {call.get('state') or 'greeting'}")
    lines.append(f"{label['said']}: {quoted(call['transcript'])}")
    return lines


def reason_lines(facts, language):
    """Lines of a recommendation: {user, frequent, preferred_style, average_amount, events, recommended, alternatives, transcript}."""
    label = TEXTS[language]["labels"]
    parts = [("customer", customer(facts.get("user", {}))), ("frequent", "; ".join(facts.get("frequent", []))),
             ("preferred_style", facts.get("preferred_style") or ""), ("average_amount", str(facts.get("average_amount") or "")),
             ("events", "; ".join(map(event, facts.get("events", [])))), ("recommended", menu_item(facts["recommended"])),
             ("alternatives", "; ".join(facts.get("alternatives", []))), ("said", quoted(facts["transcript"]) if facts.get("transcript") else "")]
    return [f"{label[name]}: {text}" for name, text in parts if text]


def opening(system):
    """The chat up to the user message's text."""
    return f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n"


CLOSING = "<|im_end|>\n<|im_start|>assistant\n"
END = "<|im_end|>"


def answer_segments(answer):
    """An answer in pieces, each (text, what it is): "form" is fixed, everything else is chosen by the model."""
    said = answer.get("order_state", {})
    pieces = [('{"intent":"', "form"), (answer["intent"], "intent"), ('","order_state":{', "form")]
    for i, field in enumerate(["menu", "style", "options", "size", "quantity", "lettering", "pickup_at", "notes", "remove"]):
        empty = [] if field in ("options", "remove") else None
        pieces += [(f'{"," if i else ""}"{field}":', "form"), (compact(said.get(field, empty)), "menu" if field == "menu" else "order_state")]
    recommended = answer.get("recommended_menu")
    pieces += [('},"state":"', "form"), (answer["state"], "state"), ('","recommended_menu":', "form"),
               (compact({"name": recommended} if recommended else None), "names"), (',"alternatives":', "form"),
               (compact(answer.get("alternatives", [])), "names"), (',"additional_questions":', "form"),
               (compact(answer.get("additional_questions", [])), "text"), (',"analysis":', "form"), (compact(answer["analysis"]), "text"),
               (',"response":', "form"), (compact(answer["response"]), "text"), ("}", "form")]
    return pieces


def selftest():
    import datetime
    now = datetime.datetime(2026, 11, 22, 12)
    compared = 0
    for path in sorted((ROOT / "src/test/resources/prompts").glob("*.compact.txt")):
        stem, language = path.name.split(".")[:2]
        job = json.loads((path.parent / f"{stem}.json").read_text("utf-8"))
        context = job.get("context", {})
        events = [it for it in job.get("events", []) if not it.get("ends_at") or datetime.datetime.fromisoformat(it["ends_at"]) >= now]
        call = {"user": context.get("user", {}), "history": sorted(job.get("user_history", []), key=lambda o: o.get("ordered_at") or ""),
                "dialogue": [(turn["role"], turn["content"]) for turn in context.get("dialogue", [])],
                "order_state": context.get("order_state", {}), "state": context.get("state"), "transcript": job["transcript"]}
        lines = shop_lines({"menu": context.get("menu", []), "events": events}, language) + call_lines(call, language)
        ours = f"--- system\n{TEXTS[language]['system.compact']}\n--- user\n" + "\n".join(lines) + "\n--- answer\n"
        assert path.read_text("utf-8").startswith(ours), f"{path.name} differs:\n{ours}"
        compared += 1
    assert compared >= 4, f"only {compared} examples"
    print(f"{compared} examples are byte-identical")


if __name__ == "__main__":
    selftest()
