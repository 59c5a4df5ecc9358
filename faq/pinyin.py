"""How a text sounds: one code point per syllable, tones dropped, common confusions heard as one.

Villagers type by ear and by thumb, and voice recognition mishears: zh/z, ch/c, sh/s, n/l, f/hu and the
nasal endings an/ang, en/eng, in/ing are each one sound here. Latin runs are read as pinyin where they can be.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

# First code point of the private-use area: never in a cleaned text, so a syllable cannot be mistaken for a character.
_BASE = 0xE000
_LATIN = re.compile(r"[a-zü]+")
_LONGEST = 6
_HEARD_INITIAL = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
# In much of Sichuan fa and hua, fei and hui are one sound; before other vowels h and f stay apart.
_HEARD_HU = (("hui", "fei"), ("hun", "fen"), ("huo", "fo"), ("hua", "fa"), ("hu", "fu"))


@dataclass(frozen=True, slots=True)
class Syllables:
    """The sound table: code point of every syllable, and of every Chinese character."""

    codes: dict[str, str]
    table: dict[int, str]


def encode(text: str) -> str:
    """Return the sounds of a normalised text; what has no sound (digits, other letters) stays as it is."""
    sounds = _syllables()
    return _LATIN.sub(lambda run: _spell(run[0].replace("ü", "v")), text.translate(sounds.table))


def heard(syllable: str) -> str:
    """Return the toneless syllable with confusable initials and endings merged: 'zhang' → 'zan'."""
    for written, kept in (*_HEARD_INITIAL, *_HEARD_HU):
        if syllable.startswith(written):
            syllable = kept + syllable[len(written) :]
            break
    return re.sub(r"([aei])ng$", r"\1n", syllable)


@lru_cache(maxsize=4096)
def _spell(run: str) -> str:
    """Split one Latin run into syllables, fewest pieces first; unknown letters stay letters."""
    codes = _syllables().codes
    best: list[tuple[int, str]] = [(0, "")]
    for end in range(1, len(run) + 1):
        options = [(best[end - 1][0] + 4, best[end - 1][1] + run[end - 1])]
        for start in range(max(0, end - _LONGEST), end):
            code = codes.get(run[start:end])
            if code is not None:
                options.append((best[start][0] + (2 if end - start > 1 else 3), best[start][1] + code))
        best.append(min(options))
    return best[-1][1]


def sounds() -> dict[str, str]:
    """Return the code point of every sound, by how it is spelled: for files that must outlive the sound table."""
    return {heard(reading): code for reading, code in _syllables().codes.items()}


@cache
def _syllables() -> Syllables:
    readings = {int(code): _toneless(reading.split(",", 1)[0]) for code, reading in _dictionary().items()}
    spelled = sorted({reading for reading in readings.values() if reading.isascii() and reading.isalpha()})
    sounds = sorted({heard(reading) for reading in spelled})
    codes = {reading: chr(_BASE + sounds.index(heard(reading))) for reading in spelled}
    table = {code: codes[reading] for code, reading in readings.items() if code < 0x10000 and reading in codes}
    return Syllables(codes, table)


def _dictionary() -> dict[str, str]:
    # pypinyin's single-character table only: importing the package also loads 50 MB of phrases.
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise RuntimeError("pypinyin is not installed")
    return json.loads((Path(spec.origin).parent / "pinyin_dict.json").read_text("utf-8"))


def _toneless(reading: str) -> str:
    decomposed = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(char for char in decomposed if not unicodedata.combining(char))
