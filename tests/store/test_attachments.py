"""What is let in, what it becomes, what is refused and what is left of it: nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bot.store.attachments import (
    AttachmentError,
    AttachmentGone,
    Attachments,
    NotAllowed,
    TooLarge,
    clean_name,
)
from bot.store.sniff import JPEG, FileType
from config.schema import Limits
from handlers.messages import Attachment
from tests.store.pictures import CANARY, DOCX, archive, huge_png, photo_with_place, picture
from tests.store.samples import LET_IN, MB, REFUSED, rows

LIMITS = Limits(photo_mb=1, file_mb=2, image_megapixels=12)
PDF = FileType("file", "application/pdf", ".pdf")


@pytest.fixture
def files(tmp_path: Path) -> Attachments:
    """An empty folder of attachments."""
    return Attachments(tmp_path / "attachments")


def _send(files: Attachments, data: bytes, name: str = "x", mime: str = "", limits: Limits = LIMITS) -> Attachment:
    pieces = (data[at : at + 1000] for at in range(0, len(data), 1000))
    return files.receive(pieces, name, mime, limits)


def _left(files: Attachments) -> list[str]:
    return [path.name for path in files.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("data", "mime", "kind", "stored"), rows(LET_IN))
def test_let_in(files: Attachments, data: bytes, mime: str, kind: str, stored: str) -> None:
    got = _send(files, data, "letter", mime)
    kept = files.open(got.id).read_bytes()
    assert (got.kind, got.mime, got.size) == (kind, stored, len(kept))
    assert kept == data or got.kind == "photo"
    assert _left(files) == [got.id]
    assert files.open(got.id).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("data", "mime", "kind", "key"), rows(REFUSED))
def test_refused(files: Attachments, data: bytes, mime: str, kind: type[AttachmentError], key: str) -> None:
    with pytest.raises(AttachmentError) as caught:
        _send(files, data, "x", mime)
    assert (type(caught.value), caught.value.key) == (kind, key)
    assert _left(files) == []


@pytest.mark.parametrize(("data", "limit"), [(b"\xff\xd8\xff" + b"\0" * MB, 1), (huge_png(30_000, 30_000), 12)])
def test_the_limit_is_told(files: Attachments, data: bytes, limit: int) -> None:
    with pytest.raises(TooLarge) as caught:
        _send(files, data)
    assert caught.value.limit == limit


def test_a_pixel_bomb_costs_milliseconds(files: Attachments) -> None:
    bomb = huge_png(30_000, 30_000)
    assert len(bomb) < 150_000
    began = time.process_time()
    with pytest.raises(TooLarge):
        _send(files, bomb)
    assert time.process_time() - began < 0.05


def test_a_long_list_of_names_is_not_read(files: Attachments) -> None:
    many = archive("[Content_Types].xml", "word/document.xml", *(f"word/{n}" for n in range(10_000)))
    began = time.process_time()
    with pytest.raises(NotAllowed):
        _send(files, many)
    assert time.process_time() - began < 0.1


def test_the_rest_of_a_refused_stream_is_not_read(files: Attachments) -> None:
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(len(read))
            yield b"MZ\x90\0" * 100

    with pytest.raises(NotAllowed):
        files.receive(endless(), "x", "", LIMITS)
    assert len(read) == 1


def test_a_stream_that_breaks_off_leaves_nothing(files: Attachments) -> None:
    def torn() -> Iterator[bytes]:
        yield b"%PDF-1.7" * 20
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive(torn(), "x", "", LIMITS)
    assert _left(files) == []


class TestPhotos:
    """Drawn anew: upright, not too large, and nothing but pixels."""

    def test_nothing_of_the_place_is_left(self, files: Attachments) -> None:
        data = photo_with_place()
        assert data.count(CANARY) >= 4
        kept = files.open(_send(files, data).id)
        assert CANARY not in kept.read_bytes()
        with Image.open(kept) as photo:
            assert not photo.getexif()
            assert set(photo.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

    @pytest.mark.parametrize(
        ("orientation", "size", "corner"),
        [(1, (64, 48), "red"), (3, (64, 48), "blue"), (6, (48, 64), "red"), (8, (48, 64), "blue")],
    )
    def test_stands_upright(self, files: Attachments, orientation: int, size: tuple[int, int], corner: str) -> None:
        with Image.open(files.open(_send(files, photo_with_place(orientation)).id)) as photo:
            assert photo.size == size
            red, _, blue = photo.getpixel((2, 2))  # type: ignore[misc]
            assert ("red" if red > blue else "blue") == corner

    @pytest.mark.parametrize(
        ("size", "kept"), [((3000, 1000), (2560, 853)), ((1000, 3000), (853, 2560)), ((2560, 2560), (2560, 2560))]
    )
    def test_is_made_smaller(self, files: Attachments, size: tuple[int, int], kept: tuple[int, int]) -> None:
        with Image.open(files.open(_send(files, picture("JPEG", size)).id)) as photo:
            assert photo.size == kept

    @pytest.mark.parametrize(
        ("form", "mode"),
        [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("JPEG", "CMYK"),
         ("JPEG", "L"), ("WEBP", "RGBA"), ("GIF", "L")],
    )  # fmt: skip
    def test_every_kind_of_colour(self, files: Attachments, form: str, mode: str) -> None:
        with Image.open(files.open(_send(files, picture(form, mode=mode)).id)) as photo:
            assert (photo.mode, photo.size) == ("RGB", (64, 48))

    @pytest.mark.parametrize(("grey", "kept"), [(0, 0), (300, 1), (32768, 128), (65535, 255)])
    def test_sixteen_bits_of_grey_are_not_white(self, files: Attachments, tmp_path: Path, grey: int, kept: int) -> None:
        scan = tmp_path / "scan.png"
        Image.new("I;16", (8, 8), grey).save(scan)
        with Image.open(files.open(_send(files, scan.read_bytes()).id)) as photo:
            assert photo.getpixel((4, 4)) == (kept, kept, kept)

    def test_what_was_transparent_is_white(self, files: Attachments, tmp_path: Path) -> None:
        clear = tmp_path / "clear.png"
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear)
        with Image.open(files.open(_send(files, clear.read_bytes()).id)) as photo:
            assert photo.getpixel((4, 4)) == (255, 255, 255)

    @pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow only warns
    def test_damaged_exif_is_no_reason_to_lose_it(self, files: Attachments) -> None:
        assert _send(files, picture("JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff" + b"\xff" * 40)).kind == "photo"

    def test_what_hides_behind_the_pixels_is_gone(self, files: Attachments) -> None:
        kept = files.open(_send(files, picture("JPEG") + b"<script>" + DOCX).id).read_bytes()
        assert b"<script>" not in kept
        assert b"PK" not in kept[-len(DOCX) :]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some, and goes on
def test_damaged_files_are_refused_by_name(files: Attachments) -> None:
    """2 000 files with a few bytes changed: kept or refused by a typed error, never anything else."""
    dice = random.Random(20261122)
    whole = [row[1] for row in LET_IN] + [photo_with_place(6)]
    for _ in range(2000):
        data = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        cut = bytes(data[: dice.randint(1, len(data))]) if dice.random() < 0.3 else bytes(data)
        try:
            files.delete(_send(files, cut, "x", dice.choice(["", "text/plain", "audio/mp4"])).id)
        except AttachmentError as refused:
            assert refused.key.startswith("attachment.")
    assert _left(files) == []


NAMES: list[tuple[str, FileType, str]] = [
    ("申请书.pdf", PDF, "申请书.pdf"),
    ("申请书.PDF", PDF, "申请书.pdf"),
    ("申请书", PDF, "申请书.pdf"),
    ("photo.png", JPEG, "photo.jpg"),
    ("../../etc/passwd", PDF, "passwd.pdf"),
    ("C:\\Users\\Lin\\bill.pdf", PDF, "bill.pdf"),
    ("bill\u202egnp.exe", PDF, "billgnp.exe.pdf"),
    ("a\0b\nc\u200b\u2066.pdf", PDF, "abc.pdf"),
    ("  two   words .pdf", PDF, "two words.pdf"),
    ("", JPEG, "photo.jpg"),
    ("....", JPEG, "photo.jpg"),
    ("/", PDF, "file.pdf"),
    (".pdf", PDF, "pdf.pdf"),
    ("CON", PDF, "file-CON.pdf"),
    ("con.txt.pdf", PDF, "file-con.txt.pdf"),
    ("\ud800x", PDF, "x.pdf"),
    ("长" * 200 + ".pdf", PDF, "长" * 76 + ".pdf"),
    ("cafe\u0301.pdf", PDF, "café.pdf"),
    ("=cmd|' /C calc'!A0.pdf", PDF, "C calc'!A0.pdf"),
]


@pytest.mark.parametrize(("name", "found", "shown"), NAMES)
def test_a_name_to_show(name: str, found: FileType, shown: str) -> None:
    assert clean_name(name, found) == shown
    assert len(shown) <= 80


class TestTheFolder:
    """Random ids, nothing else."""

    def test_the_senders_name_is_not_on_the_disk(self, files: Attachments) -> None:
        got = _send(files, b"%PDF-", "张三.pdf")
        assert files.open(got.id) == files.folder / got.id[:2] / got.id
        assert (len(got.id), got.name) == (32, "张三.pdf")

    def test_deleted_is_gone_and_twice_is_no_error(self, files: Attachments) -> None:
        got = _send(files, b"%PDF-")
        files.delete(got.id)
        files.delete(got.id)
        with pytest.raises(AttachmentGone):
            files.open(got.id)

    @pytest.mark.parametrize("bad", ["", "..", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32, "a" * 32 + "\n"])
    def test_what_is_no_id_opens_nothing(self, files: Attachments, bad: str) -> None:
        with pytest.raises(AttachmentGone):
            files.open(bad)
        files.delete(bad)

    def test_many_at_once(self, files: Attachments) -> None:
        with ThreadPoolExecutor(4) as pool:
            got = list(pool.map(partial(_send, files), [picture("PNG")] * 40))
        assert sorted(files.ids()) == sorted(one.id for one in got)

    def test_what_a_crash_left_is_tidied(self, files: Attachments) -> None:
        got = _send(files, b"%PDF-")
        left = files.open(got.id).with_name("0" * 32 + ".in")
        left.write_bytes(b"half")
        assert list(files.ids()) == [got.id]
        assert files.tidy(time.time() - 3600) == 0
        assert files.tidy(time.time() + 3600) == 1
        assert _left(files) == [got.id]
