"""People in front of browsers: what a citizen and a clerk do with the pages, by the names a screen reader says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, FilePayload, Locator, Page, expect

from tests.browser.office import PASSWORD

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
NUMBER = re.compile(r"MS\d{8}-\d{4,}")
CODE = re.compile(r"\b[2-9]\d{2}-\d{4}-\d{4}\b")

# Beside what the console says: a violation of the page's policy, whichever way it is reported.
WATCH = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""


async def sees(citizen: Citizen, name: str) -> None:
    """The picture is there, and is a picture."""
    image = citizen.talk.get_by_role("img", name=name)
    await expect(image).to_be_visible()
    await expect(image).to_have_js_property("complete", True)
    assert await image.evaluate("image => image.naturalWidth") > 0


@dataclass
class Person:
    """Somebody with a browser of their own, and what it complained of."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list[str])
    forgiven: list[str] = field(default_factory=list[str])

    def watch(self) -> None:
        """Note whatever the browser complains of."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"pageerror {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def forgives(self, *words: str) -> None:
        """Complaints with these words are what the story is about."""
        self.forgiven += words

    def unforgiven(self) -> list[str]:
        """What the browser complained of and should not have."""
        return [said for said in self.complaints if not any(word in said for word in self.forgiven)]


class Citizen(Person):
    """Somebody at the citizen's page."""

    @property
    def talk(self) -> Locator:
        """The talk, as a screen reader finds it."""
        return self.page.get_by_role("log", name="对话")

    async def comes(self, *, script: bool = True) -> None:
        """Open the page, and let it wake up where it may."""
        await self.page.goto("/")
        if script:
            await self.page.wait_for_selector("html.js")

    async def says(self, words: str) -> None:
        """Type and send."""
        await self.page.get_by_role("textbox", name="您要说的话").fill(words)
        await self.page.get_by_role("button", name="发送", exact=True).click()

    def choice(self, label: str) -> Locator:
        """One of the choices in the talk."""
        return self.talk.get_by_role("button", name=label, exact=True)

    async def presses(self, *labels: str) -> None:
        """One choice after the other."""
        for label in labels:
            await self.choice(label).click()

    async def hears(self, *words: str) -> None:
        """The office has said this."""
        for word in words:
            await expect(self.talk.locator(".m.office").filter(has_text=word).last).to_be_visible()

    async def chooses_photo(self, photo: FilePayload) -> None:
        """Through the "+" panel, as a hand does it, until it is stored."""
        await self.page.get_by_role("button", name="照片、录音、位置、文件", exact=True).click()
        async with self.page.expect_file_chooser() as chooser:
            await self.page.locator("#panel").get_by_role("button", name="照片/拍照").click()
        await (await chooser.value).set_files(photo)
        await expect(self.page.get_by_role("status").filter(has_text="已传好")).to_be_visible()

    async def sends_photo(self, photo: FilePayload) -> None:
        """Choose one and send it."""
        await self.chooses_photo(photo)
        await self.page.get_by_role("button", name="发送", exact=True).click()

    async def files(self, story: str, topic: str, place: str = "河口镇青山村") -> tuple[str, str]:
        """The common case, anonymous: number and query code."""
        await self.presses("反映问题", "同意")
        await self.hears("请说说是什么事")
        await self.says(story)
        await expect(self.choice("看全部类别")).to_be_visible()
        await self.says(topic)
        await self.hears("在哪个地方")
        await self.names_the_place(place)
        await self.presses("匿名", "提交")
        return await self.number_and_code()

    async def names_the_place(self, place: str) -> None:
        """Where; if others said it before, it is a matter of their own all the same."""
        await self.says(place)
        await self.stands_alone()

    async def stands_alone(self) -> None:
        """Say so, if the office asks whether this is what others told it."""
        own = self.choice("不，单独反映")
        await expect(own.or_(self.choice("匿名")).first).to_be_visible()
        if await own.is_visible():
            await own.click()

    async def number_and_code(self) -> tuple[str, str]:
        """What the office gave to be written down."""
        letter = self.talk.locator(".m.office").filter(has_text="查询码：").last
        await expect(letter).to_be_visible()
        text = await letter.inner_text()
        number, code = NUMBER.search(text), CODE.search(text)
        assert number and code, text
        return number[0], code[0]

    async def said(self) -> list[str]:
        """What stands in the talk as this person's own words."""
        return await self.talk.locator(".m.me .words").all_inner_texts()

    def bubble(self, words: str) -> Locator:
        """One of this person's own messages, with what became of it."""
        return self.talk.locator(".m.me").filter(has_text=words).last


class Clerk(Person):
    """A member of staff in the staff room."""

    @property
    def narrow(self) -> bool:
        """Whether it is a telephone: one thing at a time."""
        size = self.page.viewport_size
        return bool(size and size["width"] < 760)

    async def comes(self) -> None:
        """Open the room; the session is there."""
        await self.page.goto("/staff")
        await self.is_in()

    async def is_in(self) -> None:
        """The room has drawn its list, be it empty."""
        feed = self.page.get_by_role("feed", name="诉求卡")
        await expect(feed).to_be_attached()
        await expect(feed).not_to_have_attribute("aria-busy", "true")

    async def starts(self, code: str) -> None:
        """With a one-time code out of the address, choose a password."""
        await self.page.goto(f"/staff/start#{code}")
        await expect(self.page.get_by_role("textbox", name="一次性代码")).to_have_value(code)
        await self.page.get_by_label("新密码", exact=True).fill(PASSWORD)
        await self.page.get_by_label("再输一遍", exact=True).fill(PASSWORD)
        await self.page.get_by_role("button", name="设好并进入").click()
        await self.is_in()

    async def logs_out(self) -> None:
        """Leave, through the rail."""
        await self.rail()
        await self.page.get_by_role("button", name="退出登录").click()
        await expect(self.page.get_by_role("heading", name="登录", exact=True)).to_be_visible()

    async def logs_in(self, name: str, password: str = PASSWORD) -> None:
        """Name and password."""
        await self.page.get_by_label("姓名").fill(name)
        await self.page.get_by_role("textbox", name="密码").fill(password)
        await self.page.get_by_role("button", name="进入", exact=True).click()
        await self.is_in()

    async def rail(self) -> None:
        """The rail, which a telephone keeps aside."""
        if self.narrow:
            await self.page.get_by_role("button", name="打开导航").click()

    async def views(self, name: str) -> None:
        """One of the views of the rail."""
        await self.rail()
        views = self.page.get_by_role("group", name="看哪些件").get_by_role("button")
        await views.filter(has_text=re.compile(f"^{name}")).first.click()

    def card(self, no: str) -> Locator:
        """A card by its number, as a screen reader says it."""
        return self.page.get_by_role("article", name=no, exact=True)

    async def opens(self, no: str) -> None:
        """Touch the card."""
        await self.card(no).get_by_role("link", name=no).click()
        await expect(self.case.get_by_role("heading", name=no)).to_be_visible()

    @property
    def case(self) -> Locator:
        """The open case."""
        return self.page.get_by_role("region", name="打开的诉求")

    @property
    def story(self) -> Locator:
        """What happened to it so far."""
        return self.page.get_by_role("region", name="来龙去脉")

    @property
    def dialog(self) -> Locator:
        """What lies over the room."""
        return self.page.get_by_role("dialog").last

    async def presses(self, act: str) -> None:
        """A button of the open case, out of 更多 where it does not fit."""
        bar = self.case.get_by_role("toolbar", name="可以做的事")
        await expect(bar.get_by_role("button").first).to_be_visible()
        button = bar.get_by_role("button", name=act, exact=True)
        if not await button.count():
            await bar.get_by_role("button", name="更多", exact=True).click()
        await button.click()

    async def claims(self) -> None:
        """Take the case on, and see that it is one's own."""
        await self.presses("认领")
        await expect(self.case.locator("header")).to_contain_text("我认领")

    async def confirms(self, *words: str) -> None:
        """Read what the citizen will read, and send it."""
        letter = self.dialog.locator(".letter")
        for word in words:
            await expect(letter).to_contain_text(word)
        await self.dialog.get_by_role("button", name="确认发出").click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def writes(self, mode: str, words: str, photo: FilePayload | None = None) -> None:
        """Into the composer, in one of its modes."""
        await self.takes_pen(mode)
        await self.page.get_by_role("textbox", name="要写的内容").fill(words)
        if photo:
            await self.page.get_by_label("加附件").set_input_files(photo)
            await expect(self.case.get_by_role("button", name=f"去掉 {photo['name']}")).to_be_visible()
            await expect(self.case.locator(".file.busy")).to_have_count(0)

    async def takes_pen(self, mode: str) -> None:
        """Turn the composer to a mode; on a telephone it is folded away first."""
        modes = self.case.get_by_role("group", name="写给谁看")
        bar = self.case.get_by_role("toolbar", name="可以做的事")
        await expect(modes.or_(bar).first).to_be_visible()
        if self.narrow and not await modes.is_visible():
            await bar.get_by_role("button", name="内部备注", exact=True).click()
        await modes.get_by_role("button", name=mode, exact=True).click()

    async def answers(self, no: str, words: str, photo: FilePayload | None = None) -> None:
        """Write, look at what the citizen will read, send."""
        await self.writes("答复群众", words, photo)
        await self.case.get_by_role("button", name="预览答复").click()
        await self.confirms(no, words)
