"""The question log and the suggestions as rows: sealed, one effect each, gone with the person or the case."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.store import people, questions, staff, suggestions
from bot.store.connect import core, inspect
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.migrations import upgrade
from bot.store.suggestions import Wording
from bot.store.tables import question, suggestion
from bot.store.vault import Vault, case_owner, person_owner
from handlers.desk import Asked, Clicked, Unsay

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SAID = "低保要什么条件"


@pytest.fixture
def conn(path: Path) -> Generator[Connection]:
    """A migrated file."""
    inspect(path)
    upgrade(path)
    with core(path).connect() as made:
        yield made


@pytest.fixture
def vault(tmp_path: Path) -> Generator[Vault]:
    """Keys of two people and a case."""
    ring = KeyRing.load(None, tmp_path / "keys")
    with closing(KeyStore(tmp_path / "keys" / "keys.sqlite3", ring)) as keys:
        made = Vault(ring, keys)
        for owner in (person_owner(1), person_owner(2), case_owner(7)):
            made.begin(owner)
        keys.commit()
        yield made


def ask(conn: Connection, vault: Vault, person: int, after: int = 0, text: str = SAID) -> None:
    """A question so many minutes after noon."""
    asked = Asked(NOON + after * MINUTE, "typed", text, "choices", 0.4567, ("a", "b"))
    questions.note(conn, vault, person, asked, "v1")


def test_a_row_is_read_back_as_it_was_asked(conn: Connection, vault: Vault) -> None:
    ask(conn, vault, 1)
    (row,) = questions.logged(conn, vault)
    assert (row.person, row.at, row.text, row.shown) == (1, NOON, SAID, ("a", "b"))
    assert (row.arrival, row.band, row.confidence, row.book) == ("typed", "choices", 0.457, "v1")


def test_the_words_are_sealed(conn: Connection, vault: Vault) -> None:
    ask(conn, vault, 1)
    stored = conn.execute(select(question)).one()
    assert SAID.encode() not in bytes(stored.sealed)
    assert SAID not in str(stored)


def test_a_click_is_one_persons_and_one_questions(conn: Connection, vault: Vault) -> None:
    for person, after in ((1, 0), (1, 1), (2, 0)):
        ask(conn, vault, person, after)
    questions.note(conn, vault, 1, Clicked(NOON, picked="b"), "v1")
    questions.note(conn, vault, 1, Clicked(NOON, felt="bad"), "v1")
    found = {(row.person, row.at): (row.picked, row.felt) for row in questions.logged(conn, vault)}
    assert found == {(1, NOON): ("b", "bad"), (1, NOON + MINUTE): ("", ""), (2, NOON): ("", "")}


def test_words_are_taken_back_but_for_what_helped(conn: Connection, vault: Vault) -> None:
    for after in (0, 1, 2):
        ask(conn, vault, 1, after)
    ask(conn, vault, 2, 2)
    questions.note(conn, vault, 1, Clicked(NOON + 2 * MINUTE, felt="ok"), "v1")
    questions.note(conn, vault, 1, Unsay(NOON + MINUTE), "v1")
    found = [(row.person, row.at, row.text) for row in questions.logged(conn, vault)]
    assert sorted(found) == [
        (1, NOON, SAID),
        (1, NOON + MINUTE, ""),
        (1, NOON + 2 * MINUTE, SAID),
        (2, NOON + 2 * MINUTE, SAID),
    ]


def test_forgetting(conn: Connection, vault: Vault) -> None:
    for person, after in ((1, 0), (1, 1), (2, 1)):
        ask(conn, vault, person, after)
    questions.forget_since(conn, 1, NOON + MINUTE)
    assert len(list(questions.logged(conn, vault))) == 2
    people.erase(conn, vault, 1, NOON)
    assert [row.person for row in questions.logged(conn, vault)] == [2]
    vault.keys.drop(person_owner(2))
    assert list(questions.logged(conn, vault)) == []
    assert questions.sweep(conn, NOON + MINUTE) == 0
    assert questions.sweep(conn, NOON + 2 * MINUTE) == 1


# --- suggestions ----------------------------------------------------------------------------------------------

ALIAS = Wording("alias", "dibao-tiaojian", "低保条件")


def suggest(conn: Connection, vault: Vault, wording: Wording = ALIAS) -> bool:
    """A clerk's press."""
    return suggestions.make(conn, vault, wording, 7, 3, SAID, "去村委会", NOON)


def test_a_suggestion_is_made_once(conn: Connection, vault: Vault) -> None:
    assert [suggest(conn, vault), suggest(conn, vault)] == [True, False]
    assert suggest(conn, vault, Wording("alias", "other", "低保条件"))
    assert suggest(conn, vault, Wording("entry", "dibao-tiaojian", "低保条件"))
    assert not suggest(conn, vault, Wording("entry", "other", "低保条件"))
    assert [one.kind for one in suggestions.waiting(conn, vault)] == ["alias", "alias", "entry"]
    assert all(SAID.encode() not in bytes(row) for row in conn.execute(select(suggestion.c.sealed)).scalars())


def test_one_decision_and_then_the_words_go(conn: Connection, vault: Vault) -> None:
    suggest(conn, vault)
    staff.add(conn, "王芳", ["admin"], "zhiban", NOON)
    (one,) = suggestions.waiting(conn, vault)
    assert (one.question, one.answer, one.entry_id) == (SAID, "去村委会", "dibao-tiaojian")
    assert suggestions.decide(conn, one.id, "accepted", 1, "other", NOON)
    assert not suggestions.decide(conn, one.id, "rejected", 2, "", NOON)
    assert suggestions.who_decided(conn, one.id) == "王芳"
    assert suggestions.waiting(conn, vault, one.id) == []
    assert conn.execute(select(suggestion.c.sealed)).scalars().all() == [None]
    assert not suggest(conn, vault)


def test_what_clicks_said_is_remembered_without_words(conn: Connection, vault: Vault) -> None:
    suggestions.settle(conn, vault, ALIAS, "rejected", 1, NOON)
    suggestions.settle(conn, vault, ALIAS, "rejected", 2, NOON)
    other = Wording("alias", "dibao-tiaojian", "别的")
    assert suggestions.known(conn, vault, [ALIAS, other]) == {ALIAS}
    assert suggestions.known(conn, vault, []) == set()
    assert suggestions.waiting(conn, vault) == []


def test_a_case_that_is_erased_takes_its_suggestion_along(conn: Connection, vault: Vault) -> None:
    suggest(conn, vault)
    vault.keys.drop(case_owner(7))
    assert suggestions.waiting(conn, vault) == []


def test_the_most_asked_are_counted_by_people_and_not_by_the_list_that_shows_them(
    conn: Connection, vault: Vault
) -> None:
    def said(person: int, after: int, arrival: str, band: str, *shown: str) -> None:
        at = NOON + after * MINUTE
        questions.note(conn, vault, person, Asked(at, arrival, "", band, 1.0, shown), "v1")

    said(1, -60, "typed", "answer", "old")
    said(1, 1, "typed", "answer", "a")
    said(1, 2, "typed", "answer", "a")
    said(2, 3, "button", "answer", "a")
    said(2, 4, "typed", "choices", "a", "b")
    questions.note(conn, vault, 2, Clicked(NOON + 4 * MINUTE, picked="b"), "v1")
    said(1, 5, "hot", "answer", "c")
    said(2, 6, "typed", "choices", "d", "e")
    questions.note(conn, vault, 2, Clicked(NOON + 6 * MINUTE, picked="-"), "v1")
    said(1, 7, "typed", "answer", "f")
    questions.note(conn, vault, 1, Clicked(NOON + 7 * MINUTE, felt="bad"), "v1")
    assert questions.asked_most(conn, NOON) == {"a": 2, "b": 1}
