"""The book of answers: what clerks wrote, loaded and checked as a whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from faq.jsonl import Row, parse_jsonl
from faq.markdown import Page, Section, parse
from faq.problems import BookErrors, Problem, nearest
from faq.site import SiteFileError, read_mapping, site_file, words
from faq.textfile import JSONL_LIMIT, MARKDOWN_LIMIT, read_text

UNVERIFIED = "待核实"
BASIS_SHOWN = 2
_SOURCES = re.compile("[；;]")
_REMARK = re.compile(f"（[^（）]*{UNVERIFIED}[^（）]*）")

__all__ = ["UNVERIFIED", "Book", "BookErrors", "Entry", "Problem", "Vocabulary", "load", "load_vocabulary"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One question with its answer (Markdown) and what stands behind it; `line` is the heading's, from 1."""

    id: str
    question: str
    aliases: tuple[str, ...]
    answer: str
    policy: str
    aspect: str
    department: str
    phone: str
    source: str
    document_no: str
    verified_on: date
    valid_to: date
    region: str
    title: str
    file: str
    line: int

    @property
    def basis(self) -> str:
        """The sources for a citizen's eyes: the first two that are verified, else the first without its remark."""
        parts = _SOURCES.split(self.source)
        verified = [part for part in parts if UNVERIFIED not in part]
        return "；".join(verified[:BASIS_SHOWN]) or _REMARK.sub("", parts[0])

    @property
    def document(self) -> str:
        """The document's number; "" while nobody has verified it."""
        return "" if UNVERIFIED in self.document_no else self.document_no


@dataclass(frozen=True, slots=True)
class Book:
    """All entries in file order, the files they came from, and a fingerprint of those files."""

    entries: tuple[Entry, ...]
    files: tuple[str, ...]
    version: str
    _by_id: dict[str, Entry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {entry.id: entry for entry in self.entries})

    def get(self, entry_id: str) -> Entry | None:
        """Return the entry of that id, or None."""
        return self._by_id.get(entry_id)

    def of_policy(self, policy: str) -> tuple[Entry, ...]:
        """Return the policy's entries in file order."""
        return tuple(entry for entry in self.entries if entry.policy == policy)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that `policy:` and `aspect=` may carry."""

    policies: tuple[str, ...]
    aspects: tuple[str, ...]


def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """Return the office's own vocabulary.yaml in `folder`, else the shipped one; raises SiteFileError."""
    path = site_file("vocabulary.yaml", folder)
    raw = read_mapping(path)
    return Vocabulary(tuple(words(path, raw, "policies")), tuple(words(path, raw, "aspects")))


def load(paths: Sequence[Path], vocabulary: Vocabulary | None = None) -> Book:
    """Return the Book of every .md below the folders, and of .md or .jsonl files, in `paths`.

    Raises BookErrors naming every mistake of every file; nothing is ever half loaded.
    """
    if vocabulary is None:
        vocabulary = _vocabulary_for(paths)
    problems: list[Problem] = []
    entries: list[Entry] = []
    files: list[str] = []
    digest = hashlib.sha256()
    for path in _files(paths, problems):
        read = read_text(path, JSONL_LIMIT if path.suffix == ".jsonl" else MARKDOWN_LIMIT)
        if isinstance(read, Problem):
            problems.append(read)
            continue
        text, raw = read
        digest.update(path.name.encode() + b"\0" + raw)
        files.append(str(path))
        if path.suffix == ".jsonl":
            entries.extend(_bare_entry(str(path), line, row) for line, row in parse_jsonl(str(path), text, problems))
        else:
            entries.extend(_read_markdown(str(path), text, vocabulary, problems))
    _unique(entries, problems)
    if problems:
        raise BookErrors(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return Book(tuple(entries), tuple(files), digest.hexdigest()[:12])


def _vocabulary_for(paths: Sequence[Path]) -> Vocabulary:
    own = next((path for path in paths if (path / "vocabulary.yaml").is_file()), None)
    try:
        return load_vocabulary(own)
    except SiteFileError as error:
        raise BookErrors([Problem(str(error.file), error.line, error.message)]) from None


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*.md") if _is_content(file.relative_to(path)))
        if not found:
            problems.append(Problem(str(path), 1, "文件夹里没有 .md 文件", "请检查文件夹的名字"))
        yield from found


def _is_content(path: Path) -> bool:
    # Editors leave ".x.md.swp", "~$x.md" and "._x.md" beside the real file while it is open.
    return not any(part.startswith((".", "~", "_")) for part in path.parts) and path.name.lower() != "readme.md"


def _read_markdown(file: str, text: str, vocabulary: Vocabulary, problems: list[Problem]) -> list[Entry]:
    page = parse(file, text)
    dates = {key: _date(page, key) for key in ("verified_on", "valid_to")}
    _known(page, vocabulary)
    problems.extend(page.problems)
    if page.problems:
        return [_entry(page, section, date.min, date.min) for section in page.sections]
    return [_entry(page, section, dates["verified_on"], dates["valid_to"]) for section in page.sections]


def _date(page: Page, key: str) -> date:
    value, line = page.fields.get(key, ("", 0))
    try:
        return date.fromisoformat(value)
    except ValueError:
        if value:
            page.complain(line, f"{key} 的日期 “{value}” 不对", "请写成 2026-11-20 这样")
        return date.min


def _known(page: Page, vocabulary: Vocabulary) -> None:
    policy, line = page.fields.get("policy", ("", 0))
    if policy and policy not in vocabulary.policies:
        page.complain(line, f"没有叫 “{policy}” 的政策", nearest(policy, vocabulary.policies))
    for section in page.sections:
        if section.aspect not in vocabulary.aspects:
            hint = nearest(section.aspect, vocabulary.aspects)
            page.complain(section.line, f"没有叫 “{section.aspect}” 的事项", hint)


def _entry(page: Page, section: Section, verified_on: date, valid_to: date) -> Entry:
    fields = {key: page.fields.get(key, ("", 0))[0] for key in ("policy", "department", "phone", "source")}
    aliases = tuple(dict.fromkeys(alias for _, alias in section.aliases))
    return Entry(
        id=section.id,
        question=section.question,
        aliases=aliases,
        answer=section.answer,
        aspect=section.aspect,
        document_no=page.fields.get("document_no", ("", 0))[0],
        verified_on=verified_on,
        valid_to=valid_to,
        region=page.fields.get("region", ("", 0))[0],
        title=page.title,
        file=page.file,
        line=section.line,
        **fields,
    )


def _bare_entry(file: str, line: int, row: Row) -> Entry:
    return Entry(
        id=row.id,
        question=row.question,
        aliases=tuple(dict.fromkeys(row.aliases)),
        answer=row.answer,
        policy=row.policy,
        aspect=row.aspect,
        department="",
        phone="",
        source=row.source,
        document_no="",
        verified_on=date.min,
        valid_to=date.max,
        region="",
        title="",
        file=file,
        line=line,
    )


def _unique(entries: Sequence[Entry], problems: list[Problem]) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        known = first.setdefault(entry.id, entry)
        if known is not entry:
            where = f"第 {known.line} 行" if known.file == entry.file else f"{known.file} 第 {known.line} 行"
            message = f"编号 {entry.id} 重复（第一次在{where}）"
            problems.append(Problem(entry.file, entry.line, message, "请改一个新编号。"))
