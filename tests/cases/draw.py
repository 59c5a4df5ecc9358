"""Draws the life of a case from `cases.lifecycle`, for docs/cases.md.

`python -m tests.cases.draw` writes the diagram and the table of who may do what into the page, between their
marks, and leaves the rest of it alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from cases.case import OPEN, Act, State
from cases.lifecycle import TRANSITIONS, WHO

PAGE = Path(__file__).parent.parent.parent / "docs" / "cases.md"


def diagram() -> str:
    """A Mermaid state diagram: one arrow for every pair of states, named by the acts that lead along it."""
    lines = ["stateDiagram-v2", "    [*] --> filed : file"]
    for state, moves in TRANSITIONS.items():
        along: dict[State, list[Act]] = {}
        for act, to in moves.items():
            if moves_it(state, act):
                along.setdefault(to, []).append(act)
        lines += [f"    {state} --> {to} : {' / '.join(acts)}" for to, acts in along.items()]
    lines += [
        f"    {state} --> [*]"
        for state, moves in TRANSITIONS.items()
        if not any(map(OPEN.__contains__, moves.values()))
    ]
    return "\n".join(["```mermaid", *lines, "```"])


def moves_it(state: State, act: Act) -> bool:
    """Whether an act is an arrow of its own: it changes the state, or hands the case to another unit."""
    return TRANSITIONS[state][act] is not state or act in (Act.TRANSFER, Act.RETURN, Act.ESCALATE)


def arrows() -> set[tuple[str, str, str]]:
    """(from, act, to) of every arrow in the diagram."""
    return {
        (state, act, to) for state, moves in TRANSITIONS.items() for act, to in moves.items() if moves_it(state, act)
    }


def stays() -> set[tuple[str, str]]:
    """(act, the states it may happen in) of everything that leaves a case where it is."""
    still = {act: [state for state in State if act in TRANSITIONS[state] and not moves_it(state, act)] for act in Act}
    return {(act, " ".join(states)) for act, states in still.items() if states}


def people() -> str:
    """Who may do what, as a table."""
    hats = ("handler", "helper", "dispatcher", "supervisor", "checker", "citizen", "clock")
    rows = [
        f"| {act} | " + " | ".join("●" if hat in WHO[act] else "" for hat in hats) + " |" for act in Act if act in WHO
    ]
    return "\n".join(["| act | " + " | ".join(hats) + " |", "|---" * (len(hats) + 1) + "|", *rows])


def drawn(page: str) -> str:
    """The page with its drawn parts as they have to be."""
    for name, part in (("diagram", diagram()), ("people", people())):
        marks = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        page = marks.sub(lambda found, part=part: f"{found[1]}{part}{found[2]}", page)
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
