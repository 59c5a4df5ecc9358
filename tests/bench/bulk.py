"""An office of a million cases in minutes: real rows in the real tables, copied from ones that the product wrote.

The first citizens and their cases are written by the product's own functions. Everybody after them is a copy under ids,
numbers, times and keys of their own: what is sealed is opened once and sealed anew for each.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.store.connect import DATABASE, KEYS_FILE, connect
from bot.store.keys import Key, KeyRing, seal, unseal
from bot.store.vault import case_owner, person_owner

Row = dict[str, Any]
TABLES = ("person", "address", "conversation", "case", "follower", "event", "obligation", "letter", "outbox")
COUNTED = ("address", "obligation", "letter", "outbox")  # their ids count by themselves
MINUTE = 60_000_000  # in the store's microseconds
LOT = 600  # citizens copied between two commits
TIMES = frozenset({
    "made_at", "seen_at", "updated_at", "opened_at", "moved_at", "answer_by", "since", "at", "due_at", "wake_at",
    "settled_at", "not_before", "delivered_at",
})  # fmt: skip


@dataclass
class Citizen:
    """The rows about one of the first citizens, by table; what was sealed in them is open."""

    rows: dict[str, list[Row]]


class Copier:
    """Writes copies of the first citizens of an office, `each` cases a citizen."""

    def __init__(self, folder: Path, each: int, number: Callable[[int], str]) -> None:
        self._each, self._number = each, number
        self._ring = KeyRing.load(None, folder / "keys")
        self._main = connect(folder / DATABASE, synchronous="OFF")
        self._main.execute("PRAGMA cache_size=-400000")
        self._main.row_factory = sqlite3.Row
        self._keys = connect(folder / KEYS_FILE, synchronous="OFF")
        self._next = {table: self._highest(table) + 1 for table in COUNTED}
        self._first = [self._citizen(row["id"]) for row in self._main.execute("SELECT id FROM person ORDER BY id")]
        self._inserts: dict[str, str] = {}

    def copy(self, first: int, until: int) -> None:
        """Citizens whose cases are those from `first` on, up to `until`."""
        places = range(first, until, self._each)
        for start in range(0, len(places), LOT):
            self._write([self._copied(at) for at in places[start : start + LOT]])

    def close(self) -> None:
        """Let go of the files."""
        for table in COUNTED:
            assert self._highest(table) == self._next[table] - 1
        self._main.close()
        self._keys.close()

    # --- reading the first ones --------------------------------------------------------------------------

    def _highest(self, table: str) -> int:
        return self._main.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]

    def _citizen(self, person_id: int) -> Citizen:
        cases = [
            dict(row) for row in self._main.execute('SELECT * FROM "case" WHERE person_id=? ORDER BY id', (person_id,))
        ]
        ids = ",".join(str(row["id"]) for row in cases)
        rows = {"case": cases}
        for table in TABLES:
            if table != "case":
                of_case = table in ("follower", "event", "obligation", "outbox")
                where = (
                    f"case_id IN ({ids})" if of_case else f"{'id' if table == 'person' else 'person_id'}={person_id}"
                )
                rows[table] = [dict(row) for row in self._main.execute(f"SELECT * FROM {table} WHERE {where}")]
        for kind, row in ((kind, row) for kind, found in rows.items() for row in found):
            if row.get("sealed"):
                owner, place = _owner(kind, row)
                row["sealed"] = unseal(self._key_of(owner), row["sealed"], place.encode())
        return Citizen(rows)

    def _key_of(self, owner: str) -> Key:
        (wrapped,) = self._keys.execute("SELECT wrapped FROM key WHERE owner=?", (owner,)).fetchone()
        return Key("d", unseal(self._ring.current("wrap"), wrapped, owner.encode()))

    # --- writing copies ----------------------------------------------------------------------------------

    def _copied(self, at: int) -> dict[str, list[Row]]:
        """All rows of the citizen whose first case is the one at this place in the order of filing."""
        pattern = self._first[at // self._each % len(self._first)]
        old = pattern.rows["person"][0]["id"]
        cases = {row["id"]: at + n + 1 for n, row in enumerate(pattern.rows["case"])}
        numbers = {row["no"]: self._number(cases[row["id"]] - 1) for row in pattern.rows["case"]}
        later = (at + 1 - old) * MINUTE
        made: dict[str, list[Row]] = {"key": []}
        keys = {owner: self._fresh(owner, made["key"]) for owner in _owners(at + 1, cases.values())}
        for table in TABLES:
            made[table] = [self._row(table, row, at + 1, cases, numbers, later, keys) for row in pattern.rows[table]]
        return made

    def _row(
        self, table: str, old: Row, person: int, cases: dict[int, int], numbers: dict[str, str], later: int,
        keys: dict[str, Key],
    ) -> Row:  # fmt: skip
        row = {name: value + later if name in TIMES and value is not None else value for name, value in old.items()}
        if row.get("person_id"):
            row["person_id"] = person
        if row.get("case_id"):
            row["case_id"] = cases[old["case_id"]]
        match table:
            case "person":
                row["id"] = person
            case "case":
                row["id"], row["no"] = cases[old["id"]], numbers[old["no"]]
            case "address":
                row["hash"] = self._ring.address_hash("web", f"citizen {person}")
            case "outbox":
                row["idem"] = old["idem"].replace(f":{old['case_id']}:", f":{row['case_id']}:")
            case _:
                pass
        if table in COUNTED:
            row["id"], self._next[table] = self._next[table], self._next[table] + 1
        if row.get("sealed"):
            owner, place = _owner(table, row)
            row["sealed"] = seal(keys[owner], _reworded(table, old, person, cases, numbers), place.encode())
        return row

    def _fresh(self, owner: str, rows: list[Row]) -> Key:
        """A key for a new owner, wrapped as the key store does it."""
        key, wrap = Key("d", secrets.token_bytes(32)), self._ring.current("wrap")
        rows.append({"owner": owner, "ring": wrap.id, "wrapped": seal(wrap, key.secret, owner.encode())})
        return key

    def _write(self, made: list[dict[str, list[Row]]]) -> None:
        for raw, tables in ((self._keys, ("key",)), (self._main, TABLES)):
            raw.execute("BEGIN")
            for table in tables:
                rows = [row for one in made for row in one[table]]
                if rows:
                    raw.executemany(self._insert(table, rows[0]), [tuple(row.values()) for row in rows])
            raw.execute("COMMIT")

    def _insert(self, table: str, row: Row) -> str:
        if table not in self._inserts:
            names = ", ".join(f'"{name}"' for name in row)
            self._inserts[table] = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})'
        return self._inserts[table]


def _owners(person: int, cases: Any) -> Iterator[str]:
    yield person_owner(person)
    for case_id in cases:
        yield case_owner(case_id)


def _owner(table: str, row: Row) -> tuple[str, str]:
    """Whose key seals a row, and what names its place, as the store does it."""
    match table:
        case "case":
            return case_owner(row["id"]), f"case:{row['id']}"
        case "event":
            return case_owner(row["case_id"]), f"event:{row['case_id']}:{row['seq']}"
        case "address":
            return person_owner(row["person_id"]), f"address:{row['channel']}"
        case _:
            return person_owner(row["person_id"]), f"{table}:{row['person_id']}"


def _reworded(table: str, old: Row, person: int, cases: dict[int, int], numbers: dict[str, str]) -> bytes:
    """What was sealed, about the copy: its address, or the number and id that a letter tells."""
    if table == "address":
        return json.dumps(f"citizen {person}").encode()
    if table != "letter" or not old["case_id"]:
        return old["sealed"]
    text = old["sealed"].decode()
    for was, now in numbers.items():
        text = text.replace(was, now)
    return text.replace(f'"case":{old["case_id"]}', f'"case":{cases[old["case_id"]]}').encode()


def copy(folder: Path, each: int, number: Callable[[int], str], first: int, until: int) -> None:
    """Copies of an office's first citizens, for the cases from `first` on, up to `until`. The office is closed."""
    with closing(Copier(folder, each, number)) as copier:
        copier.copy(first, until)
