"""Mistakes that have a sentence: printed to stderr with exit code 2 instead of a traceback."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager

MISTAKE = 2
INTERRUPTED = 130


class Mistake(Exception):
    """What the person at the keyboard can put right; the message says how."""


@contextmanager
def leaving_at_once() -> Generator[None]:
    """Ctrl-C ends the process where it stands: for a stretch in which nothing but imports happens.

    KeyboardInterrupt would not do: raised inside a callback of a C extension, such as pydantic's while a model is
    made, it is printed and forgotten there, and the key was pressed in vain.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # somebody ignores it, or handles it
        yield
        return
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def explained() -> Generator[None]:
    """Turn a known mistake inside the block into its sentence and exit code 2; Ctrl-C into a quiet end."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        words = sentence(error)
        if words is None:
            raise
        print(f"zhitong: {words}", file=sys.stderr)
        raise SystemExit(MISTAKE) from None


def sentence(error: Exception) -> str | None:
    """What to tell the person at the keyboard; None for a fault of the program itself."""
    # Only now: a command that goes well need not wait for these to be imported.
    from typer.exceptions import TyperException

    if isinstance(error, TyperException):
        return " ".join(error.format_message().split()) + " Try `zhitong --help`."
    if isinstance(error, sqlite3.Error):
        return f"the database cannot be read: {error}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    return _of_ours(error)


def _of_ours(error: Exception) -> str | None:
    from bot.channels import ChannelStopped
    from bot.store.backup import BackupRefused
    from bot.store.connect import typed
    from bot.store.engine import StoreError, StoreRefused
    from bot.store.keys import KeyGone, KeysRefused, Unreadable
    from bot.store.staff import StaffError
    from config.load import SiteErrors
    from config.settings import SettingsErrors
    from faq.problems import BookErrors
    from faq.site import SiteFileError

    found = typed(error)
    if isinstance(found, StoreError) and not isinstance(found, StoreRefused):
        return " ".join((found.__doc__ or "").split("\n\n")[0].split()) + f" ({found})"
    known = (Mistake, SiteErrors, BookErrors, SiteFileError, SettingsErrors, StoreRefused, BackupRefused)
    if isinstance(found, (*known, ChannelStopped, KeysRefused, KeyGone, Unreadable, StaffError)):
        return str(found) or " ".join((found.__doc__ or "").split())
    return None
