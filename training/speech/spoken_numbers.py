"""Korean and Japanese numbers, dates, hours and prices as pairs of what is written and what is said.

A pair is "written|spoken" with no blank in either half: "3시|세시". The transcript keeps figures for
dates, hours, prices, sizes, ages and telephone numbers, and words for counted cakes ("두 개").
"""
_SINO = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]
_HOURS = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"]
_TENS = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"]
_ONES = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"]
_MONTHS = {6: "유", 10: "시"}
_DIGITS = ["공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]


def sino(n):
    """1 to 9999 in Sino-Korean."""
    out = ""
    for unit, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit, n = divmod(n, unit)
        if digit:
            out += ("" if digit == 1 and unit > 1 else _SINO[digit]) + name
    return out


def native(n):
    """1 to 99 in native Korean, in the form that stands before a counter."""
    tens, ones = divmod(n, 10)
    return "스무" if n == 20 else _TENS[tens] + _ONES[ones]


def date(rng):
    month, day = rng.randint(1, 12), rng.randint(1, 31)
    return f"{month}월|{_MONTHS.get(month, sino(month))}월 {day}일|{sino(day)}일"


def day_of_month(rng):
    day = rng.randint(1, 31)
    return f"{day}일|{sino(day)}일"


def hour(rng):
    h = rng.randint(1, 12)
    half = rng.random()
    text = rng.choice(["오전 ", "오후 ", "저녁 ", "", ""]) + f"{h}시|{_HOURS[h]}시"
    if half < 0.25:
        minute = rng.choice([10, 15, 20, 30, 40, 45, 50])
        text += f" {minute}분|{sino(minute)}분"
    elif half < 0.4:
        text += " 반"
    return text


def price(rng):
    n = rng.choice([rng.randint(3, 99) * 1000, rng.randint(10, 90) * 500])
    man, rest = divmod(n, 10000)
    words = [f"{man}만|{sino(man) if man > 1 else ''}만"] if man else []
    cheon, won = divmod(rest, 1000)
    if cheon:
        words.append(f"{cheon}천|{sino(cheon) if cheon > 1 else ''}천")
    if won:
        words.append(f"{won // 100}백|{sino(won // 100)}백")
    return " ".join(words) + " 원"


def _figure_by_figure(groups):
    return "-".join(groups) + "|" + ",".join("".join(_DIGITS[int(d)] for d in g) for g in groups)


def phone(rng):
    groups = ["010", f"{rng.randint(0, 9999):04d}", f"{rng.randint(0, 9999):04d}"]
    return _figure_by_figure(groups)


def repeating_phone(rng):
    """A telephone number in which a figure often comes twice or three times in a row."""
    figures = [rng.choice("0123456789")]
    while len(figures) < 8:
        figures.append(figures[-1] if rng.random() < 0.45 else rng.choice("0123456789"))
    groups = ["010", "".join(figures[:4]), "".join(figures[4:])]
    return _figure_by_figure(groups)


def repeating_number(rng):
    """11, 22, 233, 500, ...: an order, an age or a crowd."""
    n = rng.randint(1, 9) * rng.choice([11, 11, 11, 100, 110, 101, 111]) + rng.choice([0, 0, 11, 100])
    if n < 100 and rng.random() < 0.6:
        unit = rng.choice(["살", "명"])
        return f"{n}{unit}|{native(n)}{unit}"
    return f"{n}번|{sino(n)}번"


def order_number(rng):
    n = rng.randint(11, 999)
    return f"{n}번|{sino(n)}번"


def people(rng):
    n = rng.randint(2, 40)
    if rng.random() < 0.5:
        return f"{n}명|{native(n)}명"
    return f"{n}인분|{sino(n)}인분"


def age(rng):
    n = rng.randint(1, 80)
    return f"{n}살|{native(n)}살"


def size(rng):
    n = rng.randint(1, 5)
    if rng.random() < 0.6:
        return f"{n}호|{sino(n)}호"
    cm = rng.choice([12, 15, 18, 20, 21, 24])
    return f"{cm}센티|{sino(cm)}센티"


def tiers(rng):
    n = rng.randint(1, 4)
    return f"{n}단|{sino(n)}단"


def discount(rng):
    n = rng.choice([5, 10, 15, 20, 25, 30, 50])
    return f"{n}퍼센트|{sino(n)}퍼센트"


_JA_HOURS = ["", "いち", "に", "さん", "よ", "ご", "ろく", "しち", "はち", "く", "じゅう", "じゅういち", "じゅうに"]
_JA_MONTHS = ["", "いち", "に", "さん", "し", "ご", "ろく", "しち", "はち", "く", "じゅう", "じゅういち", "じゅうに"]
_JA_DAYS = {1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか", 8: "ようか",
            9: "ここのか", 10: "とおか", 11: "じゅういちにち", 12: "じゅうににち", 13: "じゅうさんにち",
            15: "じゅうごにち", 18: "じゅうはちにち", 20: "はつか", 22: "にじゅうににち", 25: "にじゅうごにち",
            30: "さんじゅうにち"}


def ja_hour(rng):
    h = rng.randint(1, 12)
    return f"{h}時|{_JA_HOURS[h]}じ"


def ja_date(rng):
    month, day = rng.randint(1, 12), rng.choice(list(_JA_DAYS))
    return f"{month}月|{_JA_MONTHS[month]}がつ {day}日|{_JA_DAYS[day]}"
