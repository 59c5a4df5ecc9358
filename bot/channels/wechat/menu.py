"""The menu below the talk, out of the office's texts. Each entry is a choice that the front desk knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.wording import fill

Json = dict[str, Any]
NAME_MOST, SUB_NAME_MOST = 16, 60  # bytes Tencent takes
MINE = ("progress", "human", "privacy")


def buttons(texts: Mapping[str, str], public_url: str) -> list[Json]:
    """反映问题 · 查政策 · 我的, and the web page where there is one."""
    mine = [_click(texts, token, SUB_NAME_MOST) for token in MINE]
    if public_url:
        mine.append({"type": "view", "name": _name(texts, "web", SUB_NAME_MOST), "url": f"{public_url}/"})
    shelf: Json = {"name": _name(texts, "mine", NAME_MOST), "sub_button": mine}
    return [_click(texts, "report", NAME_MOST), _click(texts, "policy", NAME_MOST), shelf]


def _click(texts: Mapping[str, str], token: str, most: int) -> Json:
    return {"type": "click", "name": _name(texts, token, most), "key": token}


def _name(texts: Mapping[str, str], name: str, most: int) -> str:
    words = fill(texts, f"wechat.menu_{name}", {})
    return words.encode()[:most].decode("utf-8", "ignore")
