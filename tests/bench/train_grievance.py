"""Learn what the pieces and sounds of a message are worth for telling somebody's trouble from a policy question.

Run `python -m tests.bench.train_grievance`: it writes faq/grievance_weights.tsv from tests/faq/grievances.jsonl and
villagers.jsonl, the stories and topics of the categories and the questions of the shipped answers. What the word lists
of grievance.yaml say of a row is taken as given. The files named …_heldout.jsonl are never learned from.
Logistic regression with ridge penalty, all rows at once; the same rows give the same weights.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.load import load as load_county
from faq.book import load as load_book
from faq.evidence import Lexicon, features, scale
from faq.grievance import Grievances, load_grievances
from faq.learned import INTERCEPT, write_weights
from faq.normalise import clean
from faq.site import SHIPPED
from tests.bench.train_danger import RATE, SEEN, STEPS

TESTS = Path(__file__).parent.parent
RIDGE = 0.3
KEPT = 0.05  # weights below this say nothing
LEAN = 1.4  # a grievance answered with a policy is worse than a question taken for a grievance
SMALL_TALK = "你好 您好 在吗 在不在 谢谢 多谢了 好的 好嘛 要得 嗯 哦 晓得了 再见 有人吗 早上好 麻烦了 辛苦了 是的 没有"
Row = tuple[str, bool, float]  # text, whether it is a grievance, how much it counts


def texts(name: str) -> list[str]:
    """The texts of a list of tests/faq."""
    return [json.loads(line)["text"] for line in (TESTS / "faq" / name).read_text("utf-8").splitlines()]


def rows() -> Iterator[Row]:
    """Everything that is learned from."""
    yield from ((text, True, 2.0) for text in texts("grievances.jsonl"))
    stories = (TESTS / "config" / "stories.tsv").read_text("utf-8").splitlines()
    yield from ((line.split("\t")[1], True, 2.0) for line in stories)
    yield from ((topic.example, True, 1.0) for topic in load_county().topics())
    yield from ((text, False, 2.0) for text in texts("villagers.jsonl"))
    yield from ((text, False, 4.0) for text in SMALL_TALK.split())
    for entry in load_book([SHIPPED]).entries:
        yield from ((text, False, 0.5) for text in (entry.policy, entry.question, *entry.aliases))


def learn(told: Sequence[Row], lists: Grievances) -> dict[str, float]:
    """What each piece is worth beside the lists, and the intercept."""
    seen = [_counted(text) for text, _, _ in told]
    frequency = Counter(name for one in seen for name in one)
    names = sorted(name for name, times in frequency.items() if times >= SEEN)
    place = {name: at for at, name in enumerate(names)}
    cells = [(at, place[name], worth) for at, one in enumerate(seen) for name, worth in one.items() if name in place]
    row_of, column_of, worth = (np.array(part) for part in zip(*cells, strict=True))
    given = np.array([lists.share * lists.told(text) for text, _, _ in told])
    right = np.array([float(is_one) for _, is_one, _ in told])
    counts = np.array([weight for *_, weight in told])
    weights = np.zeros(len(names) + 1)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):  # Adam, which needs no tuning for a convex sum
        odds = np.bincount(row_of, worth * weights[:-1][column_of], len(told)) + weights[-1] + given
        wrong = (1 / (1 + np.exp(-odds)) - right) * counts
        slope = np.append(np.bincount(column_of, worth * wrong[row_of], len(names)) + RIDGE * weights[:-1], wrong.sum())
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        stride = RATE * (1 - 0.9 * step / STEPS)
        weights -= stride * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    found = {name: round(float(one), 2) for name, one in zip(names, weights, strict=False) if abs(one) >= KEPT}
    return found | {INTERCEPT: round(float(weights[-1]) + LEAN, 2)}


def _counted(text: str) -> dict[str, float]:
    """The pieces of a text, and how much each counts."""
    found = features(clean(text).strip(), Lexicon({}, {}))
    pieces = Counter(piece for _, piece in found.pieces)
    return {piece: scale(found.length) * times for piece, times in pieces.items()}


def judged(reader: Grievances, grievances: str, questions: str) -> None:
    """Print how many grievances of a list are heard, and how many questions of another are taken for one."""
    heard, taken = ([reader(text) >= 0.5 for text in texts(name)] for name in (grievances, questions))
    print(f"{grievances:26} heard {sum(heard)}/{len(heard)}; {questions}: taken for one {sum(taken)}/{len(taken)}")


def main() -> None:
    """Learn, write, and say how good it is."""
    lists = load_grievances()
    found = learn(list(rows()), lists)
    intercept = (found.pop(INTERCEPT),)
    weights = {name: (one,) for name, one in found.items()}
    write_weights(SHIPPED / "grievance_weights.tsv", ("grievance",), intercept, weights)
    print(f"{len(weights)} weights")
    reader = replace(lists, weights={**weights, INTERCEPT: intercept})
    judged(reader, "grievances.jsonl", "villagers.jsonl")
    judged(reader, "grievances_heldout.jsonl", "villagers_heldout.jsonl")


if __name__ == "__main__":
    main()
