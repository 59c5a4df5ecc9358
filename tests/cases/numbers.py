"""Numbers that tell on people, real by their own rules, and the disguises people write them in."""

from __future__ import annotations

import string
from datetime import date, timedelta
from random import Random

FULL_WIDTH = str.maketrans(string.digits + "Xx-. ", "０１２３４５６７８９Ｘｘ－．　")
NUMERALS = str.maketrans(string.digits, "零一二三四五六七八九")
CAPITALS = str.maketrans(string.digits, "零壹贰叁肆伍陆柒捌玖")
SPOKEN = str.maketrans("01", "〇幺")
CIRCLED = str.maketrans(string.digits, "⓪①②③④⑤⑥⑦⑧⑨")
IN_BRACKETS = str.maketrans(string.digits, "零㈠㈡㈢㈣㈤㈥㈦㈧㈨")
BOLD = str.maketrans(string.digits, "".join(chr(0x1D7CE + n) for n in range(10)))
READ_OUT = str.maketrans(string.digits, "洞幺两三四五六拐八勾")
MARKS = ("，", "、", "；", "：", "！", "*", "#", "+", "…", "~", ";", ":", "\n")
GAPS = (" ", "  ", "-", " - ", "—", ".", "．", "·", "_", "\u3000", "\xa0", "\u200b", "/")


def id_card(random: Random) -> str:
    """18 characters by GB 11643, every eleventh or so with an X, some with a small one."""
    born = date(1900, 1, 1) + timedelta(days=random.randrange(46000))
    body = f"{random.randrange(100000, 1000000)}{born:%Y%m%d}{random.randrange(1000):03d}"
    total = sum(int(digit) * 2 ** (17 - n) for n, digit in enumerate(body))
    check = "0123456789X"[(12 - total % 11) % 11]
    return body + (check if random.random() < 0.5 else check.lower())


def bank_card(random: Random) -> str:
    """16 to 19 digits with a right Luhn check digit, mostly of issuers people here have."""
    size = random.choice((16, 17, 18, 19))
    head = random.choice(("62", "621", "6228", "4", "5", "35", "9558", "95599", "103", "81", "7", "27"))
    body = head + "".join(random.choice(string.digits) for _ in range(size - 1 - len(head)))
    doubled = [int(digit) * (2 - n % 2) for n, digit in enumerate(reversed(body))]
    return body + str(-sum(n - 9 if n > 9 else n for n in doubled) % 10)


def mobile(random: Random) -> str:
    """11 digits from 13 to 19."""
    return f"1{random.randrange(3, 10)}{random.randrange(10**9):09d}"


KINDS = {"id card": id_card, "bank card": bank_card, "mobile": mobile}


def _grouped(number: str, gap: str) -> str:
    """As it is printed: 3-4-4, 6-8-4, 4-4-4-4-3."""
    sizes = {11: (3, 4, 4), 18: (6, 8, 4)}.get(len(number), (4, 4, 4, 4, 4))
    parts: list[str] = []
    for size in sizes:
        parts.append(number[:size])
        number = number[size:]
    return gap.join(part for part in parts if part)


def _sprinkled(random: Random, number: str, gap: str) -> str:
    """The same gap at random places."""
    return "".join(digit + gap * (random.random() < 0.3) for digit in number[:-1]) + number[-1]


def _mixed(random: Random, number: str) -> str:
    """Digits of every script in one number."""
    return "".join(digit.translate(random.choice((FULL_WIDTH, NUMERALS, CAPITALS, {}))) for digit in number)


def _broken(random: Random, number: str) -> str:
    """Over the end of a line."""
    at = random.randrange(3, len(number) - 2)
    return number[:at] + random.choice(("\n", "\r\n", " \n")) + number[at:]


def _lettered(random: Random, number: str) -> str:
    """O for 0 and l for 1, now and then."""
    alike = {"0": "OoО", "1": "lI"}
    return "".join(random.choice(alike[char]) if char in alike and random.random() < 0.6 else char for char in number)


def _unseen(random: Random, number: str) -> str:
    """Any amount of what cannot be seen between the digits."""
    return "".join(char + random.choice(("", "\u200b", "\u200b\u200d\u2060\ufeff\u3164", "\xad")) for char in number)


DISGUISES = (
    "plain", "full width", "numerals", "capitals", "spoken", "mixed", "grouped", "spelled", "sprinkled", "wide groups",
    "circled", "in brackets", "bold", "read out", "broken", "lettered", "unseen", "punctuated", "in signs",
)  # fmt: skip


def dressed(random: Random, number: str, how: str) -> str:
    """The number in one of DISGUISES."""
    gap = random.choice(GAPS)
    match how:
        case "full width":
            return number.translate(FULL_WIDTH)
        case "numerals":
            return number.translate(NUMERALS)
        case "capitals":
            return number.translate(CAPITALS)
        case "spoken":
            return number.translate(SPOKEN).translate(NUMERALS)
        case "mixed":
            return _mixed(random, number)
        case "grouped":
            return _grouped(number, gap)
        case "spelled":
            return gap.join(number)
        case "sprinkled":
            return _sprinkled(random, number, gap)
        case "circled":
            return number.translate(CIRCLED)
        case "in brackets":
            return number.translate(IN_BRACKETS)
        case "bold":
            return number.translate(BOLD)
        case "read out":
            return number.translate(READ_OUT)
        case "broken":
            return _broken(random, number)
        case "lettered":
            return _lettered(random, number)
        case "unseen":
            return _unseen(random, number)
        case "punctuated":
            return random.choice(MARKS).join(number)
        case "in signs":
            return _grouped(number, random.choice(MARKS))
        case "wide groups":
            return _grouped(number, "-").translate(FULL_WIDTH)
        case _:
            return number


# --- and what looks like them but tells nothing -----------------------------------------------------------


def _day(random: Random) -> date:
    return date(2023, 1, 1) + timedelta(days=random.randrange(1460))


def case_numbers(random: Random) -> str:
    """One to three case numbers in a sentence."""
    many = [f"MS{_day(random):%Y%m%d}-{random.randrange(10000):04d}" for _ in range(random.randrange(1, 4))]
    return random.choice(("编号{}，请查", "{}", "我的件{}咋样了")).format(
        random.choice(("、", " ", "，", "和")).join(many)
    )


def dates(random: Random) -> str:
    """Days, ranges and lists of days."""
    form = random.choice(("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%m-%d", "%m.%d"))
    many = [f"{_day(random):{form}}" for _ in range(random.randrange(1, 4))]
    return f"从{random.choice(('-', '至', ' ', '、', '~')).join(many)}起"


def times(random: Random) -> str:
    """Hours and minutes, with and without a day."""
    clock = f"{random.randrange(24):02d}:{random.randrange(60):02d}"
    other = f"{random.randrange(24):02d}:{random.randrange(60):02d}:{random.randrange(60):02d}"
    stamp = f"{_day(random):%Y%m%d}{random.randrange(24):02d}{random.randrange(60):02d}{random.randrange(60):02d}"
    return random.choice((f"{clock}-{other}", f"{_day(random)} {clock}", f"{_day(random)} {other} 停水", stamp))


def amounts(random: Random) -> str:
    """Money, areas and counts, one or several."""
    form = random.choice(("{:.2f}", "{:,.2f}", "{:.0f}", "{:,.0f}", "{:.1f}"))
    many = [form.format(random.uniform(1, 10 ** random.randrange(1, 8))) for _ in range(random.randrange(1, 5))]
    unit = random.choice(("元", "亩", "户", "万元", ""))
    return "分别是" + random.choice(("、", " ", "，", "和")).join(one + unit for one in many) + "。"


def document_numbers(random: Random) -> str:
    """文号."""
    office = random.choice(("川府发", "国办函", "川财农", "农计财发", "民发"))
    left, right = random.choice(("〔〕", "[]", "()", "（）"))
    number = f"{office}{left}{random.randrange(2005, 2027)}{right}{random.randrange(1, 400)}号"
    return f"依据{number}和{number}"


def landlines(random: Random) -> str:
    """Office telephones, hotlines."""
    area, tail = random.choice(("0818", "0826", "028", "0000")), random.randrange(2_000_000, 9_000_000)
    return f"电话{area}-{tail}，{random.choice(('12345', '12388', '110', '95598'))}，或{area}-{tail + 1}"


def query_codes(random: Random) -> str:
    """Query codes: 11 digits, the first from 2 to 9, written 3-4-4."""
    code = f"{random.randrange(2, 10)}{random.randrange(10**10):010d}"
    return f"查询码{code[:3]}-{code[3:7]}-{code[7:]}"


def coordinates(random: Random) -> str:
    """A shared location as it is kept."""
    return f"{random.uniform(26, 34):.5f},{random.uniform(97, 108):.5f}"


def lines(random: Random) -> str:
    """A table pasted into a message: a line each."""
    return "\n".join(f"{_day(random):%m.%d} {random.randrange(50, 5000)}元" for _ in range(random.randrange(2, 6)))


def tip_numbers(random: Random) -> str:
    """Numbers and codes of tips."""
    code = f"{random.randrange(2, 10)}{random.randrange(10**15):015d}"
    groups = "-".join(code[at : at + 4] for at in range(0, 16, 4))
    return (
        f"JB{_day(random):%Y%m%d}-{random.randrange(10000):04d}，查询码{groups}"
        if random.random() < 0.05
        else (f"JB{_day(random):%Y%m%d}-{random.randrange(10000):04d}")
    )


def words(random: Random) -> str:
    """Numerals and letters that are words."""
    many = ("两三个人", "洞口", "拐弯处", "什么时候", "OK", "lol", "一二三四组", "3组", "5l油", "10O元", "二〇二六年")
    return "".join(random.choice(many) for _ in range(random.randrange(2, 8)))


HARMLESS = (
    case_numbers, dates, times, amounts, document_numbers, landlines, query_codes, coordinates, lines, tip_numbers,
    words,
)  # fmt: skip
