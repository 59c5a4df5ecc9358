"""What the server carries in memory for months."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
from pathlib import Path
from pathlib import Path
from bot.app import make_app, load_site
load_site(None, Path(sys.argv[1]))
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""
HEAVY = ("ruamel.yaml", "sqlalchemy.dialects.postgresql", "telegram", "wechatpy", "alembic", "openpyxl", "PIL", "numpy")


def test_a_second_start_reads_no_parser_and_nothing_that_only_others_speak(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path), *HEAVY]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert (first, second) == ("ruamel.yaml\n", "\n")
