"""For every test: no per-example deadline (a busy machine is not a bug); ZHITONG_DEEP=1 looks longer."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
