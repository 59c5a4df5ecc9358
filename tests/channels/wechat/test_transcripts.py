"""The transcripts of the web talk over encrypted pushes. What WeChat does otherwise stands in `OTHERWISE`, and why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.channels.wechat import citizens
from bot.channels.wechat.citizens import Citizens
from bot.channels.wechat.ports import Grant
from tests.channels.wechat.stage import WeChatStage, merged
from tests.conversations import transcript
from tests.conversations.house import TalkHouse
from tests.conversations.test_transcripts import every_third

OTHERWISE = {
    "13-先发照片": "it sends a document: WeChat gives out no documents (test_media, test_words)",
    "21-检举": "it sends a photo with words: in WeChat these are two messages, and each is answered",
}
LONG = Grant("message", 99, 400 * 86400)  # what the ladder does after two days stands in test_delivery


PLAYED = [path for path in every_third(2) if path.stem not in OTHERWISE]


@pytest.mark.parametrize("path", PLAYED, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Citizens, "_too_fast", lambda self, came: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(citizens, "MESSAGE", LONG)
    asyncio.run(play(path, WeChatStage(TalkHouse(tmp_path), tmp_path)))


async def play(path: Path, stage: WeChatStage) -> None:
    """Play a transcript on a stage that is opened and closed for it."""
    await stage.open()
    try:
        acting = transcript.Play(stage)
        for step in transcript.parse(path.read_text("utf-8")):
            heard = await acting.step(step)
            await acting.mail_counts(step, heard)
            lines = [transcript.written(one) for one in heard]
            expected = step.heard if step.who == "来信" else merged(step.heard)
            same = len(lines) == len(expected) and all(map(transcript.fits, expected, lines))
            assert same, transcript._difference(path, step, lines)  # pyright: ignore[reportPrivateUsage]
    finally:
        await stage.close()
