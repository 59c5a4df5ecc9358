"""The README's pictures, out of the demo: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright, expect

from tests.browser.office import ROOT, Office
from tests.browser.people import PHONE, Citizen, Clerk, Person
from tests.browser.photos import burst_pipe, mended_pipe, scene
from tests.browser.town import TIMEOUT_MS, Networks, Town
from tests.web.browser import CHROMIUM, FLAGS

FOLDER = ROOT / "docs" / "images"
MOST_BYTES = 150_000
PATIENCE_MS = 60_000  # the demo plays four weeks before it opens its doors

STORY = "我们组停水三天了，路边的水管爆了没人修，家里老人小孩要喝水"
ANSWER = "抢修班今天把爆掉的那段管子换了新的，四点恢复供水。刚来的水有点浑，先放几分钟再用。"


async def main() -> None:
    """Start a demo, let a citizen and a clerk do the main job, take a picture of each side of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        office = Office(Path(made) / "demo", "demo", "--no-browser")
        await asyncio.to_thread(office.start)
        try:
            await take_all(office)
        finally:
            office.stop()


async def take_all(office: Office) -> None:
    """The five pictures, in the order in which things happen."""
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        town = Town(office, browser, Networks())
        wang, telephone = await enters(town, "王芳"), await enters(town, "王芳", phone=True)
        citizen = await town.citizen()
        await citizen_tells(citizen)
        await keep(citizen, "citizen-filing")
        await citizen.presses("提交")
        no, _ = await citizen.number_and_code()
        await clerk_answers(wang, telephone, no)
        await citizen.hears("有答复了")
        await expect(citizen.talk.get_by_role("img", name="照片 修好了.jpg")).to_be_visible()
        await keep(citizen, "citizen-answer")
        complaints = await town.goes_home()
        await browser.close()
    assert complaints == []


async def enters(town: Town, name: str, *, phone: bool = False) -> Clerk:
    """A clerk of the demo logs in: her code is her password there."""
    code = json.loads((town.office.folder / "demo.json").read_text("utf-8"))["codes"][name]
    clerk = await (town.clerk(device=PHONE) if phone else town.clerk())
    clerk.page.set_default_timeout(PATIENCE_MS)
    await clerk.page.goto("/staff/login")
    await clerk.logs_in(name, code)
    return clerk


async def citizen_tells(citizen: Citizen) -> None:
    """From a sentence to the last look before 提交."""
    await citizen.comes()
    await citizen.says(STORY)
    await citizen.presses("同意")
    await expect(citizen.choice("看全部类别")).to_be_visible()
    await citizen.says("停水")
    await citizen.presses("否")
    await citizen.says("河口镇青山村三组")
    await citizen.hears("要留联系方式吗")
    await citizen.says("罗大勇 13800000000")
    await citizen.hears("请看一看，对不对")
    await citizen.sends_photo(scene("水管.jpg", burst_pipe))
    await citizen.hears("已经附上（共 1 个）")


async def clerk_answers(wang: Clerk, telephone: Clerk, no: str) -> None:
    """The room with the new card open, the same on a telephone, the answer as the citizen will read it."""
    await wang.opens(no)
    await wang.claims()
    await wang.presses("受理")
    await wang.confirms("已受理")
    await wang.writes("内部备注", "已经叫抢修班带 DN100 的管子过去，下午看结果。")
    await wang.case.get_by_role("button", name="记下备注").click()
    await expect(wang.story).to_contain_text("已经叫抢修班")
    await settled(wang)
    await wang.story.evaluate("story => story.scrollTo(0, 0)")
    await keep(wang, "staff-room")
    await telephone.opens(no)
    await keep(telephone, "staff-phone")
    await wang.writes("答复群众", ANSWER, scene("修好了.jpg", mended_pipe))
    await wang.case.get_by_role("button", name="预览答复").click()
    await expect(wang.dialog.locator(".letter")).to_contain_text(ANSWER)
    await keep(wang, "staff-answer")
    await wang.confirms(no)


async def settled(clerk: Clerk) -> None:
    """What was just done is no longer announced, and its letter has gone out."""
    await expect(clerk.page.locator("#toast")).not_to_have_class("toast shown")
    await expect(clerk.story.locator("p.sent.delivered")).to_be_visible()


async def keep(person: Person, name: str) -> None:
    """Take the picture, with as many colours as fit."""
    await person.page.evaluate("document.fonts.ready")
    await person.page.wait_for_timeout(500)
    taken = Image.open(io.BytesIO(await person.page.screenshot(animations="disabled"))).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        taken.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    asyncio.run(main())
