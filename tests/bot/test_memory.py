"""What the server carries in memory for months."""

from __future__ import annotations

import subprocess
import sys

LOGS = """
import io, sys
from bot import memory
memory.log_plainly()
import bot.serving, structlog
assert not [name for name in sys.modules if name.split(".")[0] in ("rich", "pygments")], "drawn tracebacks are back"
bot.serving.set_up_logs()
secret = "canary-value"
try:
    raise ValueError("broken")
except ValueError:
    structlog.get_logger().exception("it_failed")
import rich
"""


def test_logs_without_what_draws_tracebacks() -> None:
    """Nobody reads them in colour here, and they print variables; whoever wants rich afterwards has it."""
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"event": "it_failed"' in done.stderr and "ValueError: broken" in done.stderr
    assert "canary-value" not in done.stderr.replace('secret = "canary-value"', "")


START = """
import sys
from bot.app import make_app, load_site
load_site(None)
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""
HEAVY = ("sqlalchemy.dialects.postgresql", "telegram", "wechatpy", "alembic", "openpyxl", "PIL", "numpy")


def test_a_start_reads_nothing_that_only_others_speak() -> None:
    command = [sys.executable, "-c", START, *HEAVY]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"
