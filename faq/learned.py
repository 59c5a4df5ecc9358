"""Files of learned weights: what a piece of a message, written or heard, is worth for each reading of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path

from faq.pinyin import sounds
from faq.site import SiteFileError

Row = tuple[float, ...]
INTERCEPT = "(intercept)"
SOUND, LITERAL = "~", "="  # marks of the file: a piece of sounds, and in it a character without a sound


def read_weights(path: Path) -> tuple[tuple[str, ...], dict[str, Row]]:
    """Return the columns and rows of a weights file, names and numbers apart by tabs; raises SiteFileError."""
    try:
        first, *lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        raise SiteFileError(path, 1, "读不到这个文件，或不是 UTF-8 编码") from None
    columns = tuple(first.split("\t")[1:])
    known, numbers, weights = sounds(), _Numbers(), dict[str, Row]()
    for at, line in enumerate(lines, 2):
        name, *values = line.split("\t")
        try:
            row = tuple(map(numbers.__getitem__, values))
        except ValueError:
            row = ()
        if len(row) != len(columns):
            raise SiteFileError(path, at, f"这一行应是一个名字和 {len(columns)} 个数字，用制表符隔开")
        weights[_heard(name, known)] = row
    return columns, weights


class _Numbers(dict[str, float]):
    """Numbers by their digits, each held once: a hundred thousand of them are a few hundred different ones."""

    def __missing__(self, digits: str) -> float:
        number = float(digits)
        if not isfinite(number):
            raise ValueError(digits)
        self[digits] = number
        return number


def _heard(name: str, known: Mapping[str, str]) -> str:
    """The piece behind a name of the file: sounds are spelled there, so that they outlive the sound table."""
    if not name.startswith(SOUND):
        return name
    return "".join(known.get(one, one.removeprefix(LITERAL)) for one in name[1:].split(" "))


def spelled(piece: str, known: Mapping[str, str]) -> str:
    """The name of a piece in the file; `known` is the spelling of every sound."""
    if not any(char in known for char in piece):
        return piece
    return SOUND + " ".join(known.get(one, LITERAL + one) for one in piece)


def write_weights(path: Path, columns: Iterable[str], intercept: Row, weights: Mapping[str, Row]) -> None:
    """Write such a file, one name a line, in order."""
    spellings = {code: sound for sound, code in sounds().items()}
    lines = ["\t".join(("name", *columns)), _line(INTERCEPT, intercept)]
    lines += sorted(_line(spelled(name, spellings), row) for name, row in weights.items())
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _line(name: str, row: Iterable[float]) -> str:
    return "\t".join((name, *(f"{worth:g}" for worth in row)))
