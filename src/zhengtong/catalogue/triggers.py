"""The database's own refusal to change a published item version, on both databases.

A published version may still be retired; nothing else about it moves, and it is never deleted.
A table rebuilt by a SQLite migration loses its triggers: `find_missing` names those that are gone.
"""

from collections.abc import Mapping
from typing import Final

from django.db import connection

TABLE: Final = "catalogue_itemversion"
FIXED: Final = (
    "item_id", "version", "content", "digest", "effective_from", "edited_by", "approved_by", "published_at", "document",
)  # fmt: skip
_DONE: Final = "('published', 'retired')"
_SAID: Final = f"{TABLE}: a published version is fixed"
_CHANGED_SQLITE: Final = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)
_CHANGED_POSTGRES: Final = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)
_BACK: Final = f"NEW.status NOT IN {_DONE} OR (OLD.status = 'retired' AND NEW.status <> 'retired')"
_THERE: Final = (
    f"SELECT 1 FROM {TABLE} WHERE status IN {_DONE} "  # noqa: S608 - fixed names
    "AND (id = NEW.id OR (item_id = NEW.item_id AND version = NEW.version))"
)

SQLITE: Final[Mapping[str, str]] = {
    "item_version_fixed": (
        f"CREATE TRIGGER item_version_fixed BEFORE UPDATE ON {TABLE} "
        f"WHEN OLD.status IN {_DONE} AND ({_BACK} OR {_CHANGED_SQLITE}) "
        f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    ),
    "item_version_kept": (
        f"CREATE TRIGGER item_version_kept BEFORE DELETE ON {TABLE} WHEN OLD.status IN {_DONE} "
        f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    ),
    "item_version_not_replaced": (
        f"CREATE TRIGGER item_version_not_replaced BEFORE INSERT ON {TABLE} WHEN EXISTS ({_THERE}) "
        f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    ),
}
POSTGRES_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION catalogue_version_refuse() RETURNS trigger LANGUAGE plpgsql "
    f"AS $refuse$ BEGIN RAISE EXCEPTION '{_SAID}'; END $refuse$"
)
POSTGRES: Final[Mapping[str, str]] = {
    "item_version_fixed": (
        f"BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN (OLD.status IN {_DONE} AND ({_BACK} OR {_CHANGED_POSTGRES}))"
    ),
    "item_version_kept": f"BEFORE DELETE ON {TABLE} FOR EACH ROW WHEN (OLD.status IN {_DONE})",
    "item_version_no_truncate": f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT",
}


def statements(vendor: str) -> tuple[str, ...]:
    """What makes the triggers on a database that has none."""
    if vendor == "sqlite":
        return tuple(SQLITE.values())
    made = [POSTGRES_FUNCTION]
    for name, when in POSTGRES.items():
        made.append(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION catalogue_version_refuse()")
        made.append(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")
    return tuple(made)


def find_missing() -> tuple[str, ...]:
    """The names of triggers that are gone."""
    wanted = SQLITE if connection.vendor == "sqlite" else POSTGRES
    question = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled = 'A'"
    )
    with connection.cursor() as cursor:
        cursor.execute(question, [TABLE])
        there = {str(row[0]) for row in cursor.fetchall()}
    return tuple(name for name in wanted if name not in there)
