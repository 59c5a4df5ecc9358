"""Persons, the addresses that find them, and their place in the dialogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.store import files, letters, questions, ready, shreds
from bot.store.cases import forget_person
from bot.store.locks import is_postgres, lock
from bot.store.tables import address, conversation, follower, letter, outbox, person, question, quota
from bot.store.vault import Vault, person_owner
from handlers.desk import Citizen, ForgetTalk
from handlers.dialogue import Outcome, Talk, cleared, forgetting
from handlers.scripts import WIPED

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SEEN_EVERY = timedelta(hours=1)  # how exact "last seen" is kept: a write an hour, not a write a message


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a turn finds them: who they are and where their talk stands."""

    citizen: Citizen
    talk: Talk
    lang: str


_FIND = (
    select(person, address.c.id.label("address_id"), address.c.seen_at, conversation.c.sealed.label("talk"))
    .select_from(address.join(person).outerjoin(conversation, conversation.c.person_id == person.c.id))
    .where(address.c.channel == bindparam("channel"), address.c.hash == bindparam("hash"))
)
# Apart from _FIND: who waited for the lock must see the talk as the other turn has left it, not as it was before.
_LOCK = (
    select(person.c.id)
    .select_from(address.join(person))
    .where(address.c.channel == bindparam("channel"), address.c.hash == bindparam("hash"))
    .with_for_update(of=person, key_share=True)
)
_SEEN = update(address).where(address.c.id == bindparam("address_id")).values(seen_at=bindparam("now"))
_INSERT_PERSON = insert(person)
_INSERT_ADDRESS = insert(address)
_INSERT_TALK = insert(conversation)
_SAVE_TALK = (
    update(conversation)
    .where(conversation.c.person_id == bindparam("of"))
    .values(sealed=bindparam("talk"), updated_at=bindparam("now"))
)
_CONSENT = (
    update(person)
    .where(person.c.id == bindparam("of"))
    .values(consent_version=bindparam("version"), consent_at=bindparam("now"))
)
_ADDRESSES = select(address.c.channel, address.c.sealed).where(address.c.person_id == bindparam("of"))
_LANG = select(person.c.lang).where(person.c.id == bindparam("of"))


def find(
    conn: Connection, vault: Vault, channel: str, sender: str, now: datetime, *, touch: bool = True
) -> Known | None:
    """The person behind a channel address. With `touch` (inside a write) the row is locked and marked as seen."""
    if touch and is_postgres(conn):
        _wait_for(conn, vault, channel, sender)
    for hashed in vault.ring.address_hashes(channel, sender):
        given = {"channel": channel, "hash": hashed}
        row = ready.one(conn, _FIND, given)
        if row is not None:
            break
    else:
        return None
    if touch and now - row["seen_at"] > SEEN_EVERY:
        ready.do(conn, _SEEN, {"address_id": row["address_id"], "now": now})
    return _known(vault, row)


def _wait_for(conn: Connection, vault: Vault, channel: str, sender: str) -> None:
    """One turn of a person at a time, in however many processes; a stranger's address is locked instead."""
    hashes = vault.ring.address_hashes(channel, sender)
    if not _locked(conn, channel, hashes):
        lock(conn, f"address:{channel}:{hashes[0].hex()}")
        _locked(conn, channel, hashes)  # whoever held the name may have made the person


def _locked(conn: Connection, channel: str, hashes: tuple[bytes, ...]) -> bool:
    return any(conn.execute(_LOCK, {"channel": channel, "hash": hashed}).first() for hashed in hashes)


def _known(vault: Vault, row: dict[str, Any]) -> Known:
    person_id = row["id"]
    owner = person_owner(person_id)
    about: dict[str, str] = vault.get(owner, f"person:{person_id}", row["sealed"]) if row["sealed"] else {}
    talk = Talk.from_json(vault.get(owner, f"conversation:{person_id}", row["talk"])) if row["talk"] else Talk()
    citizen = Citizen(
        id=person_id,
        consent=row["consent_version"],
        name=about.get("name", ""),
        phone=about.get("phone", ""),
        muted_until=row["muted_until"],
    )
    return Known(citizen, talk, row["lang"])


def make(conn: Connection, vault: Vault, channel: str, sender: str, person_id: int, now: datetime) -> Known:
    """A new person with this address and an empty conversation."""
    owner = person_owner(person_id)
    vault.begin(owner)
    ready.do(conn, _INSERT_PERSON, {"id": person_id, "made_at": now, "lang": "zh", "consent_version": 0})
    found_by = {
        "person_id": person_id,
        "channel": channel,
        "hash": vault.ring.address_hash(channel, sender),
        "sealed": vault.put(owner, f"address:{channel}", sender),
        "seen_at": now,
    }
    ready.do(conn, _INSERT_ADDRESS, found_by)
    sealed = vault.put(owner, f"conversation:{person_id}", Talk().to_json())
    ready.do(conn, _INSERT_TALK, {"person_id": person_id, "sealed": sealed, "updated_at": now})
    return Known(Citizen(person_id), Talk(), "zh")


def save_talk(conn: Connection, vault: Vault, person_id: int, talk: Talk, now: datetime) -> None:
    """Write a person's place in the dialogue."""
    sealed = vault.put(person_owner(person_id), f"conversation:{person_id}", talk.to_json())
    ready.do(conn, _SAVE_TALK, {"of": person_id, "talk": sealed, "now": now})


def idle_since(conn: Connection, first: datetime, last: datetime) -> list[int]:
    """Persons whose talk has moved last between these moments."""
    query = select(conversation.c.person_id).where(conversation.c.updated_at.between(first, last))
    return list(conn.execute(query).scalars())


def wipe(conn: Connection, vault: Vault, person_id: int, before: datetime) -> bool:
    """End a talk in the middle of a script that leaves nothing, with its letters and files; whether it was one."""
    row = conn.execute(select(conversation).where(conversation.c.person_id == person_id)).first()
    if row is None or row.updated_at > before:
        return False
    talk = Talk.from_json(vault.get(person_owner(person_id), f"conversation:{person_id}", row.sealed))
    if talk.script not in WIPED:
        return False
    left = forgetting(Outcome(cleared(talk), (), (ForgetTalk(row.updated_at),)))
    for deed in left.deeds:
        if isinstance(deed, ForgetTalk):
            letters.forget_since(conn, person_id, deed.since)
            questions.forget_since(conn, person_id, deed.since)
            files.disown_unsent(conn, person_id, deed.since)
    save_talk(conn, vault, person_id, left.talk, row.updated_at)
    return True


def set_consent(conn: Connection, person_id: int, version: int, now: datetime) -> None:
    """Record which notice was agreed to; 0 takes it back."""
    ready.do(conn, _CONSENT, {"of": person_id, "version": version, "now": now})


def set_lang(conn: Connection, person_id: int, lang: str) -> None:
    """The language the person is spoken to in."""
    conn.execute(update(person).where(person.c.id == person_id).values(lang=lang))


def set_contact(conn: Connection, vault: Vault, person_id: int, name: str, phone: str) -> None:
    """Keep name and phone for the next time, under the person's own key."""
    sealed = vault.put(person_owner(person_id), f"person:{person_id}", {"name": name, "phone": phone})
    conn.execute(update(person).where(person.c.id == person_id).values(sealed=sealed))


def mute(conn: Connection, person_id: int, until: datetime) -> None:
    """No turn of theirs is taken until then."""
    conn.execute(update(person).where(person.c.id == person_id).values(muted_until=until))


def addresses(conn: Connection, vault: Vault, person_id: int) -> list[tuple[str, str]]:
    """(channel, address) of a person, as the channels send to them."""
    rows = conn.execute(_ADDRESSES, {"of": person_id})
    return [(row.channel, vault.get(person_owner(person_id), f"address:{row.channel}", row.sealed)) for row in rows]


def lang_of(conn: Connection, person_id: int) -> str:
    """The language of a person; zh for one who is gone."""
    return ready.value(conn, _LANG, {"of": person_id}) or "zh"


def withdraw(conn: Connection, vault: Vault, person_id: int, now: datetime) -> list[str]:
    """Consent is taken back: name and phone go, the cases go on without the person, nothing more is sent about them.

    Whose keys are to be dropped after COMMIT. The talk stays, without its drafts.
    """
    set_consent(conn, person_id, 0, now)
    owners = forget_person(conn, vault, person_id)
    shreds.owe(conn, owners, now)
    files.disown_unsent(conn, person_id, _LONG_AGO)
    notices = (outbox.c.person_id == person_id, outbox.c.kind == "letter", outbox.c.delivered_at.is_(None))
    conn.execute(delete(outbox).where(*notices))
    conn.execute(update(person).where(person.c.id == person_id).values(sealed=None))
    return owners


def erase(conn: Connection, vault: Vault, person_id: int, now: datetime) -> list[str]:
    """Forget a person: talk, letters, addresses, name and phone. Whose keys are to be dropped after COMMIT."""
    owners = [person_owner(person_id), *forget_person(conn, vault, person_id)]
    shreds.owe(conn, owners, now)
    files.disown_all(conn, person_id)
    for table in (letter, question, follower, address, conversation, quota):
        conn.execute(delete(table).where(table.c.person_id == person_id))
    conn.execute(delete(outbox).where(outbox.c.person_id == person_id, outbox.c.delivered_at.is_(None)))
    conn.execute(update(person).where(person.c.id == person_id).values(sealed=None, erased_at=now, consent_version=0))
    return owners
