"""English sentences of a cake shop: slots and patterns (see grammar_ko.py for the notation)."""
FLAVOURS = "chocolate|strawberry|cheese|carrot|sweet potato|green tea|matcha|red velvet|blueberry|mango|ice cream|vanilla|mocha|coffee|lemon|orange|banana|peach|cherry|caramel|coconut|almond|walnut|raspberry|apple".split("|")
TOPPINGS = "strawberries|blueberries|cherries|chocolate chips|fresh cream|nuts|flowers|candles|cookies|macarons|mango|ribbons|stars|hearts".split("|")
COLOURS = "red pink blue yellow purple white green black orange gold".split()
STYLES = "simple cute fancy elegant vintage modern classic romantic pretty".split()
OCCASIONS = "birthday|wedding|anniversary|graduation|Christmas|party|baby shower|farewell".split("|")
PEOPLE = "mother father sister brother wife husband daughter son friend boss teacher grandmother".split()
NAMES = "Emma Olivia Noah Liam James Sophia Lucas Mia Ethan Grace Henry Alice Daniel Lily David Anna Peter Sarah Tom Kate Jack Lucy Max Ella Ryan Chloe".split()
NUMBERS = "one two three four five six seven eight nine ten twelve".split()
DAYS = "today|tomorrow|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|this weekend|next week|next Friday|on Saturday".split("|")


def _clock(rng):
    return f"{rng.choice(NUMBERS)} {rng.choice(['in the morning', 'in the afternoon', 'in the evening', 'pm', 'thirty'])}"


SLOTS = {
    "menu": lambda rng: rng.choice(FLAVOURS) + " " + rng.choice(["cake"] * 6 + ["cupcake", "mousse cake", "roll cake", "tart"]),
    "topping": TOPPINGS, "colour": COLOURS, "style": STYLES, "occasion": OCCASIONS, "who": PEOPLE, "name": NAMES, "n": NUMBERS,
    "day": DAYS, "hour": _clock, "size": ["small", "medium", "large", "mini", "big"],
}
TRAIN = {
    "order": """I would like a {menu}, please.|I want {n} {menu}s, please.|Can I have a {menu}?|I will take the {menu}.|One {menu}, please.|Could I order a {size} {menu}?
I need a {occasion} cake for my {who}.|Can you make a {style} {menu}?|Two {menu}s and one {menu}, please.|I am looking for a {occasion} cake.|Please make it a {size} one.|I would like to order a {menu} for {day}.
A {menu} for {n} people, please.|Do you have {menu}?|Give me a {size} {menu}.""",
    "custom": """Please put {topping} on top.|No {topping}, please.|Can you add some {topping}?|I want it in {colour}.|Please write happy birthday {name}.|Please write I love you {name} on it.|Make it less sweet, please.
With {n} candles, please.|I would like {colour} cream and {topping}.|Please write congratulations {name}.""",
    "talk": """Hello.|Good morning.|Hi there.|Thank you very much.|My name is {name}.|I will pick it up at {hour}.|Can I pick it up {day}?|How much is the {menu}?|What do you recommend?|Which cake is the most popular?
What is good for a {occasion}?|Please cancel my order.|I changed my mind.|Actually, I want the {menu} instead.|Can I change it to {menu}?|Is it very sweet?|Do you deliver?|When will it be ready?|That is all.|Yes, that is right.|No, thank you.
What time do you close?|The weather is nice today.|It was really delicious last time.|Please call me when it is ready.|My {who} loves {topping}.|Can I pay by card?""",
}
WEIGHTS = {"order": 45, "custom": 25, "talk": 30}
# Patterns that training draws besides (see grammar.MORE).
MORE = {
    "order": """{name} wants {n} {menu}s for {day}.|I ordered a {style} {menu} with {topping}.|{n} {menu}s for {day}, please.|We need {n} {style} {menu}s {day}.|Is the {size} {menu} with {topping} {style}?|Order {n} {menu}s for my {who} and {n} for {name}.
My {who} would like {n} {menu}s.|A {style} {size} {occasion} cake with {colour} {topping}.|I ordered the {menu} {day}.|She wants a {style} {colour} cake for {name}.|It is for my {who} {name}.|They have {n} {colour} cakes with {topping}.""",
    "custom": """I want {topping} and {topping} with {colour} cream.|Add {n} {topping}, {topping} and {topping}.|Write {name} and {name} with {colour} cream.|Could you add {topping} to the {menu}?|With {topping} and {n} {colour} {topping}.|Please add {name} to the {occasion} cake.
{colour}, {colour} and {colour} with {topping}.|Put the {n} {colour} {topping} on the {menu}.""",
    "talk": """{name}, {name} and {name} like {menu}.|This is {name} and that is my {who} {name}.|{name} and {name} will come {day} at {hour}.|{day} is good and {day} is better.|Do you have {n} or {n}?|I will come {day} with my {who} and {name}.|Change {n} to {n}, please.
The {menu} to the left and the {menu} to the right.|{style}, {style} or {style}?|Can you change {day} to {day}?|Hi, I am {name}.|Is {name} there {day}?""",
}
MORE_WEIGHTS = {"order": 45, "custom": 25, "talk": 30}
TEST = {
    "order": "Can I order {n} {menu}s for {day}?|I would like a {style} {menu} for my {who}.|Could you make a {size} {menu} with {topping}?",
    "talk": "Please change the {menu} to a {menu}.|Do you have a {occasion} cake for {day}?|My name is {name} and I will pick it up {day}.",
    "custom": "Please add {topping} and write happy birthday {name}.|I want {colour} cream with {topping} on top.",
}
