"""Sentences joined from emergencies_phrases.txt: what happens now, what is over or feared, and misheard."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from pypinyin import lazy_pinyin

from faq.pinyin import encode

PHRASES = Path(__file__).parent.parent / "handlers" / "emergencies_phrases.txt"
COLUMNS = ("119", "120", "122", "110")
MANY, MANY_CALM = 2400, 2000
Parts = list[list[str]]


def phrases() -> dict[str, list[Parts]]:
    """The lines of the file by section, each as its columns of wordings."""
    sections: dict[str, list[Parts]] = {}
    lines: list[Parts] = []
    for line in PHRASES.read_text("utf-8").splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append([part.strip().split("/") for part in line.split(" | ")])
    return sections


def sentences(vocabulary: str) -> Iterator[tuple[str, str]]:
    """Yield (number or "-", sentence): the same ones every time. Homophones are taken from `vocabulary`."""
    dice, known, alike = random.Random(5), phrases(), homophones(vocabulary)
    lines = [(number, line) for number in COLUMNS for line in known[number]]
    sizes = [len(line[0]) + 2 * len(line[-1]) for _, line in lines]
    for (number, line), size in zip(lines, sizes, strict=True):
        for _ in range(max(6, MANY * size // sum(sizes))):
            who, what = dice.choice(line[0]), dice.choice(line[1]) if len(line) > 1 else ""
            yield number, _worn(_now(who, what, known, dice), dice, alike)
            if calm := _not_now(who, what, known, dice):
                yield "-", misheard(calm, dice, alike) if dice.random() < 0.12 else calm
    for _ in range(MANY_CALM):
        text = _calm(known, dice)
        yield "-", misheard(text, dice, alike) if dice.random() < 0.2 else text


def _calm(known: Mapping[str, list[Parts]], dice: random.Random) -> str:
    """Somebody in no danger, with commas or as a phone writes it down: without."""
    who, what = dice.choices(known["calm"], [len(one[1]) for one in known["calm"]])[0]
    comma, around = dice.choice(("，", "，", " ", "")), known["calm around"][0][0]
    told = dice.choice(who) + dice.choice(what)
    if dice.random() < 0.3:
        told = dice.choice(around) + comma + told
    told += comma + dice.choice(around) if dice.random() < 0.6 else ""
    return told.replace("，", "") if not comma else told


def _now(who: str, what: str, known: Mapping[str, list[Parts]], dice: random.Random) -> str:
    """It happens now: perhaps without saying to whom, with something said before or after."""
    around, comma = known["around"][0][0], dice.choice("，，！ ")
    core = what if what and dice.random() < 0.15 else who + what
    before = dice.choice(around) + comma if dice.random() < 0.3 else ""
    return before + core + (comma + dice.choice(around) if dice.random() < 0.5 else "")


def _not_now(who: str, what: str, known: Mapping[str, list[Parts]], dice: random.Random) -> str:
    """It is over and a policy is asked about, or it is feared; "" one time in five."""
    dated, asked, feared = (known[name][0][0] for name in ("before", "asked", "fear"))
    kind, day, question = dice.random(), dice.choice(dated), dice.choice(asked)
    if kind < 0.45:
        return day + who + what + dice.choice(("，", "，", "")) + question
    if kind < 0.62:
        told = (who + what).removesuffix("了") + dice.choice(("的，", "过，", "了，")) + question
        return day + told if dice.random() < 0.5 else told
    if kind < 0.8 and what:
        return dice.choice(feared).replace("%", what.removesuffix("了").split("，")[0])
    return ""


def _worn(text: str, dice: random.Random, alike: Mapping[str, str]) -> str:
    """As a phone hands it over: with homophones, in pinyin, or without punctuation."""
    kind = dice.random()
    if kind < 0.22:
        return misheard(text, dice, alike)
    if kind < 0.3 and len(text) < 18:
        return pinyin(text)
    return "".join(char for char in text if char not in "，！ ") if kind < 0.42 else text


def homophones(vocabulary: str) -> dict[str, str]:
    """The characters of a text by their sound."""
    alike: dict[str, str] = {}
    for char in sorted(set(vocabulary)):
        if "\u4e00" <= char <= "\u9fff":
            alike[encode(char)] = alike.get(encode(char), "") + char
    return alike


def misheard(text: str, dice: random.Random, alike: Mapping[str, str]) -> str:
    """A text with some characters replaced by others that sound alike."""
    return "".join(dice.choice(alike.get(encode(char)) or char) if dice.random() < 0.18 else char for char in text)


def pinyin(text: str) -> str:
    """A text in pinyin, syllables apart."""
    return " ".join(lazy_pinyin("".join(char for char in text if "\u4e00" <= char <= "\u9fff")))
