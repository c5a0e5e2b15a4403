"""The tables of a database as they stand there (表): all of them but the record of migrations, those that others
point to first. Nothing here knows a room, so a new room's tables are moved and kept without a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper

NOT_OURS: Final = frozenset({"django_migrations"})  # written by `migrate` on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`kinds` gives PostgreSQL's type of each column, and is empty on SQLite, whose types say less."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    key: tuple[str, ...]
    is_own_parent: bool

    @property
    def listed(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)

    @property
    def order(self) -> str:
        return ", ".join(f'"{column}"' for column in self.key) or "1"


def read_tables(database: BaseDatabaseWrapper) -> tuple[Table, ...]:
    """In order of dependence: a row's parents stand in tables before its own."""
    with database.cursor() as cursor:
        names = sorted(set(database.introspection.table_names(cursor)) - NOT_OURS)
        parents = {
            name: {str(other[1]) for other in database.introspection.get_relations(cursor, name).values()}
            for name in names
        }
        kinds = _kinds(cursor) if database.vendor == "postgresql" else {}
        return tuple(_table(database, cursor, name, parents[name], kinds) for name in _sorted(parents))


def read_migrations(database: BaseDatabaseWrapper) -> tuple[tuple[str, str], ...]:
    """(app, name) of every migration this database has seen, sorted."""
    with database.cursor() as cursor:
        if "django_migrations" not in database.introspection.table_names(cursor):
            return ()
        cursor.execute("SELECT DISTINCT app, name FROM django_migrations")
        return tuple(sorted((str(app), str(name)) for app, name in cursor.fetchall()))


def _table(
    database: BaseDatabaseWrapper, cursor: Any, name: str, parents: set[str], kinds: Mapping[tuple[str, str], str]
) -> Table:  # fmt: skip
    columns = tuple(column.name for column in database.introspection.get_table_description(cursor, name))
    return Table(
        name=name, columns=columns, kinds=tuple(kinds[name, column] for column in columns) if kinds else (),
        key=tuple(database.introspection.get_primary_key_columns(cursor, name) or ()), is_own_parent=name in parents,
    )  # fmt: skip


def _kinds(cursor: Any) -> dict[tuple[str, str], str]:
    cursor.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema()"
    )
    return {(str(table), str(column)): str(kind) for table, column, kind in cursor.fetchall()}


def _sorted(parents: Mapping[str, set[str]]) -> Sequence[str]:
    done: list[str] = []
    waiting = dict(parents)
    while waiting:
        free = [name for name, above in waiting.items() if not (above & waiting.keys()) - {name}]
        if not free:
            raise ValueError(f"tables point at each other in a ring: {', '.join(sorted(waiting))}")
        done += free
        for name in free:
            del waiting[name]
    return done
