"""The same matter again: who joined a case, cross-checks, what was said to drafts of advice."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text, text
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey

revision = "0007"
down_revision = "0006"

Instant = BigInteger()
Serial = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """New tables and an index only: the release before works on beside them."""
    op.create_index("case_alike", "case", ["topic", "place", text("moved_at DESC")])
    op.create_table(
        "joiner",
        Column("case_id", BigInteger(), nullable=False),
        Column("person_id", BigInteger(), nullable=False),
        Column("at", Instant, nullable=False),
        PrimaryKey("case_id", "person_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("joiner_person", "joiner", ["person_id"])
    _crosscheck()
    _advice()


def downgrade() -> None:
    """The tables hold nothing that the release before knows of: they may stay."""


def _crosscheck() -> None:
    op.create_table(
        "crosscheck",
        Column("id", Serial, primary_key=True),
        Column("case_id", BigInteger(), nullable=False),
        Column("unit", String(40), nullable=False),
        Column("asked_at", Instant, nullable=False),
        Column("done_at", Instant),
        Column("finding", String(8), nullable=False),
    )
    op.create_index(op.f("ix_crosscheck_case_id"), "crosscheck", ["case_id"])
    asked = text("done_at IS NULL")
    op.create_index("crosscheck_open", "crosscheck", ["unit"], sqlite_where=asked, postgresql_where=asked)
    op.create_index("crosscheck_at", "crosscheck", ["asked_at"])


def _advice() -> None:
    op.create_table(
        "advice",
        Column("id", Serial, primary_key=True),
        Column("topic", String(8), nullable=False),
        Column("scope", String(12), nullable=False),
        Column("place", String(40), nullable=False),
        Column("through", Instant, nullable=False),
        Column("cases", Integer(), nullable=False),
        Column("state", String(12), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("staff_id", BigInteger(), nullable=False),
        Column("at", Instant, nullable=False),
    )
    op.create_index("advice_matter", "advice", ["topic", "scope", "place"])
