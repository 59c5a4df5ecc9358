"""The transcripts in which staff act, word for word: citizens by encrypted pushes, staff in their WeCom group."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.channels.wechat import citizens
from bot.channels.wechat.citizens import Citizens
from handlers.staff.orders import VERBS
from tests.channels.wechat.test_transcripts import LONG, OTHERWISE, play
from tests.channels.wecom.stage import OfficeStage
from tests.conversations.house import TalkHouse
from tests.conversations.test_transcripts import SCRIPTS

ACTS = "|".join(map(str, VERBS))
STAFF = re.compile(rf"^\S+ [^\s:]+: ({ACTS})\b", re.MULTILINE)
PLAYED = [one for one in SCRIPTS if one.stem not in OTHERWISE and STAFF.search(one.read_text("utf-8"))]


@pytest.mark.parametrize("path", PLAYED, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Citizens, "_too_fast", lambda self, came: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(citizens, "MESSAGE", LONG)
    stage = OfficeStage(TalkHouse(tmp_path), tmp_path)
    asyncio.run(play(path, stage))
    assert stage.bound, "nobody acted from the group"
