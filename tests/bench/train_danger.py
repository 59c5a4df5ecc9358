"""Learn what the words, pieces and sounds of a message are worth for seeing that somebody is in danger.

Run `python -m tests.bench.train_danger`: it writes faq/danger_weights.tsv from the lists of tests/handlers, the
questions of the shipped answers, the stories of the categories and sentences joined from emergencies_phrases.txt.
emergencies_heldout.tsv is never learned from: it says how good the result is.
With `--cross` it learns from three quarters and reads the fourth, four times, and writes nothing.
Softmax regression with ridge penalty, all rows at once; the same rows give the same weights.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from config.load import load as load_county
from faq.book import load as load_book
from faq.danger import Dangers, load_lexicon
from faq.evidence import WINDOW, Lexicon, features, group_features, scale
from faq.learned import write_weights
from faq.site import SHIPPED
from tests.bench import danger_phrases

HANDLERS = Path(__file__).parent.parent / "handlers"
TESTS = HANDLERS.parent
COLUMNS = ("110", "119", "120", "122")
CALM = "-"
LISTS = ("emergencies_told", "emergencies_tuned", "emergencies_learned", "emergencies", "no_emergencies")
RIDGE, RIDGE_GROUPS = 0.01, 1.0
STEPS, RATE = 120, 0.1  # stopped early: with more steps the rare pieces learn their rows by heart
SEEN = 10  # rows a piece must stand in to be worth anything
KEPT = 0.2  # weights below this say nothing
FOLDS = 4
AMID = 0.5  # what a row counts once more amid calm words


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the number that helps (CALM: none), how much it counts, and which list it is from."""

    text: str
    number: str
    weight: float
    source: str
    of: str = ""  # the text it was made from


def read(path: Path) -> list[tuple[str, str]]:
    """Rows of (numbers that are right, text) of a list; a row without a number is calm."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [(row[0], row[1]) if len(row) == 2 else (CALM, row[0]) for row in rows]


def examples() -> list[Example]:
    """Everything that is learned from."""
    told = [*_lists(), *_stories(), *_talks(), *_questions()]
    vocabulary = "".join(one.text for one in told)
    made = [Example(text, number, 0.25, "phrases") for number, text in danger_phrases.sentences(vocabulary)]
    return [*told, *made, *_misheard(told, vocabulary), *_among_others(told)]


def _lists() -> Iterator[Example]:
    for name in LISTS:
        for number, text in read(HANDLERS / f"{name}.tsv"):
            yield Example(text, number.split(",")[0], 2.0, name)


def _stories() -> Iterator[Example]:
    for row in (TESTS / "config" / "stories.tsv").read_text("utf-8").splitlines():
        yield Example(row.split("\t")[1], CALM, 3.0, "stories")
    for name in ("grievances", "villagers"):
        for line in (TESTS / "faq" / f"{name}.jsonl").read_text("utf-8").splitlines():
            yield Example(json.loads(line)["text"], CALM, 2.0, name)
    for topic in load_county().topics():
        yield Example(topic.example, CALM, 1.0, "topics")
        yield from (Example(word, CALM, 0.5, "topics") for word in (topic.name, *topic.keywords) if word)


def _talks() -> Iterator[Example]:
    """What people type in the transcripts, but where they are warned."""
    for path in sorted((TESTS / "conversations" / "scripts").glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        for line, following in pairwise([*lines, ""]):
            text = line.partition(": ")[2]
            if text and not line.startswith((" ", "直通", "时钟")) and "急事" not in following:
                yield Example(text, CALM, 2.0, "talks")


def _questions() -> Iterator[Example]:
    for entry in load_book([SHIPPED]).entries:
        yield from (Example(text, CALM, 0.5, "answers") for text in (entry.question, *entry.aliases))


def _misheard(told: Sequence[Example], vocabulary: str) -> Iterator[Example]:
    """Some of the rows again, with homophones or in pinyin."""
    dice, alike = random.Random(9), danger_phrases.homophones(vocabulary)
    for one in told:
        share = 0.15 if one.source == "answers" else 0.5 if one.source != "topics" else 0.0
        if dice.random() < share:
            in_latin = len(one.text) < 20 and dice.random() < 0.25
            text = danger_phrases.pinyin(one.text) if in_latin else danger_phrases.misheard(one.text, dice, alike)
            yield replace(one, text=text, weight=one.weight / 2, source="misheard", of=one.text)


def _among_others(told: Sequence[Example]) -> Iterator[Example]:
    """Rows amid calm words, as they stand in a stretch of a long story: a cry in it is one, and calm stays calm."""
    dice = random.Random(13)
    calm = [one.text for one in told if one.number == CALM and len(one.text) > 5]
    for one in told:
        if one.source in ("topics", "answers") or len(one.text) > WINDOW - 8:
            continue
        before, after = (dice.choice(calm) if dice.random() < 0.7 else "" for _ in range(2))
        room = WINDOW - len(one.text)
        cut = dice.randrange(room + 1)
        parts = (before[max(0, len(before) - cut) :], one.text, after[: room - cut])
        text = dice.choice(("，", "，", "。", "")).join(filter(None, parts))
        yield replace(one, text=text, weight=one.weight * AMID, source="among others", of=one.text)


# --- learning -----------------------------------------------------------------------------------------------


def counted(text: str, lexicon: Lexicon) -> dict[str, float]:
    """The features of a whole text, by name, with how much each counts."""
    found = features(text, lexicon)
    worth = scale(found.length)
    pieces = Counter(piece for _, piece in found.pieces)
    return {piece: worth * times for piece, times in pieces.items()} | dict.fromkeys(
        group_features(found, 0, found.length), 1.0
    )


def learn(rows: Sequence[Example], lexicon: Lexicon, above: float) -> Dangers:
    """The reader that these rows teach."""
    seen = [counted(row.text, lexicon) for row in rows]
    frequency = Counter(name for one in seen for name in one)
    names = sorted(name for name, times in frequency.items() if times >= SEEN)
    place = {name: at for at, name in enumerate(names)}
    cells = [(at, place[name], worth) for at, one in enumerate(seen) for name, worth in one.items() if name in place]
    row_of, column_of, worth = (np.array(part) for part in zip(*cells, strict=True))
    right = np.array([[float(row.number == column) for column in COLUMNS] for row in rows])
    counts = np.array([row.weight for row in rows])[:, None]
    ridge = np.array([RIDGE_GROUPS if name.startswith("#") else RIDGE for name in names] + [0.0])[:, None]
    weights = np.zeros((len(names) + 1, len(COLUMNS)))
    weights[-1] = -2.0
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):  # Adam, which needs no tuning for a convex sum
        odds = np.stack([np.bincount(row_of, worth * part[column_of], len(rows)) for part in weights[:-1].T], axis=1)
        odds += weights[-1]
        top = np.maximum(odds.max(axis=1, keepdims=True), 0.0)
        raised = np.exp(odds - top)
        wrong = (raised / (raised.sum(axis=1, keepdims=True) + np.exp(-top)) - right) * counts
        slope = np.stack([np.bincount(column_of, worth * part[row_of], len(names)) for part in wrong.T], axis=1)
        slope = np.vstack([slope, wrong.sum(axis=0)]) + ridge * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        stride = RATE * (1 - 0.9 * step / STEPS)
        weights -= stride * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    table = np.round(weights, 2)
    kept = {name: tuple(map(float, row)) for name, row in zip(names, table, strict=False) if abs(row).max() >= KEPT}
    return Dangers(lexicon, above, COLUMNS, tuple(map(float, table[-1])), kept)


# --- how good it is -----------------------------------------------------------------------------------------


def judged(reader: Dangers, rows: Iterable[tuple[str, str]], title: str, show: bool = False) -> tuple[float, float]:
    """Print and return (share of emergencies recognised, share of the others taken for one)."""
    found = [(numbers, text, reader(text)) for numbers, text in rows]
    calls = [one for one in found if one[0] != CALM]
    others = [one for one in found if one[0] == CALM]
    met = [one for one in calls if one[2].now]
    right = [one for one in met if one[2].number in one[0].split(",")]
    false = [one for one in others if one[2].now]
    recall, alarms = len(met) / max(1, len(calls)), len(false) / max(1, len(others))
    print(
        f"{title:20} emergencies {len(met)}/{len(calls)} = {recall:.3f}, right number {len(right)}/{len(met)}; ", end=""
    )
    print(f"false alarms {len(false)}/{len(others)} = {alarms:.3f}")
    if show:
        for numbers, text, danger in found:
            if danger.now != (numbers != CALM) or (danger.now and danger.number not in numbers):
                said = danger.number if danger.now else "-"
                print(f"    {numbers:8} {said:4} {danger.likely:.2f} {text} {danger.words}")
    return recall, alarms


def cross(rows: list[Example], lexicon: Lexicon, above: float, show: bool) -> None:
    """Read every real row with what the others teach."""
    real = [row for row in rows if not row.of and row.source != "phrases"]
    random.Random(1).shuffle(real)
    read_as: dict[str, list[tuple[Example, Dangers]]] = {}
    for fold in range(FOLDS):
        tested = {row.text for row in real[fold::FOLDS]}
        reader = learn([row for row in rows if row.text not in tested and row.of not in tested], lexicon, above)
        for row in real[fold::FOLDS]:
            read_as.setdefault(row.source, []).append((row, reader))
    for source, pairs in read_as.items():
        answers = {row.text: reader(row.text) for row, reader in pairs}
        judged(answers.__getitem__, [(row.number, row.text) for row, _ in pairs], source, show and source != "answers")  # type: ignore[arg-type]


def main() -> None:
    """Learn, write, and say how good it is."""
    show = "-v" in sys.argv
    rows = examples()
    lexicon, above = load_lexicon()
    if "--cross" in sys.argv:
        cross(rows, lexicon, above, show)
        return
    reader = learn(rows, lexicon, above)
    write_weights(SHIPPED / "danger_weights.tsv", reader.columns, reader.intercept, reader.weights)
    print(f"{len(rows)} rows, {len(reader.weights)} weights")
    for name in (*LISTS, "emergencies_heldout"):
        judged(reader, read(HANDLERS / f"{name}.tsv"), name)


if __name__ == "__main__":
    main()
