"""`zhitong backup`: a checked copy of the office's data beside the running server."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands import audits
from bot.commands.common import office_folder, settings_of

if TYPE_CHECKING:
    from bot.store.backup import Progress, Report
    from config.settings import Settings


def backup(target: Path, data: Path | None) -> None:
    """Copy and check; the target's path goes to stdout, everything else to stderr."""
    settings, progress = settings_of(data=data), _Progress()
    report = _made(settings, target, progress)
    progress.end()
    megabytes = (report.database_bytes + report.attachment_bytes) / 1e6
    typer.echo(
        f"{report.cases} cases and {report.attachments} files, {megabytes:.1f} MB, in {report.seconds:.1f} s; "
        "the copy has been checked.",
        err=True,
    )
    for missing in report.missing:
        typer.echo(f"warning: file {missing} is named in the database and is not on the disk", err=True)
    for line in audits.said(settings):
        typer.echo(line, err=True)
    typer.echo(report.keys_note, err=True)
    typer.echo(report.target)


def _made(settings: Settings, target: Path, progress: Progress) -> Report:
    folder = office_folder(settings)
    if settings.database_url is None:
        from bot.store import backup as copies

        return copies.backup(folder, target, progress)
    from bot.store import pg_backup
    from bot.store.pg_start import place_of

    return pg_backup.backup(place_of(settings.database_url.get_secret_value()), folder, target, progress)


class _Progress:
    """How far it is, on stderr: in place on a terminal, now and then in a log."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._next = 0.0
        self._last = ""

    def __call__(self, what: str, done: int, of: int) -> None:
        if time.monotonic() < self._next and done < of:
            return
        self._next = time.monotonic() + (0.2 if self._live else 2.0)
        said = f"{what} {done * 100 // max(of, 1)} %"
        if said != self._last:
            typer.echo(f"\r{said:<30}" if self._live else said, err=True, nl=not self._live)
        self._last = said

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._last:
            typer.echo("", err=True)
