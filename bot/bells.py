"""Wake-ups that may be lost. Rows are truth; a bell only saves the wait for the next sweep."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager


class _Words(asyncio.Queue[str]):
    """A queue that holds each word once: a listener that is slow finds one entry, not a thousand."""

    def _init(self, maxsize: int) -> None:
        self._queue: dict[str, None] = {}

    def _get(self) -> str:
        word = next(iter(self._queue))
        del self._queue[word]
        return word

    def _put(self, item: str) -> None:
        self._queue[item] = None


class Bells:
    """Bells of one process: whoever listens to a topic finds something in their queue when it rings."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Hashable, set[asyncio.Queue[str]]] = defaultdict(set)

    def ring(self, topic: Hashable, word: str = "") -> None:
        """Wake everybody who listens to the topic."""
        for queue in self._listeners.get(topic, ()):
            if not queue.full():
                queue.put_nowait(word)

    def tell(self, topic: Hashable, word: str) -> None:
        """Let the other processes of the office know, those that follow the topic. Here there are none."""

    def follow(self, topic: Hashable, told: Callable[[str], None]) -> None:
        """Hear what other processes tell about the topic, for as long as this one runs. Here there are none."""

    async def run(self) -> None:
        """Keep in touch with the other processes until cancelled. Here there are none."""

    async def close(self) -> None:
        """Let go of whatever the bells hang on."""

    def heard(self, topic: Hashable) -> int:
        """How many listen to a topic."""
        return len(self._listeners.get(topic, ()))

    @asynccontextmanager
    async def listen(self, *topics: Hashable) -> AsyncGenerator[asyncio.Queue[str]]:
        """A queue that fills when one of the topics rings."""
        queue = _Words(maxsize=256)
        for topic in topics:
            self._listeners[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]
