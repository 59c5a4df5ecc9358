"""Every script again, on PostgreSQL: the same words. A third of them; deep runs, all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conversations import transcript
from tests.conversations.stage import TalkStage
from tests.conversations.test_transcripts import every_third
from tests.scale.house import PgTalkHouse


@pytest.mark.parametrize("path", every_third(1), ids=lambda path: path.stem)
def test_transcript_on_postgresql(path: Path, pg_house: PgTalkHouse) -> None:
    asyncio.run(transcript.play(path, TalkStage(pg_house)))
