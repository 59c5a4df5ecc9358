"""The transcripts of the web talk, word for word over Telegram: through PTB, HTTP and a fake Bot API server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.channels.telegram import ingress
from bot.channels.telegram.citizens import Citizens
from tests.channels.telegram.stage import TelegramStage
from tests.conversations import transcript
from tests.conversations.house import TalkHouse
from tests.conversations.test_transcripts import every_third


@pytest.mark.parametrize("path", every_third(1), ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingress, "ALBUM_SECONDS", 0.05)
    monkeypatch.setattr(Citizens, "_too_fast", lambda self, came: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    asyncio.run(_play(path, TelegramStage(TalkHouse(tmp_path), tmp_path)))


async def _play(path: Path, stage: TelegramStage) -> None:
    await stage.open()
    try:
        await transcript.play(path, stage)
    finally:
        await stage.close()
