"""The numbers in weights.yaml, typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from faq.site import number, read_mapping, site_file
from faq.strict_yaml import Plain


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """How much each likeness counts; `…_k1`, `b` as in BM25; `long_message` in characters."""

    text_k1: float
    pool_k1: float
    b: float
    text: float
    pool: float
    sound: float
    ratio: float
    label: float
    own: float
    per_text: float
    ridge: float
    own_ridge: float
    candidates: float
    long_message: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model: these times the signals of the same names add up to the log-odds of being right.

    Below the probability `choices_above` not even choices are worth showing.
    """

    choices_above: float
    intercept: float
    score: float
    margin: float
    coverage: float
    ratio: float
    size: float
    lead: float


@dataclass(frozen=True, slots=True)
class DecideWeights:
    """`answer_above` is a probability; `twin` and `rival` are shares of the first hit's score."""

    answer_above: float
    twin: float
    rival: float
    labelled: Confidence
    taught: Confidence
    plain: Confidence


@dataclass(frozen=True, slots=True)
class Weights:
    """All of weights.yaml."""

    search: SearchWeights
    decide: DecideWeights


def load_weights(folder: Path | None = None) -> Weights:
    """Return `folder`'s own weights.yaml, else the shipped one; raises SiteFileError naming the number."""
    path = site_file("weights.yaml", folder)
    raw = read_mapping(path)
    search, line = raw.get("search", ("", 1))
    numbers = _numbers(path, line, search, [one.name for one in fields(SearchWeights)])
    decide, line = raw.get("decide", ("", 1))
    return Weights(SearchWeights(**numbers), _decide(path, line, decide if isinstance(decide, dict) else {}))


def _decide(path: Path, line: int, raw: dict[str, Plain]) -> DecideWeights:
    names = [one.name for one in fields(Confidence)]
    labelled, taught, plain = (
        Confidence(**_numbers(path, line, raw.get(name, ""), names)) for name in ("labelled", "taught", "plain")
    )
    numbers = _numbers(path, line, raw, ["answer_above", "twin", "rival"])
    return DecideWeights(**numbers, labelled=labelled, taught=taught, plain=plain)


def _numbers(path: Path, line: int, raw: Plain, names: Sequence[str]) -> dict[str, float]:
    given = raw if isinstance(raw, dict) else {}
    return {name: number(path, line, name, given.get(name, "")) for name in names}


@cache
def shipped_weights() -> Weights:
    """Return the weights shipped with this package."""
    return load_weights()
