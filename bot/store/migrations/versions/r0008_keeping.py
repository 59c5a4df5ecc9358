"""Keeping and deleting: sealed names of files, legal holds, what is left of deleted cases, keys to be dropped."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, String, UniqueConstraint

revision = "0008"
down_revision = "0007"

Instant = BigInteger()


def upgrade() -> None:
    """New tables only: the release before works on beside them, and shows files sent since without their name."""
    op.create_table(
        "sealed_file",
        Column("id", String(40), primary_key=True),
        Column("sealed", LargeBinary(), nullable=False),
    )
    op.create_table(
        "hold",
        Column("case_id", BigInteger(), primary_key=True, autoincrement=False),
        Column("since", Instant, nullable=False),
    )
    op.create_table(
        "erased",
        Column("id", BigInteger(), primary_key=True, autoincrement=False),
        Column("no", String(32), nullable=False),
        Column("lane", String(8), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("topic", String(8), nullable=False),
        Column("department", String(40), nullable=False),
        Column("state", String(12), nullable=False),
        Column("opened_at", Instant, nullable=False),
        Column("ended_at", Instant, nullable=False),
        Column("erased_at", Instant, nullable=False),
        UniqueConstraint("no"),
    )
    op.create_table(
        "shred",
        Column("owner", String(64), primary_key=True),
        Column("at", Instant, nullable=False),
    )
    # Whoever was erased before this: their keys are dropped once more, and then never again.
    op.execute(
        "INSERT INTO shred (owner, at) SELECT 'person:' || id, erased_at FROM person WHERE erased_at IS NOT NULL"
    )


def downgrade() -> None:
    """The tables hold nothing that the release before knows of: they may stay."""
