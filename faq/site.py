"""Where the admin's own files are: a site folder first, then the ones shipped in this package."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from faq.strict_yaml import Plain, YamlProblem, read_pairs

SHIPPED = Path(__file__).resolve().parent


class SiteFileError(Exception):
    """A word list or weights file cannot be used: `file`, `line` from 1, and `message` saying what to do."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file = file
        self.line = line
        self.message = message


def site_file(name: str, folder: Path | None = None) -> Path:
    """Return `folder/name` when the office has its own, else the shipped file of that name."""
    own = folder / name if folder is not None else None
    return own if own is not None and own.is_file() else SHIPPED / name


def read_mapping(path: Path) -> dict[str, tuple[Plain, int]]:
    """Return a YAML file's top mapping as {key: (value, line)}, scalars as str; raise SiteFileError."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return {pair.key: (pair.value, pair.line) for pair in read_pairs(text)}
    except YamlProblem as error:
        raise SiteFileError(path, error.line, error.message) from None
    except UnicodeDecodeError:
        raise SiteFileError(path, 1, "不是 UTF-8 编码。请用记事本打开，另存为，编码选 UTF-8") from None
    except OSError as error:
        raise SiteFileError(path, 1, f"读不到这个文件（{error.strerror}）") from None


def words(path: Path, raw: dict[str, tuple[Plain, int]], key: str) -> list[str]:
    """Return the list of words under `key`; raise SiteFileError when it is missing or no list of words."""
    value, line = raw.get(key, ("", 1))
    return word_list(path, line, key, value)


def word_list(path: Path, line: int, key: str, value: Plain) -> list[str]:
    """Return `value` if it is a list of words; raise SiteFileError naming `key` otherwise."""
    found = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) != len(value) or not all(item.strip() for item in found):
        raise SiteFileError(path, line, f"{key} 后面应是一列词，写成 [甲, 乙]，或每行一个、以“- ”开头")
    return found


def number(path: Path, line: int, key: str, value: Plain) -> float:
    """Return `value` as a number; raise SiteFileError naming `key` otherwise."""
    try:
        if isinstance(value, str) and isfinite(found := float(value)):
            return found
    except ValueError:
        pass
    raise SiteFileError(path, line, f"{key} 应是一个数字")
