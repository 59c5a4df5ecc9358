"""The scripted talk of the fake house: every kind of message the page has to show."""

from __future__ import annotations

from handlers.messages import Inbound, Markdown, Option, QueryCode, Reply, Say

POLICY = """**农村低保**按家庭人均收入核定，2026 年标准为每人每月 **620 元**，以当地公布为准。

| 家庭人口 | 每月最多 |
|---|---|
| 1 人 | 620 元 |
| 2 人 | 1240 元 |

1. 先到村委会领申请表；
2. 带身份证和户口本交到镇上；
3. 公示 7 天没有异议就发。

打 [0000-5550103](tel:00005550103) 问民政局，或看 [办事指南](https://example.org/dibao)。"""

TOPICS = [
    ("01", "惠农补贴"), ("02", "社会救助"), ("03", "农村道路"), ("04", "饮水安全"), ("05", "供电"),
    ("06", "垃圾污水"), ("07", "土地宅基地"), ("08", "医疗卫生"), ("09", "教育"), ("10", "社会保险"),
    ("11", "拖欠工资"), ("12", "消费维权"), ("13", "交通出行"), ("14", "邻里纠纷"),
]  # fmt: skip

BACK = (Option("back", Say("word.back"), "quiet"), Option("cancel", Say("word.cancel"), "quiet"))

MENU = Reply(
    (Say("desk.greeting", {"office": "示例县民声直通"}), Say("desk.how")),
    (
        Option("report", Say("word.report"), "primary"),
        Option("policy", Say("word.policy")),
        Option("progress", Say("word.progress")),
        Option("mine", Say("word.privacy"), "quiet"),
    ),
)
TOPIC = Reply(
    ("您要反映哪方面的事？点一个，或者直接说是什么事。",),
    (*(Option(f"topic:{code}", label) for code, label in TOPICS), *BACK),
    wants="choice",
)
STORY = Reply(
    ("请说说是怎么回事：什么时候、在哪里、怎么样了。可以打字，也可以按录音。",),
    BACK,
    wants="text",
)
PLACE = Reply(
    ("在哪个村？",),
    (
        Option("place:qingshan", "河口镇青山村"),
        Option("place:liushu", "河口镇柳树村"),
        Option("place:elsewhere", "都不是，我自己打地名"),
        *BACK,
    ),
    wants="place",
)
PHOTOS = Reply(
    ("有照片可以发上来，没有就跳过。",),
    (Option("done", Say("word.done"), "primary"), Option("skip", Say("word.skip"), "quiet")),
    wants="photos",
)
CONTACT = Reply(
    ("留个联系方式，好告诉您结果。不想留就选匿名。",),
    (Option("named", Say("word.named"), "primary"), Option("anonymous", Say("word.anonymous"))),
    wants="phone",
)
SUMMARY = Reply(
    (
        "请看一遍，对了就点提交。",
        "事情：村口的路塌了一半，三轮车过不去，下雨天娃娃上学绕两里路\n地点：河口镇青山村\n照片：2 张\n联系：匿名",
    ),
    (
        Option("submit", Say("word.submit"), "primary"),
        Option("edit:story", "改事情"),
        Option("edit:place", "改地点"),
        Option("add:when", "补时间"),
        Option("cancel", Say("word.cancel"), "quiet"),
    ),
    wants="choice",
)
FILED = Reply(
    (
        Say("report.filed.number", {"no": "MS20261122-0007", "code": QueryCode(7)}),
        "两个工作日内告诉您谁来办，15 个工作日内答复。急事打 0000-5550100。",
    ),
    (Option("progress", Say("word.progress")), Option("menu", Say("word.menu"), "quiet")),
    case_id=7,
)
ANSWERED = Reply(
    (
        "您反映的 MS20261122-0007 有答复了。",
        "交通运输局：塌方路段今天已经围挡，24 号开始抢修，月底前通车。这几天请走旧河堤。",
        "您满意吗？",
    ),
    (
        Option("rate:5", "很满意"),
        Option("rate:4", "满意"),
        Option("rate:3", "一般"),
        Option("rate:2", "不满意"),
        Option("rate:1", "很不满意"),
    ),
    wants="choice",
)
NOTICE = Reply(("MS20261122-0007 已受理。",), (Option("case:7", "看办理情况", "quiet"),), "nothing", case_id=7)
SWITCHED = Reply((Say("desk.greeting", {"office": "Shili County Direct Line"}),), MENU.options)

BY_CHOICE: dict[str, tuple[Reply, ...]] = {
    "menu": (MENU,),
    "report": (TOPIC,),
    "policy": (Reply((Markdown(POLICY),), MENU.options),),
    "submit": (FILED,),
    "named": (SUMMARY,),
    "anonymous": (SUMMARY,),
    "done": (CONTACT,),
    "skip": (CONTACT,),
}
LABELS = {
    **{option.token: option.label for reply in (TOPIC, PLACE, SUMMARY, ANSWERED) for option in reply.options},
    "menu": "菜单",
    "report": "反映问题",
    "policy": "查政策",
    "progress": "查进度",
    "submit": "提交",
    "skip": "跳过",
    "done": "完成",
    "named": "实名",
    "anonymous": "匿名",
    "back": "返回",
    "cancel": "取消",
}


def answers(inbound: Inbound, lang: str) -> tuple[str, str | None, tuple[Reply, ...]]:
    """(language, what was said or None, replies) to one message."""
    choice, text = inbound.choice, inbound.text
    if choice.startswith("lang:"):
        return choice.removeprefix("lang:"), None, (SWITCHED,)
    if inbound.scene:
        return lang, None, (Reply((f"您在 {inbound.scene} 扫的码，是要反映这里的事吗？",), MENU.options),)
    said = str(LABELS.get(choice, choice)) or text
    if choice in BY_CHOICE:
        return lang, said, BY_CHOICE[choice]
    if choice.startswith("place:") or inbound.place:
        return lang, said, (PHOTOS,)
    if choice.startswith("topic:"):
        return lang, said, (STORY,)
    if inbound.attachments:
        return lang, said, (CONTACT,)
    by_word = {label: token for token, label in LABELS.items()}
    if text in by_word and by_word[text] in BY_CHOICE:
        return lang, said, BY_CHOICE[by_word[text]]
    if len(text) >= 6:
        return lang, said, (PLACE,)
    return lang, said, (MENU,)
