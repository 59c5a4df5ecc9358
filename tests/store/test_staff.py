"""Accounts: one code gets in once, one password gets in until it ends, and ending ends everything.

The cast: Lin is a clerk at the farm bureau, Zhao her supervisor; nobody is called Wu.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.store import staff
from bot.store.connect import core
from bot.store.passwords import Credential, PasswordWeak, check_password, hash_password, unmatchable, verify
from bot.store.tables import binding, metadata, session
from bot.store.tables import staff as staff_table

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
PASSWORD = "good-soil-2026"
HASHED = hash_password(PASSWORD)
ADDRESS = b"\x05" * 32


READINGS: list[Callable[[str], str]] = [
    str.lower,
    lambda code: code.replace("-", ""),
    lambda code: f" {code.replace('-', ' ')} ",
    lambda code: code.replace("1", "I").replace("0", "o"),
    lambda code: code.replace("-", "－").translate({n: n + 0xFEE0 for n in range(48, 91)}),
]


@pytest.fixture
def conn(path: Path) -> Generator[Connection]:
    """An office without staff."""
    with core(path, "rwc").connect() as conn:
        metadata.create_all(conn)
        yield conn


@pytest.fixture
def lin(conn: Connection) -> str:
    """Lin has set her password."""
    staff.redeem(conn, staff.add(conn, "Lin", ["clerk"], "nongye", NOW), HASHED, NOW)
    return "Lin"


def _log_in(conn: Connection, name: str, password: str = PASSWORD, at: datetime = NOW) -> str | None:
    """The token of a login, the way the web does it; None when refused."""
    against = staff.credential(conn, name)
    return staff.open_session(conn, against, at) if verify(against, password) else None


class TestCodes:
    """Shown once, stored as a hash, good for a week and for one use."""

    def test_shape(self, conn: Connection) -> None:
        codes = [staff.add(conn, f"clerk {n}", ["clerk"], "nongye", NOW) for n in range(50)]
        assert len(set(codes)) == 50
        for code in codes:
            assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)

    def test_is_not_stored(self, conn: Connection) -> None:
        code = staff.add(conn, "Lin", ["clerk"], "nongye", NOW)
        row = conn.execute(select(staff_table)).one()
        assert len(row.code_hash) == 32
        assert code.replace("-", "").encode() not in row.code_hash

    @pytest.mark.parametrize(
        ("after", "valid"),
        [(timedelta(0), True), (DAY, True), (7 * DAY - SECOND, True), (7 * DAY, False), (30 * DAY, False)],
    )
    def test_lives_seven_days(self, conn: Connection, after: timedelta, valid: bool) -> None:
        code = staff.add(conn, "Lin", ["clerk"], "nongye", NOW)
        assert (staff.code_staff(conn, code, NOW + after) is not None) is valid

    @pytest.mark.parametrize("typed", READINGS)
    def test_is_read_kindly(self, conn: Connection, typed: Callable[[str], str]) -> None:
        for n in range(20):
            code = staff.add(conn, f"clerk {n}", ["clerk"], "nongye", NOW)
            found = staff.code_staff(conn, typed(code), NOW)
            assert found is not None
            assert found.name == f"clerk {n}"

    @pytest.mark.parametrize("wrong", ["", "-", "ABCD-EFGH-JKMN", "x" * 10_000, "\ud800"])
    def test_a_wrong_one_opens_nothing(self, conn: Connection, wrong: str) -> None:
        staff.add(conn, "Lin", ["clerk"], "nongye", NOW)
        with pytest.raises(staff.CodeWrong):
            staff.redeem(conn, wrong, HASHED, NOW)
        with pytest.raises(staff.CodeWrong):
            staff.bind(conn, wrong, "telegram", ADDRESS, NOW)

    @pytest.mark.parametrize("first", ["redeem", "bind"])
    @pytest.mark.parametrize("second", ["redeem", "bind"])
    def test_works_once(self, conn: Connection, first: str, second: str) -> None:
        code = staff.add(conn, "Lin", ["clerk"], "nongye", NOW)
        use: dict[str, Callable[[], staff.StaffRow]] = {
            "redeem": lambda: staff.redeem(conn, code, HASHED, NOW),
            "bind": lambda: staff.bind(conn, code, "telegram", ADDRESS, NOW),
        }
        assert use[first]().code_until is None
        with pytest.raises(staff.CodeWrong):
            use[second]()

    def test_a_new_one_replaces_the_old(self, conn: Connection) -> None:
        old = staff.add(conn, "Lin", ["clerk"], "nongye", NOW)
        new = staff.renew_code(conn, "Lin", NOW)
        assert staff.code_staff(conn, old, NOW) is None
        assert staff.code_staff(conn, new, NOW) is not None


class TestAccounts:
    """Taking on and letting go."""

    def test_everybody_is_listed_as_added(self, conn: Connection, lin: str) -> None:
        staff.add(conn, " Zhao  Supervisor ", ["supervisor", "dispatcher"], "xian-zhengfu", NOW)
        shown = [(row.name, row.roles, row.unit, row.has_password) for row in staff.list_staff(conn)]
        assert shown == [
            (lin, ("clerk",), "nongye", True),
            ("Zhao Supervisor", ("supervisor", "dispatcher"), "xian-zhengfu", False),
        ]

    @pytest.mark.parametrize("name", ["Lin", " Lin ", "Ｌｉｎ"])
    def test_a_name_is_taken_once(self, conn: Connection, lin: str, name: str) -> None:
        with pytest.raises(staff.NameTaken):
            staff.add(conn, name, ["clerk"], "nongye", NOW)

    @pytest.mark.parametrize("act", [staff.revoke, staff.renew_code])
    def test_nobody_is_called_wu(self, conn: Connection, act: Callable[[Connection, str, datetime], object]) -> None:
        with pytest.raises(staff.NameUnknown):
            act(conn, "Wu", NOW)

    def test_letting_go_ends_everything(self, conn: Connection, lin: str) -> None:
        staff.bind(conn, staff.renew_code(conn, lin, NOW), "telegram", ADDRESS, NOW)
        code, token = staff.renew_code(conn, lin, NOW), _log_in(conn, lin)
        assert token
        assert staff.revoke(conn, lin, NOW).revoked_at == NOW
        assert staff.session_staff(conn, token, NOW) is None
        assert staff.bound_staff(conn, "telegram", [ADDRESS]) is None
        assert staff.code_staff(conn, code, NOW) is None
        assert _log_in(conn, lin) is None
        assert conn.execute(select(session)).all() == conn.execute(select(binding)).all() == []
        with pytest.raises(staff.NameUnknown):
            staff.revoke(conn, lin, NOW)

    def test_coming_back_is_the_same_row_with_nothing_of_before(self, conn: Connection, lin: str) -> None:
        before = staff.revoke(conn, lin, NOW)
        staff.add(conn, lin, ["supervisor"], "minzheng", NOW + DAY)
        (after,) = staff.list_staff(conn)
        assert (after.id, after.roles, after.unit) == (before.id, ("supervisor",), "minzheng")
        assert not after.has_password
        assert after.revoked_at is None


class TestPasswords:
    """Ten characters, not the name; argon2id."""

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("", "staff.password.short"),
            ("123456789", "staff.password.short"),
            ("１２３４５６７８９", "staff.password.short"),
            ("Zhao the Supervisor", "staff.password.name"),
            (" zhao THE supervisor", "staff.password.name"),
            ("1234567890", None),
            ("青山村的春天真的很好", None),
            ("Zhao the Supervisor!", None),
        ],
    )
    def test_rules(self, text: str, key: str | None) -> None:
        if key is None:
            check_password(text, "Zhao the Supervisor")
        else:
            with pytest.raises(PasswordWeak) as caught:
                check_password(text, "Zhao the Supervisor")
            assert caught.value.key == key

    def test_is_argon2id_with_a_salt(self) -> None:
        again = hash_password(PASSWORD)
        assert HASHED.startswith("$argon2id$")
        assert again != HASHED
        assert verify(Credential(1, again), PASSWORD)

    @pytest.mark.parametrize("text", ["", "good-soil-2027", PASSWORD + " ", "\ud800" * 10, "\0" * 10])
    def test_another_does_not_fit(self, text: str) -> None:
        assert not verify(Credential(1, HASHED), text)

    def test_full_width_typing_is_the_same_password(self) -> None:
        assert verify(Credential(1, HASHED), "ｇｏｏｄ－ｓｏｉｌ－２０２６")

    def test_a_name_nobody_has_costs_the_same_work(self, conn: Connection, lin: str) -> None:
        known, unknown = staff.credential(conn, lin), staff.credential(conn, "Wu")
        parameters = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$")
        found = [parameters.findall(against.password) for against in (known, unknown)]
        assert found[0] == found[1] != []
        assert len(known.password) == len(unknown.password) == len(unmatchable())

    @pytest.mark.parametrize("name", ["Wu", "", "\ud800", "Zhao"])
    def test_nobody_gets_in_without_one(self, conn: Connection, lin: str, name: str) -> None:
        staff.add(conn, "Zhao", ["supervisor"], "nongye", NOW)
        assert _log_in(conn, name) is None

    def test_broken_hashes_fit_nothing(self) -> None:
        assert not verify(Credential(1, "not a hash"), PASSWORD)

    def test_is_never_shown(self) -> None:
        assert HASHED not in repr(Credential(1, HASHED))


class TestSessions:
    """12 hours unused, 7 days in all."""

    def test_a_token_is_whose_it_is(self, conn: Connection, lin: str) -> None:
        token = _log_in(conn, lin)
        assert token
        row = staff.session_staff(conn, token, NOW)
        assert row is not None
        assert (row.name, row.roles, row.unit) == (lin, ("clerk",), "nongye")
        assert token.encode() not in conn.execute(select(session.c.hash)).scalar_one()

    @pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 100_000])
    def test_any_other_is_nobodys(self, conn: Connection, lin: str, token: str) -> None:
        _log_in(conn, lin)
        assert staff.session_staff(conn, token, NOW) is None

    @pytest.mark.parametrize(("after", "alive"), [(12 * HOUR - SECOND, True), (12 * HOUR, False), (8 * DAY, False)])
    def test_ends_after_twelve_hours_unused(self, conn: Connection, lin: str, after: timedelta, alive: bool) -> None:
        token = _log_in(conn, lin)
        assert token
        assert (staff.session_staff(conn, token, NOW + after) is not None) is alive
        staff.touch_session(conn, token, NOW + after)
        assert (staff.session_staff(conn, token, NOW + after) is not None) is alive

    def test_ends_after_seven_days_however_used(self, conn: Connection, lin: str) -> None:
        token = _log_in(conn, lin)
        assert token
        alive = 0
        while staff.session_staff(conn, token, NOW + alive * HOUR):
            staff.touch_session(conn, token, NOW + alive * HOUR)
            alive += 1
        assert alive == 7 * 24

    def test_is_touched_every_five_minutes_at_most(self, conn: Connection, lin: str) -> None:
        token = _log_in(conn, lin)
        assert token
        ages = [timedelta(0), 4 * MINUTE, 5 * MINUTE, 13 * HOUR]
        assert [staff.session_is_stale(conn, token, NOW + age) for age in ages] == [False, False, True, False]

    def test_logging_out_ends_one(self, conn: Connection, lin: str) -> None:
        phone, desk = str(_log_in(conn, lin)), str(_log_in(conn, lin))
        staff.end_session(conn, phone)
        assert [staff.session_staff(conn, token, NOW) is None for token in (phone, desk)] == [True, False]

    def test_a_new_password_ends_all(self, conn: Connection, lin: str) -> None:
        tokens = [_log_in(conn, lin) for _ in range(2)]
        staff.redeem(conn, staff.renew_code(conn, lin, NOW), hash_password("another-one-2026"), NOW)
        assert [staff.session_staff(conn, str(token), NOW) for token in tokens] == [None, None]
        assert _log_in(conn, lin) is None
        assert _log_in(conn, lin, "another-one-2026")

    @pytest.mark.parametrize("meanwhile", ["revoked", "new password"])
    def test_an_account_that_changed_while_verifying(self, conn: Connection, lin: str, meanwhile: str) -> None:
        against = staff.credential(conn, lin)
        if meanwhile == "revoked":
            staff.revoke(conn, lin, NOW)
        else:
            staff.redeem(conn, staff.renew_code(conn, lin, NOW), hash_password("another-one-2026"), NOW)
        with pytest.raises(staff.LoginRefused):
            staff.open_session(conn, against, NOW)

    def test_what_is_over_is_forgotten(self, conn: Connection, lin: str) -> None:
        for hours in (0, 1, 14):
            _log_in(conn, lin, at=NOW + hours * HOUR)
        assert staff.forget_sessions(conn, NOW + 15 * HOUR) == 2
        assert len(conn.execute(select(session)).all()) == 1


class TestBindings:
    """One member of staff, many channels; one account, one member of staff."""

    def test_is_found_under_any_key_of_the_ring(self, conn: Connection, lin: str) -> None:
        staff.bind(conn, staff.renew_code(conn, lin, NOW), "telegram", ADDRESS, NOW)
        found = staff.bound_staff(conn, "telegram", [b"\x06" * 32, ADDRESS])
        assert found is not None
        assert found.name == lin
        assert staff.bound_staff(conn, "wecom", [ADDRESS]) is None
        assert staff.bound_staff(conn, "telegram", []) is None

    def test_the_last_to_bind_has_the_account(self, conn: Connection, lin: str) -> None:
        staff.bind(conn, staff.renew_code(conn, lin, NOW), "telegram", ADDRESS, NOW)
        staff.bind(conn, staff.add(conn, "Zhao", ["supervisor"], "nongye", NOW), "telegram", ADDRESS, NOW)
        found = staff.bound_staff(conn, "telegram", [ADDRESS])
        assert found is not None
        assert found.name == "Zhao"
