"""Photos drawn anew: nothing of the original file (place, camera, polyglot) is left."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

from bot.store.attachments import AttachmentError, Broken, TooLarge
from config.schema import Limits

SIDE_MAX = 2560
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


def redraw(source: Path, target: Path, limits: Limits) -> None:
    """Draw the photo anew as an upright JPEG of at most 2560 pixels a side, with nothing but its pixels.

    Raises TooLarge for more pixels than `limits` allow, Broken for what cannot be drawn.
    """
    try:
        with Image.open(source, formats=_FORMATS) as photo:
            _check_pixels(photo, limits)
            photo.draft("RGB", (SIDE_MAX, SIDE_MAX))
            photo.thumbnail((SIDE_MAX, SIDE_MAX))
            clean = _flat(_upright(photo))
    except AttachmentError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge("attachment.too_many_pixels", limits.image_megapixels) from None
    except Exception as error:  # decoders raise nearly everything on a damaged file
        raise Broken("attachment.broken") from error
    clean.save(target, "JPEG", quality=85)


def _check_pixels(photo: Image.Image, limits: Limits) -> None:
    """Before a single pixel is decoded: the size stands in the header."""
    if photo.width * photo.height > limits.image_megapixels * 1_000_000:
        raise TooLarge("attachment.too_many_pixels", limits.image_megapixels)


def _upright(photo: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(photo)
    except Exception:  # damaged EXIF is no reason to lose the photo
        return photo


def _flat(photo: Image.Image) -> Image.Image:
    """A new picture, white where the old one was transparent; a copy would carry comments and EXIF along."""
    clean = Image.new("RGB", photo.size, "white")
    if photo.has_transparency_data:
        layer = photo.convert("RGBA")
        clean.paste(layer, mask=layer.getchannel("A"))
    else:
        clean.paste(_eight_bits(photo).convert("RGB"))
    return clean


def _eight_bits(photo: Image.Image) -> Image.Image:
    """A scan in 16-bit grey would come out white: converting cuts off what is brighter than 255."""
    if not photo.mode.startswith("I"):
        return photo
    return photo.convert("F").point(lambda value: value / 256).convert("L")
