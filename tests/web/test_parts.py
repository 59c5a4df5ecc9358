"""The small parts: cleaning text, buckets, sources, sessions."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.web.bodies import clean_text
from bot.web.security import BUCKETS, Buckets, source_of
from bot.web.session import Session, read_session


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  路坏了  ", "路坏了"),
        ("e\u0301", "\u00e9"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("张\u200b三\ufeff", "张三"),
        ("a\tb", "a\tb"),
        ("\ud800x\udfff", "\ufffdx\ufffd"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("a\u200db", "ab"),
        ("\u200d", ""),
        ("\U000e0041\U000e007f旗", "旗"),
        ("＝cmd", "＝cmd"),
    ],
)
def test_text_is_cleaned(given: str, kept: str) -> None:
    assert clean_text(given) == kept
    assert clean_text(kept) == kept


def test_a_bucket_fills_again() -> None:
    now = 0.0
    buckets = Buckets(lambda: now)
    assert [buckets.take("a", 3) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 3) == pytest.approx(20)
    assert buckets.take("b", 3) == 0
    now = 19.9
    assert buckets.take("a", 3) > 0
    now = 20.1
    assert buckets.take("a", 3) == 0
    now = 1000.0
    assert [buckets.take("a", 3) > 0 for _ in range(4)] == [False, False, False, True]


def test_buckets_do_not_grow_without_end() -> None:
    buckets = Buckets(lambda: 0.0)
    for n in range(BUCKETS + 100):
        buckets.take(str(n), 1)
    assert buckets.take("0", 1) == 0
    assert buckets.take(str(BUCKETS), 1) > 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("172.18.0.2", "198.51.100.1", "172.18.0.2"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:db8::1:2:3:4", "", "2001:db8::/64"),
        ("::1", "2001:db8:0:0:9::1", "2001:db8::/64"),
    ],
)
def test_where_a_request_comes_from(peer: str, forwarded: str, source: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert source_of(request(headers, peer)) == source


def test_a_proxy_of_the_private_network_is_believed_under_https() -> None:
    asked = request({"X-Forwarded-For": "198.51.100.1"}, "172.18.0.2")
    assert source_of(asked, "https://zt.example.gov.cn") == "198.51.100.1"
    assert source_of(request({}, "172.18.0.2"), "https://zt.example.gov.cn") == "172.18.0.2"


def test_the_form_token_and_the_key_belong_to_the_session() -> None:
    one, other = Session("A" * 43), Session("B" * 43)
    assert one.form != other.form and one.address not in one.form
    assert one.key("k") != other.key("k") and one.key("k") == Session("A" * 43, "en", True).key("k")
    assert len(one.key("k" * 64)) <= 128


@pytest.mark.parametrize(
    ("cookie", "lang", "large", "fresh"),
    [
        ("zt=" + "A" * 43, "zh", False, False),
        ("x=1; zt=" + "A" * 43 + ".en; y=2", "en", False, False),
        ("zt=" + "A" * 43 + ".zh.large", "zh", True, False),
        ("zt=bad; zt=" + "A" * 43 + ".en", "en", False, False),
        ("zt=" + "A" * 43 + ".en.large.x", "zh", False, True),
        ("zt2=" + "A" * 43, "zh", False, True),
        ("", "zh", False, True),
    ],
)
def test_reading_a_cookie(cookie: str, lang: str, large: bool, fresh: bool) -> None:
    session = read_session(request({"Cookie": cookie}), "")
    assert (session.lang, session.large, session.fresh) == (lang, large, fresh)
    assert len(session.address) == 43


def request(headers: dict[str, str], peer: str = "127.0.0.1") -> web.Request:
    """A request that came from `peer`."""
    return make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
