"""How typed words are taken: control words, numbers, close wording. Pure text work, no sentences of ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from handlers.messages import Inbound

CONTROL = ("back", "cancel", "skip", "restart", "menu", "human", "help")
TextsByLang = Mapping[str, Mapping[str, str]]

_CHINESE_DIGITS = {char: i for i, char in enumerate("零一二三四五六七八九十")}
_NUMBER = re.compile(r"^(?:第|选|选择|no\.?)?\s*(\d{1,3}|[一二三四五六七八九十]{1,3})\s*(?:个|项|条|号|[、.。)）])?$")
_TRIM = " \t\r\n,.!?;:，。！？；：、~～…\"'“”‘’「」【】()（）[]"
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f]+")
_SOFT = re.compile(r"[吧嘛哈呀啊哦咯呢嘞哟噻啦了的]+$")  # particles that change the tone and not the word
CLOSE = 78  # RapidFuzz ratio from which a wording is "close"
SHORT = 12  # characters a control word or a label taken for one may have


def plain(text: str) -> str:
    """NFKC, lower case, without punctuation around and spaces or invisible marks within."""
    return _fold_short(text) if len(text) <= SHORT * 2 else _fold(text)


def _fold(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text).lower()).strip(_TRIM)


_fold_short = lru_cache(maxsize=8192)(_fold)  # labels, names and control words come again and again


@lru_cache(maxsize=4096)
def plains(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same of many words, remembered: for what the files hold."""
    return tuple(found for word in words if (found := plain(word)))


@lru_cache(maxsize=2048)
def _split(wordings: str) -> tuple[str, ...]:
    return tuple(word for part in wordings.split("|") if (word := plain(part)))


@lru_cache(maxsize=2048)
def _set(wordings: str) -> frozenset[str]:
    return frozenset(_split(wordings))


def variants(texts: Mapping[str, str], key: str) -> tuple[str, ...]:
    """The wordings under `key`, written as "a|b|c"."""
    return _split(texts.get(key, ""))


def is_said(texts_by_lang: TextsByLang, key: str, text: str) -> bool:
    """Whether a text is one of the wordings under `key` in any language, give or take a particle at its end."""
    return _is_said(texts_by_lang, key, _forms(text))


def _forms(text: str) -> frozenset[str]:
    typed = plain(text)
    return frozenset((typed, _SOFT.sub("", typed))) - {""}


def _is_said(texts_by_lang: TextsByLang, key: str, forms: frozenset[str]) -> bool:
    return any(not forms.isdisjoint(_set(texts.get(key, ""))) for texts in texts_by_lang.values())


def is_within(texts_by_lang: TextsByLang, key: str, text: str) -> bool:
    """Whether one of the wordings under `key` stands anywhere in a text."""
    typed = plain(text)
    return any(word in typed for texts in texts_by_lang.values() for word in variants(texts, key))


def is_made_of(texts_by_lang: TextsByLang, keys: Iterable[str], text: str) -> bool:
    """Whether a short text is nothing but wordings under `keys`, one after another: 你好在吗谢谢."""
    typed = re.sub(r"[^\w]", "", plain(text))
    if not typed or len(typed) > 30:
        return False
    for word in _longest_first(tuple(texts.get(key, "") for key in keys for texts in texts_by_lang.values())):
        typed = typed.replace(word, "\0")
    return "\0" in typed and not _SOFT.sub("", typed.replace("\0", ""))


@lru_cache(maxsize=64)
def _longest_first(wordings: tuple[str, ...]) -> tuple[str, ...]:
    words = {re.sub(r"[^\w]", "", word) for each in wordings for word in _split(each)}
    return tuple(sorted(words - {""}, key=lambda word: (-len(word), word)))


def control_word(texts_by_lang: TextsByLang, inbound: Inbound) -> str:
    """Which control word a message is, in any language of the office; "" for none."""
    if inbound.choice:
        return inbound.choice if inbound.choice in CONTROL else ""
    if len(inbound.text) > 4 * SHORT or len(plain(inbound.text)) > SHORT:
        return ""
    forms = _forms(inbound.text)
    said = (word for word in CONTROL for key in ("word", "control") if _is_said(texts_by_lang, f"{key}.{word}", forms))
    return next(said, "")


def number_of(text: str) -> int | None:
    """The number a message is, if it is nothing else: "2", "２", "二", "第2个", "12." → 12, never 1."""
    match = _NUMBER.match(_UNSEEN.sub(" ", unicodedata.normalize("NFKC", text[:40])).strip().lower())
    if match is None:
        return None
    digits = match.group(1)
    return int(digits) if digits.isdecimal() else _chinese_number(digits)


def _chinese_number(text: str) -> int | None:
    if "十" not in text:
        return _CHINESE_DIGITS[text] if len(text) == 1 else None
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or ones == "十":
        return None
    return (_CHINESE_DIGITS[tens] if tens else 1) * 10 + (_CHINESE_DIGITS[ones] if ones else 0)


def meant(text: str, shown: Sequence[tuple[str, str]], numbers: bool = True) -> str:
    """The token that a typed number or exact label stands for among options as shown; "" for none."""
    number = number_of(text) if numbers else None
    if number is not None:
        return shown[number - 1][0] if 1 <= number <= len(shown) else ""
    typed = plain(text)
    return next((token for token, label in shown if typed and typed == plain(label)), "")


def pick(text: str, shown: Sequence[tuple[str, str]]) -> tuple[str | None, tuple[str, ...]]:
    """What a typed text means among options as shown: (the token, ()) or (None, close tokens, best first).

    A number counts the options as shown; the exact label wins over closeness; a close wording is only a guess.
    """
    token = meant(text, shown)
    if token or number_of(text) is not None:
        return token or None, ()
    typed = plain(text[:200])
    if not typed:
        return None, ()
    return None, _close(typed, shown)


def _close(typed: str, shown: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    scored = sorted(((-_likeness(typed, plain(label)), i) for i, (_, label) in enumerate(shown)))
    return tuple(shown[i][0] for score, i in scored if -score >= CLOSE)[:3]


def _likeness(typed: str, label: str) -> float:
    if not label:
        return 0.0
    least = 4 if typed.isascii() else 2  # "ok" stands in "smoke"
    if least <= len(typed) < len(label) and typed in label:
        return 90.0
    if len(label) >= 2 and label in typed and len(typed) <= len(label) + 6:
        return 95.0
    return fuzz.ratio(typed, label)


CASE_NO = re.compile(r"[A-Z]{1,4}\s*-?\s*(20\d{6})\s*[-－–—_]?\s*(\d{4,})|(?<!\d)(20\d{6})\s*[-－–—_]\s*(\d{4})(?!\d)")
# A tip's: twelve digits that are no date, and never without its letters.
TIP_NO = re.compile(r"([A-Z]{1,4})\s*-?\s*([3-9]\d{7})\s*[-－–—_]?\s*(\d{4})(?!\d)")
_CODE = re.compile(r"(?<!\d)[2-9](?:[\s\-–—－]*\d){10}(?:(?:[\s\-–—－]*\d){5})?(?!\d)")


def case_number(text: str, prefix: str = "") -> str:
    """The case number in a text, as it is written on a card: "MS20261122-0007"; "" when there is none.

    One typed without its letters gets `prefix`.
    """
    typed = unicodedata.normalize("NFKC", text[:2000]).upper()
    match = TIP_NO.search(typed) or CASE_NO.search(typed)
    return _written(match, prefix) if match else ""


def case_numbers(text: str, prefix: str = "") -> tuple[str, ...]:
    """Every case number in a text, each once."""
    typed = unicodedata.normalize("NFKC", text[:2000]).upper()
    found = (match for pattern in (TIP_NO, CASE_NO) for match in pattern.finditer(typed))
    return tuple(dict.fromkeys(_written(match, prefix) for match in found))


def _written(match: re.Match[str], prefix: str) -> str:
    if match.re is TIP_NO:
        return f"{match.group(1)}{match.group(2)}-{match.group(3)}"
    letters = re.match(r"[A-Z]*", match.group(0))
    day, count = (match.group(1) or match.group(3)), (match.group(2) or match.group(4))
    return f"{(letters.group(0) if letters else '') or prefix}{day}-{count}"


def query_code(text: str) -> str:
    """The digits in a text that may be a query code (11 or 16), case numbers left aside; "" when there are none."""
    rest = TIP_NO.sub(" ", CASE_NO.sub(" ", unicodedata.normalize("NFKC", text[:2000]).upper()))
    match = _CODE.search(rest)
    return match.group(0) if match else ""
