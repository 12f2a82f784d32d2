"""Voices beyond those that come with espeak-ng: variant files drawn at random, in a data folder of the process's own.

`folder` makes a folder that is espeak-ng's data but for its variants, to which `redraw` adds COUNT files `drawn0`,
`drawn1`, ..., other ones each time. Each is another throat: formants moved together by the tract's length and each for
itself, their strengths and widths, pitch, roughness, tone and breath. They train alone; held out are voices that a
person made.
"""
import math
import pathlib
import random
import tempfile

COUNT = 60  # at a time: espeak-ng lists at most 349, its own included
NAMES = [f"drawn{i}" for i in range(COUNT)]
_FORMANTS = 9


def draw(rng):
    """The text of a variant file. Ranges are those of the variants that come with espeak-ng, a little wider than most."""
    chance = lambda p: rng.random() < p
    lines = ["language variant", "name drawn"]
    length = math.exp(rng.uniform(math.log(0.84), math.log(1.25)))
    strange = chance(0.25)
    if chance(0.18):
        lines.append(f"klatt {rng.randint(1, 6)}")
    if not (lines[-1].startswith("klatt") and chance(0.5)):
        height, width = rng.uniform(65, 115), rng.uniform(60, 150)
        for i in range(_FORMANTS):
            spread = 0.3 if strange and chance(0.4) else 0.1
            frequency = 100 * length * rng.uniform(1 - spread, 1 + spread)
            if strange and i in (1, 4) and chance(0.3):
                frequency = rng.uniform(45, 80)
            strength = rng.uniform(0, 110) if i > 5 else height * rng.uniform(0.6, 1.35)
            line = f"formant {i} {frequency:.0f} {strength:.0f} {width * rng.uniform(0.6, 1.4):.0f}"
            if i in (1, 2) and chance(0.2):
                line += f" {rng.uniform(-60, 60) * (1 if i == 1 else 4):.0f}"
            lines.append(line)
    base = math.exp(rng.uniform(math.log(60), math.log(220)))
    lines.append(f"pitch {base:.0f} {base * rng.uniform(1.05, 1.8):.0f}")
    if chance(0.6):
        lines.append(f"voicing {rng.uniform(30, 220):.0f}")
    if chance(0.5):
        lines.append(f"consonants {rng.uniform(50, 150):.0f} {rng.uniform(40, 190):.0f}")
    if chance(0.4):
        lines.append(f"roughness {rng.randint(0, 5)}")
    if chance(0.4):
        lines.append(f"flutter {rng.randint(0, 15)}")
    if chance(0.25):
        lines.append(f"intonation {rng.randint(1, 4)}")
    if chance(0.2):
        lines.append(f"echo {rng.randint(10, 150)} {rng.randint(5, 50)}")
    if chance(0.15):
        lines.append("breath " + " ".join(str(rng.randint(0, 8)) for _ in range(8)))
    if chance(0.4):
        points = sorted(rng.uniform(100, 4500) for _ in range(rng.randint(2, 5)))
        lines.append("tone " + " ".join(f"{hertz:.0f} {rng.uniform(25, 255):.0f}" for hertz in points))
    return "\n".join(lines) + "\n"


def folder(installed):
    """A temporary folder that leads to the data of `installed`; the caller keeps the answer to keep the folder."""
    holder = tempfile.TemporaryDirectory(prefix="voices")
    data = pathlib.Path(holder.name) / "espeak-ng-data"
    variants = data / "voices" / "!v"
    variants.mkdir(parents=True)
    for source, target in ((installed, data), (installed / "voices", data / "voices"), (installed / "voices" / "!v", variants)):
        for entry in source.iterdir():
            if entry.name != "mb" and not (target / entry.name).exists():  # mb: voices of another engine, which fill the list
                (target / entry.name).symlink_to(entry)
    return holder


def redraw(holder, seed):
    """Puts other voices in the place of the drawn ones. espeak-ng reads a voice's file whenever it is chosen."""
    rng = random.Random(seed)
    for name in NAMES:
        (pathlib.Path(holder.name) / "espeak-ng-data" / "voices" / "!v" / name).write_text(draw(rng))
