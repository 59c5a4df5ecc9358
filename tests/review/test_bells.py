"""A slow listener finds each word once, in the order of the first ring, and never fewer words than rang."""

from __future__ import annotations

import asyncio

import pytest

from bot.bells import Bells

pytestmark = pytest.mark.asyncio


async def test_a_word_that_rings_often_waits_once() -> None:
    bells = Bells()
    async with bells.listen("staff") as queue:
        for _ in range(1000):
            bells.ring("staff", "MS1")
        for number in ("MS2", "MS1", "MS3"):
            bells.ring("staff", number)
        assert [queue.get_nowait() for _ in range(queue.qsize())] == ["MS1", "MS2", "MS3"]
        assert queue.empty()


async def test_whoever_waits_is_woken() -> None:
    bells = Bells()
    async with bells.listen("staff") as queue:
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        bells.ring("staff", "MS1")
        assert await waiting == "MS1"
        bells.ring("staff", "MS1")
        assert queue.get_nowait() == "MS1"
