"""After the last house has ended: is every promise kept by what lies on the disk?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, func, select

from bot.store import cases, letters, people
from bot.store.keys import KeyGone, Unreadable
from bot.store.opening import open_both
from bot.store.tables import address, attachment, case, event, outbox
from bot.store.vault import Vault, person_owner
from cases.case import Act
from config.settings import Settings
from tests.faults.child import WORLD
from tests.faults.promises import Finding, Promises

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def reckon(promises: Promises, folder: Path, database: str | None = None) -> list[Finding]:
    """Everything that is wrong; nothing is well."""
    opened = open_both(Settings(data_dir=folder, database_url=SecretStr(database) if database else None))
    store, vault = opened.store, opened.vault
    try:
        await store.verified()
        return [*promises.findings, *await store.read(lambda conn: _look(conn, vault, promises, folder))]
    finally:
        await store.close()
        await asyncio.to_thread(vault.keys.close)


def _look(conn: Connection, vault: Vault, promises: Promises, folder: Path) -> list[Finding]:
    looks: dict[str, list[str]] = {
        "damaged": _damage(conn),
        "unreadable": _unreadable(conn, vault),
        "lost": _lost(conn, promises),
        "undelivered": _undelivered(conn, folder),
        "files": _files(conn, promises, folder),
    }
    plain = [Finding(kind, what) for kind, found in looks.items() for what in found]
    return [*plain, *_doubled(conn, vault, promises)]


def _damage(conn: Connection) -> list[str]:
    if conn.dialect.name != "sqlite":
        return []
    found = [*conn.exec_driver_sql("PRAGMA integrity_check"), *conn.exec_driver_sql("PRAGMA foreign_key_check")]
    return [str(tuple(row)) for row in found if tuple(row) != ("ok",)]


def _unreadable(conn: Connection, vault: Vault) -> list[str]:
    """Open every seal there is: addresses, talks, letters, cases, events."""

    def talk(person_id: int, channel: str, sealed: bytes) -> None:
        sender = vault.get(person_owner(person_id), f"address:{channel}", sealed)
        people.find(conn, vault, channel, sender, NOW, touch=False)
        letters.of_person(conn, vault, person_id, limit=10_000)

    wrong: list[str] = []
    for person_id, channel, sealed in conn.execute(select(address.c.person_id, address.c.channel, address.c.sealed)):
        wrong += _tried(f"person {person_id}", talk, person_id, channel, sealed)
    for case_id in conn.execute(select(case.c.id)).scalars().all():
        wrong += _tried(f"case {case_id}", cases.by_id, conn, vault, case_id)
        wrong += _tried(f"events of {case_id}", cases.events, conn, vault, case_id)
    return wrong


def _tried(what: str, look: Callable[..., object], *args: object) -> list[str]:
    try:
        look(*args)
    except (KeyGone, Unreadable) as error:
        return [f"{what}: {error}"]
    return []


def _lost(conn: Connection, promises: Promises) -> list[str]:
    stored = set(conn.execute(select(case.c.no)).scalars())
    said = select(case.c.no).join(event, event.c.case_id == case.c.id).where(event.c.act == Act.ANSWER)
    answered = set(conn.execute(said).scalars())
    return sorted(set(promises.numbers) - stored) + sorted(f"answer to {no}" for no in promises.answered - answered)


def _doubled(conn: Connection, vault: Vault, promises: Promises) -> list[Finding]:
    """More cases than submissions, more answers than were given, more closings than the clock may do."""
    wrong: list[Finding] = []
    for citizen, filings in promises.filed.items():
        who = address.c.hash == vault.ring.address_hash("web", citizen)
        filed = select(case.c.no).join(address, address.c.person_id == case.c.person_id).where(who)
        mine = list(conn.execute(filed).scalars())
        if len(mine) > filings:
            what = f"{filings} filed, {len(mine)} stored: {', '.join(mine)}"
            wrong.append(Finding("doubled", what, frozenset(promises.doubtful.get(citizen, ()))))
    answers = select(case.c.no, func.count()).join(event, event.c.case_id == case.c.id)
    for no, n in conn.execute(answers.where(event.c.act == Act.ANSWER).group_by(case.c.no)):
        wrong += [Finding("doubled", f"{n} answers to {no}")] if n > 1 else []
    lapses = select(case.c.no, func.count()).join(event, event.c.case_id == case.c.id)
    for no, n in conn.execute(lapses.where(event.c.act == Act.LAPSE).group_by(case.c.no)):
        wrong += [Finding("doubled", f"the clock closed {no} {n} times")] if n > 1 else []
    return wrong


def _undelivered(conn: Connection, folder: Path) -> list[str]:
    """Rows owed to the end, cards never made, and rows called delivered that never went out."""
    sent = Counter((folder / WORLD).read_text(encoding="utf-8").split())
    rows = conn.execute(select(outbox.c.id, outbox.c.kind, outbox.c.case_id, outbox.c.delivered_at)).all()
    wrong = [f"row {row.id} ({row.kind})" for row in rows if row.delivered_at is None]
    wrong += [f"row {row.id}: not sent" for row in rows if row.kind == "card" and not sent[str(row.id)]]
    with_card = {row.case_id for row in rows if row.kind == "card"}
    wrong += [f"case {no}: no card" for id, no in conn.execute(select(case.c.id, case.c.no)) if id not in with_card]
    return wrong


def _files(conn: Connection, promises: Promises, folder: Path) -> list[str]:
    """Uploads that were accepted and are not there, rows without a file, halves of files left behind."""
    rows = set(conn.execute(select(attachment.c.id)).scalars())
    disk = {path.name for path in (folder / "attachments").glob("??/*")}
    wrong = [f"{file} was accepted and has no row" for file in set(promises.files) - rows]
    wrong += [f"{file} has a row and no file" for file in rows - disk]
    return wrong + [f"{name} is half a file" for name in disk if "." in name]
