"""A printed code with its words: one sheet of A4 as SVG or PDF.

The PDF is written by hand and names a Chinese font that every reader substitutes (Adobe-GB1, UniGB-UCS2-H), so that
neither a PDF library nor ten megabytes of font travel with us (docs/decisions/0013-posters.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

import segno

WIDTH, HEIGHT = 210.0, 297.0  # millimetres of A4
SIDE = 120.0  # of the code, with its quiet zone
TOP = 88.0
POINT = 72 / 25.4
INK = "#0d4b4a"
INK_RGB = "0.051 0.294 0.290"
FONTS = "'Noto Sans SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',SimHei,sans-serif"
MOST = 190.0  # millimetres a line may be wide


@dataclass(frozen=True, slots=True)
class Line:
    """Words in the middle of the sheet; `size` and `at` (the base line) in millimetres."""

    words: str
    size: float
    at: float
    strong: bool = False

    @property
    def fitted(self) -> float:
        """The size at which the words are no wider than the sheet."""
        return self.size * min(1.0, MOST / max(width(self.words, self.size), 1.0))


@dataclass(frozen=True, slots=True)
class Poster:
    """What a sheet says: `content` is what the code holds."""

    content: str
    above: tuple[str, ...]  # the office, what it is for, where it hangs
    below: tuple[str, ...]  # how to scan, the phone, what is urgent
    small: str = ""  # the code's own name, for whoever puts it up

    def lines(self) -> list[Line]:
        """Every line with its place."""
        sizes = ((9.0, 24.0, False), (17.0, 47.0, True), (9.0, 63.0, False), (10.0, 80.0, True))
        found = [Line(words, *at) for words, at in zip(self.above, sizes, strict=False) if words]
        under = TOP + SIDE + 14.0
        found += [
            Line(words, 9.5 if at == 0 else 7.0, under + at * 14.0, at == 0) for at, words in enumerate(self.below)
        ]
        return [*found, Line(self.small, 3.2, HEIGHT - 7.0)] if self.small else found

    def squares(self) -> list[tuple[float, float, float]]:
        """The dark runs of the code: left, top, width in millimetres; all as high as `module`."""
        module = self.module
        left = (WIDTH - SIDE) / 2
        return [
            (left + column * module, TOP + row * module, length * module)
            for row, bits in enumerate(self._matrix())
            for column, length in _runs(bits)
        ]

    @property
    def module(self) -> float:
        """The side of one square."""
        return SIDE / len(self._matrix())

    def _matrix(self) -> Sequence[Sequence[int]]:
        return [list(row) for row in segno.make(self.content, error="q", micro=False).matrix_iter(border=4)]


def svg(poster: Poster) -> str:
    """The sheet as SVG."""
    height = f"{poster.module:.3f}"
    squares = "".join(f"M{x:.3f} {y:.3f}h{w:.3f}v{height}h-{w:.3f}z" for x, y, w in poster.squares())
    words = "".join(map(_text, poster.lines()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="{FONTS}"><rect width="100%" height="100%" fill="#fff"/>'
        f'{words}<path d="{squares}" fill="#000" shape-rendering="crispEdges"/></svg>\n'
    )


def _text(line: Line) -> str:
    weight = ' font-weight="700"' if line.strong else ""
    place = f'x="{WIDTH / 2:g}" y="{line.at:g}" font-size="{line.fitted:.2f}"'
    return f'<text {place} text-anchor="middle" fill="{INK}"{weight}>{escape(line.words)}</text>'


def pdf(poster: Poster) -> bytes:
    """The sheet as PDF 1.4."""
    module = poster.module * POINT
    drawn = [f"0 0 0 rg {' '.join(_box(*square, module) for square in poster.squares())} f", f"{INK_RGB} rg"]
    drawn += [_shown(line) for line in poster.lines()]
    content = "\n".join(drawn).encode("ascii")
    box = f"[0 0 {WIDTH * POINT:.2f} {HEIGHT * POINT:.2f}]"
    return _file(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents 4 0 R/Resources<</Font<</F 5 0 R/L 8 0 R>>>>>>".encode(),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>",
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 7 0 R/DW 1000"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>",
            b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0"
            b"/Ascent 880/Descent -120/CapHeight 880/StemV 93>>",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        ]
    )


def _box(x: float, y: float, wide: float, module: float) -> str:
    low = HEIGHT * POINT - y * POINT - module
    return f"{x * POINT:.2f} {low:.2f} {wide * POINT:.2f} {module:.2f} re"


def _shown(line: Line) -> str:
    size = line.fitted
    left = (WIDTH - width(line.words, size)) / 2 * POINT
    low = (HEIGHT - line.at) * POINT
    bold = f"2 Tr {INK_RGB} RG {size * POINT / 40:.2f} w" if line.strong else "0 Tr"
    shown = " ".join(f"/{font} {size * POINT:.2f} Tf <{code}> Tj" for font, code in _in_fonts(line.words))
    return f"BT {bold} {left:.2f} {low:.2f} Td {shown} ET"


def _in_fonts(words: str) -> Iterable[tuple[str, str]]:
    """Runs of words with the font that has them: Latin ones in Helvetica, which every reader has itself."""
    for latin, run in groupby(words, lambda mark: ord(mark) < 0x100):
        if latin:
            yield "L", "".join(run).encode("cp1252", "replace").hex()
        else:
            known = "".join(mark if ord(mark) <= 0xFFFF else "〓" for mark in run)
            yield "F", known.encode("utf-16-be", "replace").hex()


def _file(objects: Iterable[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), list[int]()
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, table)
    return bytes(out)


def width(words: str, size: float) -> float:
    """How wide words are, nearly: a Chinese sign is a square, a Latin one about half of it."""
    return sum(0.3 if mark in " .·-" else 0.55 if ord(mark) < 0x100 else 1.0 for mark in words) * size


def _runs(bits: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Where dark squares begin in a row, and how many follow."""
    start = -1
    for at, bit in enumerate([*bits, 0]):
        if bit and start < 0:
            start = at
        elif not bit and start >= 0:
            yield start, at - start
            start = -1
