"""The smallest county that is right, and a site made of it with some lines changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from config.load import SiteErrors, load
from config.schema import County

FILES = {
    "office": """\
name: 小县直通
county: 小县
phone: 0000-5550100
duty_department: zhiban
time_zone: Asia/Shanghai
day_ends: 18:00
limits:
  story_min: 6
  story_max: 2000
common_topics: ["01.01"]
doors:
  - id: "12388"
    name: 举报
grounds:
  - id: susong
    name: 已经起诉
    door: "12388"
""",
    "emergencies": """\
- id: "119"
  name: 火警
  number: "119"
  keywords: [着火]
  unless: [去年]
""",
    "categories": """\
- code: "01"
  name: 补贴
  topics:
    - code: "01.01"
      name: 没到账
      kind: complaint
      department: zhiban
      keywords: [没到账, 没打款]
      questions:
        - id: policy
          ask: 哪一项？
          type: policy
          required: true
        - id: bank
          ask: 哪家银行？
          type: choice
          options:
            - token: a
              name: 甲
            - token: b
              name: 乙
    - code: "01.02"
      name: 路烂
      kind: help
      urgent: true
      department: town
      assist: [zhiban]
- code: "02"
  name: 检举
  topics:
    - code: "02.01"
      name: 贪污
      kind: report
      lane: tip
      department: jijian
      door: "12388"
""",
    "departments": """\
- id: fu
  name: 县政府
- id: zhiban
  name: 值班室
  parent: fu
- id: hekou
  name: 河口镇政府
  parent: fu
  level: town
- id: jijian
  name: 纪委
  discipline: true
""",
    "places": """\
- id: town-hekou
  kind: town
  name: 河口镇
  department: hekou
- id: qingshan
  kind: village
  name: 青山村
  parent: town-hekou
  aliases: [青山大队]
  lat: 30.5
  lon: 105.5
- id: longwan
  kind: village
  name: 龙湾村
  parent: town-hekou
""",
    "scenes": """\
- code: gate-1
  place: qingshan
  category: "01"
  topic: "01.01"
""",
    "deadlines": "".join(
        f"- kind: {kind}\n  answer_days: 7\n  source: 本县规定\n"
        for kind in ("consult", "help", "complaint", "report", "suggestion", "praise")
    )
    + "- kind: help\n  urgent: true\n  answer_days: 0\n  answer_hours: 24\n  source: 本县规定\n",
    "holidays": """\
2025:
  source: 通知
  off: [2025-10-01]
  work: [2025-10-11]
2026:
  source: 通知
  off:
    - 2026-10-01
  work:
    - 2026-10-10
""",
}


def site(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """A site at `root` holding the small county, with whole files replaced."""
    for name, text in {**FILES, **(files or {})}.items():
        path = root / "config" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
    return root


def said(root: Path, files: dict[str, str | bytes]) -> list[str]:
    """What loading the small county with `files` replaced complains of; [] when nothing."""
    try:
        load(site(root, files))
    except SiteErrors as errors:
        return [str(problem) for problem in errors.problems]
    return []


def changed(root: Path, name: str, old: str, new: str) -> list[str]:
    """What is said after `old` became `new` in one file of the small county."""
    assert old in FILES[name], f"{old!r} is not in {name}"
    return said(root, {name: FILES[name].replace(old, new, 1)})


@cache
def sample() -> County:
    """The shipped sample county, loaded once for all tests."""
    return load()
