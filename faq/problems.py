"""What is wrong with a file, said so that a clerk can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Indel


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `file` as given, `line` from 1, `message` what is wrong, `hint` what to do."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}。{self.hint}"


class BookErrors(Exception):
    """The answers cannot be used as they are; `problems` lists every mistake found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the known word most like `word`, or one listing them all."""
    names = list(known)
    best = process.extractOne(word, names, scorer=Indel.normalized_similarity, score_cutoff=0.4)
    if best is not None:
        return f"是不是想写“{best[0]}”？"
    return "可以写的有：" + "、".join(names)
