"""`zhitong faq gaps` and `zhitong faq calibrate`: what the questions of citizens teach, beside a running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import DataOption, SiteOption, office_folder, settings_of

if TYPE_CHECKING:
    from bot.site import Site
    from faq.calibrate import Calibration
    from faq.learn import Gap, Logged

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]
MostOption = Annotated[int, typer.Option("--most", min=1, max=1000, help="How many groups to show.")]


def gaps(as_json: JsonOption = False, most: MostOption = 30, site: SiteOption = None, data: DataOption = None) -> None:
    """Show the questions that found no good answer, grouped by likeness, those of most people first."""
    from faq import learn

    office, rows = _log(site, data)
    found = learn.gaps(rows, office.lists.normaliser, office.book)[:most]
    if as_json:
        typer.echo(json.dumps({"questions": len(rows), "gaps": [_gap(one) for one in found]}, ensure_ascii=False))
        return
    for one in found:
        why = ", ".join(f"{reason} {times}" for reason, times in one.reasons)
        typer.echo(f"{one.people}\t{one.times}\t{why}\t{' | '.join(one.examples)}\t{','.join(one.shown)}")
    typer.echo(f"{len(rows)} questions in the log; columns: people, times, why, examples, entries shown", err=True)


def _gap(one: Gap) -> dict[str, object]:
    return {
        "people": one.people,
        "times": one.times,
        "reasons": dict(one.reasons),
        "examples": list(one.examples),
        "shown": list(one.shown),
        "last": one.last.isoformat(),
    }


def calibrate(as_json: JsonOption = False, site: SiteOption = None, data: DataOption = None) -> None:
    """Suggest thresholds for faq/weights.yaml from what citizens pressed."""
    from faq.calibrate import calibrate

    office, rows = _log(site, data)
    decide = office.lists.weights.decide
    now = {"answer_above": decide.answer_above, "choices_above": decide.labelled.choices_above}
    found = calibrate(rows)
    typer.echo(json.dumps(_calibration(found, now)) if as_json else "\n".join(_told(found, now)))


def _calibration(found: Calibration, now: dict[str, float]) -> dict[str, object]:
    suggested = {"answer_above": found.answer_above, "choices_above": found.choices_above}
    steps = [{"above": step.above, "labels": step.labels, "right": step.right} for step in found.steps]
    counts = {"labels": found.labels, "right": found.right, "missing": found.missing}
    return {**counts, "now": now, "suggested": None if found.missing else suggested, "steps": steps}


def _told(found: Calibration, now: dict[str, float]) -> list[str]:
    lines = [f"{found.labels} labels, {found.right} of them right"]
    lines += [f"  sure ≥ {one.above:.2f}: {one.right} of {one.labels} right" for one in found.steps if one.labels]
    if found.missing:
        return [*lines, f"no suggestion: at least {found.missing} more labels are needed"]
    suggested = {"answer_above": found.answer_above, "choices_above": found.choices_above}
    for name, value in suggested.items():
        better = "leave it" if value is None else f"try {value:.2f}, then `zhitong faq eval`"
        lines.append(f"decide.{name}: now {now[name]:.2f}; {better}")
    return lines


def _log(site: SiteOption, data: DataOption) -> tuple[Site, list[Logged]]:
    """The files of the office, and the questions of its log."""
    from bot.reading import reading
    from bot.store.questions import logged

    settings = settings_of(site, data)
    office_folder(settings)
    with reading(settings) as desk:
        return desk.site, list(logged(desk.conn, desk.vault))
