"""`zhitong faq`: the answers as an admin tries them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.commands import faq_learning, faq_quality, faq_sheets
from bot.commands.common import SiteOption, group, settings_of
from bot.failures import Mistake

app = group("faq", "Try the policy answers.")
app.command("eval")(faq_quality.evaluate)
app.command("check")(faq_quality.check)
app.command("export")(faq_sheets.export_answers)
app.command("import")(faq_sheets.import_answers)
app.command()(faq_learning.gaps)
app.command()(faq_learning.calibrate)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads one a line from standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a question.")] = False,
    site: SiteOption = None,
) -> None:
    """Show what a question would get, and why."""
    from bot import asking
    from bot.site import load_site

    office = load_site(settings_of(site).site)
    now = datetime.now(UTC)
    for text in _questions(question):
        asked = asking.ask(office, text, now)
        lines = [json.dumps(asking.as_json(asked), ensure_ascii=False)] if as_json else asking.as_table(asked)
        typer.echo("\n".join(lines))


def _questions(given: str) -> Iterator[str]:
    """The question, or those on standard input. Raises Mistake for bytes that are no text."""
    if given != "-":
        yield given
        return
    try:
        for line in sys.stdin.buffer:
            if text := line.decode("utf-8-sig").strip():
                yield text
    except UnicodeDecodeError:
        raise Mistake("the questions on standard input are not UTF-8.") from None
