"""The packaged files, as the channels' tests take them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from bot.site import Site, load_site


@cache
def sample() -> Site:
    """Without the morning's digest by itself: tests run at any hour, and an office opened at ten owes it at once."""
    site = load_site(None)
    ladder = site.county.ladder.model_copy(update={"digest_at": "23:59"})
    return replace(site, county=site.county.model_copy(update={"ladder": ladder})).warm()
