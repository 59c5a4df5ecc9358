"""What PostgreSQL's errors mean to the store. No message keeps the values that it was about."""

from __future__ import annotations

from typing import Any

from bot.store.engine import StoreBusy, StoreError, StoreFailed, StoreFull

AGAIN, RACED, AWAY, OTHER = "again", "raced", "away", "other"


class StoreAway(StoreBusy):
    """The database server cannot be reached. Nothing was written; trying again later helps."""


_SORTS = {
    "40001": AGAIN,  # serialization_failure
    "40P01": AGAIN,  # deadlock_detected
    "0A000": AGAIN,  # cached plan must not change result type: a migration ran beside us
    "23505": RACED,  # unique_violation: perhaps two who did the same at once
    "53300": AWAY,  # too_many_connections
    "57P01": AWAY,  # admin_shutdown
    "57P02": AWAY,  # crash_shutdown
    "57P03": AWAY,  # cannot_connect_now
}
_TYPED: dict[str, type[StoreError]] = {
    "55P03": StoreBusy,  # lock_not_available
    "57014": StoreBusy,  # query_canceled
    "53100": StoreFull,  # disk_full
    "25006": StoreFailed,  # read_only_sql_transaction
}
_FAILED = ("53", "58", "XX", "28", "3D")  # resources, system, corruption, no entry, no database


def sort_of(error: BaseException) -> str:
    """Whether the same may be tried again at once (AGAIN, RACED), once the server is back (AWAY), or not."""
    state = sqlstate(error)
    if state:
        return AWAY if state.startswith("08") else _SORTS.get(state, OTHER)
    return AWAY if _lost(error) else OTHER


def sqlstate(error: BaseException) -> str:
    """The five letters of PostgreSQL; "" when it is not PostgreSQL that said no."""
    for one in _chain(error):
        state = getattr(one, "sqlstate", None)
        if isinstance(state, str) and state:
            return state
    return ""


def typed(error: BaseException) -> BaseException:
    """A database error that is the store's fault as a StoreError; any other error as it is, without values."""
    for one in _chain(error):
        _scrub(one)
    state = sqlstate(error)
    if sort_of(error) == AWAY:
        return _made(StoreAway, error)
    if sort_of(error) == AGAIN:
        return _made(StoreBusy, error)
    kind = _TYPED.get(state) or (StoreFailed if state.startswith(_FAILED) else None)
    return error if kind is None or isinstance(error, StoreError) else _made(kind, error)


def _made(kind: type[StoreError], error: BaseException) -> StoreError:
    made = kind(_first_line(str(getattr(error, "orig", None) or error)) or type(error).__name__)
    made.__cause__ = error
    return made


def _lost(error: BaseException) -> bool:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as NoConnection  # nobody gave one back in time

    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, StoreError):
        return False
    return any(isinstance(one, (OSError, TimeoutError, NoConnection)) or _is_closed(one) for one in _chain(error))


def _is_closed(error: BaseException) -> bool:
    return type(error).__module__.startswith("asyncpg") and type(error).__name__ in (
        "InterfaceError",
        "InternalClientError",
        "ConnectionDoesNotExistError",
    )


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = getattr(one, "orig", None) or one.__cause__
    return found


def _scrub(error: Any) -> None:
    """PostgreSQL adds the row's values to its message (DETAIL); they must not get into a log."""
    if getattr(error, "detail", None) and hasattr(error, "sqlstate"):
        try:
            error.detail = None
        except AttributeError:
            return
    if error.args and isinstance(error.args[0], str) and "DETAIL" in error.args[0]:
        error.args = (_first_line(error.args[0]), *error.args[1:])


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
