"""Staff groups: how a case stands in one, what waits to be confirmed there, and messages that could not be taken."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String
from sqlalchemy import ForeignKeyConstraint as ForeignKey
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy import UniqueConstraint as Unique

revision = "0003"
down_revision = "0002"

Instant = BigInteger()
Serial = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """New tables only: the release before works on beside them."""
    _board()
    _preview()
    op.create_table(
        "moved",
        Column("channel", String(16), nullable=False),
        Column("chat", String(64), nullable=False),
        Column("to", String(64), nullable=False),
        PrimaryKey("channel", "chat"),
    )
    op.create_table(
        "stuck",
        Column("channel", String(16), nullable=False),
        Column("key", String(128), nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("error", String(80), nullable=False),
        Column("at", Instant, nullable=False),
        Column("given_up_at", Instant),
        PrimaryKey("channel", "key"),
    )


def downgrade() -> None:
    """The tables hold nothing that the release before knows of: they may stay."""


def _board() -> None:
    op.create_table(
        "board",
        Column("channel", String(16), nullable=False),
        Column("chat", String(64), nullable=False),
        Column("case_id", BigInteger(), nullable=False),
        Column("thread", BigInteger(), nullable=False),
        Column("card", BigInteger(), nullable=False),
        Column("seq", Integer(), nullable=False),
        Column("title", String(128), nullable=False),
        Column("looks", String(64), nullable=False),
        Column("closed", Boolean(), nullable=False),
        ForeignKey(["case_id"], ["case.id"]),
        PrimaryKey("channel", "chat", "case_id"),
    )
    op.create_index(op.f("ix_board_case_id"), "board", ["case_id"])
    op.create_index("board_thread", "board", ["channel", "chat", "thread"])


def _preview() -> None:
    op.create_table(
        "preview",
        Column("id", Serial, primary_key=True),
        Column("channel", String(16), nullable=False),
        Column("chat", String(64), nullable=False),
        Column("source", String(64), nullable=False),
        Column("message", String(64), nullable=False),
        Column("case_id", BigInteger(), nullable=False),
        Column("staff_id", BigInteger(), nullable=False),
        Column("act", String(16), nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("done_at", Instant),
        ForeignKey(["case_id"], ["case.id"]),
        Unique("channel", "chat", "source"),
    )
    op.create_index(op.f("ix_preview_case_id"), "preview", ["case_id"])
    op.create_index("preview_message", "preview", ["channel", "chat", "message"])
