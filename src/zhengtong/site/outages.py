"""What is wrong with the ground under us, told from an exception: the disk, the database, the clock, the keys.

None of these is anybody's fault at the desk, all of them pass, and nothing is half done: a case is written in one
transaction, and a form posted again carries its key, so that nothing is done twice.
"""

import errno
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from django.db.utils import DatabaseError, InterfaceError, OperationalError

from zhengtong.accounts import sealed_fields
from zhengtong.ledger import keys
from zhengtong.ledger.behind import ClockBehind

CANNOT_WRITE: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR}
)
CANNOT_WRITE_SAID: Final = (
    "readonly database", "disk is full", "No space left on device", "read-only transaction", "disk I/O error",
    "File too large",
)  # fmt: skip
DISK_FULL: Final = "53100"
READ_ONLY: Final = "25006"
LOCKED_SAID: Final = ("database is locked", "database table is locked")
LOCKED: Final = "55P03"


class Outage(StrEnum):
    UNWRITABLE = "unwritable"
    BUSY = "busy"
    AWAY = "away"
    CLOCK_BEHIND = "clock_behind"
    KEYS_AWAY = "keys_away"


def find_outage(exception: BaseException | None) -> Outage | None:
    """Which outage an exception, or what it came of, tells of."""
    for each in _chain(exception):
        found = _outage_of(each)
        if found is not None:
            return found
    return None


def _chain(exception: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while exception is not None and id(exception) not in seen:
        seen.add(id(exception))
        yield exception
        exception = exception.__cause__ or exception.__context__


def _outage_of(exception: BaseException) -> Outage | None:
    if isinstance(exception, ClockBehind):
        return Outage.CLOCK_BEHIND
    if isinstance(exception, keys.KeyUnreadable | sealed_fields.KeyUnreadable):
        return Outage.KEYS_AWAY
    if isinstance(exception, OSError):
        return Outage.UNWRITABLE if exception.errno in CANNOT_WRITE else None
    if isinstance(exception, DatabaseError | InterfaceError):
        return _outage_of_database(exception)
    return None


def _outage_of_database(error: Exception) -> Outage | None:
    said, state = str(error), getattr(error.__cause__, "sqlstate", None)
    if state in (DISK_FULL, READ_ONLY) or any(words in said for words in CANNOT_WRITE_SAID):
        return Outage.UNWRITABLE
    if state == LOCKED or any(words in said for words in LOCKED_SAID):
        return Outage.BUSY
    return Outage.AWAY if isinstance(error, OperationalError | InterfaceError) and _is_lost(error, state) else None


def _is_lost(error: Exception, state: str | None) -> bool:
    """Classes 08 (connection), 53 (no room for one more), 57 (shutting down, starting up); without a code the driver
    itself has lost the server. SQLite has no server: there it is the file that cannot be opened."""
    module = type(error.__cause__).__module__
    if module.startswith("psycopg"):
        return state is None or state[:2] in ("08", "53", "57")
    return "unable to open database file" in str(error)
