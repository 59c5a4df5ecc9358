"""ID card, phone and bank card numbers out of free text, however they are dressed up.

Full-width and circled digits, Chinese numerals (幺 and 洞拐勾, too), letters that pass for digits (O, l), invisible
characters, line breaks and separators are seen through. A number is masked when it is one by its own rule: GB 11643
check digit (ID card), Luhn (bank card), 11 digits from 13 to 19 (mobile). Case numbers, dates and amounts stay; so do
landlines, which are the offices' own far more often than anybody's.

Text is read as runs of digits with little between them. In a run a number begins and ends where something
stands between two digits, or where another number ends and begins; so the tail of a case number and the head
of a date do not make a bank card together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

_MASK = "*"
_SHOWN = 2  # last digits left, so that a clerk can tell two numbers apart

# The last five as numbers are read out, so that 1 and 7 are told apart.
_CHINESE = dict(
    zip("〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸洞么两拐勾", "000123456789112345678923601279", strict=True)
)
_LETTERS = dict(zip("OoQОοDlIi|", "0000001111", strict=True))  # the third and fourth O are Cyrillic and Greek
_HIDDEN = "\u200b"  # stands for every character that is not seen: zero width, direction marks, variation selectors
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters and signs without a shape
_SPACES = " \t"
_BREAKS = "\n\r\v\f"
_LISTING = ",、:;!?%=&" + _BREAKS
_TIGHT = "-‐‒–—―−_~.·•‧∙・。/|()*#+…'\"<>[]"
_BETWEEN = f"{_HIDDEN}*(?:[{re.escape(_SPACES + _LISTING + _TIGHT)}]{_HIDDEN}*){{0,3}}"
_RUN = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{10,}}(?:{_BETWEEN}[Xx])?")
_LIKE = f"0-9{re.escape(''.join(_LETTERS))}"
_LETTERED = re.compile(rf"[{_LIKE}](?:{_BETWEEN}[{_LIKE}]){{10,}}(?:{_BETWEEN}[Xx])?")
_BESIDE = re.compile(r"[0-9][OoQОοDlIi|]|[OoQОοDlIi|][0-9]")

_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID_CARD = re.compile(rf"[1-9]\d{{5}}(?:18|19|20)\d\d{_DAY}\d{{3}}[\dXx]")
_OLD_ID_CARD = re.compile(rf"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{{6}}{_DAY}\d{{3}}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_DATED = re.compile(rf"20\d\d{_DAY}")
_BEFORE_MOBILE = re.compile(r"(?:0086|086|86|0)(?=1[3-9]\d{9})")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_CENTURIES = ("18", "19", "20")
_ISSUED = "34569"  # first digits of the cards people here have
_CARD_SIZES = (16, 17, 18, 19)
_MOBILE_SIZE, _OLD_ID_SIZE, _ID_SIZE = 11, 15, 18


def mask(text: str) -> str:
    """`text` with every such number masked but for its last two digits. Same length as the input."""
    plain = "".join(map(_plain, text))
    out = list(text)
    _mask_runs(text, plain, out)
    if _BESIDE.search(plain):
        _mask_runs(text, _LETTERED.sub(_as_digits, plain), out)
    return "".join(out)


def _mask_runs(text: str, plain: str, out: list[str]) -> None:
    for found in _RUN.finditer(plain):
        run = _read(text, plain, found.start(), found.end())
        for start, stop in _numbers(run):
            for place in run.places[start : stop - _SHOWN]:
                out[place] = _MASK


def _as_digits(found: re.Match[str]) -> str:
    """l3OOOOOOOOO with digits for its letters; what has no digit is a word."""
    said = found[0]
    if not any(char.isdigit() for char in said):
        return said
    return "".join(_LETTERS.get(char, char) for char in said)


def is_id_card(number: str) -> bool:
    """Whether 18 characters are a resident ID number by GB 11643: a birth date and a right check digit."""
    if not _ID_CARD.fullmatch(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[-1].upper()


@lru_cache(4096)
def _plain(char: str) -> str:
    """The one ASCII digit, letter or separator that a character stands for; itself if none."""
    if char.isascii():
        return char
    if char in _CHINESE:
        return _CHINESE[char]
    value, category = float(unicodedata.digit(char, -1)), unicodedata.category(char)
    if value < 0 and category in ("No", "Nl"):  # ㈠ and Ⅷ are numbers, not digits
        value = unicodedata.numeric(char)
    if value in range(10):
        return str(int(value))
    if category in ("Cf", "Mn", "Me") or char in _BLANK:
        return _HIDDEN
    if category in ("Zs", "Zl", "Zp"):
        return " "
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


@dataclass(frozen=True)
class _Run:
    """Digits that stand together (the last may be an X), where each stands, and what joins each to the one before.

    A joint is None between digits that touch, else what stands between; "" where nothing does but a number may
    begin all the same: at the ends, and on either side of a Chinese numeral (张三138…).
    """

    digits: str
    places: list[int]
    joints: list[str | None]

    @cached_property
    def sums(self) -> tuple[list[int], list[int]]:
        """Running Luhn sums: with the digits of odd index doubled, and with those of even index doubled."""
        plain = [int(digit) if digit.isdigit() else 0 for digit in self.digits]
        double = [2 * n - 9 if n > 4 else 2 * n for n in plain]
        first = [double[i] if i % 2 else plain[i] for i in range(len(plain))]
        second = [plain[i] if i % 2 else double[i] for i in range(len(plain))]
        return list(accumulate(first, initial=0)), list(accumulate(second, initial=0))

    def luhn(self, start: int, stop: int) -> bool:
        """Whether the digits from `start` to `stop` have a right Luhn check digit."""
        sums = self.sums[0] if stop % 2 else self.sums[1]
        return (sums[stop] - sums[start]) % 10 == 0

    def groups(self, start: int, stop: int) -> tuple[int, ...]:
        """How the digits are grouped in writing: (3, 4, 4) for 138-0013-8000."""
        cuts = [start, *(n for n in range(start + 1, stop) if self.joints[n] is not None), stop]
        return tuple(after - before for before, after in pairwise(cuts))

    def inside(self, start: int, stop: int) -> set[str]:
        """What stands between the digits: {"-"} for 138-0013-8000."""
        return {joint for joint in self.joints[start + 1 : stop] if joint}


def _read(text: str, plain: str, start: int, stop: int) -> _Run:
    places = [place for place in range(start, stop) if plain[place].isdigit() or plain[place] in "Xx"]
    joints: list[str | None] = [""]
    for before, after in pairwise(places):
        if after - before > 1:
            joints.append(max(plain[before + 1 : after], key=_looseness).strip(_HIDDEN))
        else:
            joints.append("" if text[before] in _CHINESE or text[after] in _CHINESE else None)
    if plain[places[-1]] in "Xx":
        joints[-1] = ""  # it may be no check digit but the next word
    joints.append("")
    return _Run("".join(plain[place] for place in places), places, joints)


def _looseness(joint: str) -> int:
    """How loosely a joint holds: list marks more loosely than spaces, those than hyphens and dots."""
    if joint in ("", _HIDDEN):
        return 0
    return 3 if joint in _LISTING else 2 if joint in _SPACES else 1


def _numbers(run: _Run) -> list[tuple[int, int]]:
    """Where telling numbers stand: each from a joint, or another number's end, to a joint, or another's start."""
    found = _id_cards(run)
    ends = {stop for _, stop in found} | _prefixes(run)
    maybe: list[tuple[int, int]] = []
    for start in range(len(run.digits) - _MOBILE_SIZE + 1):
        if run.joints[start] is not None or start in ends:
            for stop in _stops(run, start):
                if start in ends or _loose_enough(run, start, start, stop):
                    maybe.append((start, stop))
                    ends.add(stop)
    starts = {start for start, _ in found}
    for start, stop in reversed(maybe):
        if stop in starts or (run.joints[stop] is not None and _loose_enough(run, stop, start, stop)):
            found.append((start, stop))
            starts.add(start)
    return found


def _id_cards(run: _Run) -> list[tuple[int, int]]:
    """ID cards written in one piece need no joint: date and check digit tell them from anything else."""
    starts = [start for start in range(len(run.digits) - _ID_SIZE + 1) if _id_card(run, start)]
    # The joint before an X says nothing.
    whole = [start for start in starts if len(run.groups(start, start + _ID_SIZE - 1)) == 1]
    return [(start, start + _ID_SIZE) for start in whole]


def _id_card(run: _Run, start: int) -> bool:
    probable = run.digits[start + 6 : start + 8] in _CENTURIES
    return probable and is_id_card(run.digits[start : start + _ID_SIZE])


def _prefixes(run: _Run) -> set[int]:
    """Where a mobile begins behind +86 or 0 without a joint."""
    found = (_BEFORE_MOBILE.match(run.digits, at) for at, joint in enumerate(run.joints) if joint is not None)
    return {prefix.end() for prefix in found if prefix}


def _stops(run: _Run, start: int) -> Iterator[int]:
    """Where a number that begins at `start` would end, by its own rule."""
    digits = run.digits
    if _MOBILE.match(digits, start) and _written(run, start, start + _MOBILE_SIZE):
        yield start + _MOBILE_SIZE
    if _id_card(run, start):
        yield start + _ID_SIZE
    old = start + _OLD_ID_SIZE
    if _OLD_ID_CARD.match(digits, start) and len(set(run.groups(start, old))) <= 2:
        yield old
    if digits[start] == "0" or _DATED.match(digits, start):
        return
    for stop in (start + size for size in _CARD_SIZES):
        if stop <= len(digits) and digits[stop - 1].isdigit() and run.luhn(start, stop) and _card(run, start, stop):
            yield stop


def _card(run: _Run, start: int, stop: int) -> bool:
    """Any issuer's card in regular or even writing; the usual issuers' in any (not two amounts or two landlines)."""
    if _regular(run.groups(start, stop)):
        return True
    usual = run.digits[start] in _ISSUED or len(run.inside(start, stop)) <= 1
    return usual and _written(run, start, stop)


def _written(run: _Run, start: int, stop: int) -> bool:
    """Commas make a list of amounts, unless the groups are those of a number; one line break may fall anywhere."""
    inside, groups = run.inside(start, stop), run.groups(start, stop)
    wrapped = len(groups) == 2 and inside <= set(_BREAKS)
    return wrapped or inside.isdisjoint(_LISTING) or _regular(groups)


def _regular(groups: tuple[int, ...]) -> bool:
    """In one piece, digit by digit, or 3-4-4, 6-8-4, 4-4-4-4-3 and their like."""
    if len(groups) == 1 or set(groups) == {1} or groups in ((3, 4, 4), (6, 8, 4)):
        return True
    return len(groups) >= 4 and set(groups[:-1]) == {4} and groups[-1] <= 4


def _loose_enough(run: _Run, at: int, start: int, stop: int) -> bool:
    """Not cut out of 13.5 14.2 15.8: what stands at the edge may not hold tighter than what is inside."""
    edge, inside = run.joints[at] or "", run.inside(start, stop)
    return edge not in inside or _looseness(edge) == max(map(_looseness, inside))
