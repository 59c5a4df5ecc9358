"""What the demo says on the terminal: addresses, codes, a QR for the phone."""

from __future__ import annotations

import os
import socket
import sys
import threading
import unicodedata
import webbrowser
from collections.abc import Mapping

import segno
from typer import echo

from bot.demo.plan import Plan
from config.schema import County


def address(host: str, port: int) -> str:
    """Where the demo is found: by this machine, or by the phones around it."""
    return f"http://{_lan_address() if host == '0.0.0.0' else host}:{port}/"  # noqa: S104


def _lan_address() -> str:
    """This machine's address in its network, without sending anything; its own when it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def welcome(root: str, county: County, plan: Plan, codes: Mapping[str, str], *, lan: bool) -> None:
    """Addresses and codes, on stdout."""
    rows = [("name", "role", "department", "code", "first time: set a password")]
    for one in plan.staff:
        code, unit = codes[one.name], county.department_by_id[one.unit].name
        rows.append((one.name, ",".join(one.roles), unit, code, f"{root}staff/start#{code}"))
    echo(f"{county.office.name}: a demo; people, places and cases are made up.\n")
    echo(f"  citizen page  {root}\n  staff room    {root}staff/login\n")
    for line in _table(rows):
        echo(f"  {line}")
    echo("\n  Every code works again and again, here also as the password beside the name. Ctrl-C ends the demo.\n")
    if lan:
        segno.make(root, error="m").terminal(out=sys.stdout, compact=True)
        echo(f"  {root}\n")
    sys.stdout.flush()


def ready(number: str, code: str, cases: int) -> None:
    """The past has been played."""
    echo(f"  {cases} sample cases are in. Try 查进度 with {number} and the code {code}.")


def trouble(words: str) -> None:
    """Something went wrong, on stderr."""
    echo(f"zhitong: {words}", err=True)


def open_browser(root: str) -> None:
    """Show the citizen page, where there is a screen."""
    has_screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_screen:
        threading.Thread(target=webbrowser.open, args=(root,), daemon=True).start()


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
