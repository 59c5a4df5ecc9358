"""Who waits for whose yes on a case, and which letter fulfils which duty."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, String, text

revision = "0005"
down_revision = "0004"

Instant = BigInteger()


def upgrade() -> None:
    """Columns that may be empty or have a default: the release before neither reads nor misses them."""
    op.add_column("case", Column("since", Instant))
    op.add_column("case", Column("pending", String(8), nullable=False, server_default=""))
    op.add_column("case", Column("pending_by", BigInteger(), nullable=False, server_default=text("0")))
    op.add_column("case", Column("pending_until", Instant))
    op.add_column("case", Column("rechecked_at", Instant))
    op.add_column("obligation", Column("department", String(40)))
    op.add_column("obligation", Column("letter_id", BigInteger()))
    op.add_column("obligation", Column("how", String(12)))
    unsettled = text("settled_at IS NULL")
    carried = text("settled_at IS NULL AND letter_id IS NOT NULL")
    op.create_index("obligation_letter", "obligation", ["letter_id"], sqlite_where=carried, postgresql_where=carried)
    op.create_index(
        "obligation_due", "obligation", ["duty", "due_at"], sqlite_where=unsettled, postgresql_where=unsettled
    )


def downgrade() -> None:
    """The release before works beside these columns: they may stay."""
