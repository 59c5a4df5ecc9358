"""Case 诉求件 and what may be said of it. Frozen values: a case changes only by folding an Event over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.schema import Kind, Lane


class State(StrEnum):
    """Where a case stands; what the citizen reads is in texts under `state.<name>`."""

    FILED = "filed"  # 已登记: an office has it, nobody has taken it on
    HANDLING = "handling"  # 办理中
    WAITING = "waiting"  # 待补充: the citizen's turn
    ANSWERED = "answered"  # 已答复: waiting for the rating
    CLOSED = "closed"  # 已办结
    REFUSED = "refused"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤回
    MERGED = "merged"  # 已并案


class Act(StrEnum):
    """Everything that can be done to a case. The command and the event it causes share the word."""

    FILE = "file"
    CLAIM = "claim"  # 认领
    RELEASE = "release"  # give the claim back
    ACCEPT = "accept"  # 受理
    REFUSE = "refuse"  # 不予受理
    TRANSFER = "transfer"  # 转办
    RETURN = "return"  # 退回分办
    ASK = "ask"  # 请群众补充
    SUPPLEMENT = "supplement"  # 群众补充
    WAIT_OUT = "wait_out"  # nobody supplemented in time
    REQUEST = "request"  # 申请延期
    EXTEND = "extend"  # 延期: the request is granted
    DECLINE = "decline"  # 不同意: what was asked for or proposed is not granted
    ASSIST = "assist"  # 协办
    REPLY = "reply"  # 协办回复: an assisting unit's own part
    PROGRESS = "progress"  # 阶段反馈
    ANSWER = "answer"  # 答复
    RATE_WELL = "rate_well"  # 3-5
    RATE_BADLY = "rate_badly"  # 1-2
    LAPSE = "lapse"  # the rating window passed
    PROPOSE = "propose"  # 提请办结: a second person is to look
    CLOSE = "close"  # 办结
    RECHECK = "recheck"  # 回头看: the citizen is asked again
    CONFIRM = "confirm"  # the citizen: it holds
    REOPEN = "reopen"
    WITHDRAW = "withdraw"  # 撤回
    MERGE = "merge"  # 并案
    SPLIT = "split"  # 拆分: the merge was wrong
    ESCALATE = "escalate"  # 提级
    SUPERVISE = "supervise"  # 督办
    NOTE = "note"  # internal
    URGE = "urge"  # 催办
    TOLD = "told"  # told by phone, visit or letter
    REMIND = "remind"  # a clock's reminder
    REVEAL = "reveal"  # staff looked at the contact
    CONCLUDE = "conclude"  # 办结认定 of a tip: from now the feedback is owed
    MUTE = "mute"  # 禁言: who wrote it may not write for some days
    UNMUTE = "unmute"
    SECOND = "second"  # 附议补充: words of somebody who joined
    STEP_OUT = "step_out"  # 退出: who filed it withdraws, others go on
    REVIEW = "review"  # 四个穿透
    CROSSCHECK = "crosscheck"  # 村村协作: another unit is to check
    CHECKED = "checked"  # and has
    ACCUSE = "accuse"  # 标明被反映单位: the matter is kept from them from now on
    HOLD = "hold"  # 留存: not deleted however old (个人信息保护法 §47)
    UNHOLD = "unhold"


class Role(StrEnum):
    """What a member of staff is there for (design §1)."""

    CLERK = "clerk"
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    CUSTODIAN = "custodian"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a citizen, a member of staff, or the clock."""

    kind: str  # "citizen" | "staff" | "clock"
    id: int = 0
    name: str = ""
    roles: frozenset[Role] = frozenset()
    unit: str = ""


CLOCK = Actor("clock")

TIP_IDS = 1 << 62
"""Ids of tips are random from here on: unlike those of cases they say nothing of the moment."""


def is_tip(case_id: int) -> bool:
    """Whether an id is a tip's."""
    return case_id >= TIP_IDS


@dataclass(frozen=True, slots=True)
class Command:
    """What someone wants done to a case. `rev` is the revision they were looking at; 0 = whatever it is now."""

    act: Act
    by: Actor
    case_id: int
    text: str = ""
    department: str = ""
    departments: tuple[str, ...] = ()
    ground: str = ""
    door: str = ""
    evidence: str = ""
    score: int = 0
    into: int = 0
    until: datetime | None = None
    how: str = ""  # TOLD: phone, visit or letter
    whom: str = ""  # TOLD: who was told
    on: datetime | None = None  # TOLD: when
    about: tuple[str, ...] = ()  # TOLD: the duties that it fulfils
    attachments: tuple[str, ...] = ()
    rev: int = 0
    sheet: tuple[tuple[str, str], ...] = ()  # 四个穿透, by the names in SHEET
    finding: str = ""  # of a cross-check: "none" | "found"


@dataclass(frozen=True, slots=True)
class Filing:
    """A complete complaint, as the citizen confirmed it."""

    case_id: int
    by: Actor
    kind: Kind
    lane: Lane
    topic: str
    department: str
    story: str
    assist: tuple[str, ...] = ()
    place: str = ""
    place_text: str = ""
    when: str = ""
    details: tuple[tuple[str, str], ...] = ()  # (the question as asked, the answer)
    attachments: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    urgent: bool = False
    channel: str = ""
    on_behalf: str = ""  # "" | "relative" | "clerk"
    minor: bool = False
    source: str = ""  # visit, phone, letter, hotline ... when a clerk enters it
    accused: tuple[str, ...] = ()  # departments that the matter is about: it is kept from them
    about: str = ""  # a tip: who it is about, as the informant put it


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; append-only. `seq` counts from 1 within the case. Text bodies live in letters."""

    case_id: int
    seq: int
    act: Act
    at: datetime
    by: Actor
    text: str = ""
    data: dict[str, str | int] = field(default_factory=dict[str, "str | int"])
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One matter and where it stands. Times are UTC; `rev` grows with every event."""

    id: int
    no: str
    lane: Lane
    kind: Kind
    topic: str
    department: str
    state: State
    opened_at: datetime
    assist: tuple[str, ...] = ()
    rev: int = 1
    place: str = ""
    place_text: str = ""
    story: str = ""
    when: str = ""
    details: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    urgent: bool = False
    person: int = 0
    channel: str = ""
    on_behalf: str = ""
    minor: bool = False
    source: str = ""
    claimed_by: int = 0
    claimed_name: str = ""
    accept_by: datetime | None = None
    answer_by: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    urged_at: datetime | None = None
    extended: bool = False
    supervised: bool = False
    overdue: bool = False
    returns: int = 0
    bad_ratings: int = 0
    score: int = 0
    merged_into: int = 0
    since: datetime | None = None  # when the present unit got it; None: from the beginning
    pending: str = ""  # "extend" | "close": what waits for somebody else's yes
    pending_by: int = 0
    pending_until: datetime | None = None  # the date that was asked for
    rechecked_at: datetime | None = None  # when the citizen was asked 回头看 and has not answered
    accused: tuple[str, ...] = ()  # departments that the matter is about: it is kept from them
    about: str = ""  # a tip: who it is about, as the informant put it
    named: bool = False  # a tip: whether a name lies sealed beside it; never which
    repeat_of: int = 0  # the closed case it brings up again
    reviewed: bool = False  # the four-part review is there
    left: bool = False  # whoever filed it stepped out, and it goes on for others
    checker: str = ""  # the unit that is to cross-check it
    hold: bool = False

    @property
    def open(self) -> bool:
        """Whether somebody still owes something on it."""
        return self.state in OPEN


# 四个穿透 (监委工作报告): 处理情况、历史过程、干部作风、合理诉求.
SHEET = ("handling", "history", "conduct", "demand")
FINDINGS = ("none", "found")

OPEN = frozenset({State.FILED, State.HANDLING, State.WAITING, State.ANSWERED})
