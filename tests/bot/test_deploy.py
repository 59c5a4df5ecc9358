"""What an operator starts from: image, compose file, unit and dashboard, as far as they can be held to it unbuilt."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from bot.metrics import Metrics
from config.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
ROLES = {"--only"}


def compose() -> dict[str, Any]:
    """The file as compose reads it, merges and all."""
    return cast(dict[str, Any], yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8")))


def metric_names() -> set[str]:
    """Every name that /metrics shows once something has happened."""
    metrics = Metrics()
    metrics.turn("web", "taken", 0.01)
    metrics.delivery("web", "delivered")
    metrics.skew.labels("wechat").set(0)
    metrics.away.labels("telegram").set(0)
    metrics.stand(None, cast(Any, None), True)
    page = metrics.page().decode()
    return {re.split(r"[{ ]", line)[0] for line in page.splitlines() if line and not line.startswith("#")}


def test_the_image_runs_as_nobody_special_from_the_hashed_lock() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2, "what builds is not in what runs"
    assert "--require-hashes -r requirements.lock" in stages[0]
    assert re.search(r"^USER 10001:10001$", stages[1], re.MULTILINE)
    assert "HEALTHCHECK" in stages[1] and "/healthz" in stages[1]
    assert 'ENTRYPOINT ["zhitong"]' in stages[1] and 'CMD ["run"]' in stages[1]


def test_the_image_copies_what_is_there_and_every_room() -> None:
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []
    assert {"bot", "handlers", "cases", "faq", "config", "requirements.lock"} <= copied
    let_in = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    assert let_in == copied, "what the image copies is let in, and nothing else"


@pytest.mark.parametrize("name", [name for name, one in compose()["services"].items() if one.get("build")])
def test_each_house_of_the_compose_file_is_shut(name: str) -> None:
    house = compose()["services"][name]
    assert house["user"] == "10001:10001" and house["read_only"] and house["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in house.get("ports", [])), "a proxy stands in front"
    assert house["command"][0] == "run"
    assert {word for word in house["command"] if word.startswith("--")} <= ROLES
    settings = {name for name in house.get("environment", {}) if name.startswith(PREFIX)}
    assert settings <= {PREFIX + field.upper() for field in Settings.model_fields}


def test_the_roles_wait_for_a_sound_store_that_keeps_what_it_confirms() -> None:
    services = compose()["services"]
    roles = {one["command"][-1] for one in services.values() if "--only" in one.get("command", [])}
    assert roles == {"intake", "work", "web"}
    assert "synchronous_commit=on" in services["postgres"]["command"]
    assert all(services[name]["healthcheck"] for name in ("postgres", "redis"))
    assert "profiles" not in services["office"], "one process needs no profile"


def test_compose_itself_reads_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("NOT READ by compose: docker compose is not on this machine")
    done = subprocess.run([docker, "compose", "config", "-q"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_unit_starts_the_command_and_may_write_nothing_but_its_state() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(ROOT / "deploy" / "zhitong.service")
    service = unit["Service"]
    assert shlex.split(service["ExecStart"])[1] == "run"
    assert (service["User"], service["ProtectSystem"], service["StateDirectory"]) == ("zhitong", "strict", "zhitong")
    assert int(service["TimeoutStopSec"]) >= 10 and service["KillSignal"] == "SIGTERM"


def test_every_query_of_the_dashboard_names_figures_that_exist() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text("utf-8"))
    known = metric_names()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            named = set(re.findall(r"\b(?:zhitong|process)_\w+", target["expr"]))
            assert named, panel["title"]
            assert named <= known, (panel["title"], named - known)


def test_every_figure_of_ours_is_on_the_dashboard() -> None:
    text = (ROOT / "deploy" / "grafana.json").read_text("utf-8")
    ours = {name for name in metric_names() if name.startswith("zhitong_")}
    shown = {name for name in ours if re.sub(r"_(sum|count)$", "_bucket", name) in text}
    assert {name for name in ours - shown if not name.endswith("_created")} == set()
