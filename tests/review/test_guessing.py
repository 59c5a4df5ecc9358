"""Guesses at a query code: slowed for whoever guesses, never for the owner, and telling nothing."""

from __future__ import annotations

import pytest

from bot.limits import CROWD, STORM, Guesses, Tries
from bot.store.vault import case_owner
from handlers.messages import Taken
from tests.review.town import Town

LIMIT = 5


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Guesses:
    return Guesses(LIMIT, clock)


def test_one_person(guesses: Guesses, clock: Clock) -> None:
    assert [guesses.allow(1, "a") for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
    clock.now += 61
    assert guesses.allow(1, "a")


def test_a_new_cookie_for_every_guess_is_one_network(guesses: Guesses) -> None:
    assert sum(guesses.allow(person, "a") for person in range(10_000)) == LIMIT * CROWD


def test_a_channel_without_networks_limits_each_person(guesses: Guesses) -> None:
    assert [guesses.allow(1) for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
    assert guesses.allow(2)


def test_an_owner_elsewhere_is_never_locked_out(guesses: Guesses) -> None:
    """A thousand networks guess as fast as they may: whoever comes from another one is let in at once."""
    for network in range(1000):
        for person in range(CROWD):
            guesses.allow(network * CROWD + person, f"network {network}")
    assert guesses.allow(-1, "home")


def test_in_a_storm_a_network_may_try_what_a_person_may(guesses: Guesses, clock: Clock) -> None:
    for person in range(LIMIT * STORM):
        guesses.allow(person, f"network {person}")
    assert sum(guesses.allow(-person, "another") for person in range(1, 100)) == LIMIT
    clock.now += 61
    assert sum(guesses.allow(-person, "another") for person in range(1, 100)) == LIMIT * CROWD


def test_whoever_was_right_has_not_used_up_what_all_may_try(clock: Clock) -> None:
    tries = Tries(3, 60.0, 10, clock)
    for who in range(100):
        assert not tries.wait(who)
        tries.note(who)
        tries.forget(who)
    assert tries.recent() == 0


NO_MATCH = "progress.no_match"


def said(taken: Taken) -> str:
    return " ".join(str(getattr(part, "key", part)) for one in taken.letters if one.reply for part in one.reply.parts)


@pytest.mark.asyncio
async def test_fresh_cookies_from_one_network_do_not_open_a_case_by_trying(town: Town) -> None:
    held = await town.file("owner")
    code = town.core.code_of(held.id)
    for n in range(LIMIT * CROWD):
        assert NO_MATCH in said(await town.say(f"thief {n}", f"{held.no} 222-2222-{n:04d}", source="here"))
    assert NO_MATCH in said(await town.say("one more thief", f"{held.no} {code}", source="here"))
    assert "progress.head" in said(await town.say("the owner's daughter", f"{held.no} {code}", source="there"))


@pytest.mark.asyncio
async def test_a_wrong_code_opens_nothing(town: Town) -> None:
    """Not even to look: what is not opened takes no time. Without its key the case could not be."""
    held = await town.file("owner")
    town.core.vault.keys.drop(case_owner(held.id))
    wrong = said(await town.say("thief", f"{held.no} 222-2222-2222"))
    nobody = said(await town.say("other", "MS20260101-0001 222-2222-2222"))
    assert wrong == nobody != ""
