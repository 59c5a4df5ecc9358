"""Pushes as tables: what each kind means, and what is no push."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.wechat.parse import Came, Odd, parse
from bot.demo.fakes.wechat import xml
from handlers.messages import GeoPoint

FAN = {"ToUserName": "gh_1", "FromUserName": "oFan-1_2", "CreateTime": "1700000000", "MsgId": "7"}
EVENT = {**FAN, "MsgType": "event"}
DEEP = "<a>" * 5000 + "</a>" * 5000
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

MESSAGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"MsgType": "text", "Content": "水管漏了"}, {"text": "水管漏了", "kind": "message", "pressed": False}),
    (
        {"MsgType": "text", "Content": "同意", "bizmsgmenuid": "agree"},
        {"text": "同意", "choice": "agree", "pressed": True},
    ),
    ({"MsgType": "text", "Content": "x", "bizmsgmenuid": "不 对"}, {"text": "x", "choice": "", "pressed": True}),
    ({"MsgType": "text", "Content": "<!DOCTYPE a>&b;"}, {"text": "<!DOCTYPE a>&b;"}),
    ({"MsgType": "text", "Content": "a]]>b"}, {"text": "a]]>b"}),
    ({"MsgType": "text", "Content": "  \u202e 好\u0000"[:4] + "好"}, {"text": "好"}),
    ({"MsgType": "image", "PicUrl": "http://x", "MediaId": "m_1"}, {"media": ("photo", "m_1", "image/jpeg")}),
    ({"MsgType": "image", "PicUrl": "http://x", "MediaId": "../../etc"}, {"media": None, "kind": "message"}),
    ({"MsgType": "voice", "MediaId": "m", "Format": "amr"}, {"media": ("voice", "m", "audio/amr"), "text": ""}),
    ({"MsgType": "voice", "MediaId": "m", "Format": "amr", "Recognition": "停水了"}, {"text": "停水了"}),
    ({"MsgType": "video", "MediaId": "m", "ThumbMediaId": "t"}, {"media": ("video", "m", "video/mp4")}),
    ({"MsgType": "shortvideo", "MediaId": "m", "ThumbMediaId": "t"}, {"media": ("video", "m", "video/mp4")}),
    (
        {"MsgType": "location", "Location_X": "30.4", "Location_Y": "105.4", "Label": "村口"},
        {"place": GeoPoint(30.4, 105.4)},
    ),
    ({"MsgType": "location", "Location_X": "nan", "Location_Y": "1"}, {"place": None, "kind": "message"}),
    ({"MsgType": "location", "Location_X": "91", "Location_Y": "1"}, {"place": None}),
    (
        {"MsgType": "link", "Title": "标题", "Description": "说明", "Url": "https://a.cn"},
        {"text": "标题\n说明\nhttps://a.cn"},
    ),
    (
        {"MsgType": "file", "Title": "合同.pdf", "FileKey": "k"},
        {"text": "合同.pdf", "unfetchable": True, "media": None},
    ),
    ({"MsgType": "sticker"}, {"kind": "message", "text": ""}),
]
EVENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"Event": "subscribe", "EventKey": ""}, {"kind": "follow", "scene": ""}),
    (
        {"Event": "subscribe", "EventKey": "qrscene_qingshan-gate", "Ticket": "t"},
        {"kind": "follow", "scene": "qingshan-gate"},
    ),
    ({"Event": "SCAN", "EventKey": "qingshan-gate", "Ticket": "t"}, {"kind": "scan", "scene": "qingshan-gate"}),
    ({"Event": "SCAN", "EventKey": "不 对"}, {"kind": "scan", "scene": ""}),
    ({"Event": "unsubscribe"}, {"kind": "unfollow"}),
    ({"Event": "CLICK", "EventKey": "report"}, {"kind": "menu", "choice": "report", "pressed": True}),
    ({"Event": "VIEW", "EventKey": "https://a.cn"}, {"kind": "other"}),
    ({"Event": "LOCATION", "Latitude": "1", "Longitude": "2"}, {"kind": "other"}),
    (
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": "9", "Status": "success"},
        {"kind": "sent", "job": "9", "failed": False},
    ),
    ({"Event": "TEMPLATESENDJOBFINISH", "MsgID": "9", "Status": "failed:user block"}, {"job": "9", "failed": True}),
    (
        {
            "Event": "subscribe_msg_popup_event",
            "SubscribeMsgPopupEvent": {
                "List": [
                    {"TemplateId": "A", "SubscribeStatusString": "accept"},
                    {"TemplateId": "B", "SubscribeStatusString": "reject"},
                ]
            },
        },
        {"kind": "opted", "opted": (("A", True), ("B", False))},
    ),
    (
        {"Event": "subscribe_msg_change_event", "SubscribeMsgChangeEvent": {"List": {"TemplateId": "A"}}},
        {"kind": "opted", "opted": (("A", False),)},
    ),
    ({"Event": "something_new"}, {"kind": "other"}),
]


def shown(came: Came, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a push that a table names."""
    found = {name: getattr(came, name) for name in fields}
    if media := found.get("media"):
        found["media"] = (media.kind, media.id, media.mime)
    return found


@pytest.mark.parametrize(("pushed", "meant"), MESSAGES, ids=lambda row: row.get("MsgType", ""))
def test_messages(pushed: dict[str, Any], meant: dict[str, Any]) -> None:
    came = parse(xml({**FAN, **pushed}))
    assert shown(came, meant) == meant
    assert (came.key, came.sender, came.official) == ("m-7", "oFan-1_2", "gh_1")


@pytest.mark.parametrize(("pushed", "meant"), EVENTS, ids=lambda row: row.get("Event", ""))
def test_events(pushed: dict[str, Any], meant: dict[str, Any]) -> None:
    came = parse(xml({**EVENT, **pushed}))
    assert shown(came, meant) == meant
    assert "oFan" not in came.key, "a key names nobody"


def test_events_differ_by_sender_time_name_and_key() -> None:
    base = {**EVENT, "Event": "CLICK", "EventKey": "report"}
    others = [
        {**base, **more} for more in ({"CreateTime": "1700000001"}, {"EventKey": "policy"}, {"FromUserName": "o2"})
    ]
    keys = {parse(xml(one)).key for one in (base, dict(base), *others, {**base, "Event": "SCAN"})}
    assert len(keys) == 5


@pytest.mark.parametrize(
    "words",
    [
        "",
        "好",
        "<xml>",
        "<xml></xml>",
        "<xml/>",
        "<a/>",
        "{}",
        "<xml>好</xml>",
        xml({**FAN, "MsgType": ""}).replace("7", ""),
        xml({"MsgType": "text"}),
        xml({**FAN, "MsgType": "text", "FromUserName": "o'; DROP TABLE"}),
        xml({**FAN, "MsgType": "text", "MsgId": "x"}),
        f"<xml>{xml({**FAN, 'MsgType': 'text'})[5:]}".replace("<MsgType>", "<MsgType/><MsgType>"),
        BOMB + xml({**FAN, "MsgType": "text", "Content": "x"}),
        "<!DOCTYPE xml>" + xml({**FAN, "MsgType": "text", "Content": "x"}),
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd">' + xml({**FAN, "MsgType": "text"}),
        "<!-- -->" + xml({**FAN, "MsgType": "text"}),
        f"<xml>{DEEP}</xml>",
        xml({**FAN, "MsgType": "text"}) + DEEP,
        "\x00",
        "\ud800",
        "<xml><MsgType>\ud800</MsgType></xml>",
    ],
)
def test_what_is_no_push_is_odd_and_quickly(words: str) -> None:
    with pytest.raises(Odd):
        parse(words)


FIELDS = [
    "MsgType",
    "Event",
    "EventKey",
    "Content",
    "MediaId",
    "Format",
    "Location_X",
    "Location_Y",
    "bizmsgmenuid",
    "MsgID",
    "Status",
    "SubscribeMsgPopupEvent",
    "List",
    "Title",
    "FromUserName",
    "ToUserName",
    "CreateTime",
]
TYPES = st.sampled_from(
    ["text", "event", "image", "voice", "video", "location", "link", "file", "subscribe", "CLICK", "SCAN"]
)
VALUE = st.one_of(
    TYPES, st.text(max_size=30), st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=8), max_size=3)
)


@settings(max_examples=600, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=10), st.booleans(), st.text(max_size=20))
def test_anything_is_a_push_or_odd(fields: dict[str, Any], whole: bool, more: str) -> None:
    words = xml({**(FAN if whole else {}), **fields}) + more
    try:
        came = parse(words)
    except Odd as odd:
        assert len(str(odd)) < 60
        return
    assert came.sender and len(came.key) <= 128 and len(came.text) <= 20_000
