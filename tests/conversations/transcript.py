"""Reads a talk as people write it down, plays it, and compares what is heard.

    群众: 村里停水三天了          somebody types           群众 点: 同意        presses a button of the last message
    群众 旧点: 同意               of an older message      群众 发: 照片 语音   sends files (| and words)
    群众 在: 30.447,105.489       shares a location        群众 扫: qingshan-gate   scans a printed code
    群众 又发:                    the network repeats the last message
    直通: 您好，…                 what is heard at once, lines below it indented, [buttons | last]
    来信 群众: …                  what came unasked
    水务局 王芳: answer 已修好    staff of a unit (or 分办, 督办) press an act, with name=value fields before the words
    时钟: +8 天                   time passes (天, 小时, 分钟)
    账上: 信 0，草稿 1，案件 0    what is stored: letters and drafts of the citizen who spoke last, cases of all

… stands for any words, and on a line of its own for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from tests.conversations.player import Heard, Player

ANY = "…"
NOTHING = "没有"
KINDS = {"照片": "photo", "语音": "voice", "视频": "video", "文件": "file"}
SPANS = {"天": "days", "小时": "hours", "分钟": "minutes"}
_LINE = re.compile(r"(?P<who>[^\s:：]+)(?: (?P<how>[^:：]+))?[:：] ?(?P<what>.*)")


class Stage(Protocol):
    """Where a transcript is played: citizens by name, an office, a clock, and what is stored."""

    def citizen(self, name: str) -> Player:
        """The player of a citizen."""
        ...

    async def press(self, unit: str, name: str, act: str, text: str, fields: dict[str, str]) -> str:
        """Staff do something to the newest case (or to `fields["case"]`); the reason why not, or ""."""
        ...

    async def wait(self, span: timedelta) -> None:
        """Time passes."""
        ...

    def stored(self, name: str) -> dict[str, int]:
        """How many letters (信), drafts (草稿) and cases (案件) there are."""
        ...


@dataclass
class Step:
    """One thing that happens, and what is heard of it: blocks of lines, in order."""

    line: int
    who: str
    how: str
    what: str
    heard: list[list[str]] = field(default_factory=list[list[str]])


def parse(text: str) -> list[Step]:
    """The steps of a transcript. Raises AssertionError naming a line that says nothing."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("    "):
            steps[-1].heard[-1].append(line.strip())
            continue
        match = _LINE.fullmatch(line)
        assert match, f"line {number}: {line!r}"
        who, how, what = match["who"], match["how"] or "", match["what"]
        more = steps and who == "来信" and (steps[-1].who, steps[-1].how) == (who, how)
        if who != "直通" and not more:
            steps.append(Step(number, who, how, what))
        if who in ("直通", "来信") and what != NOTHING:
            steps[-1].heard.append([what])
    return steps


class Play:
    """A transcript on its stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.last: dict[str, list[Heard]] = {}
        self.older: dict[str, list[Heard]] = {}
        self.speaker = ""

    async def step(self, step: Step) -> list[Heard]:
        """Do what a step says; what is heard of it."""
        match step.who:
            case "时钟":
                amount, _, unit = step.what.removeprefix("+").partition(" ")
                await self.stage.wait(timedelta(**{SPANS[unit.strip()]: float(amount)}))
                return []
            case "账上":
                wanted = {name: int(count) for name, count in re.findall(r"([^\s，]+) (\d+)", step.what)}
                found = self.stage.stored(self.speaker)
                assert wanted == {name: found[name] for name in wanted}, (step.line, wanted, found)
                return []
            case "来信":
                return await self.stage.citizen(step.how).mail()
            case _ if step.how and step.how not in _HOW:
                await self._staff(step)
                return []
            case _:
                return await self._citizen(step)

    async def _staff(self, step: Step) -> None:
        act, *rest = step.what.split(" ")
        fields = dict(word.split("=", 1) for word in rest if re.match(r"[a-z]+=", word))
        text = " ".join(word for word in rest if not re.match(r"[a-z]+=", word))
        error = await self.stage.press(step.who, step.how, act, text, fields)
        assert not error, f"line {step.line}: {step.who} {step.how} may not {act}: {error}"

    async def _citizen(self, step: Step) -> list[Heard]:
        self.speaker = step.who
        player = self.stage.citizen(step.who)
        seen = self.last.get(step.who, [])
        older = self.older.setdefault(step.who, [])
        match step.how:
            case "点":
                heard = await player.press(_token(seen, step.what, step.line))
            case "旧点":
                heard = await player.press(_token(older, step.what, step.line))
            case "发":
                kinds, _, text = step.what.partition("|")
                heard = await player.send(*(KINDS[kind] for kind in kinds.split()), text=text.strip())
            case "在":
                lat, lon = step.what.split(",")
                heard = await player.share(float(lat), float(lon))
            case "扫":
                heard = await player.scan(step.what)
            case "又发":
                return await player.again()
            case _:
                heard = await player.say(step.what)
        older += seen
        self.last[step.who] = heard
        return heard

    async def mail_counts(self, step: Step, heard: Sequence[Heard]) -> None:
        """Buttons under a letter that came unasked can be pressed, too."""
        if step.who == "来信" and heard:
            self.older.setdefault(step.how, []).extend(self.last.get(step.how, []))
            self.last[step.how] = list(heard)


_HOW = ("点", "旧点", "发", "在", "扫", "又发")


def _token(heard: Sequence[Heard], label: str, line: int) -> str:
    """The token behind a label, the newest first."""
    for one in reversed(heard):
        if label in one.labels:
            return one.token(label)
    raise AssertionError(f"line {line}: no button {label!r} among {[one.labels for one in heard]}")


def written(heard: Heard) -> list[str]:
    """What is heard as a transcript writes it: its lines, then its buttons."""
    lines = [line.strip() for paragraph in heard.paragraphs for line in paragraph.splitlines() if line.strip()]
    return [*lines, *([f"[{' | '.join(heard.labels)}]"] if heard.buttons else [])]


def fits(expected: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether lines are as expected, where … stands for anything."""
    if not expected:
        return not lines
    if expected[0] == ANY:
        return any(fits(expected[1:], lines[skipped:]) for skipped in range(len(lines) + 1))
    pattern = ".*".join(re.escape(part) for part in expected[0].split(ANY))
    return bool(lines) and re.fullmatch(pattern, lines[0]) is not None and fits(expected[1:], lines[1:])


async def play(path: Path, stage: Stage) -> None:
    """Play a transcript. Raises AssertionError with the place and both versions of what was heard."""
    acting = Play(stage)
    for step in parse(path.read_text("utf-8")):
        heard = await acting.step(step)
        await acting.mail_counts(step, heard)
        lines = [written(one) for one in heard]
        same = len(lines) == len(step.heard) and all(map(fits, step.heard, lines))
        assert same, _difference(path, step, lines)


def _difference(path: Path, step: Step, lines: Sequence[Sequence[str]]) -> str:
    expected = "\n".join("\n".join(["直通:", *(f"    {line}" for line in block)]) for block in step.heard)
    found = "\n".join("\n".join(["直通:", *(f"    {line}" for line in block)]) for block in lines)
    return f"{path.name}:{step.line} {step.who} {step.how}: {step.what}\nexpected\n{expected}\nheard\n{found}"


async def record(path: Path, stage: Stage) -> None:
    """Write what is heard into the transcript wherever it does not fit; to be read before it is believed."""
    acting = Play(stage)
    lines = path.read_text("utf-8").splitlines()
    steps = parse("\n".join(lines))
    done = steps[0].line - 1
    out = lines[:done]
    try:
        for step, end in zip(steps, [*(step.line - 1 for step in steps[1:]), len(lines)], strict=True):
            heard = await acting.step(step)
            await acting.mail_counts(step, heard)
            out += _kept(step, lines[step.line - 1 : end], [written(one) for one in heard])
            done = end
    finally:
        path.write_text("\n".join([*out, *lines[done:]]).rstrip("\n") + "\n", "utf-8")


def _kept(step: Step, lines: Sequence[str], found: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a step as they were, when they fit; else with what was heard."""
    if len(found) == len(step.heard) and all(map(fits, step.heard, found)):
        return list(lines)
    below = [line for line in lines[1:] if not line.startswith(("    ", "直通", "来信"))]
    return [*_blocks(step, lines[0], found), *below]


def _blocks(step: Step, line: str, found: Sequence[Sequence[str]]) -> list[str]:
    """The line of a step and what was heard; long texts of the files are cut short."""
    mail = step.who == "来信"
    name = f"来信 {step.how}" if mail else "直通"
    short = [_short(block) for block in found]
    blocks = [one for block in short for one in (f"{name}: {block[0]}", *(f"    {more}" for more in block[1:]))]
    if mail:
        return blocks or [f"{name}: {NOTHING}"]
    return [line, *blocks]


def _short(block: Sequence[str]) -> list[str]:
    """The notice is the same in every transcript but one; an answer of the files is somebody else's to test."""
    for at, line in enumerate(block):
        if line in ("反映之前请您知道：", "Before you start, please know:"):
            return [*block[: at + 1], ANY, *block[at + 5 :]]
    source = next((at for at, line in enumerate(block) if line.startswith(("依据：", "Source:"))), 0)
    return [ANY, "依据：…", ANY, *block[source + 3 :]] if source > 2 else list(block)
