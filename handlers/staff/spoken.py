"""What staff say to a bot that hears only what is addressed to it: no slash, the act in plain words, and the
number in front, or in the message they quote.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from cases.case import Act
from config.schema import County
from handlers.staff.orders import VERBS, Need, named, names
from handlers.words import CASE_NO, TIP_NO, case_number, case_numbers, is_said

SEND, DROP, HERE = "send", "drop", "here"  # 发送, 取消, 群号
_BETWEEN = " \t\n:：,，、;；。.!！"
_MENTION = re.compile(r"^(?:@[^\s@]+(?:[\s\u2005]+|$))+|[\s\u2005]@[^\s@]+\s*$")
_HEAD = 60  # characters in which a number in front is looked for
_OPEN, _CLOSED = "【[(（#", "】])） \t\n:：,，、"
_TITLE = re.compile(r"[【\[]([^】\]\n]{8,40})[】\]]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said. `name` is an act, a question, SEND, DROP, HERE or "" for none of them.

    `no` is the case that is meant; `several`: more than one could be.
    """

    name: str
    no: str
    words: str
    several: bool = False


def unaddressed(text: str, bot: str = "") -> str:
    """The words without the names they were addressed to."""
    text = text.strip()
    if bot:
        text = text.replace(f"@{bot}", " ").strip()
    return _MENTION.sub("", text).strip()


def quoted_number(quote: str, prefix: str) -> tuple[str, bool]:
    """The case a quoted message shows, and whether it could be several: the one in its title, else the only one."""
    head = quote.strip().split("\n", 1)[0]
    if (title := _TITLE.search(head)) and (no := case_number(title.group(1), prefix)):
        return no, False
    found = case_numbers(quote, prefix)
    return (found[0], False) if len(found) == 1 else ("", len(found) > 1)


def spoken(text: str, quote: str, county: County) -> Spoken:
    """What somebody says, in words without the bot's name."""
    prefix = county.office.case_prefix
    quoted, several = quoted_number(quote, prefix) if quote else ("", False)
    no, rest = _number_first(text, prefix)
    name, rest = _act_first(rest, county)
    if name and not no:
        no, rest = _number_first(rest, prefix)
    said = Spoken(name, no, rest.lstrip(_BETWEEN).rstrip() if name or no else rest.strip())
    if name in VERBS and Need.CASE in VERBS[Act(name)].needs:
        return _of_two(said, quoted)
    others = {*case_numbers(text, prefix), *([quoted] if quoted else [])} - {no or quoted}
    return replace(said, no=no or quoted, several=bool(others) or (several and not no))


def _of_two(said: Spoken, quoted: str) -> Spoken:
    """An act that names another case: beside a quoted one the number that is written is that other one."""
    if quoted and said.no and said.no != quoted:
        return replace(said, no=quoted, words=f"{said.no} {said.words}".strip())
    return replace(said, no=said.no or quoted)


def _number_first(text: str, prefix: str) -> tuple[str, str]:
    """The number in front, and what follows it."""
    words = text.lstrip(_OPEN + _BETWEEN)
    head = unicodedata.normalize("NFKC", words[:_HEAD]).upper()
    match = TIP_NO.match(head) or CASE_NO.match(head)
    if match is None:
        return "", text
    return case_number(match.group(0), prefix), words[match.end() :].lstrip(_CLOSED)


def _act_first(text: str, county: County) -> tuple[str, str]:
    """The act or question in front, by its longest wording. One character is a word only when it stands alone."""
    words = text.lstrip("/／ \t\n")
    for name, key in ((SEND, "word.send"), (DROP, "word.cancel"), (HERE, "wecom.said_here")):
        if is_said(county.texts, key, words) or _over_and_over(key, words, county):
            return name, ""
        head, _, rest = words.partition(" ")
        if rest and name != HERE and is_said(county.texts, key, head) and _number_first(rest, "")[0]:
            return name, rest
    if match := re.match(r"([a-zA-Z_]{2,32})(?![a-zA-Z_])", words):
        act = named(match.group(1), county.texts)
        return (act, words[match.end() :]) if act else ("", text)
    found = names(county.texts)
    known = sorted((word for word in found if not word.isascii()), key=len, reverse=True)
    word = next((one for one in known if words.startswith(one) and _stands(one, words)), "")
    if word:
        return found[word], words[len(word) :]
    alone = re.split(r"[\s:：,，。]", words, maxsplit=1)[0]
    act = named(alone, county.texts) if len(alone) >= 4 else ""
    return (act, words[len(alone) :]) if act else ("", text)


def _over_and_over(key: str, words: str, county: County) -> bool:
    """A word said twice means what it means: 「发送 发送」 is nobody's answer to a citizen."""
    parts = [part for part in re.split(r"[\s,，.。!！、]+", words) if part]
    half = words[: len(words) // 2]
    twice = [half] if half and half * 2 == words else parts
    return len(words) > 1 and bool(twice) and all(is_said(county.texts, key, part) for part in twice)


def _stands(word: str, words: str) -> bool:
    rest = words[len(word) :]
    return len(word) > 1 or not rest or rest[0] in _BETWEEN + _OPEN or CASE_NO.match(rest.upper()) is not None
