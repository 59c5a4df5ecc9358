"""The plain form: what a browser without our script sends, urlencoded or with files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.web.bodies import Pace, clean_text, read_body
from bot.web.security import Fault
from bot.web.uploads import NAME_LENGTH, Refused, bare
from handlers.messages import Attachment

FIELD_BYTES = 2**20
MAX_FIELDS = 40

TakeFile = Callable[[AsyncIterator[bytes], str, str], Awaitable[Attachment]]
Check = Callable[[Mapping[str, str]], None]
Note = tuple[str, Mapping[str, object]]


@dataclass(slots=True)
class Form:
    """Fields by name (the last one filled in wins), files stored, and what to say about files that were not."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: list[Attachment] = field(default_factory=list[Attachment])
    notes: list[Note] = field(default_factory=list[Note])

    def put(self, name: str, value: str) -> None:
        """Keep a field, unless it is empty and one is there."""
        if value or name not in self.fields:
            self.fields[name] = value


@dataclass(frozen=True, slots=True)
class Rules:
    """What a form may bring. `check` sees the fields before the first file is stored, and at the end."""

    take_file: TakeFile
    check: Check
    max_files: int
    file_bytes: int


async def read_form(request: web.Request, rules: Rules) -> Form:
    """The form of a request. Raises Fault for one that is too large, too slow, or no form at all."""
    if request.content_type == "application/x-www-form-urlencoded":
        form = _parse(await read_body(request))
    elif request.content_type == "multipart/form-data":
        form = await _read_parts(request, rules)
    else:
        raise Fault(415, "bad_request")
    rules.check(form.fields)
    return form


def _parse(body: bytes) -> Form:
    form = Form()
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as broken:
        raise Fault(400, "bad_request") from broken
    for name, value in pairs:
        form.put(name, value)
    return form


async def _read_parts(request: web.Request, rules: Rules) -> Form:
    if (request.content_length or 0) > (rules.max_files + 1) * rules.file_bytes:
        raise Fault(413, "upload_large", args={"mb": rules.file_bytes // 2**20})
    form = Form()
    pace = Pace()
    try:
        parts = await request.multipart()
        for _ in range(MAX_FIELDS + rules.max_files):
            part = await pace.wait(parts.next())
            if part is None:
                return form
            await _read_part(part, form, rules, pace)
    except (ValueError, LookupError, AssertionError, HttpProcessingError, web.HTTPRequestEntityTooLarge) as broken:
        raise Fault(400, "bad_request") from broken
    raise Fault(413, "too_large")


async def _read_part(part: BodyPartReader | MultipartReader, form: Form, rules: Rules, pace: Pace) -> None:
    if isinstance(part, MultipartReader) or not part.name:
        raise Fault(400, "bad_request")
    if part.filename is None:
        value = b"".join([chunk async for chunk in pace.chunks(part.read_chunk, FIELD_BYTES, "too_large")])
        form.put(part.name, value.decode("utf-8", "replace"))
    elif part.filename == "":
        await _drop(part, rules, pace)
    elif len(form.files) >= rules.max_files:
        await _drop(part, rules, pace)
        form.notes.append(("error.too_many_files", {"n": rules.max_files}))
    else:
        rules.check(form.fields)
        await _store(part, form, rules, pace)


async def _store(part: BodyPartReader, form: Form, rules: Rules, pace: Pace) -> None:
    """Store one file; one that is refused becomes a note, and the rest of the form goes on."""
    stream = pace.chunks(part.read_chunk, rules.file_bytes)
    name = clean_text(part.filename or "")[:NAME_LENGTH]
    mime = part.headers.get("Content-Type", "application/octet-stream").split(";")[0].strip().lower()
    try:
        form.files.append(await rules.take_file(stream, name, mime))
    except Refused as refused:
        form.notes.append((bare(refused.key), refused.gaps))
        await _drop(part, rules, pace)
    except Fault as fault:
        if fault.status != 413:
            raise
        form.notes.append((fault.key, fault.gaps))
        await _drop(part, rules, pace)


async def _drop(part: BodyPartReader, rules: Rules, pace: Pace) -> None:
    async for _ in pace.chunks(part.read_chunk, rules.file_bytes):
        pass
