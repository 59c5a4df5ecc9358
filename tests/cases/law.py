"""The law of a case, written down a second time, from design §6 and not from the code."""

from __future__ import annotations

from cases.case import Act, Actor, Case, Role, State
from cases.tips import ONLY

# Where an act leads from each state. "-": it may not happen; "=": it changes nothing of the state.
# "*": an unaccepted case is accepted first.
_MOVES = """
             filed     handling  waiting   answered  closed    refused   withdrawn merged
file         -         -         -         -         -         -         -         -
claim        =         =         =         =         -         -         -         -
release      =         =         =         =         -         -         -         -
accept       handling  -         -         -         -         -         -         -
refuse       refused   -         -         -         -         -         -         -
transfer     filed     filed     filed     -         -         -         -         -
return       filed     filed     -         -         -         -         -         -
ask          waiting*  waiting   -         -         -         -         -         -
supplement   =         =         handling  =         -         -         -         -
wait_out     -         -         handling  -         -         -         -         -
request      -         =         -         -         -         -         -         -
extend       -         =         -         -         -         -         -         -
decline      -         =         -         =         -         -         -         -
reply        =         =         =         =         -         -         -         -
progress     -         =         -         -         -         -         -         -
assist       =         =         =         =         -         -         -         -
answer       answered* answered  answered  answered  -         -         -         -
rate_well    -         -         -         closed    closed    -         -         -
rate_badly   -         -         -         handling  handling  -         -         -
lapse        -         -         -         closed    -         -         -         -
propose      -         -         -         =         -         -         -         -
close        -         -         -         closed    -         -         -         -
recheck      -         -         -         -         =         -         -         -
confirm      -         -         -         -         =         -         -         -
reopen       -         -         -         handling  handling  -         -         -
withdraw     withdrawn withdrawn withdrawn withdrawn -         -         -         -
merge        merged    merged    merged    merged    -         -         -         -
escalate     filed     filed     filed     filed     -         -         -         -
supervise    =         =         =         =         -         -         -         -
note         =         =         =         =         =         =         =         =
urge         =         =         =         =         -         -         -         -
told         =         =         =         =         =         =         -         -
remind       =         =         =         =         =         =         -         -
reveal       =         =         =         =         =         =         =         =
conclude     -         =         -         -         -         -         -         -
mute         =         =         =         =         =         =         =         =
unmute       =         =         =         =         =         =         =         =
split        -         -         -         -         -         -         -         filed
second       =         =         =         =         -         -         -         -
step_out     =         =         =         =         -         -         -         -
review       =         =         =         =         =         -         -         -
crosscheck   -         -         -         =         =         -         -         -
checked      =         =         =         =         =         -         -         -
accuse       =         =         =         =         =         =         =         =
hold         =         =         =         =         =         =         =         =
unhold       =         =         =         =         =         =         =         =
"""

HATS = ("handler", "helper", "dispatcher", "supervisor", "custodian", "admin", "citizen", "clock", "checker")
_WHO = """
             handler helper dispatcher supervisor custodian admin citizen clock checker
file         .       .      .          .          .         .     .       .     .
claim        x       .      x          .          .         .     .       .     .
release      x       .      x          .          .         .     .       .     .
accept       x       .      x          .          .         .     .       .     .
refuse       x       .      x          .          .         .     .       .     .
transfer     .       .      x          .          .         .     .       .     .
return       x       .      .          .          .         .     .       .     .
ask          x       .      x          .          .         .     .       .     .
supplement   x       .      x          .          .         .     x       .     .
wait_out     .       .      .          .          .         .     .       x     .
request      x       .      x          .          .         .     .       .     .
extend       .       .      .          x          .         .     .       .     .
decline      .       .      .          x          .         .     .       .     .
reply        .       x      .          .          .         .     .       .     .
progress     x       .      x          .          .         .     .       .     .
assist       .       .      x          .          .         .     .       .     .
answer       x       .      x          .          .         .     .       .     .
rate_well    .       .      .          .          .         .     x       .     .
rate_badly   .       .      .          .          .         .     x       .     .
lapse        .       .      .          .          .         .     .       x     .
propose      x       .      x          x          .         .     .       .     .
close        x       .      x          x          .         .     .       .     .
recheck      .       .      .          .          .         .     .       x     .
confirm      .       .      .          .          .         .     x       .     .
reopen       .       .      x          x          .         .     x       .     .
withdraw     .       .      .          .          .         .     x       .     .
merge        .       .      x          .          .         .     .       .     .
escalate     .       .      .          x          .         .     .       x     .
supervise    .       .      .          x          .         .     .       x     .
note         x       x      x          x          .         .     .       .     .
urge         .       .      .          .          .         .     x       .     .
told         x       .      x          .          .         .     .       .     .
remind       .       .      .          .          .         .     .       x     .
conclude     x       .      .          .          .         .     .       .     .
reveal       x       .      x          .          .         .     .       .     .
mute         .       .      x          x          .         .     .       .     .
unmute       .       .      x          x          .         .     .       .     .
split        .       .      x          .          .         .     .       .     .
second       .       .      .          .          .         .     x       .     .
step_out     .       .      .          .          .         .     x       .     .
review       x       .      x          x          .         .     .       .     .
crosscheck   .       .      x          x          .         .     .       .     .
checked      .       .      .          .          .         .     .       .     x
accuse       .       .      x          x          .         .     .       .     .
hold         .       .      .          x          x         .     .       .     .
unhold       .       .      .          x          x         .     .       .     .
"""

# What somebody still owes while a case stands in a state.
OWED: dict[State, set[str]] = {
    State.FILED: {"accept", "answer"},
    State.HANDLING: {"answer"},
    State.WAITING: {"answer", "supplement"},
    State.ANSWERED: {"rate"},
    State.CLOSED: set(),
    State.REFUSED: set(),
    State.WITHDRAWN: set(),
    State.MERGED: set(),
}

# What may be owed beside it: for as long as it has not reached the citizen, a helper has not replied, or the day of
# the re-check has not come.
BESIDE: dict[State, set[str]] = {
    State.FILED: {"assist", "tell_accept", "tell_handling", "stage", "call_back", "supervised"},
    State.HANDLING: {"assist", "tell_accept", "tell_handling", "stage", "call_back", "supervised"},
    State.WAITING: {"assist", "tell_accept", "tell_handling", "stage", "call_back", "supervised"},
    State.ANSWERED: {"assist", "tell_accept", "tell_handling", "result", "call_back", "supervised"},
    State.CLOSED: {"recheck", "tell_accept", "tell_handling", "result", "call_back"},
    State.REFUSED: {"tell_accept"},
    State.WITHDRAWN: set(),
    State.MERGED: set(),
}


def _rows(table: str) -> dict[Act, list[str]]:
    return {Act(words[0]): words[1:] for words in map(str.split, table.strip().splitlines()[1:])}


def _leads(state: State, word: str) -> State | None:
    """Where one cell of the table leads; None for nowhere."""
    return {"-": None, "=": state}.get(word) if word in "-=" else State(word.rstrip("*"))


MOVES = {(state, act): _leads(state, row[n]) for act, row in _rows(_MOVES).items() for n, state in enumerate(State)}
ACCEPTED_FIRST = {(State.FILED, act) for act, row in _rows(_MOVES).items() if row[0].endswith("*")}
MAY = {act: {hat for hat, word in zip(HATS, row, strict=True) if word == "x"} for act, row in _rows(_WHO).items()}


def hats(held: Case, who: Actor) -> set[str]:
    """What somebody is to a case."""
    if who.kind != "staff":
        return {who.kind}
    own = {str(role) for role in who.roles - {Role.CLERK}}
    if Role.CLERK in who.roles and who.unit == held.department:
        own.add("handler")
    if Role.CLERK in who.roles and who.unit in held.assist:
        own.add("helper")
    if Role.CLERK in who.roles and who.unit == held.checker:
        own.add("checker")
    return own


def outcome(held: Case, act: Act, who: Actor) -> State | str:
    """The state a complete command leads to, or the reason why it may not be."""
    leads = MOVES[held.state, act]
    if leads is None:
        return "state"
    if act in ONLY:
        return "role"  # of a tip only; `held` is a service case
    return leads if MAY[act] & hats(held, who) else "role"
