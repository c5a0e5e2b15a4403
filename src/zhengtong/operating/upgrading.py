"""From the schema of one release to that of the next (升级), with the data in it: migrations, then the triggers that
refuse changes of the past, then every case folded again where this release folds otherwise.

The heads of the chains are the same before and after: no release ever touches an event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from zhengtong.catalogue.triggers import find_missing as find_missing_of_items
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.triggers import find_missing
from zhengtong.operating.figures import read_figures
from zhengtong.operating.tables import read_migrations

Tell = Callable[[str], object]


class CannotUpgrade(RuntimeError):
    """The database cannot be brought up to this release, or is not what it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    applied: tuple[str, ...]
    cases: int
    mended: tuple[str, ...]
    faults: tuple[str, ...]


def find_waiting() -> tuple[str, ...]:
    """Migrations of this release that the database lacks, in order.

    Raises:
        CannotUpgrade: it cannot be reached, or a later release than this has been at it.
    """
    try:
        executor = MigrationExecutor(connection)
        known = set(executor.loader.disk_migrations)
        foreign = {
            f"{app}.{name}" for app, name in read_migrations(connection) if _is_ours(app) and (app, name) not in known
        }
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CannotUpgrade(f"the database cannot be read: {error}") from error
    if foreign:
        raise CannotUpgrade(
            f"a later release has been at this database ({', '.join(sorted(foreign))}). Install that one."
        )
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _ in waiting)


def upgrade(
    now: datetime, *, tell: Tell = lambda words: None, progress: Callable[[int], None] | None = None
) -> Upgraded:
    """Bring the database up to this release.

    Raises:
        CannotUpgrade
    """
    waiting = find_waiting()
    has_cases = "ledger_case" in connection.introspection.table_names()
    before = _heads() if has_cases else ()
    if waiting:
        tell(f"{len(waiting)} migrations …")
        call_command("migrate", interactive=False, verbosity=0)
    faults = [f"the trigger {name} is missing" for name in (*find_missing(), *find_missing_of_items())]
    if has_cases and _heads() != before:
        faults.append("the heads of the chains are not what they were before the upgrade")
    tell("folding every case …")
    folded = rebuild(now, check=False, progress=progress) if Case.objects.exists() else None
    return Upgraded(
        applied=waiting, cases=folded.cases if folded else 0, mended=folded.mended if folded else (),
        faults=tuple(faults),
    )  # fmt: skip


def _heads() -> tuple[int, int, str]:
    found = read_figures(connection)
    return found.cases, found.events, found.heads


def _is_ours(app: str) -> bool:
    from django.apps import apps

    return app in apps.app_configs and apps.get_app_config(app).name.startswith("zhengtong.")
