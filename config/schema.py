"""The shape of an office's files. Everything an admin may set is a field here, nothing else is read.

Models are frozen; a field the schema does not know is an error, so that a typing slip is found by
`zhitong check` and not by a citizen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Literal

from pydantic import Field

from config.groups import TelegramRules, WeComRules
from config.keeping import Retention
from config.model import Model
from config.repeats import Repeats

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
SPAN = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


class Kind(StrEnum):
    """诉求类型, the five of the 12345 rules and praise (domain.md §2)."""

    CONSULT = "consult"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


class Lane(StrEnum):
    """Which road a matter may travel (检举控告工作规则 §47: a tip never meets the accused unit)."""

    SERVICE = "service"  # 业务诉求: departments
    TIP = "tip"  # 检举控告: discipline staff only
    UPPER = "upper"  # above this office: nothing is stored, the door is shown


class Level(StrEnum):
    """Where a unit stands; escalation goes up this list."""

    VILLAGE = "village"
    TOWN = "town"
    COUNTY = "county"
    CITY = "city"


class Named(Model):
    """Something with a name in both languages."""

    name: str = Field(min_length=1)
    name_en: str = ""

    def label(self, lang: str) -> str:
        """The name in `lang` ("zh" or "en"); Chinese when English is missing."""
        return self.name_en if lang == "en" and self.name_en else self.name


class Limits(Model):
    """Numbers an office may turn; days are calendar days unless the name says working."""

    story_min: int = 6
    story_max: int = 2000
    photos: int = 9
    photo_mb: int = 10
    file_mb: int = 20
    image_megapixels: int = 40
    waiting_days: int = 10
    rating_days: int = 7
    reopen_days: int = 30
    extend_days: int = 30
    urge_hours: int = 24
    draft_days: int = 30
    question_days: int = 90
    messages_per_minute: int = 30
    code_guesses_per_minute: int = 5
    mute_days: int = 7


class Hours(Model):
    """When the office is open, and what counts of that which comes in while it is not. Local time, HH:MM.

    `same_day` counts a message that comes at night or on a day off as received that day, `next_day` as received on
    the next working day. `quiet` holds reminders back, as lunch does; what is owed in hours knows neither.
    """

    opens: str = Field(default="09:00", pattern=CLOCK)
    lunch: str = Field(default="12:00-14:00", pattern=f"^$|{SPAN}")
    quiet: str = Field(default="20:00-08:00", pattern=f"^$|{SPAN}")
    night: Literal["same_day", "next_day"] = "same_day"
    weekend: Literal["same_day", "next_day"] = "same_day"


class Review(Model):
    """Where a petition's answer may be reviewed, and within how many days (信访工作条例 §35)."""

    door: str = ""
    days: int = 30


class Door(Named):
    """A right channel outside this office, named when a matter is not ours (12345 rules §19)."""

    id: str
    phone: str = ""
    address: str = ""
    note: str = ""


class Emergency(Named):
    """A number to call at once; keywords are matched before anything else is."""

    id: str
    number: str
    keywords: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


class Ground(Named):
    """A listed ground on which a case may be refused, and the door that is then named."""

    id: str
    door: str = ""


class WeChatNotice(Model):
    """A template of the Official Account: its id, and what stands in each of its fields (at most 20 characters)."""

    id: str = Field(min_length=1)
    fields: dict[str, Literal["no", "office", "state", "day"]]


class WeChat(Model):
    """What the office set up at WeChat: a notice that citizens agree to (订阅通知), a template message (模板消息)."""

    notice: WeChatNotice | None = None
    template: WeChatNotice | None = None


class TipRank(Named):
    """How high an official stands. `upper`: not this office's to examine, nothing is stored (检举控告规则 §15)."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    upper: bool = False


class TipRules(Model):
    """检举控告: who is above this office, and how an informant's name may be opened."""

    ranks: tuple[TipRank, ...] = ()
    upper_words: tuple[str, ...] = ()  # offices held by people above this office: 县委书记, 县长 ...
    upper_units: tuple[str, ...] = ()  # departments above this office; discipline units always are
    door: str = "upper"
    reveal_minutes: int = Field(default=15, ge=1, le=60)
    request_hours: int = Field(default=24, ge=1, le=168)


class Office(Named):
    """office.yaml: who runs this deployment."""

    county: str
    county_en: str = ""
    region: str = ""  # where that is, from the province down; an answer for another region is never given directly
    phone: str
    address: str = ""
    case_prefix: str = Field(default="MS", pattern=r"^[A-Z]{1,4}$")
    tip_prefix: str = Field(default="JB", pattern=r"^[A-Z]{1,4}$")
    time_zone: str = "Asia/Shanghai"
    day_ends: str = Field(default="18:00", pattern=r"^\d\d:\d\d$")
    hours: Hours = Hours()
    review: Review = Review()
    duty_department: str
    sample: bool = False
    tip_lane: bool = False
    tips: TipRules = TipRules()
    consent_version: int = 1
    retention: str = "办结后保存三年"
    retention_en: str = "three years after the case is closed"
    limits: Limits = Limits()
    wechat: WeChat = WeChat()
    doors: tuple[Door, ...] = ()
    grounds: tuple[Ground, ...] = ()
    common_topics: tuple[str, ...] = ()
    telegram: TelegramRules = TelegramRules()
    wecom: WeComRules = WeComRules()


class Option(Named):
    """One answer of a choice question in categories.yaml."""

    token: str = Field(pattern=r"^[a-z0-9_-]+$")


class TopicQuestion(Model):
    """A question that belongs to one topic; at most one of a topic is required."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    ask: str
    ask_en: str = ""
    type: Literal["text", "choice", "amount", "number", "month", "tail4", "yesno", "policy"] = "text"
    options: tuple[Option, ...] = ()
    required: bool = False

    def label(self, lang: str) -> str:
        """The words of the question in `lang`."""
        return self.ask_en if lang == "en" and self.ask_en else self.ask


class Topic(Named):
    """二级诉求: what a case is about, who answers, and by when."""

    code: str = Field(pattern=r"^\d\d\.\d\d$")
    example: str = ""
    keywords: tuple[str, ...] = ()
    kind: Kind
    lane: Lane = Lane.SERVICE
    ask_official: bool = False
    department: str = ""
    assist: tuple[str, ...] = ()
    urgent: bool = False
    joinable: bool = False
    crosscheck: bool = False
    door: str = ""
    questions: tuple[TopicQuestion, ...] = ()


class Category(Named):
    """一级诉求: a shelf of topics."""

    code: str = Field(pattern=r"^\d\d$")
    icon: str = ""
    petition: bool = False  # handled as 信访: the answer says where and until when it may be reviewed
    close_by_second: bool = False  # 销号: closed by another person than the one who proposes it
    topics: tuple[Topic, ...]


class Department(Named):
    """A unit that answers. `parent` is its superior: escalation goes there, never sideways."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    aliases: tuple[str, ...] = ()
    parent: str = ""
    level: Level = Level.COUNTY
    phone: str = ""
    discipline: bool = False


class Place(Named):
    """A town or village. `department` is the town's own office, found through `parent` when empty."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: Literal["town", "village"]
    parent: str = ""
    aliases: tuple[str, ...] = ()
    department: str = ""
    lat: float | None = None
    lon: float | None = None


class Scene(Model):
    """A printed code (码上行动): what it fills in before the citizen says a word."""

    code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    place: str = ""
    category: str = ""
    topic: str = ""


class Deadline(Model):
    """Clocks of one kind in one lane. `source` names the rule; days are working days, hours are clock hours.

    `notice_days`, `feedback_days`: within so many days a notice, an answer has reached the citizen, or staff ring.
    `progress_days` after acceptance a stage feedback is owed (0: none); `callback_days` after a bad rating a call;
    `return_days`: so long a unit may say "not ours" (0: always); `assist_days` is what helpers have; `recheck_days`
    (calendar days, 0: never) after closing the citizen is asked whether it holds. In the tip lane the answer's days
    count from the conclusion, not from receipt.
    """

    kind: Kind
    lane: Lane = Lane.SERVICE
    urgent: bool = False
    accept_days: int = 2
    accept_hours: int = 0
    answer_days: int = 15
    answer_hours: int = 0
    notice_days: int = Field(default=2, ge=1)
    progress_days: int = Field(default=0, ge=0)
    feedback_days: int = Field(default=2, ge=1)
    callback_days: int = Field(default=2, ge=1)
    return_days: int = Field(default=2, ge=0)
    assist_days: int = Field(default=5, ge=1)
    recheck_days: int = Field(default=0, ge=0)
    source: str


class Rung(Model):
    """A step of the ladder: at a share of the time (percent), or some working days after the end of it.

    What is owed within hours takes `after_hours` instead of `after_days`.
    """

    share: int = Field(default=0, ge=0, le=100)
    after_days: int = Field(default=0, ge=0)
    after_hours: int = Field(default=0, ge=0)
    do: Literal["remind", "attention", "supervise", "escalate"]
    source: str


class Ladder(Model):
    """ladder.yaml: what happens while nobody does anything, and when departments get their digest."""

    digest_at: str = Field(default="09:00", pattern=CLOCK)
    supervise_days: int = Field(default=3, ge=1)  # working days a 督办 letter gives for its reply
    accept: tuple[Rung, ...]
    answer: tuple[Rung, ...]


class Year(Model):
    """One year of the Chinese working calendar: days off beyond weekends, and weekend days worked (调休)."""

    source: str
    off: frozenset[date]
    work: frozenset[date] = frozenset()


class County(Model):
    """One office's files, loaded and checked: the snapshot every turn reads."""

    office: Office
    categories: tuple[Category, ...]
    departments: tuple[Department, ...]
    places: tuple[Place, ...]
    scenes: tuple[Scene, ...] = ()
    deadlines: tuple[Deadline, ...]
    ladder: Ladder
    emergencies: tuple[Emergency, ...]
    repeats: Repeats = Repeats()
    retention: Retention
    calendar: dict[int, Year]
    texts: dict[str, dict[str, str]]

    def topics(self) -> Iterator[Topic]:
        """Every topic, in the order of the file."""
        for category in self.categories:
            yield from category.topics

    @cached_property
    def topic_by_code(self) -> dict[str, Topic]:
        """Topic by its code such as "01.01"."""
        return {topic.code: topic for topic in self.topics()}

    @cached_property
    def category_by_code(self) -> dict[str, Category]:
        """Category by its code such as "01"."""
        return {category.code: category for category in self.categories}

    @cached_property
    def department_by_id(self) -> dict[str, Department]:
        """Department by id."""
        return {unit.id: unit for unit in self.departments}

    @cached_property
    def department_names(self) -> tuple[tuple[str, str], ...]:
        """(name or alias, department id) of every department, as written in the file."""
        return tuple((name, unit.id) for unit in self.departments for name in (unit.name, *unit.aliases))

    @cached_property
    def place_by_id(self) -> dict[str, Place]:
        """Place by id."""
        return {place.id: place for place in self.places}

    @cached_property
    def door_by_id(self) -> dict[str, Door]:
        """Door by id."""
        return {door.id: door for door in self.office.doors}

    @cached_property
    def ground_by_id(self) -> dict[str, Ground]:
        """Ground of refusal by id."""
        return {ground.id: ground for ground in self.office.grounds}

    @cached_property
    def scene_by_code(self) -> dict[str, Scene]:
        """Scene by its printed code."""
        return {scene.code: scene for scene in self.scenes}

    def place_path(self, place_id: str, lang: str = "zh") -> str:
        """ "河口镇青山村": the place with its town before it; "" for an unknown id."""
        place = self.place_by_id.get(place_id)
        if place is None:
            return ""
        glue = ", " if lang == "en" else ""
        parent = self.place_path(place.parent, lang)
        return glue.join(part for part in (parent, place.label(lang)) if part)
