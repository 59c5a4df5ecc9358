"""A piece of an office's file with its line, and a problem on such a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

YES = frozenset({"true", "yes", "on", "1", "y", "t"})


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to put right: which file, which line (from 1), what is wrong and what to do, in Chinese."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}{self.hint}"


@dataclass(slots=True)
class Node:
    """A piece of a file. Of `text`, `items` and `pairs` one is set; all three are None for an empty value."""

    file: str
    line: int
    text: str | None = None
    items: list[Node] | None = None
    pairs: dict[str, Node] | None = None
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def get(self, key: str) -> Node:
        """The value under `key`; an empty node on this line when there is none."""
        return (self.pairs or {}).get(key) or Node(self.file, self.line)

    def word(self, key: str) -> str:
        """The text under `key`, "" when there is none."""
        return self.get(key).text or ""

    def true(self, key: str) -> bool:
        """Whether a yes of any spelling that pydantic takes stands under `key`."""
        return self.word(key).lower() in YES

    def rows(self, key: str = "") -> list[Node]:
        """The items of the list under `key` (of this node itself without a key); [] for anything else."""
        return (self.get(key) if key else self).items or []

    def plain(self) -> Any:
        """Strings, lists and dicts; keys without a value are left out, so that the schema's default serves."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.pairs is not None:
            return {key: node.plain() for key, node in self.pairs.items() if not node.empty}
        return self.text

    @property
    def empty(self) -> bool:
        """Nothing was written here."""
        return self.text is None and self.items is None and self.pairs is None

    def line_at(self, path: tuple[str | int, ...]) -> int:
        """The line of the deepest part of `path` that exists."""
        node, line = self, self.line
        for step in path:
            line = node.lines.get(str(step), line)
            child = _child(node, step)
            if child is None:
                break
            node, line = child, child.line if isinstance(step, int) else line
        return line

    def problem(self, message: str, hint: str = "") -> Problem:
        """A problem on this node's line."""
        return Problem(self.file, self.line, message, hint)


def _child(node: Node, step: str | int) -> Node | None:
    if node.items is not None and isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    return (node.pairs or {}).get(str(step))


class Refused(Exception):
    """A file cannot be read further; carries the problems found until then."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*map(str, problems))
        self.problems = problems
