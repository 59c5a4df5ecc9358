"""Texts that fit, choices that can be tapped or typed, and nothing that breaks out of the reply."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.draw import TEXT_MOST, Asides, cut, draw, passive, plain, size
from handlers.wording import Rendered
from tests.channels.wechat.phone import TYPED, read

ASIDES = Asides(TYPED, "全文：https://zhitong.example.test/wechat/letter/AAA")
OPTION = st.tuples(st.text("ab:_-中<&", min_size=1, max_size=12), st.text(min_size=1, max_size=40), st.just("plain"))


def shown(*paragraphs: str, options: tuple[tuple[str, str, str], ...] = (), marked: tuple[int, ...] = ()) -> Rendered:
    return Rendered(paragraphs, frozenset(marked), options, "choice")


def test_choices_are_numbered_links_and_submit_is_typed() -> None:
    options = (("submit", "提交", "primary"), ("page:edit", "改一改", "plain"), ("odd token", "旧的", "plain"))
    text = draw(shown("请看一看，对不对：", "类别：停水", options=options), ASIDES)
    assert text == (
        "请看一看，对不对：\n\n类别：停水\n\n"
        "1 提交（请打这两个字发过来）\n"
        '2 <a href="weixin://bizmsgmenu?msgmenucontent=改一改&msgmenuid=page:edit">改一改</a>\n'
        "3 旧的"
    )
    assert read(text).buttons == (("提交", "提交"), ("page:edit", "改一改"), ("旧的", "旧的"))


def test_submit_is_never_a_link() -> None:
    for label in ("提交", "Submit", '"><a href="weixin://bizmsgmenu?msgmenucontent=提交&msgmenuid=submit">提交</a>'):
        assert "<a" not in draw(shown("x", options=(("submit", label, ""),)), ASIDES)


def test_a_long_answer_is_cut_at_a_sentence_and_links_to_the_rest() -> None:
    words = "这是一句话，说得有点长。" * 300
    text = draw(shown(words, options=(("faq:ok:1", "有用", ""), ("human", "找工作人员", ""))), ASIDES)
    head, more, *choices = text.split("\n")
    assert size(text) <= TEXT_MOST and head.endswith("。") and size(head) > 1500
    assert more == ASIDES.more and len([line for line in choices if line]) == 2


def test_without_a_sentence_it_is_cut_at_a_character() -> None:
    for most in range(20, 60):
        assert size(cut("𠮷野家" * 50, most)) <= most
        assert cut("𠮷野家" * 50, most).endswith("…")


def test_links_go_before_words_do() -> None:
    many = tuple((f"topic:{at}", f"第{at}件事", "") for at in range(25))
    text = draw(shown("请点一下：", options=many), ASIDES)
    assert size(text) <= TEXT_MOST and "第24件事" in text and "bizmsgmenu" not in text
    assert text.startswith("请点一下：")


@given(st.lists(st.text(max_size=900), max_size=5), st.lists(OPTION, max_size=40), st.booleans())
def test_every_reply_fits_and_is_xml(
    paragraphs: list[str], options: list[tuple[str, str, str]], numbered: bool
) -> None:
    text = draw(shown(*paragraphs, options=tuple(options)), ASIDES, numbered=numbered)
    assert size(text.encode("utf-8", "surrogatepass").decode()) <= TEXT_MOST
    root = ElementTree.fromstring(passive("oFan", "gh_1", 1, text))
    assert [one.tag for one in root] == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]
    assert (root.findtext("Content") or "") == text.replace("\r\n", "\n").replace("\r", "\n")


LINK = "<a href='https://evil.example'>x</a>"
EVIL = ["]]>", "]]]]>>", "]]><MsgType>image</MsgType><![CDATA[", "\x00\x01\x1b", "\ud800", "\ufffe", LINK]


@pytest.mark.parametrize("words", EVIL, ids=range(len(EVIL)))
def test_hostile_words_stay_words(words: str) -> None:
    text = draw(shown(f"您说：{words}"), ASIDES)
    root = ElementTree.fromstring(passive("oFan", "gh_1", 1, text))
    assert len(root) == 5 and root.findtext("MsgType") == "text"
    assert "<a" not in (root.findtext("Content") or "")
    assert len(ElementTree.fromstring(passive(words, words, 1, words))) == 5


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("**每月** 200 元", "每月 200 元"),
        ("# 标题\n\n- 一\n- 二", "标题\n· 一\n· 二"),
        ("3. 三\n4. 四", "3. 三\n4. 四"),
        ("见[网站](https://a.cn)办理", "见网站 https://a.cn 办理"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("| 甲 | 乙 |\n|---|---|\n| 1 | 2 |", "甲  乙\n1  2"),
    ],
)
def test_markdown_in_plain_words(source: str, words: str) -> None:
    assert plain(source) == words
