"""What one file says about another: references, cycles, numbering. For clocks and days see times.py.

The checks read trees, not models, so that a file with one bad line still has all its other lines checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import available_timezones

from config.explain import near
from config.nodes import Node, Problem
from config.schema import Lane
from config.times import calendar, clocks, ladder, terms

Trees = Mapping[str, Node]
TOWN = "town"

# What every complaint asks anyway (handlers/citizen/report.py): a topic's question of that name would share its answer.
TAKEN = frozenset(
    [
        "consent",
        "story",
        "topic",
        "official",
        "go_on",
        "danger",
        "place",
        "contact",
        "photos",
        "when",
        "behalf",
        "submit",
        "join",
    ]
)


def cross(trees: Trees) -> Iterator[Problem]:
    """Every problem between the files that could be read; a file missing from `trees` is asked for nothing."""
    known = Known(trees)
    yield from _numbering(trees)
    for check in (_units, _places, _topics, _office, _scenes):
        yield from check(trees, known)
    for emergency in _rows(trees, "emergencies"):
        yield from _words([*emergency.rows("keywords"), *emergency.rows("unless")])
    yield from _repeats(trees.get("repeats"))
    yield from clocks(trees.get("deadlines"), topic_rows(trees))
    yield from calendar(trees.get("holidays"))
    yield from ladder(trees.get("ladder"))
    yield from terms(trees.get("retention"))


class Known:
    """The ids each file gives out; None when the file could not be read, so that nobody is blamed twice."""

    def __init__(self, trees: Trees) -> None:
        self.units = _ids(trees.get("departments"), "id")
        self.places = _ids(trees.get("places"), "id")
        self.categories = _ids(trees.get("categories"), "code")
        self.topics = None if self.categories is None else [row.word("code") for row in topic_rows(trees)]
        office = trees.get("office")
        self.doors = None if office is None else [row.word("id") for row in office.rows("doors")]


def _ids(tree: Node | None, key: str) -> list[str] | None:
    return None if tree is None or tree.items is None else [row.word(key) for row in tree.rows()]


def _rows(trees: Trees, name: str, key: str = "") -> list[Node]:
    tree = trees.get(name)
    return tree.rows(key) if tree is not None else []


def topic_rows(trees: Trees) -> list[Node]:
    """Every topic of every category, in the order of the file."""
    return [topic for category in _rows(trees, "categories") for topic in category.rows("topics")]


def _missing(
    node: Node, known: list[str] | None, what: str, where: str, also: tuple[str, ...] = ()
) -> Iterator[Problem]:
    """A problem when `node` names something that `known` (and `also`) does not hold."""
    word = node.text
    if word is None or known is None or word in known or word in also:
        return
    yield node.problem(f"找不到{what} {word}。", near(word, [*known, *also]) or f"请先在 {where} 里写上它。")


def _twice(rows: Iterable[Node], key: str, what: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        node = row.get(key) if row.pairs is not None else row
        if node.text is None:
            continue
        if node.text in first:
            yield node.problem(f"{what} {node.text} 重复了（第一次在第 {first[node.text]} 行）。", "请改一个新的。")
        first.setdefault(node.text, node.line)


def _circles(rows: list[Node]) -> Iterator[Problem]:
    """A unit or place that is, by way of `parent`, its own superior; each circle is told once."""
    parents = {row.word("id"): row.word("parent") for row in rows}
    told: set[str] = set()
    for row in rows:
        walk, here = list[str](), row.word("id")
        while here and here not in walk and here not in told:
            walk.append(here)
            here = parents.get(here, "")
        if here and here in walk:
            ring = " → ".join([*walk[walk.index(here) :], here])
            yield row.get("parent").problem(f"上级绕成了圈：{ring}。", "请把其中一个的 parent 改对。")
        told.update(walk)


_NUMBERED = {"departments": "id", "places": "id", "emergencies": "id", "categories": "code", "scenes": "code"}


def _numbering(trees: Trees) -> Iterator[Problem]:
    for name, key in _NUMBERED.items():
        yield from _twice(_rows(trees, name), key, "编号")
    yield from _twice(topic_rows(trees), "code", "编号")
    for key in ("doors", "grounds"):
        yield from _twice(_rows(trees, "office", key), "id", "编号")
    for category in _rows(trees, "categories"):
        for topic in category.rows("topics"):
            code, shelf = topic.get("code"), category.word("code")
            if code.text and shelf and not code.text.startswith(shelf + "."):
                yield code.problem(f"小类编号 {code.text} 不在大类 {shelf} 下。", f"请改成 {shelf}. 开头。")


def _units(trees: Trees, known: Known) -> Iterator[Problem]:
    rows = _rows(trees, "departments")
    for row in rows:
        yield from _missing(row.get("parent"), known.units, "上级", "config/departments.yaml")
        yield from _words(row.rows("aliases"))
    yield from _circles(rows)


def _places(trees: Trees, known: Known) -> Iterator[Problem]:
    rows = _rows(trees, "places")
    kinds = {row.word("id"): row.word("kind") for row in rows}
    for row in rows:
        yield from _missing(row.get("parent"), known.places, "上级", "config/places.yaml")
        yield from _missing(row.get("department"), known.units, "单位", "config/departments.yaml")
        yield from _words(row.rows("aliases"))
        yield from _standing(row, kinds)
        yield from _coordinates(row)
    yield from _circles(rows)
    yield from _same_name(rows)


def _standing(row: Node, kinds: Mapping[str, str]) -> Iterator[Problem]:
    parent, name = row.word("parent"), row.word("name") or row.word("id")
    if row.word("kind") == "village" and (not parent or kinds.get(parent, TOWN) != TOWN):
        yield row.problem(f"{name} 没有写属于哪个乡镇。", "请写一行 parent: 乡镇的编号。")
    if row.word("kind") == TOWN and not row.word("department"):
        yield row.problem(f"{name} 没有写归哪个单位管。", "请写一行 department: 单位的编号。")


def _coordinates(row: Node) -> Iterator[Problem]:
    for key, limit in (("lat", 90), ("lon", 180)):
        node = row.get(key)
        try:
            fits = node.text is None or abs(float(node.text)) <= limit
        except ValueError:
            continue  # the schema has already said that it is no number
        if not fits:
            yield node.problem(f"{key} 超出了范围。", f"要在 -{limit} 和 {limit} 之间。")


def _same_name(rows: list[Node]) -> Iterator[Problem]:
    first: dict[tuple[str, str], int] = {}
    for row in rows:
        key, node = (row.word("parent"), row.word("name")), row.get("name")
        if key in first and node.text:
            yield node.problem(f"同一个乡镇里有两个{node.text}（第一个在第 {first[key]} 行）。", "请改得能分清。")
        first.setdefault(key, node.line)


def _topics(trees: Trees, known: Known) -> Iterator[Problem]:
    discipline = {row.word("id") for row in _rows(trees, "departments") if row.true("discipline")}
    for row in topic_rows(trees):
        yield from _missing(row.get("department"), known.units, "单位", "config/departments.yaml", (TOWN,))
        for unit in row.rows("assist"):
            yield from _missing(unit, known.units, "协办单位", "config/departments.yaml", (TOWN,))
        yield from _missing(row.get("door"), known.doors, "渠道", "config/office.yaml 的 doors")
        yield from _lane(row, discipline if known.units is not None else None)
        yield from _joinable(row)
        yield from _questions(row)
        yield from _words(row.rows("keywords"))


def _lane(row: Node, discipline: set[str] | None) -> Iterator[Problem]:
    """检举控告工作规则 §47: what is said about an official never reaches an ordinary unit."""
    lane = row.word("lane")
    if lane not in (Lane.TIP, Lane.UPPER):
        return
    if lane == Lane.TIP and discipline is not None and row.word("department") not in discipline:
        yield row.problem("检举控告只能交给纪检监察机构。", "department 要写 discipline: true 的单位，例如 jijian。")
    if lane == Lane.TIP and row.rows("assist"):
        yield row.get("assist").problem("检举控告不能有协办单位。", "请删掉 assist。")
    if lane == Lane.UPPER and not row.word("door"):
        yield row.problem("上级受理的事项要写去哪个渠道。", "请写一行 door: upper。")


def _joinable(row: Node) -> Iterator[Problem]:
    """What may be said of an official or a named unit is nobody else's to hear of (检举控告工作规则 §47)."""
    for key in ("joinable", "crosscheck"):
        if row.true(key) and row.word("lane") in (Lane.TIP, Lane.UPPER):
            yield row.get(key).problem(f"检举控告不能写 {key}。", f"请删掉 {key}: true。")
    if row.true("joinable") and row.true("ask_official"):
        yield row.get("joinable").problem("可能涉及干部的事不能附议。", "joinable 和 ask_official 只能写一个。")


def _questions(row: Node) -> Iterator[Problem]:
    questions = row.rows("questions")
    yield from _twice(questions, "id", "问题编号")
    required = [question for question in questions if question.true("required")]
    for question in required[1:]:
        yield question.problem("一个事项最多一个必答问题。", "请把其余的 required: true 删掉。")
    for question in questions:
        if question.word("id") in TAKEN:
            yield question.get("id").problem(f"问题编号 {question.word('id')} 程序自己要用。", "请换一个编号。")
        yield from _twice(question.rows("options"), "token", "选项编号")
        choices = len(question.rows("options"))
        if question.word("type") == "choice" and choices < 2:
            yield question.problem("选择题至少要有两个选项。", "请在 options 下补上。")
        elif question.word("type") != "choice" and choices:
            yield question.problem("有选项的问题要写 type: choice。", "")


def _words(words: list[Node]) -> Iterator[Problem]:
    for word in words:
        if word.text is not None and not word.text.strip():
            yield word.problem("关键词不能是空的。", "空的词什么话都对得上，请删掉这一个。")
        elif word.text is not None and re.search("[，、；]", word.text):
            yield word.problem(f"“{word.text[:20]}”里有中文的逗号、顿号。", "几个词之间要用英文逗号隔开。")


def _office(trees: Trees, known: Known) -> Iterator[Problem]:
    office = trees.get("office")
    if office is None:
        return
    yield from _missing(office.get("duty_department"), known.units, "值班单位", "config/departments.yaml")
    for code in office.rows("common_topics"):
        yield from _missing(code, known.topics, "事项", "config/categories.yaml")
    for ground in office.rows("grounds"):
        yield from _missing(ground.get("door"), known.doors, "渠道", "config/office.yaml 的 doors")
    yield from _limits(office.get("limits"))
    yield from _telegram(office, known)
    yield from _seats(office.get("wecom"), known)
    yield from _zone(office.get("time_zone"))
    yield from _closing(office.get("day_ends"))
    yield from _missing(office.get("review").get("door"), known.doors, "渠道", "config/office.yaml 的 doors")


def _telegram(office: Node, known: Known) -> Iterator[Problem]:
    """Groups name departments, each once; more than numbers leaves the country only when somebody answers for it."""
    rules = office.get("telegram")
    groups = rules.rows("groups")
    yield from _seats(rules, known)
    approved = rules.word("approved_by") or office.true("sample")
    for node in (rules, *groups):
        if node.word("detail") == "redacted" and not approved:
            advice = "写上批准人 approved_by，或者改成 number。"
            yield node.get("detail").problem("把经过发到 Telegram 群，要有人批准。", advice)


def _seats(rules: Node, known: Known) -> Iterator[Problem]:
    """Groups are named once, and so is each department that sits in one."""
    groups = rules.rows("groups")
    yield from _twice(groups, "chat", "群")
    units = [unit for group in groups for unit in group.rows("departments")]
    for unit in units:
        yield from _missing(unit, known.units, "单位", "config/departments.yaml")
    yield from _twice(units, "", "单位")


def _limits(limits: Node) -> Iterator[Problem]:
    for name, node in (limits.pairs or {}).items():
        if node.text is not None and node.text.lstrip("-").isdecimal() and int(node.text) < 1:
            yield node.problem(f"{name} 至少要写 1。")
    low, high = limits.word("story_min"), limits.word("story_max")
    if low.isdecimal() and high.isdecimal() and int(low) >= int(high):
        yield limits.get("story_max").problem("story_max 要比 story_min 大。")


def _repeats(rules: Node | None) -> Iterator[Problem]:
    """A number is never said of fewer people than the offer itself needs."""
    if rules is None:
        return
    offer, count = rules.word("offer_from"), rules.word("count_from")
    if offer.isdecimal() and count.isdecimal() and int(offer) > int(count):
        advice = "一般写 offer_from: 2，count_from: 5。"
        yield rules.get("count_from").problem("count_from 不能比 offer_from 小。", advice)


def _zone(zone: Node) -> Iterator[Problem]:
    if zone.text is not None and zone.text not in available_timezones():
        yield zone.problem(f"没有 {zone.text} 这个时区。", "一般写 Asia/Shanghai。")


def _closing(node: Node) -> Iterator[Problem]:
    if node.text is not None and re.fullmatch(r"\d\d:\d\d", node.text):
        hour, minute = node.text.split(":")
        if int(hour) > 23 or int(minute) > 59:
            yield node.problem(f"没有 {node.text} 这个钟点。", "要在 00:00 和 23:59 之间。")


def _scenes(trees: Trees, known: Known) -> Iterator[Problem]:
    for row in _rows(trees, "scenes"):
        yield from _missing(row.get("place"), known.places, "地点", "config/places.yaml")
        yield from _missing(row.get("category"), known.categories, "大类", "config/categories.yaml")
        yield from _missing(row.get("topic"), known.topics, "事项", "config/categories.yaml")
        category, topic = row.word("category"), row.get("topic")
        if category and topic.text and not topic.text.startswith(category + "."):
            yield topic.problem(f"事项 {topic.text} 不属于大类 {category}。", "两个要对得上，或者只写一个。")
