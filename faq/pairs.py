"""What a YAML text of the office says, pair by pair. One that was read before is not taken apart again.

Reading YAML with its lines is the slowest thing a start does: `known` holds what earlier ones read, by a digest of the
text, as JSON. Whoever starts the house may fill it before reading and keep it afterwards.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TypeAlias

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

known: dict[str, str] = {}
KNOWN_MOST = 1000  # texts; an office has some forty


class YamlProblem(Exception):
    """One thing wrong in a YAML text: `message` in plain words, `line` counted from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Pair:
    """One `key: value` with the key's line, counted from 1."""

    key: str
    value: Plain
    line: int


def read_pairs(text: str, first_line: int = 1) -> list[Pair]:
    """Return the top mapping of one YAML document in file order, scalars exactly as typed; raise YamlProblem.

    `first_line` is where `text` begins in its file, so that lines are counted as the clerk's editor does.
    """
    digest = hashlib.sha256(f"{first_line}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
    if digest not in known:
        from faq.strict_yaml import parse  # not above: most starts find everything known, and need no parser

        pairs = parse(text, first_line)
        if len(known) >= KNOWN_MOST:
            known.clear()
        known[digest] = json.dumps([(pair.key, pair.value, pair.line) for pair in pairs])
    return [Pair(*one) for one in json.loads(known[digest])]
