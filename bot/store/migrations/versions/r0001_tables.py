"""The first schema."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Text, false, literal_column, text
from sqlalchemy import ForeignKeyConstraint as ForeignKey
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy import UniqueConstraint as Unique

revision = "0001"
down_revision = None

# Written out, not taken from tables.py: later changes there must not change this step.
Instant = BigInteger()
Serial = BigInteger().with_variant(Integer(), "sqlite")
OPEN: dict[str, Any] = {"sqlite_where": text("open = 1"), "postgresql_where": text("open = true")}
ASSISTED: dict[str, Any] = {
    "sqlite_where": text("open = 1 AND assist != ''"),
    "postgresql_where": text("open = true AND assist != ''"),
}
MERGED: dict[str, Any] = {
    "sqlite_where": text("merged_into IS NOT NULL"),
    "postgresql_where": text("merged_into IS NOT NULL"),
}
UNDELIVERED: dict[str, Any] = {
    "sqlite_where": text("delivered_at IS NULL"),
    "postgresql_where": text("delivered_at IS NULL"),
}
UNSETTLED: dict[str, Any] = {"sqlite_where": text("settled_at IS NULL"), "postgresql_where": text("settled_at IS NULL")}


def upgrade() -> None:
    """Make every table."""
    _people()
    _talks()
    _case()
    _case_rows()
    _post()
    _platforms()
    _staff()
    _sessions()
    _figures()


def downgrade() -> None:
    """There is nothing before the first schema: restore a backup instead."""
    raise NotImplementedError


def _people() -> None:
    op.create_table(
        "inbox",
        Column("channel", String(16), nullable=False),
        Column("key", String(128), nullable=False),
        Column("person_id", BigInteger()),
        Column("replies", Text(), nullable=False),
        Column("at", Instant, nullable=False),
        PrimaryKey("channel", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person",
        Column("id", BigInteger(), autoincrement=False, primary_key=True),
        Column("made_at", Instant, nullable=False),
        Column("lang", String(8), nullable=False),
        Column("consent_version", Integer(), nullable=False),
        Column("consent_at", Instant),
        Column("sealed", LargeBinary()),
        Column("muted_until", Instant),
        Column("erased_at", Instant),
    )


def _talks() -> None:
    op.create_table(
        "address",
        Column("id", Serial, primary_key=True),
        Column("person_id", BigInteger(), nullable=False),
        Column("channel", String(16), nullable=False),
        Column("hash", LargeBinary(32), nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        Column("seen_at", Instant, nullable=False),
        ForeignKey(["person_id"], ["person.id"]),
        Unique("channel", "hash"),
    )
    op.create_index(op.f("ix_address_person_id"), "address", ["person_id"])
    op.create_table(
        "conversation",
        Column("person_id", BigInteger(), autoincrement=False, primary_key=True),
        Column("sealed", LargeBinary(), nullable=False),
        Column("updated_at", Instant, nullable=False),
        ForeignKey(["person_id"], ["person.id"]),
    )


def _case() -> None:
    op.create_table(
        "case",
        Column("id", BigInteger(), autoincrement=False, primary_key=True),
        Column("no", String(32), nullable=False, unique=True),
        Column("rev", Integer(), nullable=False),
        Column("lane", String(8), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("topic", String(8), nullable=False),
        Column("department", String(40), nullable=False),
        Column("assist", Text(), nullable=False),
        Column("state", String(12), nullable=False),
        Column("open", Boolean(), nullable=False),
        Column("place", String(40), nullable=False),
        Column("urgent", Boolean(), nullable=False),
        Column("supervised", Boolean(), nullable=False),
        Column("overdue", Boolean(), nullable=False),
        Column("person_id", BigInteger()),
        Column("claimed_by", BigInteger(), nullable=False),
        Column("opened_at", Instant, nullable=False),
        Column("moved_at", Instant, nullable=False),
        Column("answer_by", Instant),
        Column("merged_into", BigInteger()),
        Column("sealed", LargeBinary(), nullable=False),
    )
    op.create_index("case_assisted", "case", [literal_column("moved_at DESC")], **ASSISTED)
    op.create_index("case_due", "case", ["answer_by"], **OPEN)
    op.create_index("case_merged", "case", ["merged_into"], **MERGED)
    op.create_index("case_month", "case", ["opened_at", "topic", "state"])
    op.create_index("case_moved", "case", ["department", literal_column("moved_at DESC")])
    op.create_index("case_moved_all", "case", [literal_column("moved_at DESC")])
    op.create_index("case_open", "case", ["department", literal_column("moved_at DESC")], **OPEN)
    op.create_index("case_open_all", "case", [literal_column("moved_at DESC")], **OPEN)
    op.create_index("case_open_due", "case", ["department", "answer_by"], **OPEN)
    op.create_index("case_person", "case", ["person_id", literal_column("opened_at DESC")])


def _case_rows() -> None:
    op.create_table(
        "event",
        Column("case_id", BigInteger(), nullable=False),
        Column("seq", Integer(), nullable=False),
        Column("act", String(16), nullable=False),
        Column("at", Instant, nullable=False),
        Column("actor_kind", String(8), nullable=False),
        Column("actor_id", BigInteger(), nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        ForeignKey(["case_id"], ["case.id"]),
        PrimaryKey("case_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "obligation",
        Column("id", Serial, primary_key=True),
        Column("case_id", BigInteger(), nullable=False),
        Column("duty", String(16), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("due_at", Instant, nullable=False),
        Column("step", Integer(), nullable=False),
        Column("wake_at", Instant),
        Column("settled_at", Instant),
        ForeignKey(["case_id"], ["case.id"]),
    )
    op.create_index(op.f("ix_obligation_case_id"), "obligation", ["case_id"])
    op.create_index("obligation_wake", "obligation", ["wake_at"], **UNSETTLED)
    op.create_table(
        "follower",
        Column("case_id", BigInteger(), nullable=False),
        Column("person_id", BigInteger(), nullable=False),
        ForeignKey(["case_id"], ["case.id"]),
        ForeignKey(["person_id"], ["person.id"]),
        PrimaryKey("case_id", "person_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("follower_person", "follower", ["person_id"])


def _post() -> None:
    op.create_table(
        "letter",
        Column("id", Serial, primary_key=True),
        Column("person_id", BigInteger(), nullable=False),
        Column("case_id", BigInteger()),
        Column("direction", String(4), nullable=False),
        Column("at", Instant, nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("letter_person", "letter", ["person_id", "id"])
    op.create_table(
        "outbox",
        Column("id", Serial, primary_key=True),
        Column("kind", String(8), nullable=False),
        Column("idem", String(64), nullable=False, unique=True),
        Column("person_id", BigInteger()),
        Column("department", String(40)),
        Column("case_id", BigInteger()),
        Column("letter_id", BigInteger()),
        Column("state", String(8), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("not_before", Instant, nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("maybe", Boolean(), server_default=false(), nullable=False),
        Column("error", String(200)),
        Column("delivered_at", Instant),
    )
    op.create_index("outbox_case", "outbox", ["case_id"])
    op.create_index("outbox_due", "outbox", ["state", "not_before"], **UNDELIVERED)
    op.create_index("outbox_person", "outbox", ["person_id"], **UNDELIVERED)


def _platforms() -> None:
    op.create_table(
        "link",
        Column("channel", String(16), nullable=False),
        Column("chat", String(64), nullable=False),
        Column("message", String(64), nullable=False),
        Column("case_id", BigInteger(), nullable=False),
        PrimaryKey("channel", "chat", "message"),
    )
    op.create_index(op.f("ix_link_case_id"), "link", ["case_id"])
    op.create_table(
        "quota",
        Column("person_id", BigInteger(), nullable=False),
        Column("grant", String(16), nullable=False),
        Column("left", Integer(), nullable=False),
        Column("until", Instant, nullable=False),
        PrimaryKey("person_id", "grant"),
    )
    op.create_table(
        "attachment",
        Column("id", String(40), primary_key=True),
        Column("person_id", BigInteger()),
        Column("case_id", BigInteger()),
        Column("kind", String(8), nullable=False),
        Column("name", String(80), nullable=False),
        Column("mime", String(80), nullable=False),
        Column("size", BigInteger(), nullable=False),
        Column("made_at", Instant, nullable=False),
    )
    op.create_index(op.f("ix_attachment_case_id"), "attachment", ["case_id"])
    op.create_index(op.f("ix_attachment_person_id"), "attachment", ["person_id"])


def _staff() -> None:
    op.create_table(
        "staff",
        Column("id", Serial, primary_key=True),
        Column("name", String(40), nullable=False, unique=True),
        Column("roles", String(120), nullable=False),
        Column("unit", String(40), nullable=False),
        Column("password", String(200)),
        Column("code_hash", LargeBinary(32), unique=True),
        Column("code_until", Instant),
        Column("made_at", Instant, nullable=False),
        Column("revoked_at", Instant),
    )
    op.create_table(
        "binding",
        Column("channel", String(16), nullable=False),
        Column("hash", LargeBinary(32), nullable=False),
        Column("staff_id", BigInteger(), nullable=False),
        Column("made_at", Instant, nullable=False),
        ForeignKey(["staff_id"], ["staff.id"]),
        PrimaryKey("channel", "hash"),
    )
    op.create_index(op.f("ix_binding_staff_id"), "binding", ["staff_id"])


def _sessions() -> None:
    op.create_table(
        "session",
        Column("hash", LargeBinary(32), primary_key=True),
        Column("staff_id", BigInteger(), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("seen_at", Instant, nullable=False),
        Column("until", Instant, nullable=False),
        ForeignKey(["staff_id"], ["staff.id"]),
    )
    op.create_index(op.f("ix_session_staff_id"), "session", ["staff_id"])
    op.create_table(
        "audit",
        Column("id", Serial, primary_key=True),
        Column("at", Instant, nullable=False),
        Column("staff_id", BigInteger(), nullable=False),
        Column("act", String(24), nullable=False),
        Column("subject", String(64), nullable=False),
        Column("hash", LargeBinary(32), nullable=False),
    )


def _figures() -> None:
    op.create_table(
        "rollup",
        Column("month", String(7), nullable=False),
        Column("department", String(40), nullable=False),
        Column("topic", String(8), nullable=False),
        Column("act", String(16), nullable=False),
        Column("n", Integer(), nullable=False),
        PrimaryKey("month", "department", "topic", "act"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counter",
        Column("name", String(40), primary_key=True),
        Column("n", BigInteger(), nullable=False),
    )
