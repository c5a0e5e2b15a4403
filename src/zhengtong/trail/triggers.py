"""The database's own refusal: rows that are never changed, never deleted, or never stand beside certain others.

A table rebuilt by a SQLite migration loses its triggers: `find_missing` is asked by `verify` and the audit page, and
`put_back` makes what is not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One trigger: when it looks (`UPDATE`, `DELETE`, `INSERT`), and, if not always, the condition on NEW and OLD.

    The condition is plain SQL that both databases read alike.
    """

    table: str
    name: str
    event: str
    condition: str = ""

    @property
    def sqlite(self) -> str:
        when = f"WHEN {self.condition} " if self.condition else ""
        return (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} {when}"
            f"BEGIN SELECT RAISE(ABORT, '{self.name}: refused'); END"
        )

    @property
    def body(self) -> str:
        """Of the PostgreSQL function; its WHEN may not hold a subquery, so the condition stands inside."""
        row = "OLD" if self.event == "DELETE" else "NEW"
        check = f"IF NOT ({self.condition}) THEN RETURN {row}; END IF; " if self.condition else ""
        return f" BEGIN {check}RAISE EXCEPTION '{self.name}: refused'; END "

    @property
    def postgres(self) -> tuple[str, ...]:
        when = f"BEFORE {self.event} ON {self.table} {self._each}"
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $guard${self.body}$guard$",
            f"CREATE TRIGGER {self.name} {when} EXECUTE FUNCTION {self.name}()",
            f"ALTER TABLE {self.table} ENABLE ALWAYS TRIGGER {self.name}",
        )

    @property
    def _each(self) -> str:
        return "FOR EACH STATEMENT" if self.event == "TRUNCATE" else "FOR EACH ROW"


def never_deleted(table: str) -> tuple[Guard, ...]:
    name = table.replace("accounts_", "")
    return (
        Guard(table=table, name=f"{name}_no_delete", event="DELETE"),
        Guard(table=table, name=f"{name}_no_truncate", event="TRUNCATE"),
    )


def append_only(table: str, *, taken: str) -> tuple[Guard, ...]:
    """No update, no delete, and, as SQLite runs no delete trigger for INSERT OR REPLACE, no row in a taken place."""
    return (
        *never_deleted(table),
        Guard(table=table, name=f"{table}_no_update", event="UPDATE"),
        Guard(table=table, name=f"{table}_next", event="INSERT", condition=taken),
    )


TRAIL: Final = append_only(
    "trail_entry",
    taken="EXISTS (SELECT 1 FROM trail_entry t WHERE t.book = NEW.book AND t.seq >= NEW.seq) "
    "OR EXISTS (SELECT 1 FROM trail_entry t WHERE t.id = NEW.id)",
)


def find_missing(guards: Iterable[Guard], database: BaseDatabaseWrapper = connection) -> tuple[str, ...]:
    """The names of triggers that are gone, switched off, or not what they were."""
    wanted = _on(database.vendor, guards)
    there = _sqlite_there(database) if database.vendor == "sqlite" else _postgres_there(database)
    expected = {guard.name: guard.sqlite if database.vendor == "sqlite" else guard.body for guard in wanted}
    return tuple(name for name, text in expected.items() if there.get(name) != text)


def _on(vendor: str, guards: Iterable[Guard]) -> tuple[Guard, ...]:
    """SQLite knows no TRUNCATE."""
    return tuple(guard for guard in guards if vendor != "sqlite" or guard.event != "TRUNCATE")


def _sqlite_there(database: BaseDatabaseWrapper) -> Mapping[str, str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {str(name): str(sql) for name, sql in cursor.fetchall()}


def _postgres_there(database: BaseDatabaseWrapper) -> Mapping[str, str]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND n.nspname = current_schema()"
        )
        return {str(name): str(body) for name, body in cursor.fetchall()}


def statements(vendor: str, guards: Iterable[Guard]) -> tuple[str, ...]:
    """What makes these triggers on a database that has none of them."""
    wanted = _on(vendor, guards)
    if vendor == "sqlite":
        return tuple(guard.sqlite for guard in wanted)
    return tuple(text for guard in wanted for text in guard.postgres)


def put_back(editor: Any, guards: Iterable[Guard]) -> None:
    """Make what is not there: for migrations, which may run after one that rebuilt a table."""
    database = editor.connection
    missing = find_missing(guards, database)
    for guard in guards:
        if guard.name in missing:
            editor.execute(f"DROP TRIGGER IF EXISTS {guard.name}" + _on_table(database.vendor, guard))
            for text in statements(database.vendor, (guard,)):
                editor.execute(text)


def drop(editor: Any, guards: Iterable[Guard]) -> None:
    for guard in _on(editor.connection.vendor, guards):
        editor.execute(f"DROP TRIGGER IF EXISTS {guard.name}" + _on_table(editor.connection.vendor, guard))


def _on_table(vendor: str, guard: Guard) -> str:
    return "" if vendor == "sqlite" else f" ON {guard.table}"
