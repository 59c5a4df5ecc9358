"""What everybody asks, by the admin's own hand: for an office whose log knows too little yet."""

from __future__ import annotations

from pathlib import Path

from faq.site import read_mapping, site_file, words


def load_hot(folder: Path | None = None) -> tuple[str, ...]:
    """Return the ids of answers in `folder`'s own hot.yaml, else the shipped one, in order; raises SiteFileError.

    An id that no answer has is left aside where the list is shown.
    """
    path = site_file("hot.yaml", folder)
    return tuple(dict.fromkeys(words(path, read_mapping(path), "questions")))
