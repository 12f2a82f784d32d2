"""Calls to made-up cake shops: what a customer says at each turn, and the answer that follows from it.

Everything in an answer follows from the prompt: what was said is copied, the stage and the question come from what the
order still lacks, a recommendation from history, events and menu in that order. One seed, one set of calls.
"""
import re

import patterns
import patterns_foreign
import prompt
import words

COMMON = sorted({c for c in " ".join(words.FLAVOURS + words.STYLES + words.OPTIONS + words.LETTERINGS + words.WHO) if "가" <= c <= "힣"})
ALL = [bytes([a, b]).decode("euc-kr") for a in range(0xB0, 0xC9) for b in range(0xA1, 0xFF)]
PAIRS = {"을": ("을", "를"), "이": ("이", "가"), "은": ("은", "는"), "과": ("과", "와"), "이랑": ("이랑", "랑"), "이요": ("이요", "요"),
         "이에요": ("이에요", "예요"), "이라서": ("이라서", "라서"), "인데": ("인데", "인데"), "이니까": ("이니까", "니까"), "이라고": ("이라고", "라고"), "으로": ("으로", "로")}


# what slots that are no part of an order are filled with
OTHERS = {"who": words.WHO, "occasion": words.OCCASIONS, "thing": words.THINGS}
# sentences in which an unknown word changes nothing
BLURRED = {"talk", "recommend", "menus", "events", "facts", "price_any", "cancel", "confirm", "no_menu", "again_menu"}


def with_particle(word, particle):
    last = ord(word[-1]) - 0xAC00
    final = last % 28 if 0 <= last < 11172 else 0
    closed = final != 0 and not (particle == "으로" and final == 8)
    return word + PAIRS[particle][0 if closed else 1]


def filled(pattern, slots):
    def one(match):
        return with_particle(slots[match[1]], match[2]) if match[2] else slots[match[1]]
    return re.sub(r"\{(\w+)(?::(\S+?))?\}", one, pattern)


class Maker:
    """Draws shops and calls. `held_out` uses the sentence patterns that training never sees; `names` says where the
    names of menus come from: "mixed" as in training, "unseen" random syllables, "words" ordinary words kept out.
    `practice` is for training alone: more names that are alike, more of what is hardest to tell."""

    def __init__(self, rng, held_out=False, names="mixed", language=None, practice=False):
        self.rng, self.held_out, self.names, self.only, self.practice = rng, held_out, names, language, practice
        self.twin, self.few = None, None

    # ---- the shop

    def syllables(self, low=2, high=4):
        source = COMMON if self.rng.random() < (0.25 if self.practice else 0.5) else ALL
        return "".join(self.rng.choice(source) for _ in range(self.rng.randint(low, high)))

    def menu_name(self):
        r = self.rng
        if self.language != "ko":
            f = words.FOREIGN[self.language]
            return r.choice(f["flavours"]) + (" " if self.language == "en" else "") + r.choice(f["kinds"])
        random_name = self.names == "unseen" or self.names == "mixed" and r.random() < (0.6 if self.practice else 0.45)
        if random_name and r.random() < 0.2:
            return self.syllables() + " " + self.syllables(2, 3)
        if self.few and r.random() < 0.8:
            # "살구 무스" beside "살구 케이크": the last word tells them apart
            return r.choice(self.few) + " " + r.choice(words.KINDS)
        flavour = self.syllables() if random_name else r.choice(words.UNSEEN_FLAVOURS if self.names == "words" else self.flavours())
        return flavour if random_name and r.random() < 0.15 else flavour + " " + r.choice(words.KINDS)

    def flavours(self):
        return words.FURTHER if self.practice and self.rng.random() < 0.4 else words.FLAVOURS

    def some(self, known, low, high):
        r = self.rng
        return list(dict.fromkeys(self.syllables(2, 3) if self.language == "ko" and r.random() < 0.2 else r.choice(known)
                                  for _ in range(r.randint(low, high))))

    def shop(self):
        r = self.rng
        self.language = self.only or r.choices(["ko", "en", "ja"], [0.88, 0.07, 0.05])[0]
        f = words.FOREIGN.get(self.language)
        styles, options = (f["styles"], f["options"]) if f else (words.STYLES, words.OPTIONS)
        menu, self.twin, self.few = [], None, None
        if self.practice and self.language == "ko" and r.random() < 0.3:
            self.few = [r.choice(self.flavours()) for _ in range(r.randint(2, 3))]
        if r.random() > 0.08 or self.names != "mixed":
            names = list(dict.fromkeys(self.menu_name() for _ in range(r.choice([1, 2, 3, 3, 4, 4, 5, 6, 6, 7]))))
            shared_styles, shared_options = self.some(styles, 2, 4), self.some(options, 2, 5)
            detail, priced = r.random(), r.random() < 0.75
            if self.language == "ko" and r.random() < 0.5:
                # an option that begins as a menu's name does, which is then asked for often: how it goes on is learnt late
                self.twin, detail = r.choice(names), 1
                shared_options.insert(r.randint(0, len(shared_options)), self.twin.split(" ")[0] + " " + r.choice(words.ADDED))
            for name in names:
                item = {"name": name}
                if detail > 0.25:
                    item["styles"] = shared_styles if detail > 0.6 else self.some(styles, 1, 3) if r.random() < 0.9 else []
                    item["options"] = shared_options if detail > 0.6 else self.some(options, 1, 3) if r.random() < 0.9 else []
                if priced:
                    item["price"] = r.randint(15, 70) * 1000 + r.choice([0, 0, 0, 500])
                menu.append(item)
        events = []
        if r.random() < 0.25:
            event = {"name": r.choice(words.EVENTS) if self.language == "ko" else {"en": "Winter Sale", "ja": "冬のセール"}[self.language]}
            event["discount_percent"] = r.choice([5, 10, 15, 20, 30, 12.5])
            if menu and r.random() < 0.7:
                event["menus"] = [r.choice(menu)["name"]]
            if r.random() < 0.5:
                event["ends_at"] = f"2026-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
            events.append(event)
        return {"menu": menu, "events": events}

    # ---- the call

    def begin(self, shop):
        """A new call: often the whole way from the greeting, at times in the middle of it."""
        r = self.rng
        self.texts, self.replies = prompt.TEXTS[self.language], words.REPLIES[self.language]
        self.menu = {item["name"]: item for item in shop["menu"]}
        self.events, self.dialogue, self.state, self.stage = shop.get("events", []), [], {}, "greeting"
        self.suggested, self.user, self.history = None, {}, []
        self.tell_dialogue = r.random() < 0.6
        if r.random() < 0.4:
            self.user = {"name": r.choice(words.SURNAMES) + r.choice(words.GIVEN) + r.choice(words.GIVEN)}
            if r.random() < 0.3:
                self.user["grade"] = r.choice(["VIP", "GOLD", "SILVER"])
        if r.random() < 0.35:
            for day in sorted(r.sample(range(1, 29), r.randint(1, 3))):
                name = r.choice(list(self.menu)) if self.menu and r.random() < 0.85 else self.menu_name()
                order = {"menu": name, "ordered_at": f"2026-{r.randint(1, 10):02d}-{day:02d}"}
                styles = self.menu.get(name, {}).get("styles", [])
                if styles and r.random() < 0.6:
                    order["style"] = r.choice(styles)
                if r.random() < 0.5:
                    order["price"] = r.randint(15, 70) * 1000
                self.history.append(order)
            self.history.sort(key=lambda order: order["ordered_at"])
        if r.random() < 0.45:
            self.jump()
        elif r.random() < 0.5:
            self.dialogue.append(("assistant", self.replies["hello"]))

    def jump(self):
        r = self.rng
        if r.random() < 0.93:
            self.state["menu"] = r.choice(list(self.menu)) if self.menu else self.menu_name()
            if r.random() < 0.7:
                self.put_style(self.state)
                if r.random() < 0.7:
                    self.state["quantity"] = int(r.choice(list(self.quantities())))
                    if r.random() < 0.5:
                        self.state["pickup_at"] = self.pickup()
        if self.state.get("menu") and r.random() < 0.35:
            self.state["options"] = r.sample(self.options_for(self.state["menu"]), 1)
        if r.random() < 0.2:
            self.state["lettering"] = self.lettering()
        if r.random() < 0.15:
            self.state["size"] = r.choice(self.sizes())
        self.stage = self.needed(self.state) if self.state.get("menu") else "menu_selection"
        question = self.question(self.state)
        self.dialogue.append(("assistant", question or self.replies["check"]))

    def put_style(self, target):
        styles = self.styles_for(target.get("menu") or self.state.get("menu"))
        target["style"] = self.rng.choice(styles)

    def known(self, key, name):
        if name in self.menu:
            return self.menu[name].get(key, [])
        return list(dict.fromkeys(v for item in self.menu.values() for v in item.get(key, [])))

    def styles_for(self, name):
        return self.known("styles", name) or (words.STYLES if self.language == "ko" else words.FOREIGN[self.language]["styles"])

    def options_for(self, name):
        return self.known("options", name) or (words.OPTIONS if self.language == "ko" else words.FOREIGN[self.language]["options"])

    def quantities(self):
        return words.QUANTITIES if self.language == "ko" else words.FOREIGN[self.language]["qty"]

    def sizes(self):
        return patterns_foreign.SIZES.get(self.language, words.SIZES)

    def pickup(self):
        r = self.rng
        if self.language != "ko":
            return r.choice(words.FOREIGN[self.language]["pickups"])
        time = r.choice(["", "오전 ", "오후 ", "오후 ", "저녁 ", "아침 "]) + (r.choice(words.HOURS) + " 시" if r.random() < 0.5 else f"{r.randint(1, 12)}시") + r.choice(["", "", "", " 반"])
        day = r.choice(["내일", "내일", "오늘", "모레", r.choice(words.WEEKDAYS), "이번 주 " + r.choice(words.WEEKDAYS), "다음 주 " + r.choice(words.WEEKDAYS),
                        f"{r.randint(1, 12)}월 {r.randint(1, 28)}일", "주말"])
        kind = r.random()
        if kind > 0.88:
            return r.choice(words.MOMENTS)
        return time if kind < 0.2 else day if kind < 0.35 and day not in ("오늘", "내일") else f"{day} {time}"

    def lettering(self):
        r = self.rng
        if self.language != "ko":
            return r.choice(words.FOREIGN[self.language]["letterings"])
        kind = r.random()
        name = r.choice(words.GIVEN) + r.choice(words.GIVEN)
        if kind < 0.35:
            return name + ("아 " if (ord(name[-1]) - 0xAC00) % 28 else "야 ") + r.choice(words.LETTERINGS)
        return r.choice(words.LETTERINGS) if kind < 0.75 else self.syllables(2, 4) + r.choice(["", " " + self.syllables(1, 3)])

    # ---- what the order lacks

    def has_style(self, name):
        return name not in self.menu or bool(self.menu[name].get("styles")) or not any(item.get("styles") for item in self.menu.values())

    def missing(self, order):
        for field in ("menu", "style", "quantity", "pickup_at"):
            if not order.get(field) and not (field == "style" and not self.has_style(order.get("menu"))):
                return field
        return None

    def needed(self, order):
        return {"menu": "menu_selection", "style": "style_selection", None: "confirmation"}.get(self.missing(order), "customization")

    def question(self, order):
        field = self.missing(order)
        return self.texts["questions"][field] if field else None

    def merged(self, said):
        order = dict(self.state)
        options = list(order.get("options", []))
        for name in said.get("remove", []):
            if name in options:
                options.remove(name)
            else:
                order.pop(name, None)
        for field in prompt.FIELDS:
            if field != "options" and said.get(field):
                order[field] = said[field]
        options += [o for o in said.get("options", []) if o not in options]
        if said.get("menu") in self.menu:
            item = self.menu[said["menu"]]
            if item.get("styles") and order.get("style") and order["style"] not in item["styles"]:
                del order["style"]
            if item.get("options"):
                options = [o for o in options if o in item["options"]]
        order["options"] = options
        return {k: v for k, v in order.items() if v}

    # ---- one turn

    def turn(self):
        """Says something and returns (the call as the prompt has it, the answer); the call goes on from there."""
        act = self.act()
        transcript, said, answer = getattr(self, "say_" + act)()
        transcript = self.spoken(transcript)
        shown = self.dialogue[-self.rng.choice([1, 1, 1, 2, 2, 4]):] if self.tell_dialogue else []
        call = {"user": self.user, "history": self.history, "dialogue": list(shown), "order_state": dict(self.state),
                "state": self.stage, "transcript": transcript}
        answer["order_state"] = said
        intent = answer["intent"]
        order = {} if intent == "cancel" else self.merged(said)
        if "state" not in answer:
            answer["state"] = ("greeting" if intent == "cancel" else self.needed(order) if intent in ("order", "change")
                               else "menu_selection" if self.stage == "greeting" and intent != "other" else self.stage)
        if intent in ("order", "change") and "additional_questions" not in answer:
            question = self.texts["questions"]["menu"] if answer["state"] == "menu_selection" else self.question(order) or self.replies["check"]
            answer["additional_questions"] = [question]
        answer["response"] = " ".join([answer["response"]] + answer.get("additional_questions", [])).strip()
        self.dialogue += [("user", transcript), ("assistant", answer["response"])]
        self.state, self.stage = order, answer["state"]
        self.suggested = answer.get("recommended_menu")
        return call, answer

    def act(self):
        r = self.rng
        weights = {"menu": 42, "want": 7, "recommend": 17, "inquiry": 18, "talk": 13, "cancel": 4}
        if self.stage == "style_selection":
            weights = {"style": 42, "details": 6, "change": 16, "inquiry": 13, "cancel": 8, "talk": 9, "recommend": 6}
        elif self.stage == "customization":
            weights = {"details": 46, "change": 22, "inquiry": 11, "cancel": 9, "talk": 8, "recommend": 4}
        elif self.stage == "confirmation":
            weights = {"confirm": 26, "change": 32, "cancel": 15, "inquiry": 11, "talk": 9, "details": 7}
        if self.suggested and not self.state.get("menu"):
            weights["accept"] = 40
        if self.practice:
            weights = {act: weight + (8 if act in ("talk", "recommend", "inquiry", "cancel", "change", "confirm") else 0) for act, weight in weights.items()}
        return r.choices(list(weights), list(weights.values()))[0]

    def pattern(self, kind):
        """A sentence of this kind with slots that the order and the shop can fill."""
        while True:
            pattern = patterns.drawn(self.rng, self.language, kind, self.held_out, self.practice)
            lacking = [slot for slot, there in self.other_than_said().items() if "{" + slot + "}" in pattern.replace(":", "}") and not there]
            if not lacking:
                return self.blurred(pattern) if self.practice and self.language == "ko" and kind in BLURRED else pattern

    def blurred(self, pattern):
        """At times with a word that nobody knows; not one of the last two, which say what is wanted."""
        r, parts = self.rng, pattern.split(" ")
        known = [i for i, part in enumerate(parts[:-2]) if len(part) > 1 and re.fullmatch("[가-힣]+", part)]
        if not known or r.random() >= 0.12:
            return pattern
        at = r.choice(known)
        parts[at] = "".join(r.choice(ALL) for _ in parts[at][:-1]) + parts[at][-1]
        return " ".join(parts)

    def other_than_said(self):
        """What a customer who corrects himself can have said first."""
        return {"wrong": len(self.menu) != 1, "wrongstyle": len(self.known("styles", self.state.get("menu"))) > 1,
                "oldsize": self.state.get("size"), "oldstyle": self.state.get("style"), "oldqty": self.state.get("quantity") in self.quantities()}

    def has(self, kind):
        return bool(patterns.known(self.language, kind, self.held_out)[0])

    def spoken(self, text):
        r = self.rng
        if r.random() < 0.2 and len(text) > 4:
            text = self.pattern("hello") + r.choice([" ", ". ", ", "]) + text
        if r.random() < 0.04 and self.language == "ko":
            text += r.choice([" 네", " 감사합니다", ", 감사합니다", " 부탁드려요", " 네네", " 아시겠죠", " 그렇게요"])
        end = text[-1]
        if self.language == "ko" and r.random() < 0.55:
            asks = re.search(r"(요|죠|나요|까요|까|줘|세요|어때|야)$", text) and re.search(r"(뭐|뭘|얼마|어떤|어떻게|있나|있어요|되나|까요|까$|나요|죠$|몇|어디|언제|무슨)", text)
            text += "?" if asks else "."
        elif self.language == "en" and r.random() < 0.5:
            text = text[0].upper() + text[1:] + "."
        elif self.language == "ja" and end not in "。" and r.random() < 0.5:
            text += "。"
        return text

    def short(self, name):
        """How a customer says a menu's name: at times without its last word, if that is clear."""
        first = name.rsplit(" ", 1)[0]
        clear = first != name and sum(other == first or other.startswith(first + " ") for other in self.menu) == 1
        return first if clear and self.menu and self.language == "ko" and self.rng.random() < 0.15 else name

    def slots(self, pattern, menu, said):
        """Fills a pattern and notes in `said` what it says of the order."""
        r, slots = self.rng, {}
        for name in re.findall(r"\{(\w+)", pattern):
            if name == "menu":
                slots[name] = self.short(menu)
            elif name == "menu2":
                slots[name] = r.choice([m for m in self.menu if m != menu] or [self.menu_name()])
            elif name == "qty":
                choices = [n for n in self.quantities() if n != self.state.get("quantity")]
                said["quantity"] = r.choices(choices, [6, 3, 2][:len(choices)] + [1] * (len(choices) - 3))[0]
                number = self.quantities()[said["quantity"]].split("|")
                # "a" is no answer by itself
                slots[name] = r.choice(number if re.search(r"\{qty\} (\{menu|cake)", pattern) else number[:1] if self.language == "en" else number)
            elif name == "style":
                said["style"] = slots[name] = r.choice([s for s in self.styles_for(menu) if s != self.state.get("style")] or self.styles_for(menu))
            elif name in ("option", "option2"):
                free = [o for o in self.options_for(menu) if o not in said.get("options", []) + self.state.get("options", [])] or self.options_for(menu)
                slots[name] = r.choice(free)
                said["options"] = list(dict.fromkeys(said.get("options", []) + [slots[name]]))
            elif name == "size":
                said["size"] = slots[name] = r.choice([size for size in self.sizes() if size != self.state.get("size")])
            elif name == "lettering":
                said["lettering"] = slots[name] = self.lettering()
            elif name == "pickup":
                said["pickup_at"] = slots[name] = next(p for p in iter(self.pickup, None) if p != self.state.get("pickup_at"))
            elif name == "note":
                said["notes"] = slots[name] = r.choice(patterns_foreign.NOTES.get(self.language, words.NOTES))
            elif name == "wrong":
                slots[name] = self.short(self.any_menu(menu))
            elif name == "wrongstyle":
                slots[name] = r.choice(self.styles_for(menu))
            elif name == "wrongqty":
                slots[name] = r.choice(self.quantities()[r.choice(list(self.quantities())[:5])].split("|"))
            elif name == "old":
                slots[name] = self.short(self.state["menu"])
            elif name == "oldstyle":
                slots[name] = self.state.get("style", "")
            elif name == "oldsize":
                slots[name] = self.state.get("size", "")
            elif name == "oldqty":
                slots[name] = r.choice(self.quantities()[self.state["quantity"]].split("|"))
            elif name == "held":
                slots[name] = r.choice(self.state["options"])
                said["remove"] = [slots[name]]
            elif self.practice and self.language == "ko" and r.random() < 0.25:
                # not every word that is not known is a menu's name
                slots[name] = self.syllables(2, 3)
            else:
                slots[name] = r.choice(OTHERS[name])
        return filled(pattern, slots)

    def more(self, menu, said, text, kinds):
        """Up to two further clauses, each of a kind that the sentence has not spoken of yet."""
        r = self.rng
        field = {"option": "options", "size": "size", "lettering": "lettering", "pickup": "pickup_at", "notes": "notes", "style": "style", "quantity": "quantity"}
        for kind in r.sample(kinds, min(len(kinds), r.choices([0, 1, 2], [60, 30, 10])[0])):
            if self.has(kind) and field[kind] not in said and not (kind == "style" and not self.known("styles", menu)):
                text += r.choice([". ", ". ", " ", ", "]) + self.slots(self.pattern(kind), menu, said)
        return text

    def any_menu(self, other_than=None):
        if self.twin in self.menu and self.twin != other_than and self.rng.random() < 0.4:
            return self.twin
        return self.rng.choice([m for m in self.menu if m != other_than] or [self.menu_name()])

    def what(self, said):
        r = self.language
        parts = [said.get("menu")] + ([said["style"]] if said.get("style") else []) + said.get("options", []) + [said.get("size")]
        parts += [{"ko": "{}개", "en": "{}", "ja": "{}個"}[r].format(said["quantity"])] if said.get("quantity") else []
        parts += [said.get("lettering"), said.get("pickup_at"), said.get("notes")]
        return ", ".join(part for part in parts if part)

    def reply(self, intent, analysis, response, **rest):
        return {"intent": intent, "analysis": filled(words.ANALYSES[self.language][analysis], rest), "response": response}

    def ordered(self, said, analysis):
        return self.reply("order", analysis, self.replies["order"].format(what=self.what(said)), menu=said.get("menu", ""))

    def say_menu(self):
        menu = self.any_menu()
        said = {"menu": menu}
        text = self.more(menu, said, self.slots(self.pattern("menu"), menu, said), ["option", "option", "size", "lettering", "pickup", "notes", "style"])
        return text, said, self.ordered(said, "order")

    def say_accept(self):
        menu = self.suggested
        said = {"menu": menu}
        if not self.has("accept"):
            return self.say_menu()
        self.tell_dialogue = True
        text = self.slots(self.pattern(self.rng.choice([kind for kind in ("accept", "accept_qty") if self.has(kind)])), menu, said)
        return text, said, self.ordered(said, "order")

    def say_want(self):
        if not self.has("no_menu"):
            return self.say_menu()
        said = {}
        text = self.slots(self.pattern("no_menu"), None, said)
        return text, said, {**self.ordered(said, "want"), **({} if said else {"response": ""})}

    def say_style(self):
        menu, said = self.state.get("menu"), {}
        text = self.more(menu, said, self.slots(self.pattern("style"), menu, said), self.open(["option", "quantity", "pickup", "size", "lettering"]))
        return text, said, self.ordered(said, "style")

    def open(self, kinds):
        """Those of which the order holds nothing yet: to say another one is a change. Options are always added."""
        field = {"option": None, "pickup": "pickup_at"}
        return [kind for kind in kinds if self.has(kind) and not self.state.get(field.get(kind, kind))]

    def say_details(self):
        menu, said = self.state.get("menu"), {}
        kinds = self.open(["option", "size", "lettering", "pickup", "notes", "quantity"])
        if self.rng.random() < 0.06 and self.stage == "customization":
            return self.pattern("nothing"), {}, self.reply("order", "details", "")
        asked = {"quantity": "quantity", "pickup_at": "pickup"}.get(self.missing(self.state))
        first = asked if asked in kinds and self.rng.random() < 0.4 else self.rng.choice(kinds)
        text = self.more(menu, said, self.slots(self.pattern(first), menu, said), [kind for kind in kinds if kind != first])
        return text, said, self.ordered(said, "details")

    def say_confirm(self):
        return self.pattern("confirm"), {}, {**self.reply("order", "confirm", self.replies["confirmed"]), "additional_questions": []}

    def say_change(self):
        r, said = self.rng, {}
        kinds = ["change_menu"] * 4
        if self.has("again_menu"):
            kinds += ["again_menu"]
        if self.state.get("style"):
            kinds += ["remove_style"]
            # the only style there is cannot be changed into another
            kinds += ["change_style"] * 2 if any(style != self.state["style"] for style in self.styles_for(self.state.get("menu"))) else []
        kinds += ["change_quantity"] * 2 if self.state.get("quantity") in self.quantities() else []
        kinds += ["change_size"] if self.state.get("size") else []
        kinds += ["remove_option"] * 3 if self.state.get("options") else []
        kinds += ["change_lettering", "remove_lettering"] if self.state.get("lettering") else []
        kinds += ["change_pickup"] * 3 if self.state.get("pickup_at") else []
        kind = r.choice([k for k in kinds if self.has(k)])
        menu = self.state.get("menu")
        if kind == "change_menu":
            menu = self.any_menu(menu)
            said["menu"] = menu
        text = self.slots(self.pattern(kind), menu, said)
        if kind == "change_menu" and r.random() < 0.2:
            text = self.more(menu, said, text, ["option", "pickup", "lettering"])
        said.update({"remove_lettering": {"remove": ["lettering"]}, "remove_style": {"remove": ["style"]}}.get(kind, {}))
        answer = self.reply("change", "change", self.replies["change"])
        if kind == "again_menu":
            answer["state"] = "menu_selection"
        return text, said, answer

    def say_cancel(self):
        return self.pattern("cancel"), {}, self.reply("cancel", "cancel", self.replies["cancel"])

    def say_talk(self):
        return self.slots(self.pattern("talk"), None, {}), {}, self.reply("other", "talk", self.replies["talk"])

    def say_inquiry(self):
        r, unknown = self.rng, self.replies["unknown"]
        kind = r.choices(["price", "price_any", "menus", "styles", "options", "events", "facts"], [4, 1, 3, 2, 2, 2, 7])[0]
        if not self.has(kind):
            kind = "facts"
        menu, scratch = self.any_menu(), {}
        text = self.slots(self.pattern(kind), menu, scratch)
        # A price is never told, though the prompt may have it: of those that an earlier model told, half were another menu's.
        response = unknown
        if kind == "menus" and self.menu:
            response = self.replies["menus"].format(names=", ".join(list(self.menu)[:3]))
        elif kind in ("styles", "options") and self.known(kind, self.state.get("menu")) and self.state.get("menu"):
            response = self.replies["menus"].format(names=", ".join(self.known(kind, self.state["menu"])[:3]))
        elif kind == "events":
            response = self.replies["event"].format(event=self.events[0]["name"]) if self.events else self.replies["no_event"]
        return text, {}, self.reply("inquiry", "price" if kind == "price_any" else kind, response)

    def say_recommend(self):
        r, pattern = self.rng, self.pattern("recommend")
        first = self.any_menu()
        second = self.any_menu(first)
        if "{menu2}" in pattern and first != second:
            slots = {"menu": first, "menu2": second}
            slots |= {name: r.choice(OTHERS[name]) for name in re.findall(r"\{(\w+)", pattern) if name not in slots}
            best, others, response = first, [second], filled(self.replies["suggest"], slots)
            return filled(pattern, slots), {}, {**self.reply("recommendation", "recommend", response), "recommended_menu": best, "alternatives": others}
        text = self.slots(pattern, first, {})
        bought = self.history[-1]["menu"] if self.history else None
        promoted = next((e for e in self.events if e.get("menus")), None)
        if bought and (not self.menu or bought in self.menu):
            best, response = bought, filled(self.replies["again"], {"menu": bought})
        elif promoted:
            best, response = promoted["menus"][0], filled(self.replies["promoted"], {"event": promoted["name"], "menu": promoted["menus"][0]})
        elif self.menu:
            best = next(iter(self.menu))
            response = filled(self.replies["suggest"], {"menu": best})
        else:
            best, response = None, self.replies["no_suggest"]
        others = [m for m in self.menu if m != best][:2]
        return text, {}, {**self.reply("recommendation", "recommend", response), "recommended_menu": best, "alternatives": others}

    # ---- the reason of a recommendation

    def reason(self, shop):
        """(lines of the user message, the answer) of one recommendation."""
        r = self.rng
        item = dict(r.choice(shop["menu"])) if shop["menu"] else {"name": self.menu_name()}
        others = [m["name"] for m in shop["menu"] if m["name"] != item["name"]][:3]
        facts = {"recommended": item, "alternatives": others, "user": {"name": r.choice(words.SURNAMES) + r.choice(words.GIVEN) + r.choice(words.GIVEN)} if r.random() < 0.4 else {}}
        kind = r.choice(["frequent", "event", "style", "menu"])
        if kind == "frequent":
            facts["frequent"] = [item["name"]] + others[:r.randint(0, 2)]
        elif others and r.random() < 0.3:
            facts["frequent"] = others[:1]
        if kind == "style" and item.get("styles"):
            facts["preferred_style"] = r.choice(item["styles"])
        if kind == "event" or kind == "frequent" and r.random() < 0.3:
            facts["events"] = [{"name": r.choice(words.EVENTS), "discount_percent": r.choice([5, 10, 15, 20, 30])}]
        if facts.get("frequent") and r.random() < 0.7:
            facts["average_amount"] = r.randint(15, 60) * 1000
        if r.random() < 0.4:
            facts["transcript"] = self.spoken(self.slots(self.pattern("recommend"), item["name"], {}))
        name, event = item["name"], facts.get("events", [None])[0]
        if item["name"] in facts.get("frequent", []):
            reason = f"자주 드신 {with_particle(name, '을')} 추천해 드려요."
        elif event:
            reason = f"{event['name']}로 {event['discount_percent']}% 할인되는 {with_particle(name, '을')} 추천해 드려요."
        elif facts.get("preferred_style"):
            reason = f"좋아하시는 {facts['preferred_style']} 스타일의 {with_particle(name, '을')} 추천해 드려요."
        else:
            reason = f"{with_particle(name, '을')} 추천해 드려요."
        return prompt.reason_lines(facts, "ko"), reason


def group(maker, calls):
    """One shop: (text before the user message's own lines, [(own lines, answer pieces)])."""
    shop = maker.shop()
    language = maker.language
    if language == "ko" and maker.only is None and maker.rng.random() < 0.04:
        begun = prompt.opening(prompt.TEXTS["ko"]["recommend.compact"])
        maker.begin(shop)
        made = [maker.reason(shop) for _ in range(calls)]
        return begun, [("\n".join(lines), [('{"reason":', "form"), (prompt.compact(reason), "text"), ("}", "form")]) for lines, reason in made]
    begun = prompt.opening(prompt.TEXTS[language]["system.compact"]) + "".join(line + "\n" for line in prompt.shop_lines(shop, language))
    tails = []
    while len(tails) < calls:
        maker.begin(shop)
        for _ in range(maker.rng.randint(1, 4)):
            call, answer = maker.turn()
            tails.append(("\n".join(prompt.call_lines(call, language)), prompt.answer_segments(answer)))
    return begun, tails[:calls]


if __name__ == "__main__":
    import random
    import sys
    maker = Maker(random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
    for _ in range(4):
        begun, tails = group(maker, 5)
        print("=" * 30 + "\n" + begun)
        for lines, pieces in tails:
            print(lines, "\n  ->", "".join(text for text, _ in pieces))
