"""Files that wait at a platform, and what opens the platform to all processes."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision = "0004"
down_revision = "0003"

Instant = BigInteger()


def upgrade() -> None:
    """New tables only: the release before works on beside them."""
    op.create_table(
        "fetch",
        Column("attachment_id", String(40), primary_key=True),
        Column("channel", String(16), nullable=False),
        Column("media", String(128), nullable=False),
        Column("kind", String(8), nullable=False),
        Column("mime", String(80), nullable=False),
        Column("name", String(80), nullable=False),
        Column("not_before", Instant, nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("until", Instant, nullable=False),
    )
    op.create_index(op.f("ix_fetch_not_before"), "fetch", ["not_before"])
    op.create_table(
        "access",
        Column("channel", String(16), primary_key=True),
        Column("sealed", LargeBinary()),
        Column("until", Instant),
        Column("claimed_until", Instant),
    )


def downgrade() -> None:
    """The tables hold nothing that the release before knows of: they may stay."""
