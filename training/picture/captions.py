"""Captions: what enhancePrompt writes, and the many other ways of saying the same.

`random_cake` draws what to order, `caption` puts it into words. One in ten combinations of
flavour, shape, tiers and topping never occurs in training (`held_out`): the scores are
measured on those.
"""

import zlib
from dataclasses import replace

from draw import FLAVOURS, FROSTINGS, OCCASIONS, SHAPES, TOPPINGS, Cake

NEGATIVE = "blurry, low quality, distorted, ugly, bad anatomy"  # the worker's default
QUALITY = " with elegant decoration, professional food photography, high quality, 4k"

FLAVOUR_WORDS = {
    "chocolate": ("chocolate", "chocolate", "chocolate", "dark chocolate", "milk chocolate", "choco"),
    "strawberry": ("strawberry", "strawberry", "strawberry", "strawberry cream", "strawberry shortcake"),
    "vanilla": ("vanilla", "vanilla", "fresh cream", "fresh cream", "whipped cream", "vanilla cream", "plain", "milk", "white cream"),
    "cheese": ("cheese", "cheese", "cream cheese", "baked cheese", "new york cheese", "cheesecake"),
    "green tea": ("green tea", "green tea", "matcha", "matcha", "matcha green tea"),
    "carrot": ("carrot", "carrot", "carrot spice"),
    "red velvet": ("red velvet", "red velvet"),
    "blueberry": ("blueberry", "blueberry", "blueberry cream", "wild blueberry"),
    "mango": ("mango", "mango", "mango cream", "tropical mango"),
    "sweet potato": ("sweet potato", "sweet potato", "purple sweet potato", "goguma"),
    "tiramisu": ("tiramisu", "tiramisu", "coffee", "mocha", "coffee tiramisu"),
    "cookies and cream": ("cookies and cream", "oreo", "cookie", "oreo cookie"),
}
# what is not drawn gets what looks nearest; said now and then
NEAR_FLAVOURS = {
    "chocolate": ("gateau chocolat", "chestnut", "hazelnut", "nutella", "opera", "marble", "chocolate and strawberry"),
    "strawberry": ("strawberry and fresh cream", "raspberry", "peach", "cherry"),
    "vanilla": ("white chocolate", "butter cream", "sponge", "chiffon", "yogurt", "ice cream", "coconut", "rice", "pear", "milk tea"),
    "cheese": ("basque cheese", "caramel", "honey", "injeolmi soybean powder", "peanut butter"),
    "green tea": ("pistachio", "mugwort", "kiwi", "melon", "mint chocolate"),
    "carrot": ("pumpkin", "apricot", "tangerine"),
    "red velvet": ("red bean",),
    "blueberry": ("grape",),
    "mango": ("orange", "lemon", "banana", "pineapple", "yuzu", "apple"),
    "sweet potato": ("ube", "fig"),
    "tiramisu": ("cappuccino", "mille crepe"),
    "cookies and cream": ("earl grey", "black sesame"),
}
TOPPING_WORDS = {
    "strawberries": ("fresh strawberries", "strawberries", "strawberry topping", "sliced strawberries", "fresh strawberry"),
    "blueberries": ("blueberries", "fresh blueberries", "blueberry topping", "fresh blueberry"),
    "cherries": ("cherries", "fresh cherries", "red cherries", "cherry", "cherry topping", "raspberries"),
    "macarons": ("macarons", "colorful macarons", "macaron", "pastel macarons"),
    "flowers": ("flowers", "edible flowers", "fresh flowers", "flower decoration", "roses", "red roses", "white flowers", "floral decoration", "tulips", "carnations", "cherry blossoms"),
    "chocolate": ("chocolate pieces", "chocolate chips", "chocolate shavings", "dark chocolate pieces", "chocolate decoration", "chocolate topping", "cookies", "oreo cookies"),
    "sprinkles": ("sprinkles", "colorful sprinkles", "rainbow sprinkles", "candies"),
    "cream": ("whipped cream", "cream swirls", "whipped cream swirls", "fresh cream topping", "whipped cream topping", "marshmallows"),
    "mango": ("mango pieces", "fresh mango", "mango cubes", "mango slices", "mango topping", "peach slices", "orange slices"),
    "nuts": ("nuts", "almonds", "walnuts", "roasted nuts", "pistachios", "chestnuts"),
}
SHAPE_WORDS = {"round": ("round", "round", "circular"), "heart": ("heart-shaped", "heart-shaped", "heart shaped", "heart"), "square": ("square", "square", "square-shaped")}
TIER_WORDS = {1: ("single-tier", "one-tier"), 2: ("two-tier", "two-tier", "2-tier", "two tier", "double-layer"), 3: ("three-tier", "three-tier", "3-tier", "three tier", "triple-layer")}
SIZE_WORDS = {"small": ("small", "small", "mini", "bento", "petite"), "large": ("large", "large", "big", "giant")}
OCCASION_WORDS = {
    "birthday": ("for a birthday", "birthday celebration", "for a birthday party", "birthday celebration", "happy birthday", "party", "children's day"),
    "wedding": ("for a wedding", "wedding celebration", "wedding", "wedding theme"),
    "christmas": ("for Christmas", "Christmas celebration", "Christmas", "Christmas theme"),
    "valentine": ("for Valentine's Day", "Valentine's Day", "romantic proposal"),
    "anniversary": ("for an anniversary", "anniversary celebration", "anniversary", "graduation celebration", "promotion celebration"),
}
FROSTING_WORDS = {
    "blue": ("blue", "blue", "sky blue", "navy"), "purple": ("purple", "purple", "lavender"), "white": ("white", "white", "ivory"),
    "brown": ("brown", "chocolate brown"), "green": ("green", "green", "mint green"), "yellow": ("yellow", "yellow", "gold"),
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
OPENINGS = ("A beautiful", "A beautiful", "A beautiful", "A beautiful", "A", "a", "A lovely", "A delicious", "Beautiful", "An image of a", "A photo of a", "A pretty")
ENDINGS = (QUALITY,) * 6 + ("", ", professional food photography, high quality, 4k", " with elegant decoration", ", high quality",
                            ", food photography, 4k", " with elegant decoration, high quality, 4k")
NEUTRAL = ("cute", "elegant", "homemade", "simple", "fancy", "premium", "special", "sweet", "luxurious", "delicious",
           "adorable", "moist", "custom", "romantic", "vintage", "layered")


def held_out(cake: Cake) -> bool:
    """True for the combinations that training never sees."""
    key = f"{cake.flavour}/{cake.shape}/{cake.tiers}/{cake.toppings[:1]}"
    return (cake.flavour is not None and (cake.shape, cake.tiers, cake.toppings) != ("round", 1, ())
            and zlib.crc32(key.encode()) % 10 == 0)


def topped(cake: Cake, rng, kinds) -> Cake:
    """The cake with one of these kinds, drawn evenly, for its first topping."""
    kind = kinds[rng.integers(len(kinds))]
    return replace(cake, toppings=(kind, *(t for t in cake.toppings[1:] if t != kind)))


def random_cake(rng) -> Cake:
    """What a shop would be asked for; simple orders more often than crowded ones."""
    pick = lambda options, p=None: options[rng.choice(len(options), p=p)]
    count = pick((0, 1, 2), (0.25, 0.55, 0.20))
    return Cake(
        flavour=pick(tuple(FLAVOURS)) if rng.random() < 0.97 else None,
        shape=pick(SHAPES, (0.46, 0.28, 0.26)),
        tiers=pick((1, 2, 3), (0.70, 0.20, 0.10)),
        toppings=tuple(TOPPINGS[i] for i in rng.choice(len(TOPPINGS), count, replace=False)),
        frosting=pick(tuple(FROSTINGS)) if rng.random() < 0.22 else None,
        candles=int(rng.integers(1, 10)) if rng.random() < 0.30 else 0,
        occasion=pick(OCCASIONS) if rng.random() < 0.22 else None,
        size=pick(tuple(SIZE_WORDS)) if rng.random() < 0.18 else None,
    )


def listed(words) -> str:
    """a, b and c"""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def caption(cake: Cake, rng, plain: bool = False) -> str:
    """One caption. `plain`: always enhancePrompt's own wording and order."""
    pick = lambda options: options[0] if plain else options[rng.integers(len(options))]
    say = (lambda p: False) if plain else (lambda p: rng.random() < p)
    adjectives = []
    if cake.size:
        adjectives.append(pick(SIZE_WORDS[cake.size]))
    if cake.shape != "round" or say(0.3):
        adjectives.append(pick(SHAPE_WORDS[cake.shape]))
    if cake.tiers > 1 or say(0.04):
        adjectives.append(pick(TIER_WORDS[cake.tiers]))
    if say(0.25):
        adjectives.insert(rng.integers(len(adjectives) + 1), pick(NEUTRAL))
    if say(0.3):
        rng.shuffle(adjectives)
    flavour = pick(FLAVOUR_WORDS[cake.flavour]) if cake.flavour else ""
    if cake.flavour and say(0.06):
        flavour = pick(NEAR_FLAVOURS[cake.flavour])
    noun = flavour if flavour == "cheesecake" else f"{flavour} cake".strip()
    toppings = [pick(TOPPING_WORDS[t]) for t in cake.toppings]
    if say(0.3):
        rng.shuffle(toppings)
    parts = []  # what follows the noun, each with its own joint
    candles = ""
    if cake.candles:
        number = pick((str(cake.candles), NUMBERS[cake.candles]))
        candles = f"{number} candle" + ("s" if cake.candles > 1 else "")
        if say(0.35):  # no number said, so any
            candles = pick(("candles", "birthday candles", "lit candles"))
        if toppings and say(0.3):
            toppings.append(candles)
            candles = ""
    if toppings:
        parts.append(f"{pick((' with', ' with', ' with', ' topped with', ' decorated with'))} {listed(toppings)}")
    if cake.frosting:
        colour = pick(FROSTING_WORDS.get(cake.frosting, (cake.frosting,)))
        parts.append(f"{pick((',', ',', ' with', ' and'))} {colour} {pick(('frosting', 'frosting', 'frosting', 'icing', 'cream frosting'))}")
    if candles:
        parts.append(f"{pick((',', ',', ' with', ' and'))} {candles}")
    if cake.occasion:
        words = pick(OCCASION_WORDS[cake.occasion])
        parts.append((" " if words.startswith("for") and say(0.5) else ", ") + words)
    if say(0.25):
        rng.shuffle(parts)
    opening = pick(OPENINGS)
    text = " ".join([opening, *adjectives, noun]) + "".join(parts) + pick(ENDINGS)
    return text
