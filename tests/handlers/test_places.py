"""Where somebody says it is, and which place of the county that is."""

from __future__ import annotations

import pytest

from config.schema import County
from handlers.messages import GeoPoint
from handlers.questions.contact import find_phone, shown_phone
from handlers.questions.place import distance_km, find, named_in, near_by


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("河口镇青山村", ["青山村"]),
        ("青山村三组", ["青山村"]),
        ("河口青山", ["青山村"]),
        ("清山村", ["青山村"]),  # as an input method writes it
        ("qingshancun", ["青山村"]),
        ("我们河口镇", ["河口镇"]),
        ("Qingshan Village", ["青山村"]),
        ("上海市浦东新区", []),
        ("", []),
    ],
)
def test_a_typed_place(county: County, typed: str, places: list[str]) -> None:
    assert [place.name for place in find(county, typed)][: max(1, len(places))] == places


@pytest.mark.parametrize(
    ("story", "places"),
    [
        ("河口镇青山村的路塌了", ["青山村"]),
        ("青山村和河口镇政府都说不归他们管", ["青山村"]),
        ("河口镇的路灯坏了", ["河口镇"]),
        ("三元钱一斤都没人收", []),  # 三元 is a place's alias and here it is money
        ("青山绿水都没有了", []),
        ("路灯坏了", []),
    ],
)
def test_a_place_in_a_story(county: County, story: str, places: list[str]) -> None:
    assert [place.name for place in named_in(county, story)] == places


def test_a_shared_location_is_near_the_nearest(county: County) -> None:
    village = next(place for place in county.places if place.name == "青山村")
    assert village.lat is not None and village.lon is not None
    here = GeoPoint(village.lat + 0.001, village.lon)
    assert near_by(county, here)[0] == village
    assert distance_km(here, village) == pytest.approx(0.111, abs=0.01)
    assert near_by(county, GeoPoint(0, 0)) == []


@pytest.mark.parametrize(
    ("typed", "phone", "rest"),
    [
        ("张三 13800138000", "13800138000", "张三"),
        ("13800138000张三", "13800138000", "张三"),
        ("张三，电话138-0013-8000", "13800138000", "张三,电话"),
        ("张三 １３８００１３８０００", "13800138000", "张三"),
        ("一三八零零一三八零零零", "13800138000", ""),
        ("0817-5550123", "08175550123", ""),
        ("张三", "", "张三"),
        ("138001380001", "", "138001380001"),  # one digit too many is no telephone
    ],
)
def test_a_telephone_however_it_is_written(typed: str, phone: str, rest: str) -> None:
    found, left = find_phone(typed)
    assert (found, left.strip()) == (phone, rest)


@pytest.mark.parametrize(("phone", "shown"), [("13800138000", "138****8000"), ("", "")])
def test_its_owner_knows_it_again(phone: str, shown: str) -> None:
    assert shown_phone(phone) == shown
