"""The question log, and what staff suggest for the answers."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text
from sqlalchemy import UniqueConstraint as Unique

revision = "0002"
down_revision = "0001"

Instant = BigInteger()
Serial = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "question",
        Column("id", Serial, primary_key=True),
        Column("person_id", BigInteger(), nullable=False),
        Column("at", Instant, nullable=False),
        Column("arrival", String(8), nullable=False),
        Column("band", String(8), nullable=False),
        Column("confidence", Integer(), nullable=False),
        Column("book", String(12), nullable=False),
        Column("shown", Text(), nullable=False),
        Column("picked", Text(), nullable=False),
        Column("felt", String(4), nullable=False),
        Column("sealed", LargeBinary()),
    )
    op.create_index("question_person", "question", ["person_id", "at"])
    op.create_index("question_at", "question", ["at"])
    op.create_table(
        "suggestion",
        Column("id", Serial, primary_key=True),
        Column("kind", String(8), nullable=False),
        Column("entry_id", Text(), nullable=False),
        Column("case_id", BigInteger()),
        Column("staff_id", BigInteger(), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("form", LargeBinary(32), nullable=False),
        Column("sealed", LargeBinary()),
        Column("state", String(8), nullable=False),
        Column("decided_by", BigInteger()),
        Column("decided_at", Instant),
        Unique("form"),
    )
    op.create_index("suggestion_state", "suggestion", ["state", "id"])


def downgrade() -> None:
    """Restore a backup instead."""
    raise NotImplementedError
