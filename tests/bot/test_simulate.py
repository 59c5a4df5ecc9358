"""`zhitong simulate`: a small crowd loses nothing, and a house that loses something is told on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.demo.gauge import Gauge, picture, share
from tests.bot.command import interrupted, running, zhitong

deep = pytest.mark.skipif(
    not os.environ.get("ZHITONG_DEEP"), reason="NOT RUN: a demo is started for it; ZHITONG_DEEP=1 runs it"
)


@deep
def test_a_small_crowd_at_every_door_loses_nothing(tmp_path: Path) -> None:
    drawn = tmp_path / "crowd.svg"
    done = zhitong("simulate", "--citizens", 12, "--minutes", 0.15, "--json", "--picture", drawn)
    assert done.returncode == 0, (done.stdout, done.stderr)
    found = json.loads(done.stdout)
    assert set(found["losses"].values()) == {0}
    assert {"web", "wechat", "telegram", "staff"} <= set(found["channels"]), "every front door was used"
    assert found["cases"] == found["answered"] > 3
    assert found["cards"] >= found["cases"], "each case was shown to its department"
    assert ElementTree.fromstring(drawn.read_text("utf-8")).tag.endswith("svg")


@deep
def test_a_demo_that_runs_already_takes_a_crowd_at_its_page() -> None:
    with running("demo", "--no-browser", "--port", "0") as demo:
        url = ""
        while not url:
            assert demo.stdout is not None
            line = demo.stdout.readline()
            assert line, "the demo says where it is"
            url = next((word.rstrip("/") for word in line.split() if word.startswith("http://127.0.0.1")), "")
        done = zhitong("simulate", "--citizens", 4, "--minutes", 0.1, "--json", "--url", url)
        assert done.returncode == 0, (done.stdout, done.stderr)
        found = json.loads(done.stdout)
        assert set(found["channels"]) == {"web"} and found["cases"] > 0
        assert set(found["losses"].values()) == {0}
        interrupted(demo)


def told() -> Gauge:
    """Two numbers were spoken, found and answered."""
    gauge = Gauge(spoken={"MS20261122-0001": "web", "MS20261122-0002": "wechat"}, stored=2)
    gauge.answered |= set(gauge.spoken)
    gauge.heard |= set(gauge.spoken)
    gauge.found |= set(gauge.spoken)
    return gauge


@pytest.mark.parametrize("what", ["numbers_not_found", "answers_not_heard", "cases_twice", "cases_missing", "none"])
def test_each_kind_of_loss_is_seen(what: str) -> None:
    gauge = told()
    match what:
        case "numbers_not_found":
            gauge.found.pop()
        case "answers_not_heard":
            gauge.heard.pop()
        case "cases_twice":
            gauge.stored = 3
        case "cases_missing":
            gauge.stored = 1
        case _:
            pass
    assert {name for name, count in gauge.losses().items() if count} == ({what} - {"none"})


def test_shares_and_the_picture_of_nothing() -> None:
    assert (share([], 0.99), share([3.0, 1.0, 2.0], 0.5), share([1.0] * 99 + [9.0], 0.99)) == (0.0, 2.0, 9.0)
    assert picture(Gauge()).startswith("<svg")
