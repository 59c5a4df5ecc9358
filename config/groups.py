"""Staff groups on chat platforms: which departments sit in which, and how much of a case is shown there."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field

from config.model import Model

Detail = Literal["number", "redacted"]


class GroupRules(Protocol):
    """What a platform's rules tell: who sits where, and what may be read there."""

    def level(self, group: str, sample: bool) -> Detail:
        """How much a group may read."""
        ...

    def group_of(self, department: str, default: str) -> str:
        """Where a department sits; "" for nowhere."""
        ...


class TelegramGroup(Model):
    """A group of some departments. `detail` is its own level, else the office's."""

    chat: str = Field(pattern=r"^-[0-9]{5,20}$")
    departments: tuple[str, ...]
    detail: Literal["", "number", "redacted"] = ""


class TelegramRules(Model):
    """office.yaml: what may be said on Telegram (个人信息保护法 §36, §38: it leaves mainland China).

    `number` is number, topic, deadline and link; `redacted` the masked story, too, and needs a name in `approved_by`.
    """

    allowed: bool = True
    detail: Literal["", "number", "redacted"] = ""
    approved_by: str = ""
    groups: tuple[TelegramGroup, ...] = ()

    def level(self, group: str, sample: bool) -> Detail:
        """How much a group may read. A real office shows numbers until somebody answers for more."""
        own = next((one.detail for one in self.groups if one.chat == group), "")
        wanted = own or self.detail or ("redacted" if sample else "number")
        return "redacted" if wanted == "redacted" and (sample or self.approved_by) else "number"

    def group_of(self, department: str, default: str) -> str:
        """Where a department sits; `default` for one without a group of its own, "" for nowhere."""
        own = next((one.chat for one in self.groups if department in one.departments), "")
        return (own or default) if self.allowed else ""


class WeComGroup(Model):
    """A WeCom group of some departments; the bot tells its `chat` when asked for 群号 there."""

    chat: str = Field(pattern=r"^[A-Za-z0-9_-]{5,64}$")
    departments: tuple[str, ...]
    detail: Literal["", "number", "redacted"] = ""


class WeComRules(Model):
    """office.yaml: the office's own groups in WeCom, which keeps what is said in mainland China.

    `bot` is the bot's name as it is called with @, needed only when there is a space in it.
    """

    bot: str = Field(default="", max_length=40)
    detail: Detail = "redacted"
    groups: tuple[WeComGroup, ...] = ()

    def level(self, group: str, sample: bool) -> Detail:
        """How much a group may read: the masked story, unless it is said to be numbers only."""
        own = next((one.detail for one in self.groups if one.chat == group), "")
        return "number" if (own or self.detail) == "number" else "redacted"

    def group_of(self, department: str, default: str) -> str:
        """Where a department sits; `default` for one without a group of its own, "" for nowhere."""
        return next((one.chat for one in self.groups if department in one.departments), "") or default
