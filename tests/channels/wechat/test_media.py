"""Photos, voice and video: in the turn at once, on the disk soon after, through the checks of every upload."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from bot.channels.wechat import fetching
from bot.demo.fakes.wechat import FakeWeChat, Fault
from bot.store import fetches
from bot.store import files as file_rows
from bot.store.tables import attachment, fetch
from bot.stored import Stored
from tests.channels.wechat.town import Town, at_home
from tests.store.pictures import CANARY, photo_with_place, picture

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"
AMR = b"#!AMR\n" + bytes(200)
FILM = b"\0\0\0\x18ftypisom" + bytes(200)


async def files(town: Town) -> list[dict[str, object]]:
    """Every attachment, oldest first."""
    query = select(attachment).order_by(attachment.c.made_at)
    return await town.read(lambda conn: [dict(row) for row in conn.execute(query).mappings()])


async def fetched(town: Town) -> list[dict[str, object]]:
    """The same, once nothing waits to be fetched."""

    async def waits() -> int:
        return await town.read(fetches.waiting)

    for _ in range(400):
        if not await waits():
            return await files(town)
        await town.passes(0.05)
    raise AssertionError("it was not fetched")


async def send(town: Town, api: FakeWeChat, kind: str, data: bytes, mime: str, **more: str) -> str:
    """Somebody sends a file; what they read at once."""
    return await api.push(api.message(ZHANG, kind, MediaId=api.keep(data, mime), **more))


async def test_a_photo_belongs_to_the_case_before_it_is_here(town: Town, api: FakeWeChat) -> None:
    held = Fault(status=503)
    api.meets = lambda path, body: held if "media" in path else None
    await town.file(ZHANG, "水管漏了好几天，路都淹了")
    said = await send(town, api, "image", photo_with_place(), "image/jpeg", PicUrl="http://x")
    assert said
    (row,) = await files(town)
    assert (row["kind"], row["size"]) == ("photo", 0)
    api.meets = lambda path, body: None
    town.ahead += timedelta(minutes=5)
    (row,) = await fetched(town)
    core = town.house.core
    path = core.files.open(str(row["id"]))
    kept = Stored(path, file_rows.secret_of(core.vault, str(row["id"])))
    with Image.open(BytesIO(kept.read_bytes())) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (64, 48), {})
    assert row["size"] == kept.size
    assert CANARY not in path.read_bytes()


async def test_voice_and_video_are_kept_and_recognised_words_are_the_text(town: Town, api: FakeWeChat) -> None:
    told = await send(town, api, "voice", AMR, "audio/amr", Format="amr", Recognition="小区门口的垃圾堆了半个月没人清")
    assert "反映之前请您知道" in told
    await send(town, api, "video", FILM, "video/mp4", ThumbMediaId="t")
    voice, video = await fetched(town)
    assert (voice["kind"], voice["mime"], voice["size"]) == ("voice", "audio/amr", len(AMR))
    assert (video["kind"], video["mime"], video["size"]) == ("video", "video/mp4", len(FILM))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ" + bytes(300), "这种文件"),
        (b"<html><script>", "这种文件"),
        (b"\xff\xd8\xff" + bytes(11 * 2**20), "文件太大，最大 10 MB"),
        (b"\xff\xd8\xff\xe0 cut off", "没有收下"),
    ],
)
async def test_what_is_not_taken_is_said(town: Town, api: FakeWeChat, data: bytes, words: str) -> None:
    await town.say(ZHANG, "你好")
    await send(town, api, "image", data, "image/jpeg", PicUrl="http://x")
    await town.gets(ZHANG, words)
    assert await fetched(town) == []
    assert list(town.house.core.files.ids()) == []


async def test_what_tencent_no_longer_has_is_said(town: Town, api: FakeWeChat) -> None:
    await town.say(ZHANG, "你好")
    await api.push(api.message(ZHANG, "image", MediaId="gone", PicUrl="http://x"))
    await town.gets(ZHANG, "没有传过来，请再发一次")


async def test_it_is_tried_for_three_days_and_then_given_up(town: Town, api: FakeWeChat) -> None:
    await town.say(ZHANG, "你好")
    api.meets = lambda path, body: Fault(status=503) if "media" in path else None
    await send(town, api, "image", picture("JPEG"), "image/jpeg", PicUrl="http://x")
    sweep = fetching.Fetcher(town.line.api, town.line.fetcher._house, town.line.citizens.media_came).sweep  # pyright: ignore[reportPrivateUsage]
    for _ in range(120):
        await sweep()
        town.ahead += timedelta(hours=1)
        if not await town.read(fetches.waiting):
            break
    tries = [path for path, _ in api.calls].count("/cgi-bin/media/get")
    assert 40 < tries < 120 and await files(town) == []
    await town.settled(waiting=1)
    assert "没有传过来" in (await town.say(ZHANG, "你好")).text


async def test_a_crash_between_disk_and_row_fetches_again(api: FakeWeChat, tmp_path: Path) -> None:
    api.meets = lambda path, body: Fault(status=503) if "media" in path else None
    async with at_home(api, tmp_path) as town:
        await send(town, api, "image", picture("JPEG"), "image/jpeg", PicUrl="http://x")
        (row,) = await files(town)
        core = town.house.core
        core.files.receive([picture("JPEG")], "x", "image/jpeg", core.site.county.office.limits, str(row["id"]))
    api.meets = lambda path, body: None
    async with at_home(api, tmp_path) as town:
        town.ahead += timedelta(minutes=10)
        (row,) = await fetched(town)
        core, file_id = town.house.core, str(row["id"])
        assert row["size"] == Stored(core.files.open(file_id), file_rows.secret_of(core.vault, file_id)).size


async def test_of_somebody_forgotten_nothing_is_fetched(town: Town, api: FakeWeChat) -> None:
    api.meets = lambda path, body: Fault(status=503) if "media" in path else None
    await send(town, api, "image", picture("JPEG"), "image/jpeg", PicUrl="http://x")
    await town.write(lambda conn: conn.execute(attachment.delete()))
    api.meets = lambda path, body: None
    town.ahead += timedelta(minutes=5)
    assert await fetched(town) == [] and list(town.house.core.files.ids()) == []


async def test_a_hundred_files_of_no_case_are_too_many(town: Town, api: FakeWeChat) -> None:
    api.meets = lambda path, body: Fault(status=503) if "media" in path else None
    told = ""
    for _ in range(62):
        town.line.citizens._buckets._left.clear()  # pyright: ignore[reportPrivateUsage]
        told = await send(town, api, "image", picture("JPEG"), "image/jpeg", PicUrl="http://x")
    assert len(await files(town)) == 60 == await town.read(lambda conn: len(conn.execute(select(fetch)).all()))
    assert told == town.house.core.site.county.texts["zh"]["report.photos.full"]
