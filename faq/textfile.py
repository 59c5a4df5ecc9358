"""Reading one file the way clerks' computers really write it."""

from __future__ import annotations

from pathlib import Path

from faq.problems import Problem

MARKDOWN_LIMIT = 2 * 1024 * 1024
# A judged set of 30 000 questions is one JSON-lines file, so these may be larger than what a clerk writes.
JSONL_LIMIT = 64 * 1024 * 1024
_TO_UTF8 = "用记事本打开，点“另存为”，编码选 UTF-8，再保存"


def read_text(path: Path, limit: int) -> tuple[str, bytes] | Problem:
    """Return (text with LF and without BOM, raw bytes), or the Problem that prevents it; `limit` in bytes."""
    try:
        size = path.stat().st_size
        if size > limit:
            message = f"文件有 {size / 1048576:.1f} MB，太大了"
            return Problem(str(path), 1, message, f"请拆成几个，每个不超过 {limit >> 20} MB")
        raw = path.read_bytes()
    except FileNotFoundError:
        return Problem(str(path), 1, "文件读到一半不见了", "如果正在改名或移动，请稍后再试")
    except OSError as error:
        return Problem(str(path), 1, f"读不到这个文件（{error.strerror}）", "请检查文件权限")
    text = _decode(path, raw)
    return text if isinstance(text, Problem) else (text, raw)


def _decode(path: Path, raw: bytes) -> str | Problem:
    if not raw.strip():
        return Problem(str(path), 1, "文件是空的", "可能还没保存完，请重新保存")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(str(path), 1, "文件是 UTF-16 编码，不是 UTF-8", _TO_UTF8)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(path, raw, error)
    if "\x00" in text:
        return Problem(str(path), text.count("\n", 0, text.index("\x00")) + 1, "文件里有坏掉的字节", "请重新保存一次")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _not_utf8(path: Path, raw: bytes, error: UnicodeDecodeError) -> Problem:
    line = raw.count(b"\n", 0, error.start) + 1
    if error.start >= len(raw) - 3 and error.reason == "unexpected end of data":
        return Problem(str(path), line, "文件最后一个字不完整", "可能没有保存完，请重新保存")
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return Problem(str(path), line, "有读不出来的字", "请重新保存，编码选 UTF-8")
    return Problem(str(path), line, "文件是 GBK 编码，不是 UTF-8", _TO_UTF8)
