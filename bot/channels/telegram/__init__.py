"""Telegram: citizens in private chats, staff in a supergroup. Imported only when there is a token.

`parse` reads what comes, `ingress` keeps its order and takes it once, `citizens` and `group` say what it means;
`draw` makes messages, `pacer` and `faults` know Telegram's limits, `api` is the only module that sends.
"""

import os

# PTB's RetryAfter warns on every 429 until this is set: it will give a timedelta, which is what we read.
os.environ.setdefault("PTB_TIMEDELTA", "1")
