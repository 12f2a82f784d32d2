"""Draws cakes: a `Cake` (what the caption tells) and a seed (what it leaves open) give a picture.

A cake is an outline seen from above (round, heart, square), lifted to a body by its height,
once per tier. Everything is vector drawing by cairo, so any size is smooth. The seed
chooses what captions never tell: backdrop, light, and how far the frosting runs down. All
else is the same for the same cake, so that a small model can learn it in an hour.
"""

import colorsys
import math
from dataclasses import dataclass, replace
from functools import lru_cache

import cairocffi as cairo
import numpy as np

SHAPES = ("round", "heart", "square")
TOPPINGS = ("strawberries", "blueberries", "cherries", "macarons", "flowers", "chocolate",
            "sprinkles", "cream", "mango", "nuts")
OCCASIONS = ("birthday", "wedding", "christmas", "valentine", "anniversary")

# flavour: crumb (side of the cake), filling stripe, frosting
FLAVOURS = {
    "chocolate": ("#6b3d22", "#8d5a38", "#46260f"),
    "strawberry": ("#f29bb0", "#fff3f1", "#f9b9c8"),
    "vanilla": ("#f4e3b6", "#fffdf6", "#fffaf0"),
    "cheese": ("#f7d878", "#f3c65a", "#e0993a"),
    "green tea": ("#8fb14e", "#eef3d6", "#a9c56a"),
    "carrot": ("#c8702a", "#f6e6cf", "#fbf0dc"),
    "red velvet": ("#a8172b", "#fff6f0", "#fff8f4"),
    "blueberry": ("#7a78cf", "#e9e6ff", "#5f5cc0"),
    "mango": ("#fdb52c", "#fff2cf", "#ffc83d"),
    "sweet potato": ("#9a4f93", "#f2d27a", "#edc55f"),
    "tiramisu": ("#ead2a8", "#7b4c2a", "#6e4526"),
    "cookies and cream": ("#4a4a50", "#f5f5f3", "#e9e9ea"),
}
FROSTINGS = {
    "white": "#fffdf8", "pink": "#f8a9c4", "blue": "#7fb4ec", "purple": "#b48be0", "yellow": "#ffe066",
    "green": "#8ed08a", "red": "#d9303a", "brown": "#5a3218",
}
BACKDROPS = ("#f6e9e4", "#e8eff6", "#eef3e6", "#f5eef7", "#f9f1dd", "#ececec")
SQUASH = 0.50  # how flat the top looks: the camera's height


@dataclass(frozen=True)
class Cake:
    """What a caption can say. No flavour said: vanilla. No frosting said: as the flavour has it."""

    flavour: str | None = None
    shape: str = "round"
    tiers: int = 1
    toppings: tuple = ()
    frosting: str | None = None
    candles: int = 0
    occasion: str | None = None
    size: str | None = None


def rgb(colour):
    return tuple(int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))


def shade(colour, factor):
    """Darker below 1, lighter (towards white) above."""
    if factor <= 1:
        return tuple(c * factor for c in colour)
    return tuple(c + (1 - c) * (factor - 1) for c in colour)


@lru_cache
def outline(shape, points=120):
    """Plan of the cake, unit size, (points, 2) at even distances: x to the right, y towards the viewer."""
    dense = curve(shape, 8 * points)
    steps = np.linalg.norm(dense - np.roll(dense, 1, axis=0), axis=1)
    along = np.cumsum(steps) - steps[0]
    chosen = np.searchsorted(along, np.arange(points) * steps.sum() / points)
    return dense[np.minimum(chosen, len(dense) - 1)]


def curve(shape, points):
    t = np.linspace(0, 2 * math.pi, points, endpoint=False)
    if shape == "round":
        return np.stack([np.cos(t), np.sin(t)], 1)
    if shape == "square":
        c, s = np.cos(t), np.sin(t)
        r = 1.02 / (np.abs(c) ** 9 + np.abs(s) ** 9) ** (1 / 9)
        turn = math.radians(27)
        x, y = r * c * 0.83, r * s * 0.83
        return np.stack([x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)], 1)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x / 14.5, (y - 2.5) / 12.5], 1)  # the tip points at the viewer


class Scene:
    """One picture being drawn; coordinates are for 256 x 256 and scaled to `size`."""

    def __init__(self, cake: Cake, seed: int, size: int):
        self.cake, self.size = cake, size
        self.rng = np.random.default_rng(seed)
        self.surface = cairo.ImageSurface(cairo.FORMAT_RGB24, size, size)
        self.c = cairo.Context(self.surface)
        self.c.scale(size / 256, size / 256)
        flavour = cake.flavour or "vanilla"
        self.crumb, self.filling, self.frosting = (rgb(x) for x in FLAVOURS[flavour])
        self.flavour = flavour
        if cake.frosting:
            self.frosting = rgb(FROSTINGS[cake.frosting])
        self.light = self.rng.uniform(-0.5, 0.5)  # where it comes from, left to right
        self.drip = self.rng.choice([0.0, 2.1, 4.2])
        self.drawn = 0  # toppings so far, for those of several colours

    def pixels(self):
        self.backdrop()
        scale = {"small": 0.78, "large": 1.12, None: 1.0}[self.cake.size]
        tiers = self.cake.tiers
        radius = (88 if tiers == 1 else 82) * scale
        height = {1: 58, 2: 48, 3: 40}[tiers] * scale
        x = 128
        base = {1: 176, 2: 192, 3: 200}[tiers]
        self.plate(x, base, radius)
        below = None
        for tier in range(tiers):
            r = radius * {1: (1,), 2: (1, 0.66), 3: (1, 0.70, 0.46)}[tiers][tier]
            self.body(x, base, r, height)
            base -= height
            if below:
                self.ledge(x, base + height, (below + r) / 2)
            below = r
        self.top(x, base, r)
        self.surface.flush()
        data = np.frombuffer(self.surface.get_data(), np.uint8)
        return data.reshape(self.size, self.surface.get_stride() // 4, 4)[:, :self.size, 2::-1].copy()

    # ------------------------------------------------------------ surroundings

    def backdrop(self):
        c, occasion = self.c, self.cake.occasion
        tone = rgb({"christmas": "#2f5d48", "valentine": "#f7c6cf", "wedding": "#f8f4ee",
                    "anniversary": "#efe0bd", "birthday": "#cfe6f5"}.get(occasion)
                   or BACKDROPS[self.rng.integers(len(BACKDROPS))])
        wall = cairo.LinearGradient(0, 0, 0, 256)
        wall.add_color_stop_rgb(0, *shade(tone, 1.25))
        wall.add_color_stop_rgb(0.66, *tone)
        wall.add_color_stop_rgb(0.68, *shade(tone, 0.93))
        wall.add_color_stop_rgb(1, *shade(tone, 0.86))
        c.set_source(wall)
        c.paint()
        if occasion == "birthday":
            for i in range(7):
                colour = ("#f28ca8", "#ffd45e", "#7cc6a4", "#8aa6ef")[i % 4]
                x = 4 + i * 37
                sag = 8 + 12 * math.sin((i + 0.5) / 7 * math.pi)
                self.polygon([(x, sag), (x + 30, sag), (x + 15, sag + 30)], rgb(colour))
        elif occasion == "wedding":
            for x in (22, 60, 196, 234):
                self.flower(x, 26 + 10 * math.cos(x), 13, "#f4d3d8")
        elif occasion == "christmas":
            for x, y in ((20, 30), (58, 70), (95, 22), (165, 26), (205, 66), (238, 32), (30, 118), (228, 122)):
                self.disc(x, y, 4, (1, 1, 1), 0.85)
        elif occasion == "valentine":
            for x, y in ((28, 40), (72, 24), (186, 26), (230, 44), (22, 104), (236, 108)):
                points = outline("heart", 40) * [11, 10] + [x, y]
                self.polygon(points, rgb("#e5607b"))
        elif occasion == "anniversary":
            for x in range(16, 256, 32):
                self.disc(x, 22 + 10 * (x // 32 % 2), 5, rgb("#d9ab3c"))

    def plate(self, x, y, radius):
        self.glow(x, y + 16, radius * 1.5, (0, 0, 0), 0.28)
        for grow, tone in ((1.30, 0.80), (1.28, 0.97), (1.14, 0.90)):
            self.ellipse(x, y + (9 if tone == 0.80 else 6), radius * grow, radius * grow * SQUASH, (tone, tone, tone * 1.01))

    # ------------------------------------------------------------ the cake

    def body(self, x, y, radius, height):
        plan = outline(self.cake.shape)
        points = plan * [radius, radius * SQUASH] + [x, y]
        edge = np.roll(plan, -1, axis=0) - plan
        normal = np.stack([edge[:, 1], -edge[:, 0]], 1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        bright = 0.86 + 0.17 * (normal[:, 0] * self.light + normal[:, 1] * 0.6)
        # the edges that face the viewer are one run of the outline, from right to left
        first = int(np.argmax((normal[:, 1] > 0) & (np.roll(normal[:, 1], 1) <= 0)))
        facing = [(first + k) % len(plan) for k in range(int((normal[:, 1] > 0).sum()) + 1)]
        wave = np.linspace(0, 2 * math.pi, len(plan), endpoint=False)
        drip = height * (0.20 + 0.17 * (0.5 + 0.5 * np.sin(wave * 11 + self.drip)) ** 2)
        if self.flavour == "tiramisu":
            bands = [(0, 0.22, self.crumb), (0.22, 0.40, self.filling), (0.40, 0.62, self.crumb), (0.62, 1, self.filling)]
        elif self.flavour == "cheese":
            bands = [(0, 0.16, rgb("#a5682f")), (0.16, 1, self.crumb)]
        else:
            bands = [(0, 0.34, self.crumb), (0.34, 0.46, self.filling), (0.46, 1, self.crumb)]
        lower = np.zeros(len(plan))
        for low, high, colour in bands + [(None, 1, self.frosting)]:
            bottom = points - np.stack([lower, height - drip if low is None else lower + low * height], 1)
            ceiling = points - [0, high * height]
            self.path(np.concatenate([bottom[facing], ceiling[facing][::-1]]))
            self.c.set_source(self.side_light(points[facing], bright[facing], colour))
            self.c.fill()
        front = [i for i in range(0, len(plan), 5) if normal[i, 1] > -0.15]
        for i in sorted(front, key=lambda j: points[j, 1]):  # a row of pearls round the foot
            self.ball(points[i, 0], points[i, 1] - 1, 4.2, shade(self.frosting, 1.15))
        top = points - [0, height]
        self.polygon(top, shade(self.frosting, 1.10))
        glow = cairo.RadialGradient(x + 40 * self.light, y - height - 5, 4, x, y - height, radius)
        glow.add_color_stop_rgba(0, 1, 1, 1, 0.35)
        glow.add_color_stop_rgba(1, 1, 1, 1, 0)
        self.path(top)
        self.c.set_source(glow)
        self.c.fill_preserve()
        self.c.set_source_rgb(*shade(self.frosting, 0.93))
        self.c.set_line_width(1.6)
        self.c.stroke()

    def ring(self):
        """Toppings that stand in a ring; sprinkles are strewn instead."""
        return [t for t in self.cake.toppings if t != "sprinkles"]

    def ledge(self, x, y, radius):
        """Toppings on the part of a tier that the next one leaves free, on the viewer's side."""
        rings, plan = self.ring(), outline(self.cake.shape)
        spots = [plan[int((0.06 + 0.147 * i) * len(plan)) % len(plan)] for i in range(7)]
        spots = sorted(spots, key=lambda p: p[1])[-4:]
        if "sprinkles" in self.cake.toppings:
            strewn = [plan[int(0.0834 * i * len(plan))] for i in range(12)]
            self.sprinkles([(x + px * radius, y + py * radius * SQUASH) for px, py in strewn if py > -0.1])
        self.place([(y + py * radius * SQUASH, x + px * radius, rings[i % len(rings)])
                    for i, (px, py) in enumerate(spots) if rings], 1.2)

    def top(self, x, y, radius):
        """Toppings in a ring, large and few: they must be told apart at 8 x 8 pixels a latent. Candles in the middle."""
        cake, rings, plan = self.cake, self.ring(), outline(self.cake.shape)
        if "sprinkles" in cake.toppings:  # evenly, as seeds lie in a sunflower
            count = {1: 24, 2: 13, 3: 9}[cake.tiers]
            self.sprinkles([(x + px * radius, y + py * radius * SQUASH) for px, py in (
                plan[int(0.381966 * i % 1 * len(plan))] * 0.88 * math.sqrt((i + 0.5) / count) for i in range(count))])
        unit = max(1.35, min(2.1, radius / 42))
        things = []
        count = 6 if radius > 48 else 4
        for i in range(count if rings else 0):
            px, py = plan[int((i + 0.5) * len(plan) / count) % len(plan)] * 0.70
            things.append((y + py * radius * SQUASH, x + px * radius, rings[i % len(rings)]))
        for i in range(cake.candles):
            if cake.candles == 1:
                px = py = 0
            else:
                angle = 2 * math.pi * (i + 0.25) / cake.candles
                px, py = 0.40 * math.cos(angle), 0.40 * math.sin(angle)
            things.append((y + py * radius * SQUASH, x + px * radius, "candle"))
        self.place(things, unit)

    def place(self, things, unit):
        """things: (y, x, kind), drawn back to front."""
        for y, x, kind in sorted(things):
            self.drawn += 1
            getattr(self, kind)(x, y, min(unit, 1.35) if kind == "candle" else unit)

    # ------------------------------------------------------------ toppings (x, y: where they stand; u: unit)

    def candle(self, x, y, u):
        colour = colorsys.hsv_to_rgb((0.0, 0.58, 0.13, 0.36, 0.83)[self.drawn % 5], 0.55, 0.95)
        c = self.c
        c.rectangle(x - 2.8 * u, y - 32 * u, 5.6 * u, 32 * u)
        c.set_source_rgb(*colour)
        c.fill()
        for k in range(3):
            c.rectangle(x - 2.8 * u, y - (9 + 9 * k) * u, 5.6 * u, 3.5 * u)
            c.set_source_rgb(1, 1, 1)
            c.fill()
        self.glow(x, y - 39 * u, 11 * u, (1, 0.85, 0.35), 0.6)
        self.ellipse(x, y - 38 * u, 3.6 * u, 7 * u, rgb("#ffb52e"))
        self.ellipse(x, y - 37 * u, 1.8 * u, 4 * u, rgb("#fff3b0"))

    def strawberries(self, x, y, u):
        self.shadow(x, y, 9 * u)
        y -= 3 * u
        self.path([(x - 9 * u, y - 7 * u), (x, y - 12 * u), (x + 9 * u, y - 7 * u), (x + 6 * u, y + 1 * u), (x, y + 6 * u), (x - 6 * u, y + 1 * u)], smooth=True)
        self.c.set_source(self.round_light(x, y - 5 * u, 11 * u, rgb("#e3202f")))
        self.c.fill()
        for dx, dy in ((-4, -4), (0, -1), (4, -4), (0, -7)):
            self.disc(x + dx * u, y + dy * u, 0.8 * u, rgb("#ffd98a"))
        for angle in (-50, 0, 50):
            self.ellipse(x + 4 * u * math.sin(math.radians(angle)), y - 11.5 * u, 2.2 * u, 3.4 * u, rgb("#4c9a3a"))

    def blueberries(self, x, y, u):
        self.shadow(x, y, 9 * u)
        for dx, dy in ((-5, -5), (5, -5), (0, -1)):
            self.ball(x + dx * u, y + (dy - 2) * u, 5.6 * u, rgb("#2f3f8f"))
            self.disc(x + dx * u, y + (dy - 5) * u, 1.6 * u, rgb("#1d2660"))

    def cherries(self, x, y, u):
        self.shadow(x, y, 8 * u)
        c = self.c
        c.move_to(x, y - 10 * u)
        c.curve_to(x + 1 * u, y - 18 * u, x + 5 * u, y - 22 * u, x + 9 * u, y - 24 * u)
        c.set_source_rgb(*rgb("#3f7a2c"))
        c.set_line_width(1.8 * u)
        c.stroke()
        self.ball(x, y - 5 * u, 8 * u, rgb("#9c0f26"))

    def macarons(self, x, y, u):
        self.shadow(x, y, 10 * u)
        colour = rgb(("#f5a8bd", "#9fd8c0", "#f6d57c", "#b9a5e8")[self.drawn % 4])
        self.ellipse(x, y - 3 * u, 10 * u, 5 * u, shade(colour, 0.88))
        self.ellipse(x, y - 5.5 * u, 9.4 * u, 3.6 * u, (1, 0.98, 0.93))
        self.ellipse(x, y - 9 * u, 10 * u, 5.4 * u, colour)
        self.ellipse(x - 2 * u, y - 11 * u, 4.5 * u, 1.6 * u, shade(colour, 1.5))

    def flowers(self, x, y, u):
        self.shadow(x, y, 9 * u)
        self.ellipse(x - 9 * u, y - 2 * u, 5 * u, 2.2 * u, rgb("#6fa35a"))
        self.flower(x, y - 5 * u, 10 * u, ("#fbd0de", "#fff6fa", "#e9c6f2")[self.drawn % 3])

    def chocolate(self, x, y, u):
        self.shadow(x, y, 8 * u)
        self.polygon([(x - 6 * u, y + 1 * u), (x - 4 * u, y - 17 * u), (x + 7 * u, y - 15 * u), (x + 5 * u, y + 3 * u)], rgb("#3b1d0c"))
        self.polygon([(x - 3.5 * u, y - 2 * u), (x - 2 * u, y - 14 * u), (x + 4.5 * u, y - 13 * u), (x + 3.5 * u, y - 1 * u)], rgb("#8b4f2a"))

    def cream(self, x, y, u):
        self.shadow(x, y, 9 * u)
        for k, (r, lift) in enumerate(((9.5, 2), (7, 6.5), (4.2, 10.5), (1.8, 13.5))):
            self.ellipse(x, y - lift * u, r * u, r * 0.62 * u, (0.80 + 0.05 * k,) * 2 + (0.76 + 0.06 * k,))
            self.ellipse(x - 0.2 * r * u, y - (lift + 0.8) * u, r * 0.7 * u, r * 0.38 * u, (1, 0.995, 0.97))

    def mango(self, x, y, u):
        self.shadow(x, y, 9 * u)
        for dx, dy in ((-5, -1), (4, -2), (0, 3)):
            px, py, s = x + dx * u, y + (dy - 4) * u, 5.5 * u
            self.polygon([(px - s, py), (px, py + s * 0.5), (px, py + s * 1.4), (px - s, py + s * 0.9)], rgb("#f0930f"))
            self.polygon([(px + s, py), (px, py + s * 0.5), (px, py + s * 1.4), (px + s, py + s * 0.9)], rgb("#ffab1f"))
            self.polygon([(px - s, py), (px, py - s * 0.5), (px + s, py), (px, py + s * 0.5)], rgb("#ffd04a"))

    def nuts(self, x, y, u):
        self.shadow(x, y, 9 * u)
        for dx, dy, turn in ((-5, -3, 0.5), (5, -4, -0.6), (0, 2, 1.3)):
            c = self.c
            c.save()
            c.translate(x + dx * u, y + (dy - 1) * u)
            c.rotate(turn)
            self.ellipse(0, 0, 7.2 * u, 4.4 * u, rgb("#a0672f"))
            self.ellipse(-0.5 * u, -1.0 * u, 5 * u, 2 * u, rgb("#dcb27e"))
            c.restore()

    def sprinkles(self, spots):
        """Each longer than a latent and more than half as wide: thinner ones do not come through the autoencoder."""
        colours = [rgb(k) for k in ("#f0427c", "#35a7e0", "#ffd028", "#4fbf5d", "#9a55d8", "#ff8a2b")]
        u = {"small": 0.85, "large": 1.1, None: 1.0}[self.cake.size] * (1.0 if self.cake.tiers == 1 else 0.85)
        c = self.c
        c.set_line_width(9.5 * u)
        c.set_line_cap(cairo.LINE_CAP_ROUND)
        for i, (x, y) in enumerate(spots):
            angle = 3.7 * i
            dx, dy = 8.5 * u * math.cos(angle), 5.8 * u * math.sin(angle)
            c.move_to(x - dx, y - dy)
            c.line_to(x + dx, y + dy)
            c.set_source_rgb(*colours[i % len(colours)])
            c.stroke()

    # ------------------------------------------------------------ pieces

    def path(self, points, smooth=False):
        c = self.c
        points = [tuple(p) for p in points]
        if not smooth:
            c.move_to(*points[0])
            for p in points[1:]:
                c.line_to(*p)
        else:
            middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(points, points[1:] + points[:1])]
            c.move_to(*middles[-1])
            start = middles[-1]
            for p, m in zip(points, middles):
                c.curve_to(start[0] + (p[0] - start[0]) * 0.67, start[1] + (p[1] - start[1]) * 0.67,
                           m[0] + (p[0] - m[0]) * 0.67, m[1] + (p[1] - m[1]) * 0.67, *m)
                start = m
        c.close_path()

    def polygon(self, points, colour):
        self.path(points)
        self.c.set_source_rgb(*colour)
        self.c.fill()

    def ellipse(self, x, y, rx, ry, colour):
        self.c.save()
        self.c.translate(x, y)
        self.c.scale(rx, ry)
        self.c.arc(0, 0, 1, 0, 2 * math.pi)
        self.c.restore()
        self.c.set_source_rgb(*colour)
        self.c.fill()

    def disc(self, x, y, r, colour, alpha=1.0):
        self.c.arc(x, y, r, 0, 2 * math.pi)
        self.c.set_source_rgba(*colour, alpha)
        self.c.fill()

    def round_light(self, x, y, r, colour):
        light = cairo.RadialGradient(x - r * 0.35, y - r * 0.4, r * 0.08, x, y, r * 1.1)
        light.add_color_stop_rgb(0, *shade(colour, 1.55))
        light.add_color_stop_rgb(0.45, *colour)
        light.add_color_stop_rgb(1, *shade(colour, 0.72))
        return light

    @staticmethod
    def side_light(points, bright, colour):
        """The colour along a wall that runs from right to left."""
        right, left = points[0, 0], points[-1, 0]
        light = cairo.LinearGradient(right, 0, left, 0)
        for (x, _), b in zip(points, bright):
            light.add_color_stop_rgb((right - x) / max(right - left, 1e-6), *shade(colour, b))
        return light

    def ball(self, x, y, r, colour):
        self.c.arc(x, y, r, 0, 2 * math.pi)
        self.c.set_source(self.round_light(x, y, r, colour))
        self.c.fill()

    def glow(self, x, y, r, colour, alpha):
        self.c.save()
        self.c.translate(x, y)
        self.c.scale(1, 0.5 if colour == (0, 0, 0) else 1)
        soft = cairo.RadialGradient(0, 0, r * 0.2, 0, 0, r)
        soft.add_color_stop_rgba(0, *colour, alpha)
        soft.add_color_stop_rgba(1, *colour, 0)
        self.c.set_source(soft)
        self.c.arc(0, 0, r, 0, 2 * math.pi)
        self.c.fill()
        self.c.restore()

    def shadow(self, x, y, r):
        self.glow(x, y + 2, r * 1.25, (0, 0, 0), 0.30)

    def flower(self, x, y, r, colour):
        for k in range(5):
            angle = 2 * math.pi * k / 5 - math.pi / 2
            self.ball(x + 0.55 * r * math.cos(angle), y + 0.5 * r * math.sin(angle), r * 0.46, rgb(colour))
        self.disc(x, y, r * 0.28, rgb("#f2b632"))


def draw(cake: Cake, seed: int, size: int = 256) -> np.ndarray:
    """The picture, (size, size, 3) uint8 RGB. The same cake and seed give the same picture."""
    return Scene(cake, seed, size).pixels()


def decorated(cake: Cake, seed: int, picture: np.ndarray) -> np.ndarray:
    """Where in that drawing of this cake a topping or a candle is, (size, size) of booleans."""
    if not cake.toppings and not cake.candles:
        return np.zeros(picture.shape[:2], bool)
    bare = draw(replace(cake, toppings=(), candles=0), seed, len(picture))
    return np.abs(picture.astype(np.int16) - bare).max(2) > 12
