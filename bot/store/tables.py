"""Every table, once. SQLAlchemy Core: the same definitions serve SQLite and PostgreSQL.

Times are UTC, stored as whole microseconds since 1970 (`Instant`), so that both stores sort and compare
them alike. What is personal is a `sealed` blob (see `bot.store.keys`); a column that is not sealed is
something a thief of the file may read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    true,
)

metadata = MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# SQLite makes only INTEGER PRIMARY KEY its row id; a BIGINT would not count by itself there.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware datetime to integer; a naive one is a mistake of ours and raises TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Integer to aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


# One row a message ever taken, and what was answered; no body (design §8).
inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(16)),
    Column("key", String(128)),
    Column("person_id", BigInteger),
    Column("replies", Text, nullable=False, default="[]"),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "key"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("made_at", Instant, nullable=False),
    Column("lang", String(8), nullable=False, default="zh"),
    Column("consent_version", Integer, nullable=False, default=0),
    Column("consent_at", Instant),
    Column("sealed", LargeBinary),  # {"name", "phone"} under the person's key
    Column("muted_until", Instant),
    Column("erased_at", Instant),
)

# How a channel finds a person. `hash` looks up, `sealed` can be sent to.
address = Table(
    "address",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("channel", "hash"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),  # handlers.dialogue.Talk under the person's key
    Column("updated_at", Instant, nullable=False),
)

case = Table(
    "case",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("no", String(32), nullable=False, unique=True),
    Column("rev", Integer, nullable=False),
    Column("lane", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("topic", String(8), nullable=False),
    Column("department", String(40), nullable=False),
    Column("assist", Text, nullable=False, default=""),  # ids joined by ","
    Column("state", String(12), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("place", String(40), nullable=False, default=""),
    Column("urgent", Boolean, nullable=False, default=False),
    Column("supervised", Boolean, nullable=False, default=False),
    Column("overdue", Boolean, nullable=False, default=False),
    Column("person_id", BigInteger),
    Column("claimed_by", BigInteger, nullable=False, default=0),
    Column("opened_at", Instant, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("answer_by", Instant),
    Column("merged_into", BigInteger),
    Column("sealed", LargeBinary, nullable=False),  # everything else of cases.case.Case, under the case's key
    # Columns, and not in `sealed`: the release before them reads a case all the same.
    Column("since", Instant),
    Column("pending", String(8), nullable=False, default="", server_default=""),
    Column("pending_by", BigInteger, nullable=False, default=0, server_default=literal_column("0")),
    Column("pending_until", Instant),
    Column("rechecked_at", Instant),
)
Index("case_person", case.c.person_id, case.c.opened_at.desc())
# Written alike in queries, or SQLite does not see that the index serves: `case.c.open` there is `open = 1` too.
_open = case.c.open == true()
ASSISTED = and_(_open, case.c.assist != literal_column("''"))
Index("case_open", case.c.department, case.c.moved_at.desc(), sqlite_where=_open)
Index("case_open_all", case.c.moved_at.desc(), sqlite_where=_open)
Index("case_assisted", case.c.moved_at.desc(), sqlite_where=ASSISTED)
Index("case_open_due", case.c.department, case.c.answer_by, sqlite_where=_open)
Index("case_due", case.c.answer_by, sqlite_where=_open)
Index("case_moved", case.c.department, case.c.moved_at.desc())
Index("case_moved_all", case.c.moved_at.desc())
Index(
    "case_merged",
    case.c.merged_into,
    sqlite_where=case.c.merged_into.is_not(None),
)
# The same matter again: newest activity of a topic at a place.
Index("case_alike", case.c.topic, case.c.place, case.c.moved_at.desc())
Index("case_month", case.c.opened_at, case.c.topic, case.c.state)

event = Table(
    "event",
    metadata,
    Column("case_id", BigInteger, ForeignKey("case.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("act", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", BigInteger, nullable=False, default=0),
    Column("sealed", LargeBinary, nullable=False),  # {"name", "text", "data", "attachments"} under the case's key
    PrimaryKeyConstraint("case_id", "seq"),
    sqlite_with_rowid=False,
)

# Every message of a talk; the web's event id is its id.
letter = Table(
    "letter",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Column("case_id", BigInteger),
    Column("direction", String(4), nullable=False),  # "in" | "out"
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # a Reply, or what was said, under the person's key
    sqlite_autoincrement=True,
)
Index("letter_person", letter.c.person_id, letter.c.id)

# Policy questions as they were asked, for as long as `question_days`; goes by person and moment.
question = Table(
    "question",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("arrival", String(8), nullable=False),  # typed | list | button | hot
    Column("band", String(8), nullable=False),  # answer | choices | none
    Column("confidence", Integer, nullable=False),  # thousandths
    Column("book", String(12), nullable=False),  # the version that answered
    Column("shown", Text, nullable=False),  # ids of entries, joined by ","
    Column("picked", Text, nullable=False, default=""),  # an entry's id, or "-": none of these
    Column("felt", String(4), nullable=False, default=""),  # ok | bad | file
    Column("sealed", LargeBinary),  # the words, redacted, under the person's key; NULL when they are not kept
)
Index("question_person", question.c.person_id, question.c.at)
Index("question_at", question.c.at)

# What staff would save as a way of asking or as a new answer, and what an admin said to it.
suggestion = Table(
    "suggestion",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(8), nullable=False),  # alias | entry
    Column("entry_id", Text, nullable=False),  # the entry that gets the alias; the new entry's id once accepted
    Column("case_id", BigInteger),  # where the words come from; NULL: from clicks of several people
    Column("staff_id", BigInteger, nullable=False, default=0),
    Column("made_at", Instant, nullable=False),
    Column("form", LargeBinary(32), nullable=False, unique=True),  # keyed hash: the same thing is suggested once
    Column("sealed", LargeBinary),  # {"question", "answer"} under the case's key; NULL once decided
    Column("state", String(8), nullable=False),  # open | accepted | rejected
    Column("decided_by", BigInteger),
    Column("decided_at", Instant),
)
Index("suggestion_state", suggestion.c.state, suggestion.c.id)

# A dated duty (accept by, answer by, tell by, rate by). Settled by `settled_at` and nothing else; what is owed to a
# citizen by the delivery of `letter_id` (`how` = delivered), or because somebody told them (`how` = told).
obligation = Table(
    "obligation",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_id", BigInteger, ForeignKey("case.id"), nullable=False, index=True),
    Column("duty", String(16), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("step", Integer, nullable=False, default=0),
    Column("wake_at", Instant),
    Column("settled_at", Instant),
    Column("department", String(40)),
    Column("letter_id", BigInteger),
    Column("how", String(12)),
)
_unsettled = obligation.c.settled_at.is_(None)
_carried = and_(_unsettled, obligation.c.letter_id.is_not(None))
Index("obligation_letter", obligation.c.letter_id, sqlite_where=_carried)
Index("obligation_due", obligation.c.duty, obligation.c.due_at, sqlite_where=_unsettled)
Index(
    "obligation_wake",
    obligation.c.wake_at,
    sqlite_where=obligation.c.settled_at.is_(None),
)

follower = Table(
    "follower",
    metadata,
    Column("case_id", BigInteger, ForeignKey("case.id"), nullable=False),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    PrimaryKeyConstraint("case_id", "person_id"),
    sqlite_with_rowid=False,
)
Index("follower_person", follower.c.person_id)

# 附议: who joined a case of somebody else's. They may hear how it goes; nothing else of it is theirs.
joiner = Table(
    "joiner",
    metadata,
    Column("case_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("case_id", "person_id"),
    sqlite_with_rowid=False,
)
Index("joiner_person", joiner.c.person_id)

# 村村协作: which unit was to check a case of another unit's, and what it found. The words are an event of the case.
crosscheck = Table(
    "crosscheck",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("unit", String(40), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("finding", String(8), nullable=False, default=""),  # none | found; "" until it is done
)
_asked = crosscheck.c.done_at.is_(None)
Index("crosscheck_open", crosscheck.c.unit, sqlite_where=_asked)
Index("crosscheck_at", crosscheck.c.asked_at)

# 监察建议: what a supervisor said to a draft. Cases filed until `through` are dealt with.
advice = Table(
    "advice",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("topic", String(8), nullable=False),
    Column("scope", String(12), nullable=False),  # place | department
    Column("place", String(40), nullable=False),  # its id, or the department's
    Column("through", Instant, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # done | dismissed
    Column("reason", Text, nullable=False, default=""),
    Column("staff_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("advice_matter", advice.c.topic, advice.c.scope, advice.c.place)

# What is owed to the world. Finished by `delivered_at` and by nothing else.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(8), nullable=False),  # "letter" | "card"
    Column("idem", String(64), nullable=False, unique=True),
    Column("person_id", BigInteger),
    Column("department", String(40)),
    Column("case_id", BigInteger),
    Column("letter_id", BigInteger),
    Column("state", String(8), nullable=False, default="queued"),  # queued | waiting | parked | told
    Column("made_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("maybe", Boolean, nullable=False, default=False, server_default=false()),
    Column("error", String(200)),
    Column("delivered_at", Instant),
)
_undelivered = outbox.c.delivered_at.is_(None)
Index("outbox_due", outbox.c.state, outbox.c.not_before, sqlite_where=_undelivered)
Index("outbox_person", outbox.c.person_id, sqlite_where=_undelivered)
Index("outbox_case", outbox.c.case_id)

# A platform's message and the case it shows, so that a reply to it finds the case.
link = Table(
    "link",
    metadata,
    Column("channel", String(16), nullable=False),
    Column("chat", String(64), nullable=False),
    Column("message", String(64), nullable=False),
    Column("case_id", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("channel", "chat", "message"),
)

# How a case stands in a staff group: its topic, its card, and what was shown of it last.
board = Table(
    "board",
    metadata,
    Column("channel", String(16), nullable=False),
    Column("chat", String(64), nullable=False),
    Column("case_id", BigInteger, ForeignKey("case.id"), nullable=False, index=True),
    Column("thread", BigInteger, nullable=False),  # 0: no topic
    Column("card", BigInteger, nullable=False),  # 0: no card yet
    Column("seq", Integer, nullable=False),  # the last event that was told
    Column("title", String(128), nullable=False),
    Column("looks", String(64), nullable=False),  # a fingerprint of the card as it was drawn
    Column("closed", Boolean, nullable=False),
    PrimaryKeyConstraint("channel", "chat", "case_id"),
)
Index("board_thread", board.c.channel, board.c.chat, board.c.thread)

# What a member of staff wrote in a group and has not confirmed: nothing reaches a citizen before.
preview = Table(
    "preview",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("chat", String(64), nullable=False),
    Column("source", String(64), nullable=False),  # their message
    Column("message", String(64), nullable=False),  # ours, that shows it; "" until it is sent
    Column("case_id", BigInteger, ForeignKey("case.id"), nullable=False, index=True),
    Column("staff_id", BigInteger, nullable=False),  # 0: whoever confirms
    Column("act", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # text, fields and files under the case's key
    Column("made_at", Instant, nullable=False),
    Column("done_at", Instant),
    UniqueConstraint("channel", "chat", "source"),
)
Index("preview_message", preview.c.channel, preview.c.chat, preview.c.message)

# A group that became a supergroup has another id than the office's files say.
moved = Table(
    "moved",
    metadata,
    Column("channel", String(16), nullable=False),
    Column("chat", String(64), nullable=False),
    Column("to", String(64), nullable=False),
    PrimaryKeyConstraint("channel", "chat"),
)

# Messages that could not be taken. Given up means: nobody waits for them, and staff see that there are some.
stuck = Table(
    "stuck",
    metadata,
    Column("channel", String(16), nullable=False),
    Column("key", String(128), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("given_up_at", Instant),
    PrimaryKeyConstraint("channel", "key"),
)

# What a platform still lets us send to a person (WeChat: 5 per message in 48 h).
quota = Table(
    "quota",
    metadata,
    Column("person_id", BigInteger, nullable=False),
    Column("grant", String(16), nullable=False),
    Column("left", Integer, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "grant"),
)

# A file that a citizen sent and that still waits at its platform. The attachment is known from the beginning.
fetch = Table(
    "fetch",
    metadata,
    Column("attachment_id", String(40), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("media", String(128), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("mime", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("not_before", Instant, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)

# What opens a platform to us for a while, kept by one process for all.
access = Table(
    "access",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("sealed", LargeBinary),  # under the office's ring
    Column("until", Instant),
    Column("claimed_until", Instant),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person_id", BigInteger, index=True),
    Column("case_id", BigInteger, index=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(80), nullable=False),
    Column("mime", String(80), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
)

# The name of a file, and whatever else tells of it, under the file's own key; its bytes lie sealed on the disk.
sealed_file = Table(
    "sealed_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

# Cases that may not be deleted, however old (个人信息保护法第四十七条: while the law wants them kept).
hold = Table(
    "hold",
    metadata,
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False),
)

# Cases that were deleted when their time had come: what the figures need, and no word of anybody's.
erased = Table(
    "erased",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("no", String(32), nullable=False, unique=True),
    Column("lane", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("topic", String(8), nullable=False),
    Column("department", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("erased_at", Instant, nullable=False),
)

# Keys that are to be dropped: written with the deletion, gone once the key is. A crash in between loses nothing.
shred = Table(
    "shred",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("roles", String(120), nullable=False),  # joined by ","
    Column("unit", String(40), nullable=False),
    Column("password", String(200)),
    Column("code_hash", LargeBinary(32), unique=True),
    Column("code_until", Instant),
    Column("made_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

binding = Table(
    "binding",
    metadata,
    Column("channel", String(16), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False, index=True),
    Column("made_at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "hash"),
)

session = Table(
    "session",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False, index=True),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

# Who looked at or changed what is sensitive; each row's hash covers the row before it.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("act", String(24), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

# Departments that a service case is about, so that lists and counts leave it out; of a tip nothing stands here.
accused = Table(
    "accused",
    metadata,
    Column("department", String(40), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("department", "case_id"),
    sqlite_with_rowid=False,
)

# Who handed a tip in, each field under the tip's identity key, which is another than that of the story.
identity = Table(
    "identity",
    metadata,
    Column("case_id", BigInteger, nullable=False),
    Column("field", String(16), nullable=False),  # name | phone | person: the way back, which no page shows
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("case_id", "field"),
    sqlite_with_rowid=False,
)

# The tips of a person, found by an HMAC of the person: the row names nobody.
blind = Table(
    "blind",
    metadata,
    Column("token", LargeBinary(32), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("token", "case_id"),
    sqlite_with_rowid=False,
)

# Somebody asks to see a name, somebody else decides. An open lease is a grant that is not old.
reveal = Table(
    "reveal",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("asked_by", BigInteger, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the reason, under the tip's key
    Column("decided_by", BigInteger),
    Column("decided_at", Instant),
    Column("granted", BigInteger, nullable=False, default=0, server_default="0"),  # 0 | 1
)

rollup = Table(
    "rollup",
    metadata,
    Column("month", String(7), nullable=False),  # 2026-11, in the office's time zone
    Column("department", String(40), nullable=False),
    Column("topic", String(8), nullable=False),
    Column("act", String(16), nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("month", "department", "topic", "act"),
    sqlite_with_rowid=False,
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("n", BigInteger, nullable=False),
)
