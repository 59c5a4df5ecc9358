"""Whatever somebody sends, in whatever order: an answer in words, nothing lost, nothing twice, nothing in clear."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from handlers.talk import Draft, Talk
from handlers.wording import fill
from tests.conversations.house import TalkHouse, TurnPlayer, at_once
from tests.conversations.player import Heard

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
NUMBER = re.compile(r"[A-Z]{2}20\d{6}-\d{4,}")
CANARIES = ("canary姓名甲乙", "13912345678", "canary-story-5150", "canary-place-77")

WORDS = [
    *(
        "你好",
        "谢谢",
        "好的",
        "是的",
        "不是",
        "没有",
        "没得",
        "对头",
        "不晓得",
        "哈哈",
        "算了",
        "???",
        "。",
        " ",
        "😀😀",
        "在吗",
    ),
    *(
        "返回",
        "取消",
        "跳过",
        "重来",
        "菜单",
        "帮助",
        "找工作人员",
        "提交",
        "完成",
        "同意",
        "不同意",
        "匿名",
        "实名",
        "都不是",
    ),
    *(
        "反映问题",
        "查政策",
        "查进度",
        "我的资料",
        "催一催",
        "撤回",
        "补充",
        "评价",
        "English",
        "中文",
        "改一改",
        "再补充一点",
    ),
    *("1", "2", "3", "12", "１", "第二个", "十", "99", "0"),
    *(
        "停水",
        "村里停水三天了没人管",
        "公路垮了半边车子过不去",
        "村会计把我们的补贴扣下来自己用了",
        "死人的补贴都有人在领",
    ),
    *(
        "低保要什么条件",
        "高龄津贴多少钱",
        "有人拿刀在打人",
        "去年有人打人",
        "房子着火了",
        "派出所不立案有后台",
        "索贿受贿",
        "冒领截留",
    ),
    *("河口镇青山村三组", "双河村", "青山", "大石坝", "canary-place-77", "红心村", "就在我屋后头那个湾湾里面边边上"),
    *("canary姓名甲乙 13912345678", "13912345678", "不想留电话", "一三九一二三四五六七八"),
    *(
        "canary-story-5150 这条路烂了两年没有人管",
        "我那个事办得怎么样了",
        "还是没解决",
        "MS20261123-0001",
        "494-7874-7306",
    ),
    "MS20261123-0001 494-7874-7306",
]
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\u202e\u200b\u200f\ufeff\u0000\ud800\udfff\U000e0041{}%\\<>&|'\"$", max_size=20),
    st.sampled_from(
        ["x" * 100_000, "水" * 100_000, "{no}{code}{unit}", "a\r\n\tb", "ﷺ" * 50, "1" * 5000, "\x00停水\x00"]
    ),
)
TOKENS = st.sampled_from(
    [
        *("agree", "submit", "yes", "no", "danger:yes", "erase:yes", "page:0", "page:99", "page:-1", "keep", "typed"),
        *("case:1", "rate:1:9", "rate:x:1", "urge:9223372036854775808", "policy:9999", "progress:other", "shelf:99"),
        *("held:go", "held:report", "held:add:5", "held:rate:5", "held:policy", "lang:en", "lang:xx", "resume"),
        *("faq:show:nothing", "faq:none", "faq:file:x", "discard", "edit:story", "add:photos", "place:nowhere"),
        *("town:qingshan", "01.01", "24.01", "25.01", "\u0000", "menu", "back", "skip", "cancel", "restart", "done"),
    ]
)


class AnyTalk(RuleBasedStateMachine):
    """One citizen, an office that answers now and then, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.house = TalkHouse(Path(self.folder.name))
        self.player = TurnPlayer(self.house, "a")
        self.seen: list[str] = ["menu"]
        self.heard: list[Heard] = []
        self.before = Talk()
        self.files = 0

    def teardown(self) -> None:
        """Look for what should be sealed in the bytes of the file, and close."""
        at_once(self.house.store.close())
        stored = b"".join(path.read_bytes() for path in Path(self.folder.name).glob("*.sqlite3*"))
        assert [word for word in CANARIES if word.encode() in stored] == []
        self.house.keys.close()
        self.folder.cleanup()

    # --- what happens ----------------------------------------------------------------------------------

    @rule(text=st.sampled_from(WORDS))
    def says(self, text: str) -> None:
        """Words people use."""
        self._take(at_once(self.player.say(text)))

    @rule(text=HOSTILE)
    def says_anything(self, text: str) -> None:
        """Words nobody uses. A message without any comes through no channel."""
        if text:
            self._take(at_once(self.player.say(text)))

    @rule(pick=st.integers(0, 10_000))
    def presses_what_is_shown(self, pick: int) -> None:
        """A button of the last message."""
        tokens = [token for heard in self.heard[-1:] for token, _ in heard.buttons] or ["menu"]
        self._take(at_once(self.player.press(tokens[pick % len(tokens)])))

    @rule(pick=st.integers(0, 10_000))
    def presses_what_was_shown(self, pick: int) -> None:
        """A button of any message before."""
        self._take(at_once(self.player.press(self.seen[pick % len(self.seen)])))

    @rule(token=TOKENS)
    def presses_anything(self, token: str) -> None:
        """A token that was perhaps never shown."""
        self._take(at_once(self.player.press(token)))

    @rule(kinds=st.lists(st.sampled_from(["photo", "voice", "file", "video"]), min_size=1, max_size=12))
    def sends(self, kinds: list[str]) -> None:
        """Files."""
        self._take(at_once(self.player.send(*kinds)))

    @rule(lat=st.floats(-90, 90), lon=st.floats(-180, 180), near=st.booleans())
    def shares(self, lat: float, lon: float, near: bool) -> None:
        """A place, perhaps in the county."""
        self._take(at_once(self.player.share(*((30.447, 105.489) if near else (lat, lon)))))

    @rule(code=st.sampled_from(["qingshan-gate", "qinglong-water", "road-x012", "hall-window-3", "no-such-code"]))
    def scans(self, code: str) -> None:
        """A printed code."""
        self._take(at_once(self.player.scan(code)))

    @rule(hours=st.sampled_from([0.01, 1, 2.5, 30, 24 * 8, 24 * 40]))
    def waits(self, hours: float) -> None:
        """Time passes; what is due happens."""
        at_once(self.house.wait(timedelta(hours=hours)))

    @rule()
    def sends_again(self) -> None:
        """The network repeats the last message: the same answers, and nothing happens."""
        if self.player.last is None:
            return
        talk, counts = self.player.talk, self.house.counts()
        said = [heard.text for heard in at_once(self.player.again())]
        gone = [self.house.texts[self.player.lang]["dialogue.gone"]]
        assert said in ([heard.text for heard in self.heard], gone)
        assert said != gone or not self._is_written()
        assert (self.player.talk, self.house.counts()) == (talk, counts)

    # --- what always holds -----------------------------------------------------------------------------

    def _take(self, heard: list[Heard]) -> None:
        assert heard, "no answer"
        for one in heard:
            self._is_in_words(one)
        self.heard = heard
        self.seen += [token for one in heard for token, _ in one.buttons]
        spoken = {
            no for one in heard for no in NUMBER.findall(one.text) if "已经登记" in one.text or "is filed" in one.text
        }
        assert spoken <= {case.no for case in self.house.cases()}
        self._no_draft_lost(heard)
        talk = self.player.talk
        assert Talk.from_json(talk.to_json()) == talk
        self.before = talk

    def _is_in_words(self, heard: Heard) -> None:
        texts = self.house.texts[self.player.lang]
        assert heard.text.strip(), "an empty answer"
        keys = [part for part in (*heard.paragraphs, *heard.labels) if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", part)]
        assert keys == [], f"texts that are missing: {keys}"
        assert all(label.strip() for label in heard.labels)
        own = "".join(part for part in heard.paragraphs if len(part) < 300)
        assert not re.search(
            r"\{(no|unit|day|phone|code|office|what|number|story|more|topic|place)\}", own
        ) or self._quotes(own)
        assert fill(texts, "word.menu", {})

    def _quotes(self, text: str) -> bool:
        """Braces that the citizen wrote are shown as they were written."""
        return "{no}{code}{unit}" in text

    def _no_draft_lost(self, heard: list[Heard]) -> None:
        """What was told is still there, in the talk or as a draft; or filed, thrown away, forgotten in words."""
        last = self.player.last
        assert last is not None
        old, new = told(self.before), told(self.player.talk)
        words = " ".join(one.text for one in heard)
        ended = (
            "已经登记",
            "is filed",
            "删",
            "deleted",
            "没有留下",
            "wasn’t kept",
            "大人",
            "grown-up",
            "放不下",
            "had to go",
        )
        wiped = self.before.script == "tip"  # left or handed in, it takes its sitting along
        assert not wiped or old <= new or not any(part in words for part in old - new), "spoken of, and gone"
        expired = any(draft.at < last.at - timedelta(days=30) for draft in self.before.drafts)
        assert old <= new or wiped or expired or any(word in words for word in ended), (old - new, words)

    def _is_written(self) -> bool:
        """Whether the last message left any letter: a forgotten one does not."""
        last = self.player.last
        return last is not None and any(letter.at == last.at for letter in self.player.letters())


def told(talk: Talk) -> set[str]:
    """The beginnings of all stories that a talk holds, finished or not."""
    running = Draft(talk.script, talk.args, {**talk.aside, **talk.answers}, talk.at or talk.since, partial=None)  # pyright: ignore[reportArgumentType]
    stories = [draft.story for draft in (running, *talk.drafts)]
    return {part for story in stories for part in story.split("\n")[:1] if len(part) >= 6}


AnyTalk.TestCase.settings = settings(
    max_examples=400 if DEEP else 15,
    stateful_step_count=60 if DEEP else 25,
    deadline=None,
    derandomize=not DEEP,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
)
TestAnyTalk = pytest.mark.timeout(7200 if DEEP else 300)(AnyTalk.TestCase)
__all__ = ["TestAnyTalk", "initialize", "invariant", "replace"]
