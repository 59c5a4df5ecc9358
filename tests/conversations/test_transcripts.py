"""Every script as a talk: read them, they are the specification. `ZHITONG_RECORD=1` writes what was heard."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.conversations import transcript
from tests.conversations.house import TalkHouse
from tests.conversations.stage import TalkStage

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
RECORD = os.environ.get("ZHITONG_RECORD", "")
DEEP = bool(os.environ.get("ZHITONG_DEEP"))


def every_third(first: int) -> list[Path]:
    """What is played again over a channel: the main job and every third script from `first`; deep runs, all."""
    return [path for number, path in enumerate(SCRIPTS) if DEEP or number in (0, 20) or number % 3 == first]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    stage = TalkStage(TalkHouse(tmp_path))
    if RECORD and RECORD in ("1", path.stem):
        asyncio.run(transcript.record(path, stage))
        pytest.skip("recorded: read it before you believe it")
    asyncio.run(transcript.play(path, stage))


def test_a_transcript_can_fail(tmp_path: Path) -> None:
    """A wrong word, a missing button and a missing answer are all noticed."""
    good = "群众: 谢谢\n直通: 不用谢。有事随时说。\n    [菜单]\n"
    for bad in (good.replace("随时", "马上"), good.replace("菜单", "返回"), "群众: 谢谢\n", good + "直通: 还有\n"):
        path = tmp_path / "bad.txt"
        path.write_text(bad, "utf-8")
        with pytest.raises(AssertionError):
            asyncio.run(transcript.play(path, TalkStage(TalkHouse(_fresh(tmp_path)))))
    path.write_text(good, "utf-8")
    asyncio.run(transcript.play(path, TalkStage(TalkHouse(_fresh(tmp_path)))))


def _fresh(folder: Path) -> Path:
    fresh = folder / str(len(list(folder.iterdir())))
    fresh.mkdir()
    return fresh


@pytest.mark.parametrize(
    ("expected", "lines", "same"),
    [
        (["您好…"], ["您好，这里是示例县民声直通。"], True),
        (["您好…", "…", "[菜单]"], ["您好呀", "一", "二", "[菜单]"], True),
        (["您好…", "…", "[菜单]"], ["您好呀", "[菜单]"], True),
        (["您好"], ["您好", "再见"], False),
        (["…好"], ["您坏"], False),
    ],
)
def test_dots_stand_for_anything(expected: list[str], lines: list[str], same: bool) -> None:
    assert transcript.fits(expected, lines) is same
