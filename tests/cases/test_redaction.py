"""What is masked and what stays: every number that tells on somebody, in every disguise; hardly anything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.redaction import is_id_card, mask
from tests.cases.numbers import DISGUISES, HARMLESS, KINDS, dressed, mobile

ROOT = Path(__file__).parent.parent.parent
SAMPLES = 150
AROUND = (
    ("", ""), ("我的是", "，谢谢"), ("张三", "李四"), ("王五 ", " 赵六"), ("abc", "xyz"), ("（", "）"), ("1、", ""),
    ("2.", "。"), ("第3组", "号"), ("三组", "五号"), ("MS20261122-0007 ", ""), ("2026年11月22日", ""),
    ("尾号1234，", ""), ("2026-11-22 ", ""), ("", "\n2026"), ("+", ""), ("电话:", "转"), ("QQ/微信", "同号"),
)  # fmt: skip


def left(text: str, start: int, stop: int) -> int:
    """How many characters of the number at `start` to `stop` can still be read after masking."""
    masked = mask(text)
    assert len(masked) == len(text)
    return sum(char.isnumeric() or char in "XxＸｘ洞拐勾OoОlI" for char in masked[start:stop])


@pytest.mark.parametrize("how", DISGUISES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_in_every_disguise(kind: str, how: str) -> None:
    """Recall is 100 %: at most the last two characters are left."""
    random = Random(f"{kind} {how}")
    leaked: list[str] = []
    for _ in range(SAMPLES):
        number = dressed(random, KINDS[kind](random), how)
        before, after = random.choice(AROUND)
        if left(before + number + after, len(before), len(before + number)) > 2:
            leaked.append(before + number + after)
    assert leaked == []


@pytest.mark.parametrize("prefix", ["+86", "+86 ", "+86-", "86", "0086", "0086-", "(+86)", "（86）", "0", "086 "])
@pytest.mark.parametrize("how", ["plain", "full width", "grouped", "numerals"])
def test_a_mobile_behind_its_country(prefix: str, how: str) -> None:
    random = Random(prefix + how)
    for _ in range(SAMPLES // 10):
        number = dressed(random, mobile(random), how)
        before = f"打{prefix}"
        assert left(before + number, len(before), len(before + number)) <= 2, prefix + number


@pytest.mark.parametrize("glue", ["", " ", "、", "，", "/", "-", ",", "\n", "和", ";"])
def test_two_in_a_row(glue: str) -> None:
    """Of any two kinds, in any two disguises: nothing is left but two digits of each."""
    random = Random(glue)
    leaked: list[str] = []
    for _ in range(SAMPLES):
        one, two = (
            dressed(random, random.choice(list(KINDS.values()))(random), random.choice(DISGUISES)) for _ in "12"
        )
        text = one + glue + two
        if left(text, 0, len(one)) > 2 or left(text, len(one + glue), len(text)) > 2:
            leaked.append(text)
    assert leaked == []


@pytest.mark.parametrize("make", HARMLESS, ids=lambda make: make.__name__)
def test_hardly_anything_else(make: Callable[[Random], str]) -> None:
    """At most 1 % of what looks like a number that tells on somebody is masked."""
    random = Random(make.__name__)
    texts = [make(random) for _ in range(2000)]
    hits = [text for text in texts if mask(text) != text]
    assert len(hits) <= len(texts) // 100, hits[:20]


def test_rates() -> None:
    """The figures of docs/threat-model.md: `pytest -s -k test_rates` prints them."""
    random = Random("rates")
    pairs = [(kind, how) for kind in KINDS for how in DISGUISES]
    shown = 0
    for n in range(2850):
        kind, how = pairs[n % len(pairs)]
        number = dressed(random, KINDS[kind](random), how)
        before, after = random.choice(AROUND)
        shown += left(before + number + after, len(before), len(before + number)) > 2
    texts = [random.choice(HARMLESS)(random) for _ in range(3000)]
    hits = sum(mask(text) != text for text in texts)
    began = time.process_time()
    for text in texts:
        mask(text)
    each = (time.process_time() - began) / len(texts)
    print(f"\n{2850 - shown} of 2850 masked; {hits} of {len(texts)} harmless hit; {each * 1e6:.0f} µs a text")
    assert (shown, hits <= len(texts) // 100) == (0, True)


def test_nothing_in_the_answers_on_subsidies() -> None:
    """The FAQ files hold amounts, years, document numbers and office telephones, and nobody's own number."""
    lines = [line for path in sorted((ROOT / "faq").rglob("*.md")) for line in path.read_text("utf-8").splitlines()]
    assert len(lines) > 1000
    assert [line for line in lines if mask(line) != line] == []


STAYS = [
    "MS20261122-0007", "MS20261122-0007、MS20261122-0008", "查询码 234-5678-9012", "2026-11-22 09:30", "20261122093015",
    "电话0000-5550100", "川府发〔2025〕12号", "13.5 14.2 15.8 16.1亩", "1,380,013,800元",
    "一、二、三、四、五、六、七、八、九",
    "身份证110105194912310021", "卡号6222020200001234", "12345678901", "1380013800", "138001380000", "6, 222, 020",
    "7.15 14.2 15.8 160亩", "分别是1500、1600、170元",
]  # fmt: skip


@pytest.mark.parametrize("text", STAYS)
def test_stays(text: str) -> None:
    assert mask(text) == text


MASKED = [
    ("张三13800138000", "张三*********00"),
    ("张三一三八零零一三八零零零", "张三*********零零"),
    ("打+86 138-0013-8000", "打+86 ***-****-**00"),
    ("11010519491231002X", "****************2X"),
    ("110105 19491231 002x，13800138000", "****** ******** **2x，*********00"),
    ("１３８００１３８０００", "*********００"),
    ("1380013800013900139000", "*********00*********00"),
    ("11010519491231002X13800138000", "****************2X*********00"),
    ("811010519491231002X", "8****************2X"),
    ("6222 0202 0000 1234 562", "**** **** **** **** *62"),
    ("老身份证110105491231002", "老身份证*************02"),
    ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣0️⃣0️⃣"),
    ("MS20261122-0007 13800138000", "MS20261122-0007 *********00"),
    ("l3OOOOOOOOO低保", "*********OO低保"),
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),  # check digit
        ("110105194913310020", False),  # month 13
        ("010105194912310028", False),  # no region begins with 0
        ("1101051949123100", False),
        ("", False),
    ],
)
def test_id_cards(number: str, right: bool) -> None:
    assert is_id_card(number) is right


NUMBERISH = st.text(st.sampled_from("0123456789138620Xx -.,、/一三八零〇１３８\u200b\n张三年"), max_size=80)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=200), NUMBERISH))
def test_only_digits_are_masked_and_once_is_enough(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    changed = [before for before, after in zip(text, masked, strict=True) if before != after]
    assert all(char.isnumeric() or char in "○洞么两拐勾OoQОοDlIi|" for char in changed)
    assert mask(masked) == masked


LONG = {
    "ones": "1", "mobiles": "13800138000", "spaced mobiles": "138 0013 8000 ", "cards": "6222020200001234564",
    "spelled": "1 ", "hyphens": "1-", "id cards": "11010519491231002X", "numerals": "一三八", "fours": "4 ",
    "gaps": "1    ", "prose": "村里停水三天了，", "hidden": "1\u200b", "prefixes": "0086",
}  # fmt: skip


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
def test_a_hundred_thousand_characters_take_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text, start = (unit * size)[:size], time.process_time()
        mask(text)
        return time.process_time() - start

    short, long = min(seconds(10_000) for _ in range(3)), seconds(100_000)
    assert long <= 25 * short + 0.1
    assert long < 3
