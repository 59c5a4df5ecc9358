"""Photos as telephones take them: drawn here, so that nobody's picture is needed and the tests know what is in them."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import FilePayload

CANARY = b"CANARY-31.2304N-121.4737E"
WIDTH, HEIGHT = 640, 480
Scene = Callable[[ImageDraw.ImageDraw], None]


def photo(name: str, colour: str = "#7a8b99", exif: bytes = b"") -> FilePayload:
    """A small JPEG with something on it."""
    image = Image.new("RGB", (320, 240), colour)
    ImageDraw.Draw(image).ellipse((90, 60, 230, 200), fill="#3d2f26")
    return _jpeg(name, image, exif)


def photo_with_place(name: str) -> FilePayload:
    """One that knows where it was taken, and says so."""
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (31.0, 13.0, 49.0)
    place[29] = CANARY.decode()
    return photo(name, exif=exif.tobytes())


def scene(name: str, draw: Scene) -> FilePayload:
    """A picture of a village pipe, for the README."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw(ImageDraw.Draw(image))
    return _jpeg(name, image.filter(ImageFilter.GaussianBlur(1.4)), b"")


def burst_pipe(draw: ImageDraw.ImageDraw) -> None:
    """A pipe in a ditch, broken, with water standing in the mud."""
    _ground(draw, "#8a6f4d", "#6d5538")
    draw.polygon([(0, 330), (640, 270), (640, 480), (0, 480)], fill="#5b4a35")
    draw.ellipse((60, 330, 600, 470), fill="#7f8f8c")
    draw.ellipse((150, 360, 500, 440), fill="#9db0ae")
    _pipe(draw, 0, 280, "#4f5a60")
    _pipe(draw, 372, 640, "#4f5a60")
    for n in range(9):
        draw.line((282 + 9 * n, 262, 250 + 18 * n, 120 + abs(4 - n) * 24), fill="#d7e6ea", width=9 - abs(4 - n))
    draw.ellipse((262, 236, 392, 300), fill="#bcd0d4")


def mended_pipe(draw: ImageDraw.ImageDraw) -> None:
    """The same place with a new length of blue pipe and two clamps."""
    _ground(draw, "#a38761", "#87693f")
    draw.polygon([(0, 340), (640, 290), (640, 480), (0, 480)], fill="#7c6242")
    _pipe(draw, 0, 640, "#4f5a60")
    _pipe(draw, 190, 460, "#2f78b7")
    for left in (172, 440):
        draw.rectangle((left, 222, left + 38, 318), fill="#c9ccce", outline="#8b9094", width=4)
        draw.ellipse((left + 10, 208, left + 28, 228), fill="#8b9094")


def _ground(draw: ImageDraw.ImageDraw, near: str, far: str) -> None:
    draw.rectangle((0, 0, WIDTH, 120), fill="#b9c7b0")
    for n in range(16):
        draw.polygon([(n * 44 - 10, 124), (n * 44 + 16, 62 + n % 3 * 16), (n * 44 + 40, 124)], fill="#6f8a5c")
    draw.rectangle((0, 120, WIDTH, HEIGHT), fill=near)
    for n in range(60):
        x, y = n * 97 % WIDTH, 130 + n * 53 % 340
        draw.ellipse((x, y, x + 14 + n % 5 * 4, y + 7 + n % 3 * 3), fill=far)


def _pipe(draw: ImageDraw.ImageDraw, left: int, right: int, colour: str) -> None:
    draw.rectangle((left, 234, right, 306), fill=colour)
    draw.rectangle((left, 244, right, 256), fill="#ffffff" if colour == "#2f78b7" else "#7b868c")


def _jpeg(name: str, image: Image.Image, exif: bytes) -> FilePayload:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}
