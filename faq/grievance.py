"""Is this a question about a policy, or somebody's trouble that mentions one?

People with a question ask (咋个, 好多, 能不能); people with a grievance tell a story of what was done to them. The
groups of words of grievance.yaml say so, and pieces of one to three characters or two or three sounds, each worth what
`python -m tests.bench.train_grievance` learned from written-down examples (grievance_weights.tsv).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path

from faq.evidence import Lexicon, features, scale, windows
from faq.learned import INTERCEPT, Row, read_weights
from faq.normalise import clean
from faq.site import SiteFileError, number, read_mapping, site_file, word_list, words
from faq.strict_yaml import Plain

_CLAUSES = re.compile(r"[,，。;；!！?？、\s]+")
_SPAN = re.compile(r"(?:[一二两三四五六七八九十几多半\d]|好几|无数)+个?多?(?:年|月|天|次|趟|回|遍)")
_ASKING = re.compile(r"(.)[不没]\1|(?:不|没得|莫|吗|么|呢|啊|哇|嘛)[?？。!！~ ]*$")
_STORY = 16
_SURE = 6.0  # what the word lists can say at the most
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ENOUGH = 12  # of these, from which what was learned counts in full: a word or two, or pinyin, tell nothing
_NO_GROUPS = Lexicon({}, {})


@dataclass(frozen=True, slots=True)
class Group:
    """Words that speak for a grievance: each said adds `weight`, up to `most` of them."""

    weight: float
    most: int
    words: tuple[str, ...]

    def worth(self, said: str) -> float:
        """Return what the words of this group add for a cleaned text."""
        return self.weight * min(self.most, sum(word in said for word in self.words))


@dataclass(frozen=True, slots=True)
class Grievances:
    """An office's word lists and weights, see grievance.yaml."""

    intercept: float
    statement: float
    question: float
    clause: float
    span: float
    groups: tuple[Group, ...]
    asks: tuple[str, ...]
    rhetorical: tuple[str, ...]
    ignored: tuple[str, ...]
    share: float
    weights: Mapping[str, Row]

    def __call__(self, text: str) -> float:
        """Return how much a text sounds like a complaint, 0 to 1; 0 for an empty one."""
        said = _without(clean(text).strip(), self.ignored)
        if not said:
            return 0.0
        much = min(1.0, len(_HAN.findall(said)) / _ENOUGH)
        odds = (1 - much * (1 - self.share)) * self._told(said) + much * self._learned(said)
        return 1 / (1 + exp(-odds))

    def told(self, text: str) -> float:
        """Return what the lists of words alone say, as the logarithm of odds."""
        return self._told(_without(clean(text).strip(), self.ignored))

    def _told(self, said: str) -> float:
        clauses = len([part for part in _CLAUSES.split(said) if part])
        odds = self.intercept + sum(group.worth(said) for group in self.groups)
        odds += self.clause * min(clauses - 1, 3) + self.span * min(len(_SPAN.findall(said)), 2)
        if self._asks(said):
            odds += self.question
        elif clauses > 1 and len(said) >= _STORY:
            odds += self.statement
        return max(-_SURE, min(_SURE, odds))

    def _learned(self, said: str) -> float:
        """What the learned pieces say of the stretch that sounds most like a grievance."""
        if INTERCEPT not in self.weights:
            return 0.0
        found = features(said, _NO_GROUPS)
        worth = [(at, row[0]) for at, piece in found.pieces if (row := self.weights.get(piece))]
        return self.weights[INTERCEPT][0] + max(
            scale(end - start) * sum(one for at, one in worth if start <= at < end)
            for start, end in windows(found.length)
        )

    def is_asking(self, text: str) -> bool:
        """Return whether words ask something."""
        return self._asks(_without(clean(text).strip(), self.ignored))

    def ends_asking(self, text: str) -> bool:
        """Return whether words are put as a question, by 能不能 or a 吗 at the end; narrower than the list."""
        return bool(_ASKING.search(_without(clean(text).strip(), self.rhetorical)))

    def _asks(self, said: str) -> bool:
        plain = _without(said, self.rhetorical)
        return bool(_ASKING.search(plain)) or any(word in plain for word in self.asks)


def _without(text: str, phrases: tuple[str, ...]) -> str:
    for phrase in phrases:
        text = text.replace(phrase, "")
    return text


def load_grievances(folder: Path | None = None) -> Grievances:
    """Return `folder`'s own grievance.yaml, else the shipped one; raises SiteFileError."""
    path = site_file("grievance.yaml", folder)
    raw = read_mapping(path)
    groups, line = raw.get("groups", ("", 1))
    if not isinstance(groups, dict):
        raise SiteFileError(path, line, "groups 下面应是一组一组的词")
    intercept, statement, question, clause, span = (
        number(path, line, name, raw.get(name, ("", 1))[0])
        for name in ("intercept", "statement", "question", "clause", "span")
    )
    share = number(path, line, "share", raw.get("share", ("1", 1))[0])
    _, weights = read_weights(site_file("grievance_weights.tsv", folder)) if share < 1 else ((), {})
    asks, rhetorical, ignored = (tuple(map(clean, words(path, raw, name))) for name in ("asks", "rhetorical", "ignore"))
    return Grievances(
        intercept=intercept,
        statement=statement,
        question=question,
        clause=clause,
        span=span,
        groups=tuple(_group(path, line, name, one) for name, one in groups.items()),
        asks=asks,
        rhetorical=rhetorical,
        ignored=ignored,
        share=share,
        weights=weights,
    )


def _group(path: Path, line: int, name: str, raw: Plain) -> Group:
    group = raw if isinstance(raw, dict) else {}
    weight = number(path, line, f"{name} 的 weight", group.get("weight", ""))
    most = number(path, line, f"{name} 的 most", group.get("most", ""))
    said = word_list(path, line, f"{name} 的 words", group.get("words", ""))
    return Group(weight, int(most), tuple(map(clean, said)))


@cache
def _shipped() -> Grievances:
    return load_grievances()


def grievance(text: str) -> float:
    """Return how much a text sounds like a complaint, 0 to 1, by the shipped word lists."""
    return _shipped()(text)
