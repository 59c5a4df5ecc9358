"""Every text that the code names is there, in every language: a missing one is read as its key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.load import load

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")
SECTIONS = re.compile(r"^([a-z_]+):$", re.MULTILINE)
FILES = sorted(path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))


def sections() -> set[str]:
    """First words of keys: those of the files, and those that a whole lost section would have had."""
    return {"attachment", *SECTIONS.findall((ROOT / "config/texts/zh.yaml").read_text(encoding="utf-8"))}


def named(path: Path) -> Iterator[tuple[int, str]]:
    """Line and key of every text that a file names whole; what is logged is no text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    other = {id(call.args[0]) for call in calls if ast.unparse(call.func).startswith("log.") and call.args}
    other |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in other:
            continue
        if KEY.fullmatch(node.value) and node.value.split(".")[0] in sections():
            yield node.lineno, node.value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_text_that_is_named_is_there(lang: str) -> None:
    texts = load(None).texts[lang]
    begun = {key[:at] for key in texts for at, sign in enumerate(key) if sign == "."}
    known = {*texts, *begun}
    used = [(path, line, key) for path in FILES for line, key in named(path)]
    assert len(used) > 300
    shorts = ("", "web.", "room.")
    missing = [f"{path.name}:{line} {key}" for path, line, key in used if not {f"{at}{key}" for at in shorts} & known]
    assert missing == []
