"""A film keeps its picture and loses its place; what is no film is not touched."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.store.videos import forget_place

PLACE = b"+30.5728+104.0668/"


def box(kind: bytes, *inside: bytes) -> bytes:
    """A box with what is in it."""
    body = b"".join(inside)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def large(kind: bytes, body: bytes) -> bytes:
    """A box with a size of 64 bits."""
    return (1).to_bytes(4, "big") + kind + (16 + len(body)).to_bytes(8, "big") + body


def track(handler: bytes, *more: bytes) -> bytes:
    """A track of that handler."""
    return box(b"trak", box(b"tkhd", b"\0" * 84), box(b"mdia", box(b"hdlr", b"\0" * 8 + handler + b"\0" * 12)), *more)


FTYP, MDAT = box(b"ftyp", b"isom\0\0\2\0isom"), box(b"mdat", b"picture and sound" * 1000)
TELLS = {
    "android": box(b"moov", track(b"vide"), box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7" + PLACE))),
    "3gpp": box(b"moov", track(b"vide"), box(b"udta", box(b"loci", b"\0" * 8 + PLACE))),
    "apple": box(b"moov", track(b"vide"), box(b"meta", box(b"keys", b"location"), box(b"ilst", PLACE))),
    "in a track": box(b"moov", track(b"vide", box(b"udta", PLACE))),
    "telemetry": box(b"moov", track(b"vide"), track(b"meta", PLACE)),
    "xmp": box(b"moov", track(b"vide")) + box(b"uuid", b"\xbe\x7a\xcf\xcb" * 4 + PLACE),
    "large": box(b"moov", track(b"vide"), large(b"udta", PLACE)),
    "fragments": box(b"moov", track(b"vide")) + box(b"moof", box(b"traf", box(b"udta", PLACE))),
}


@pytest.mark.parametrize("tells", TELLS.values(), ids=TELLS)
@pytest.mark.parametrize("first", [True, False])
def test_the_place_is_gone_and_nothing_moved(tells: bytes, first: bool, tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(FTYP + (tells + MDAT if first else MDAT + tells))
    before = film.read_bytes()
    assert forget_place(film) == 1
    after = film.read_bytes()
    assert PLACE not in after
    assert (len(after), after.index(MDAT)) == (len(before), before.index(MDAT))
    assert b"vide" in after
    assert forget_place(film) == 0


def test_a_film_without_a_place_stays_as_it_is(tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(FTYP + box(b"moov", track(b"vide"), track(b"soun")) + MDAT)
    before = film.read_bytes()
    assert forget_place(film) == 0
    assert film.read_bytes() == before


def test_damaged_ones_end(tmp_path: Path) -> None:
    """A thousand with a few bytes changed or cut off: never an error, never another length, soon done."""
    film, dice = tmp_path / "film", random.Random(7)
    whole = FTYP + b"".join(TELLS.values())
    for _ in range(1000):
        data = bytearray(whole[: dice.randrange(len(whole) + 1)])
        for _ in range(dice.randint(0, 6)):
            if data:
                data[dice.randrange(len(data))] = dice.choice((0, 1, 255, dice.randrange(256)))
        film.write_bytes(data)
        forget_place(film)
        assert film.stat().st_size == len(data)
