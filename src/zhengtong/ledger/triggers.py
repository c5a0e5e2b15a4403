"""The database's own refusal to change the past: no UPDATE, DELETE, REPLACE or TRUNCATE of an event.

SQLite runs no delete trigger for INSERT OR REPLACE, so `event_next` refuses a seq that is not beyond the last one.
A table rebuilt by a SQLite migration loses its triggers: start-up and `verify` ask `find_missing`.
"""

from collections.abc import Mapping
from typing import Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE: Final[Mapping[str, str]] = {
    "event_no_update": (
        "CREATE TRIGGER event_no_update BEFORE UPDATE ON ledger_event "
        "BEGIN SELECT RAISE(ABORT, 'ledger_event: no update'); END"
    ),
    "event_no_delete": (
        "CREATE TRIGGER event_no_delete BEFORE DELETE ON ledger_event "
        "BEGIN SELECT RAISE(ABORT, 'ledger_event: no delete'); END"
    ),
    "event_next": (
        "CREATE TRIGGER event_next BEFORE INSERT ON ledger_event "
        "WHEN EXISTS (SELECT 1 FROM ledger_event WHERE case_id = NEW.case_id AND seq >= NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'ledger_event: seq is taken'); END"
    ),
}
POSTGRES_BODY: Final = " BEGIN RAISE EXCEPTION 'ledger_event: no %', lower(TG_OP); END "
POSTGRES_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION ledger_event_refuse() RETURNS trigger LANGUAGE plpgsql "
    f"AS $refuse${POSTGRES_BODY}$refuse$"
)
POSTGRES: Final[Mapping[str, str]] = {
    "event_no_update": "BEFORE UPDATE ON ledger_event FOR EACH ROW",
    "event_no_delete": "BEFORE DELETE ON ledger_event FOR EACH ROW",
    "event_no_truncate": "BEFORE TRUNCATE ON ledger_event FOR EACH STATEMENT",
}
# pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate.
POSTGRES_TYPES: Final[Mapping[str, int]] = {"event_no_update": 19, "event_no_delete": 11, "event_no_truncate": 34}


def statements(vendor: str) -> tuple[str, ...]:
    """What makes the triggers on a database that has none."""
    if vendor == "sqlite":
        return tuple(SQLITE.values())
    made = [POSTGRES_FUNCTION]
    for name, when in POSTGRES.items():
        made.append(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION ledger_event_refuse()")
        # ALWAYS: they fire in a session that calls itself a replica, too.
        made.append(f"ALTER TABLE ledger_event ENABLE ALWAYS TRIGGER {name}")
    return tuple(made)


def find_missing(database: BaseDatabaseWrapper = connection) -> tuple[str, ...]:
    """The names of triggers that are gone, switched off, or not what they were."""
    return _missing_sqlite(database) if database.vendor == "sqlite" else _missing_postgres(database)


def _missing_sqlite(database: BaseDatabaseWrapper) -> tuple[str, ...]:
    with database.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_event'")
        there = {str(name): str(sql) for name, sql in cursor.fetchall()}
    return tuple(name for name, sql in SQLITE.items() if there.get(name) != sql)


def _missing_postgres(database: BaseDatabaseWrapper) -> tuple[str, ...]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgtype, t.tgenabled::text, t.tgqual IS NULL, p.prosrc FROM pg_trigger t "
            "JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgrelid = to_regclass('ledger_event') AND NOT t.tgisinternal"
        )
        there = {str(row[0]): tuple(row[1:]) for row in cursor.fetchall()}
    return tuple(name for name, kind in POSTGRES_TYPES.items() if there.get(name) != (kind, "A", True, POSTGRES_BODY))
