"""Moving an installation's database to the other kind (搬库), and showing that it is the same there: rows of every
table, heads, docket, readers, work lists, and the whole of `verify`.

While it is poured nobody writes to the source: whoever tries is told that it cannot be stored, and nothing is lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, connection

from zhengtong.operating.children import Place, ask, call
from zhengtong.operating.connecting import second_database
from zhengtong.operating.databases import database
from zhengtong.operating.figures import differences, read_figures
from zhengtong.operating.pouring import CannotPour, pour, require_empty
from zhengtong.operating.snapshots import standing_still
from zhengtong.operating.work_samples import sample

PEOPLE: Final = 12
Tell = Callable[[str, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was poured, and what differs: nothing, or the target must not be used."""

    rows: int
    figures: Mapping[str, Any]
    verified: Mapping[str, Any]
    wrong: tuple[str, ...]


def move(url: str, *, at: datetime, tell: Tell = lambda name, rows: None) -> Moved:
    """Pour the default database into the one at this URL, bring that up to the same schema first, compare afterwards.

    Raises:
        CannotPour: they are of one kind, or somebody is in the target. ChildFailed: it could not be migrated.
    """
    there = Place.here(database_url=url)
    if database(url)["ENGINE"] == connection.settings_dict["ENGINE"]:
        raise CannotPour("both are of one kind: use `zhengtong backup` and `zhengtong restore`")
    _require_free(url)
    call(["migrate", "--no-input", "-v", "0"], at=there)
    with standing_still():
        with second_database(url, alias="target") as target:
            rows = pour(connection, target, tell=tell)
        here = read_figures(connection, work=sample(PEOPLE, at)).as_json()
    if connection.vendor == "sqlite":  # towards PostgreSQL: let it know what it holds before anybody asks
        with second_database(url, alias="target") as target, target.cursor() as cursor:
            cursor.execute("ANALYZE")
    found = ask(["figures", "--work", str(PEOPLE), "--at", at.isoformat()], at=there)
    verified = ask(["verify"], at=there)
    wrong = differences(here, found)
    wrong += tuple(f"{fault['where']}: {fault['code']}: {fault['text']}" for fault in verified["faults"])
    return Moved(rows=rows, figures=here, verified=verified, wrong=wrong)


def _require_free(url: str) -> None:
    try:
        with second_database(url, alias="target") as target:
            require_empty(target)
    except DatabaseError as error:
        raise CannotPour(f"the target cannot be reached: {error}") from error
