"""Reads one office's files into a checked County, and says everything that is wrong with them at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from config import phrases
from config.checks import cross
from config.explain import near, validate
from config.keeping import Retention
from config.nodes import Node, Problem, Refused
from config.reading import read
from config.repeats import Repeats
from config.schema import Category, County, Deadline, Department, Emergency, Ladder, Office, Place, Scene, Year

__all__ = ["Problem", "SiteErrors", "copy_out", "load"]

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
_OPEN = re.compile(r"^tip_lane: true", re.MULTILINE)  # the sample's; an office of its own decides that in writing first
SHAPES: dict[str, TypeAdapter[Any]] = {
    "office": TypeAdapter(Office),
    "categories": TypeAdapter(tuple[Category, ...]),
    "departments": TypeAdapter(tuple[Department, ...]),
    "places": TypeAdapter(tuple[Place, ...]),
    "scenes": TypeAdapter(tuple[Scene, ...]),
    "deadlines": TypeAdapter(tuple[Deadline, ...]),
    "ladder": TypeAdapter(Ladder),
    "holidays": TypeAdapter(dict[int, Year]),
    "emergencies": TypeAdapter(tuple[Emergency, ...]),
    "repeats": TypeAdapter(Repeats),
    "retention": TypeAdapter(Retention),
}


class SiteErrors(Exception):
    """The files of a site cannot be used; `problems` is everything that is wrong, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def load(site: Path | None = None) -> County:
    """The county described by `site/config`; a file or a sentence missing there is taken from the package.

    Raises SiteErrors with every problem of every file; nothing is returned half-checked.
    """
    if site is not None and not site.is_dir():
        raise SiteErrors([Problem(str(site), 1, "找不到这个目录。", "请检查 ZHITONG_SITE，或者先运行 zhitong init。")])
    trees, problems = _trees(site)
    problems += _strays(site)
    parts: dict[str, Any] = {}
    for name, shape in SHAPES.items():
        if name in trees:
            parts[name], wrong = validate(shape, trees[name])
            problems += wrong
    problems += cross(trees)
    texts, wrong = _texts(site)
    problems += wrong
    if problems:
        raise SiteErrors(problems)
    return County(calendar=parts.pop("holidays"), texts=texts, **parts)


def _trees(site: Path | None) -> tuple[dict[str, Node], list[Problem]]:
    trees: dict[str, Node] = {}
    problems: list[Problem] = []
    for name in SHAPES:
        try:
            trees[name] = read(_path(site, f"{name}.yaml"), f"config/{name}.yaml")
        except Refused as refused:
            problems += refused.problems
    return trees, problems


def _strays(site: Path | None) -> Iterator[Problem]:
    """A file that is passed over because of a slip in its name, such as places.yml."""
    names = [f"{name}.yaml" for name in SHAPES]
    for path in sorted((site / "config").glob("*.y*ml")) if site is not None else ():
        meant = near(path.name, names, "{}")
        if path.name not in names and meant and not path.with_name(meant).exists():
            yield Problem(f"config/{path.name}", 1, "这个文件名程序不认识，不会读它。", f"请改名为 {meant}。")


def _path(site: Path | None, name: str) -> Path:
    own = site / "config" / name if site is not None else None
    return own if own is not None and own.exists() else HERE / name


def _texts(site: Path | None) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """The sentences of both languages: those of the package, over them those of the site."""
    said: dict[str, phrases.Phrases] = {}
    problems: list[Problem] = []
    packaged: dict[str, str] = {}
    for lang in LANGUAGES:
        ours, wrong = _phrases(HERE / "texts" / f"{lang}.yaml", lang)
        own, more = _phrases(site / "config" / "texts" / f"{lang}.yaml", lang) if site is not None else ({}, [])
        said[lang] = {**ours, **own}
        problems += [*wrong, *more]
        if lang == "zh":
            packaged = _plain(ours)
    if not problems:
        problems += phrases.compare(said["zh"], said["en"])
        problems += phrases.fixed(said["zh"], packaged)
    return {lang: _plain(words) for lang, words in said.items()}, problems


def _phrases(path: Path, lang: str) -> tuple[phrases.Phrases, list[Problem]]:
    if not path.exists():
        return {}, []
    try:
        return phrases.flatten(read(path, f"config/texts/{lang}.yaml"))
    except Refused as refused:
        return {}, list(refused.problems)


def _plain(words: phrases.Phrases) -> dict[str, str]:
    return {key: node.text or "" for key, node in words.items()}


def copy_out(target: Path) -> list[Path]:
    """Copies the packaged admin files to `target` (`zhitong init DIR`) and returns what was written.

    Raises FileExistsError when `target` holds anything or lies inside the package; OSError when writing fails.
    """
    root = HERE.parent
    if any(target.resolve().is_relative_to(root / room) for room in ("config", "faq")):
        raise FileExistsError(f"{target} 在程序自己的目录里，不能写。请换一个目录。")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} 已经有东西了，不会覆盖。请换一个空目录。")
    written: list[Path] = []
    for source in _admin_files(root):
        copy = target / source.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.name == "office.yaml":
            copy.write_text(_OPEN.sub("tip_lane: false", source.read_text("utf-8")), "utf-8")
        else:
            shutil.copyfile(source, copy)
        written.append(copy)
    return written


SHOWN_ONLY = ("demo.yaml", "simulate.yaml")  # no office runs on them


def _admin_files(root: Path) -> Iterator[Path]:
    for pattern in ("config/*.yaml", "config/texts/*.yaml", "faq/*.yaml", "faq/**/*.md"):
        yield from (path for path in sorted(root.glob(pattern)) if path.name not in SHOWN_ONLY)
