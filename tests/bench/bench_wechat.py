"""WeChat: encrypted push to COMMIT to encrypted reply beside a bare echo, and five seconds when much is wrong.

Run `python -m tests.bench.bench_wechat [seconds] [pushes]`. Servers run in processes of their own (`wechat_server`); 64
connections push what citizens say from 你好 to their number, each waiting for its answer. The first table searches
once for each wording, as bench_turns does; its last line searches for every message. Then pushes go to a house whose
staff channel hangs and which delays every tenth message by six seconds before its turn.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from bot.demo.fakes.wechat import FakeWeChat
from tests.bench.office import Step, open_office, remembering, whole_talk
from tests.bench.targets import Target, leave, table
from tests.bench.wechat_server import EVERY

CONNECTIONS = 64
ROUNDS = 5
PUSHES = 10_000
LATE, PATIENCE = 4.5, 30.0
ECHO, OURS, SEARCHING = "bare aiohttp + wechatpy", "Zhitong, durable", "Zhitong, searching every message"
NUMBERS = count(24000000000000001)


@dataclass
class Round:
    """What one server did in one round."""

    seconds: float = 0.0
    waits: dict[int, float] = field(default_factory=dict[int, float])  # by MsgId
    wrong: int = 0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


@asynccontextmanager
async def server(mode: str, folder: Path) -> AsyncGenerator[str]:
    """One of the servers; its address."""
    command = [sys.executable, "-m", "tests.bench.wechat_server", mode, str(folder)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    assert process.stdout
    assert process.stdin
    try:
        while not (line := (await process.stdout.readline()).strip()).isdigit():
            assert process.returncode is None and line, "the server did not start"
        yield f"http://127.0.0.1:{line.decode()}"
    finally:
        process.stdin.close()
        await process.wait()


def talks(steps: list[Step]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Pushes of one connection: one citizen's talk after the other, sealed as they go out."""
    tencent = FakeWeChat()
    while True:
        who = f"o{uuid.uuid4().hex}"
        for text, choice in steps:
            number = next(NUMBERS)
            fields = {"MsgType": "text", "MsgId": str(number), "Content": text or choice}
            fields |= {"ToUserName": "gh_1", "FromUserName": who, "CreateTime": str(int(time.time()))}
            fields |= {"bizmsgmenuid": choice} if choice and choice != "submit" else {}
            fields |= {"Content": "提交"} if choice == "submit" else {}
            yield number, *tencent.sealed(fields)


async def measure(address: str, steps: list[Step], seconds: float = 1e9, pushes: int = 10**9) -> Round:
    """Push over all connections until the time or the number is up."""
    done, ends, left = Round(), time.perf_counter() + seconds, iter(range(pushes))

    async def connection(session: ClientSession) -> None:
        for number, query, body in talks(steps):
            if time.perf_counter() > ends or next(left, None) is None:
                return
            asked = time.perf_counter()
            async with session.post(f"{address}/wechat", params=query, data=body.encode()) as answer:
                said = await answer.text()
            done.waits[number] = time.perf_counter() - asked
            done.wrong += answer.status != 200 or not said

    began = time.perf_counter()
    limit = ClientTimeout(total=PATIENCE)
    async with ClientSession(connector=TCPConnector(limit=0), timeout=limit) as session:
        await asyncio.gather(*(connection(session) for _ in range(CONNECTIONS)))
    done.seconds = time.perf_counter() - began
    return done


async def throughput(steps: list[Step], seconds: float, folder: Path) -> list[Target]:
    """Rounds in turn, then the medians side by side."""
    found: dict[str, list[Round]] = {ECHO: [], OURS: [], SEARCHING: []}
    modes = {ECHO: "echo", OURS: "house", SEARCHING: "searching"}
    for name in found:
        async with server(modes[name], folder / modes[name]) as address:
            await measure(address, steps, 1.0)
    async with (
        server("echo", folder) as echo,
        server("house", folder / "house") as ours,
        server("searching", folder / "searching") as searching,
    ):
        addresses = {ECHO: echo, OURS: ours, SEARCHING: searching}
        for address in addresses.values():
            await measure(address, steps, 1.0)  # statements compiled, files grown
        for turn in range(ROUNDS):
            for name in list(found) if turn % 2 else reversed(list(found)):
                found[name].append(await measure(addresses[name], steps, seconds))
    table(("", "pushes/s", "p50 ms", "p99 ms", "wrong"), [_row(name, rounds) for name, rounds in found.items()])
    ratios = [ours.rate / echo.rate for ours, echo in zip(found[OURS], found[ECHO], strict=True)]
    print(f"durable / echo by round: {', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))}")
    return [Target("push, COMMIT, reply / bare echo, median of rounds", statistics.median(ratios), 0.5, least=True)]


def _row(name: str, rounds: list[Round]) -> tuple[str, float, float, float, int]:
    waits = sorted(wait for one in rounds for wait in one.waits.values())
    rate = statistics.median(one.rate for one in rounds)
    p50, p99 = (waits[len(waits) * part // 100] * 1e3 for part in (50, 99))
    return name, rate, p50, p99, sum(one.wrong for one in rounds)


async def trouble(steps: list[Step], pushes: int, folder: Path) -> list[Target]:
    """Five seconds with a dead staff channel and every tenth message slow."""
    async with server("trouble", folder / "trouble") as address:
        done = await measure(address, steps, pushes=pushes)
    swift = sorted(wait for number, wait in done.waits.items() if number % EVERY)
    slow = sorted(wait for number, wait in done.waits.items() if not number % EVERY)
    p99, longest = swift[len(swift) * 99 // 100], max(done.waits.values())
    print(f"{len(done.waits)} pushes in {done.seconds:.0f} s, {len(slow)} of them delayed by 6 s before their turn")
    print(
        f"undelayed p50 {swift[len(swift) // 2] * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms; longest answer {longest:.3f} s"
    )
    late = sum(wait > LATE for wait in done.waits.values())
    return [
        Target("answers later than 4.5 s", late, 0),
        Target("answers that are none", done.wrong, 0),
        Target("p99 of the undelayed, seconds", p99, 1.0),
    ]


async def run(seconds: float, pushes: int) -> list[Target]:
    """Both."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        core = await open_office(folder / "steps", remembering())
        steps = await whole_talk(core)
        await core.close()
        return await throughput(steps, seconds, folder) + await trouble(steps, pushes, folder)


if __name__ == "__main__":
    given = sys.argv[1:]
    leave(asyncio.run(run(float(given[0]) if given else 3.0, int(given[1]) if len(given) > 1 else PUSHES)))
