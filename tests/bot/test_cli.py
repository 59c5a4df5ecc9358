"""The command as a user meets it: plain help, one sentence for a mistake, a clean end."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot.cli import app, main
from tests.bot.command import ZHITONG, environment, fetched, free_port, interrupted, running, zhitong


def test_version() -> None:
    found = zhitong("--version")
    assert (found.returncode, found.stdout, found.stderr) == (0, "zhitong 0.1.0\n", "")


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_every_promised_command_is_there() -> None:
    promised = {"demo", "run", "init", "check", "backup", "clock", "staff add", "staff list", "staff revoke"}
    promised |= {"cases list", "cases show", "cases export", "faq ask"}
    assert promised <= {" ".join(path) for path in COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_one_plain_sentence(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["zhitong", *path, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    sentence = " ".join(str(COMMANDS[path].help).split())
    assert (ended.value.code, said.err) == (0, "")
    assert sentence in " ".join(said.out.split())
    assert sentence.endswith(".")
    assert ". " not in sentence


def test_alone_it_shows_its_help() -> None:
    found = zhitong()
    assert found.returncode == 0
    assert "Commands:" in found.stdout


MISTAKES = [
    ("nonsense", "No such command"),
    ("run --port many", "--port"),
    ("run --port 99999", "ZHITONG_PORT"),
    ("clock yesterday 3", "2026-09-18"),
    ("clock 2026-02-30 3", "no date"),
    ("clock 9999-12-30 40", "beyond the end"),
    ("staff list --data {tmp}/nowhere", "no folder"),
    ("cases list --data {tmp}", "holds no office"),
    ("check --site {tmp}/nowhere", "no folder"),
    ("backup {tmp}/copy --data {tmp}/nowhere", "no folder"),
    ("run --data {tmp}/note", "{tmp}/note"),
    ("init {tmp}", "{tmp}"),
    ("cases list --data {tmp}/junk", "not a database"),
    ("run --data {tmp}/junk", "not a database"),
    ("run --data {tmp}/foreign", "another program"),
    ("cases list --data {tmp}/foreign", "not a database of this program"),
    ("staff add 王芳 --role clerk --unit shuiwu --data {tmp}/foreign", "another program"),
    ("demo --no-browser --data {tmp}/foreign", "no demo"),
]


@pytest.fixture(scope="module")
def mess(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file in the way, a database that is none, and somebody else's."""
    folder = tmp_path_factory.mktemp("mess")
    (folder / "note").write_text("not a folder")
    for name in ("junk", "foreign"):
        (folder / name).mkdir()
    (folder / "junk" / "zhitong.sqlite3").write_text("this is not a database, though it is long enough to be one " * 3)
    with closing(sqlite3.connect(folder / "foreign" / "zhitong.sqlite3")) as raw:
        raw.execute("CREATE TABLE theirs (a)")
    return folder


@pytest.mark.parametrize(("typed", "named"), MISTAKES, ids=[typed for typed, _ in MISTAKES])
def test_a_mistake_is_one_sentence_and_code_2(mess: Path, typed: str, named: str) -> None:
    found = zhitong(*typed.format(tmp=mess).split())
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("zhitong: ")
    assert found.stderr.count("\n") == 1
    assert named.format(tmp=mess) in found.stderr


def test_a_slip_in_a_setting_is_named() -> None:
    found = zhitong("clock", "2026-09-18", "3", env=environment(ZHITONG_DATADIR="x"))
    assert found.stdout.startswith("2026-09-22")
    assert "ZHITONG_DATADIR" in found.stderr


CLOCK = [
    ("2026-09-18", 3, "2026-09-22"),
    ("2026-09-18", 7, "2026-09-29"),
    ("2026-09-18", 15, "2026-10-15"),
    ("2026-02-13", 1, "2026-02-14"),
    ("2026-02-13", 3, "2026-02-25"),
    ("2026-04-30", 5, "2026-05-11"),
    ("2026-11-20", 15, "2026-12-11"),
]


@pytest.mark.parametrize(("day", "days", "due"), CLOCK)
def test_clock_prints_the_day_first(
    day: str, days: int, due: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["zhitong", "clock", day, str(days)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.split()[0] == due


def test_clock_says_when_it_had_to_guess() -> None:
    found = zhitong("clock", "2026-12-20", 15)
    assert found.returncode == 0
    assert "2027 is not in holidays.yaml" in found.stderr


def test_run_serves_reports_and_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    with running("run", "--data", tmp_path / "office", "--port", port) as office:
        assert fetched(f"http://127.0.0.1:{port}/healthz")[0] == 200
        assert "<html" in fetched(f"http://127.0.0.1:{port}/")[1]
        code, out, err = interrupted(office)
    assert (code, out) == (0, "")
    assert f"http://127.0.0.1:{port}/staff" in err
    assert "off  Telegram" in err
    assert "Traceback" not in err


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        found = zhitong("run", "--data", tmp_path / "office", "--port", port)
    assert (found.returncode, found.stdout) == (2, "")
    assert f"zhitong: port {port} is taken" in found.stderr
    assert "Traceback" not in found.stderr


def test_ctrl_c_at_once_is_quiet(tmp_path: Path) -> None:
    # Stopped in the middle of an import, Python itself leaves a file to its finaliser: a warning nobody sees.
    env = environment(PYTHONWARNINGS="default,ignore::ResourceWarning")
    with running("run", "--data", tmp_path / "office", "--port", free_port(), env=env) as office:
        with pytest.raises(subprocess.TimeoutExpired):
            office.wait(0.6)
        code, out, err = interrupted(office)
    assert code in (0, 130)
    assert out == ""
    assert "Traceback" not in err


def test_whoever_stops_reading_is_not_shouted_at(office: Path) -> None:
    with subprocess.Popen(
        [ZHITONG, "cases", "list", "--data", str(office)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == b""
        assert listing.wait() == 1


# --- init and check ---------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The sample files, copied out."""
    folder = tmp_path / "site"
    assert zhitong("init", folder).returncode == 0
    return folder


def test_init_copies_what_admins_edit(copied: Path) -> None:
    assert (copied / "config" / "office.yaml").exists()
    assert len(list((copied / "faq" / "subsidies").glob("*.md"))) == 28
    assert not (copied / "config" / "demo.yaml").exists()
    assert not (copied / "config" / "simulate.yaml").exists()


def test_check_passes_the_shipped_files_and_warns_apart(copied: Path) -> None:
    found = zhitong("check", "--site", copied)
    lines = found.stdout.splitlines()
    assert (found.returncode, found.stderr) == (0, "")
    assert lines[0].startswith("提醒")
    assert any(line.startswith("faq/subsidies/dibao.md:5: ") and "待核实" in line for line in lines)
    assert lines[-1].startswith("错误 0 处")


def test_check_names_every_file_and_line(copied: Path) -> None:
    office, dibao = copied / "config" / "office.yaml", copied / "faq" / "subsidies" / "dibao.md"
    office.write_text(office.read_text("utf-8").replace("duty_department: zhiban", "duty_department: nobody"), "utf-8")
    dibao.write_text(dibao.read_text("utf-8").replace("policy: 农村低保", "policy: 农村底保", 1), "utf-8")
    (copied / "config" / "places.yaml").write_text("- id: a\n  name: x: y\n", "utf-8")
    found = zhitong("check", "--site", copied)
    errors = found.stdout.split("\n\n")[0]
    assert found.returncode == 1
    assert "config/places.yaml:2: " in errors
    assert "config/office.yaml:" in errors
    assert "faq/subsidies/dibao.md:2: " in errors
    assert "错误 3 处" in found.stdout


def test_run_will_not_start_on_broken_files(copied: Path, tmp_path: Path) -> None:
    (copied / "config" / "office.yaml").write_text("name: a: b\n", "utf-8")
    found = zhitong("run", "--site", copied, "--data", tmp_path / "office")
    assert found.returncode == 2
    assert found.stderr.startswith("zhitong: config/office.yaml:1: ")
    assert "Traceback" not in found.stderr


def test_check_says_what_runs_out(copied: Path) -> None:
    from datetime import date

    from bot.checking import check

    found = check(copied, date(2027, 6, 1))
    assert any("dibao.md:8: " in line and "2027-06-30" in line and "29" in line for line in found.warnings)
    assert any("holidays.yaml" in line and "2028" in line for line in found.warnings)
    gone = check(copied, date(2027, 7, 1)).warnings
    assert any("dibao.md:8: " in line and "已在 2027-06-30 到期" in line for line in gone)


# --- backup -----------------------------------------------------------------------------------------------


def test_backup_tells_stdout_where_and_stderr_the_rest(office: Path, tmp_path: Path) -> None:
    found = zhitong("backup", tmp_path / "copy", "--data", office)
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "copy"))
    assert "database 100 %" in found.stderr
    assert "3 cases" in found.stderr
    assert "keys are NOT in this backup" in found.stderr
    again = zhitong("backup", tmp_path / "copy", "--data", office)
    assert (again.returncode, again.stdout) == (2, "")
    assert "exists already" in again.stderr
