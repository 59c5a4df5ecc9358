"""The house itself: package names are ours alone, arrows point down, words stay out of the code."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "cases", "faq", "config")
SENTENCE = re.compile(r"[\u4e00-\u9fff]{4,}")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_name_belongs_only_to_this_product(room: str) -> None:
    """Another package of the same name would overwrite our files without a word (PyPI has a `config`)."""
    # An editable install owns its names through a path file, and then nobody is listed.
    assert set(packages_distributions().get(room, [])) <= {"zhitong"}
    assert Path(str(import_module(room).__file__)).parent.parent == ROOT


def test_every_room_is_shipped() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(build["packages"]) == sorted(ROOMS)


def source_files() -> list[Path]:
    return [path for room in ("bot", "handlers", "cases") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_words_of_people_in_the_code(path: Path) -> None:
    """A sentence somebody reads belongs in config/texts/. Docstrings and comments may quote it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} | _patterns(tree)
    found = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        if SENTENCE.search(node.value) and not set(node.value) <= NUMERALS
    ]
    assert found == []


NUMERALS = set("〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸十百千万几半两洞么拐勾")


def _patterns(tree: ast.AST) -> set[int]:
    """Arguments of re.compile and its like: how text is read, not what is said."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    own = [call for call in calls if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "re"]
    return {id(part) for call in own for part in ast.walk(call)}


def test_no_lock_file_names_a_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://", lock.read_text()), lock.name


OUTSIDE = re.compile(
    r"ClientSession\(|TCPConnector\(|open_connection\(|create_connection\(|HTTPXRequest|urllib\.request|http\.client"
    r"|^import (requests|httpx|smtplib|ftplib)|^from (requests|httpx) ",
    re.MULTILINE,
)


def test_no_call_to_the_world_goes_around_the_one_place() -> None:
    """The demo's own crowd is the world; what the house says goes through bot/outgoing.py."""
    houses = [path for path in source_files() if "bot/demo/" not in str(path)]
    calling = [str(path.relative_to(ROOT)) for path in houses if OUTSIDE.search(path.read_text(encoding="utf-8"))]
    assert calling == ["bot/outgoing.py"]


def test_the_page_of_faults_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
