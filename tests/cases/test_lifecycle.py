"""The machine against the law: every state, act and hat; then what happens on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.case import Act, Actor, Case, Command, Event, Filing, State
from cases.lifecycle import TRANSITIONS, WHO, Illegal, decide, fold, may, opened, possible
from cases.tips import ONLY
from config.schema import Kind, Lane
from tests.cases.factory import (
    CASE_ID,
    CHEN,
    CLOCK,
    EVERYBODY,
    LI,
    LIU,
    MA,
    NOW,
    QIAN,
    SUN,
    VILLAGER,
    WANG,
    ZHAO,
    case,
    command,
    county,
    done,
    ready,
    told,
)
from tests.cases.law import ACCEPTED_FIRST, MAY, MOVES, outcome


def tried(held: Case, step: Command) -> State | str:
    """The state after a command, or the reason why it may not be."""
    try:
        return done(held, step).state
    except Illegal as illegal:
        return illegal.reason


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("state", State)
def test_every_state_act_and_hat(state: State, act: Act) -> None:
    """A complete command of everybody in the cast does what the law says, or is refused for the right reason."""
    held = ready(state, act)
    expected = {who.name or who.kind: outcome(held, act, who) for who in EVERYBODY}
    if act is Act.RELEASE and state in TRANSITIONS and MOVES[state, act]:
        expected[LI.name] = "not_claimed"  # the one guard that no complete command can satisfy
    assert {who.name or who.kind: tried(held, command(act, who)) for who in EVERYBODY} == expected


def test_the_table_holds_nothing_the_law_does_not() -> None:
    table = {(state, act): to for state, moves in TRANSITIONS.items() for act, to in moves.items()}
    assert table == {move: to for move, to in MOVES.items() if to and move not in ACCEPTED_FIRST}
    assert {act: set(who) for act, who in WHO.items()} == {act: who for act, who in MAY.items() if who}


@pytest.mark.parametrize("state", State)
def test_buttons_are_exactly_what_would_not_be_refused(state: State) -> None:
    held = case(state, checker=QIAN.unit)
    for who in EVERYBODY:
        made = {act: replace(ready(state, act), checker=QIAN.unit) for act in Act}
        fits = [act for act in Act if tried(made[act], command(act, who)) not in ("state", "role")]
        assert list(possible(held, who)) == fits
        assert all(may(held, who, act) for act in fits)


@pytest.mark.parametrize("kind", ["", "handler", "dispatcher", "admin", "Clock"])
def test_a_made_up_kind_of_actor_may_nothing(kind: str) -> None:
    assert [act for act in Act if may(case(), Actor(kind, 1, unit="shuiwu"), act)] == []


def test_two_hats_are_worn_at_once() -> None:
    held = case(department="zhiban")
    assert tried(held, command(Act.TRANSFER, MA)) is State.FILED  # as dispatcher
    assert done(held, command(Act.ACCEPT, MA)).claimed_by == MA.id  # as handler


# --- a clerk who knows the answer just answers ------------------------------------------------------------


@pytest.mark.parametrize(("act", "state"), [(Act.ANSWER, State.ANSWERED), (Act.ASK, State.WAITING)])
def test_an_unaccepted_case_is_accepted_on_the_way(act: Act, state: State) -> None:
    step = command(act, WANG, attachments=("photo",), evidence="现场")
    accepted, happened = decide(case(), step, NOW, county())
    assert (accepted.act, accepted.seq, accepted.text, accepted.attachments, accepted.data) == (
        Act.ACCEPT,
        4,
        "",
        (),
        {},
    )
    assert (happened.act, happened.seq, happened.attachments) == (act, 5, ("photo",))
    after = fold(fold(case(), accepted), happened)
    assert (after.state, after.rev, after.claimed_by, after.claimed_name) == (state, 5, WANG.id, "王芳")


def test_an_answer_on_an_old_view_is_stale_even_when_it_would_accept() -> None:
    assert tried(case(), command(Act.ANSWER, WANG, rev=2)) == "stale"
    assert tried(case(), command(Act.ANSWER, WANG, rev=3)) is State.ANSWERED


def test_an_empty_answer_does_not_accept() -> None:
    assert tried(case(), command(Act.ANSWER, WANG, text=" \n")) == "empty"


# --- who has it -------------------------------------------------------------------------------------------

CLAIMANTS = [
    Act.ACCEPT, Act.REFUSE, Act.RETURN, Act.ASK, Act.PROGRESS, Act.REQUEST, Act.ANSWER, Act.PROPOSE, Act.CLOSE,
]  # fmt: skip


@pytest.mark.parametrize("act", CLAIMANTS)
def test_a_colleague_is_told_who_has_claimed_it(act: Act) -> None:
    state = next(state for state in State if act in TRANSITIONS[state])
    held = case(state, claimed_by=WANG.id, claimed_name=WANG.name)
    with pytest.raises(Illegal) as refused:
        decide(held, command(act, LI), NOW, county())
    assert (refused.value.reason, refused.value.gaps) == ("claimed", {"who": "王芳"})
    assert isinstance(tried(held, command(act, WANG)), State)
    if act is not Act.RETURN:
        assert isinstance(tried(held, command(act, CHEN)), State)  # a dispatcher may step in


def test_a_colleague_may_still_note_and_look_and_tell() -> None:
    held = case(State.HANDLING, claimed_by=WANG.id, claimed_name=WANG.name)
    for act in (Act.NOTE, Act.REVEAL, Act.TOLD, Act.SUPPLEMENT):
        assert tried(held, command(act, LI)) is State.HANDLING


def test_two_claim_at_once() -> None:
    first = done(case(), command(Act.CLAIM, WANG, rev=3))
    assert (first.claimed_by, first.claimed_name) == (WANG.id, "王芳")
    assert tried(first, command(Act.CLAIM, LI, rev=3)) == "claimed"  # and not "stale": she is told who won
    assert tried(first, command(Act.CLAIM, WANG, rev=3)) is State.FILED


@pytest.mark.parametrize(
    ("holder", "who", "result"),
    [
        (WANG, WANG, "free"),
        (WANG, LI, "not_claimed"),
        (WANG, CHEN, "free"),
        (None, WANG, "not_claimed"),
        (None, CHEN, "not_claimed"),
    ],
)
def test_release(holder: Actor | None, who: Actor, result: str) -> None:
    held = case(claimed_by=holder.id if holder else 0, claimed_name=holder.name if holder else "")
    if result == "free":
        after = done(held, command(Act.RELEASE, who))
        assert (after.claimed_by, after.claimed_name) == (0, "")
    else:
        assert tried(held, command(Act.RELEASE, who)) == result


@pytest.mark.parametrize(
    ("act", "who", "state"),
    [
        (Act.TRANSFER, CHEN, State.HANDLING),
        (Act.RETURN, WANG, State.HANDLING),
        (Act.ESCALATE, LIU, State.HANDLING),
        (Act.WITHDRAW, VILLAGER, State.HANDLING),
        (Act.MERGE, CHEN, State.HANDLING),
        (Act.REFUSE, WANG, State.FILED),
        (Act.CLOSE, WANG, State.ANSWERED),
        (Act.RATE_WELL, VILLAGER, State.ANSWERED),
        (Act.LAPSE, CLOCK, State.ANSWERED),
    ],
)
def test_a_claim_ends_when_the_case_moves_on(act: Act, who: Actor, state: State) -> None:
    after = done(case(state, claimed_by=WANG.id, claimed_name=WANG.name), command(act, who))
    assert (after.claimed_by, after.claimed_name) == (0, "")


def test_a_bad_rating_goes_back_to_whoever_answered() -> None:
    held = case(State.ANSWERED, claimed_by=WANG.id, claimed_name=WANG.name)
    assert done(held, command(Act.RATE_BADLY, VILLAGER)).claimed_by == WANG.id


# --- an older view ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [act for act in Act if MAY[act] and act not in ONLY])
def test_an_older_view(act: Act) -> None:
    """What overwrites or contradicts needs the newest view; a note, a look, a call and a claim do not."""
    state = next(state for state in State if act in TRANSITIONS[state])
    held = ready(state, act)
    who = next(who for who in EVERYBODY if may(held, who, act))
    stays = (Act.NOTE, Act.REVEAL, Act.MUTE, Act.UNMUTE, Act.HOLD, Act.UNHOLD)
    fits = act in (*stays, Act.TOLD, Act.CLAIM, Act.REPLY, Act.CHECKED)
    assert (tried(held, command(act, who, rev=held.rev - 1)) == "stale") is not fits
    assert tried(held, command(act, who, rev=held.rev)) == outcome(held, act, who)


# --- the road of a whole case -----------------------------------------------------------------------------


def acts(held: Case, *steps: Command) -> str:
    """What happened, in one line."""
    return " ".join(act for act, _ in told(held, *steps)[1])


def test_the_second_bad_rating_goes_to_the_supervisor_by_itself() -> None:
    bad, again = command(Act.RATE_BADLY, VILLAGER), command(Act.ANSWER, WANG)
    assert acts(case(State.ANSWERED), bad) == "rate_badly"
    assert acts(case(State.ANSWERED), bad, again, bad) == "rate_badly answer rate_badly supervise"
    assert acts(case(State.ANSWERED, supervised=True), bad, again, bad) == "rate_badly answer rate_badly"
    twice = done(case(State.ANSWERED), bad, again, bad)
    assert (twice.state, twice.supervised, twice.bad_ratings) == (State.HANDLING, True, 2)
    _, supervised = decide(case(State.ANSWERED, bad_ratings=1), bad, NOW, county())
    assert (supervised.by.kind, supervised.data["why"]) == ("clock", "rated")


def test_a_new_answer_has_no_rating_yet() -> None:
    again = done(case(State.ANSWERED), command(Act.RATE_BADLY, VILLAGER), command(Act.ANSWER, WANG))
    assert (again.score, again.bad_ratings) == (0, 1)
    lapsed = done(again, command(Act.LAPSE, CLOCK))
    assert (lapsed.state, lapsed.score) == (State.CLOSED, 0)
    assert done(lapsed, command(Act.RATE_WELL, VILLAGER)).score == 5  # late, but within the window


def test_a_case_from_filing_to_rating() -> None:
    steps = (
        command(Act.CLAIM, WANG),
        command(Act.ACCEPT, WANG),
        command(Act.ASK, WANG),
        command(Act.SUPPLEMENT, VILLAGER),
        command(Act.REQUEST, WANG),
        command(Act.EXTEND, LIU),
        command(Act.ANSWER, WANG),
        command(Act.RATE_WELL, VILLAGER),
    )
    after = done(case(), *steps)
    assert (after.state, after.score, after.rev, after.closed_at) == (State.CLOSED, 5, 11, NOW)


def test_going_up_ends_the_sight_of_the_local_unit() -> None:
    """提级: neither the unit that lost the case nor the one that got it is left among the helpers."""
    lent = done(case(assist=("nongye", "minzheng")), command(Act.TRANSFER, CHEN))
    assert (lent.department, lent.assist) == ("nongye", ("minzheng",))
    up = done(replace(lent, assist=("nongye", "xian-zhengfu", "minzheng")), command(Act.ESCALATE, LIU))
    assert (up.department, up.assist, up.state) == ("xian-zhengfu", ("minzheng",), State.FILED)


def test_a_return_goes_to_the_duty_desk() -> None:
    after = done(case(State.HANDLING), command(Act.RETURN, WANG))
    assert (after.department, after.state, after.returns) == ("zhiban", State.FILED, 1)


def test_what_an_event_keeps() -> None:
    (refused,) = decide(case(), command(Act.REFUSE, WANG), NOW, county())
    assert refused.data == {"ground": "susong", "door": "fayuan"}
    (named,) = decide(case(), command(Act.REFUSE, WANG, door="12345"), NOW, county())
    assert named.data == {"ground": "susong", "door": "12345"}
    until = NOW + timedelta(days=20)
    (later,) = decide(ready(State.HANDLING, Act.EXTEND), command(Act.EXTEND, LIU, until=until), NOW, county())
    assert later.data == {"until": int(until.timestamp())}
    (helped,) = decide(case(), command(Act.ASSIST, CHEN, departments=("hekou", "nongye", "hekou")), NOW, county())
    assert helped.data == {"departments": "hekou,nongye", "added": "hekou,nongye"}
    assert fold(case(), helped).assist == ("hekou", "nongye")


def test_a_refusal_names_case_state_act_and_actor() -> None:
    with pytest.raises(Illegal) as refused:
        decide(case(State.CLOSED), command(Act.ANSWER, QIAN), NOW, county())
    assert str(refused.value) == "MS20261120-0007 (closed): answer by staff 4: state"


def test_fold_knows_no_event_that_may_not_follow() -> None:
    with pytest.raises(KeyError):
        fold(case(State.REFUSED), Event(CASE_ID, 4, Act.ANSWER, NOW, WANG))


@pytest.mark.parametrize(("by", "person"), [(VILLAGER, 900), (ZHAO, 0)])
def test_a_filing_becomes_a_case(by: Actor, person: int) -> None:
    filing = Filing(
        CASE_ID, by, Kind.HELP, Lane.SERVICE, "07.01", "shuiwu", "停水三天了", ("minzheng",), name="张三", urgent=True
    )
    held, event = opened(filing, "MS20261120-0001", NOW)
    assert (held.state, held.rev, held.person, held.opened_at) == (State.FILED, 1, person, NOW)
    assert (held.name, held.urgent, held.assist, held.department) == ("张三", True, ("minzheng",), "shuiwu")
    assert (event.act, event.seq, event.by, event.data) == (Act.FILE, 1, by, {"department": "shuiwu"})


def test_those_above_only_read() -> None:
    assert possible(case(), SUN) == ()
