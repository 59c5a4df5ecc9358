"""What a script is, and the register of all scripts. `handlers.dialogue` runs them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.desk import Deed, Desk
from handlers.messages import Inbound, Reply, Words
from handlers.questions.base import Question
from handlers.talk import Answer, Talk


@dataclass(frozen=True, slots=True)
class Next:
    """Another script to go on with, and the names of the answers it takes along."""

    script: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished script wants: said to the citizen, done, and remembered of the talk."""

    replies: tuple[Reply, ...] = ()
    deeds: tuple[Deed, ...] = ()
    opened: int = 0  # a case this talk may now look at
    remember: Mapping[str, Any] = field(default_factory=dict[str, Any])  # fields of Talk
    then: Next | None = None


Script = Callable[..., Generator[Question, Any, Result]]
Aside = Callable[[Desk, Question, Inbound, Mapping[str, Answer]], "tuple[str, Answer, Words] | None"]
SCRIPTS: dict[str, Script] = {}
KEPT: set[str] = set()  # scripts whose unfinished answers are offered back
WIPED: set[str] = set()  # scripts of which nothing stays when they are left, finished or not
ASIDES: dict[str, Aside] = {}  # what does not answer the open question but belongs to another answer


def script(
    name: str, *, kept: bool = False, wiped: bool = False, aside: Aside | None = None
) -> Callable[[Script], Script]:
    """Register a script under `name`; `kept` ones become drafts when left unfinished, `wiped` ones leave nothing.

    `aside` may take a message that misses the open question and say which answer it adds to.
    """

    def register(function: Script) -> Script:
        SCRIPTS[name] = function
        if kept:
            KEPT.add(name)
        if wiped:
            WIPED.add(name)
        if aside:
            ASIDES[name] = aside
        return function

    return register


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one message caused: the talk as it is now, what is said, what is to be done."""

    talk: Talk
    replies: tuple[Reply, ...] = ()
    deeds: tuple[Deed, ...] = ()
    said: str = ""  # what the citizen is seen to have said: a button's label, not its token
