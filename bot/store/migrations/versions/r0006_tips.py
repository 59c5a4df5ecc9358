"""检举控告: sealed identities, blind links, requests to see a name; and whom a service case is kept from."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, String

revision = "0006"
down_revision = "0005"

Instant = BigInteger()


def upgrade() -> None:
    """New tables only: the release before works on beside them."""
    op.create_table(
        "accused",
        Column("department", String(40), nullable=False),
        Column("case_id", BigInteger, nullable=False),
        PrimaryKeyConstraint("department", "case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity",
        Column("case_id", BigInteger, nullable=False),
        Column("field", String(16), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        PrimaryKeyConstraint("case_id", "field"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "blind",
        Column("token", LargeBinary(32), nullable=False),
        Column("case_id", BigInteger, nullable=False),
        PrimaryKeyConstraint("token", "case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reveal",
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("case_id", BigInteger, nullable=False),
        Column("asked_by", BigInteger, nullable=False),
        Column("asked_at", Instant, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("decided_by", BigInteger),
        Column("decided_at", Instant),
        Column("granted", BigInteger, nullable=False, server_default="0"),
    )
    op.create_index(op.f("ix_reveal_case_id"), "reveal", ["case_id"])


def downgrade() -> None:
    """The tables hold nothing that the release before knows of: they may stay."""
