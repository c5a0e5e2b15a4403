"""Reading the docket: a case for this actor or nothing, and lists that stay fast at a million cases.

A list is a union of limited branches, never an OR: OR walks the whole index for whoever has no cases (measured: 0.3 ms
against seconds). Counts are capped, for an exact count of ninety thousand rows helps nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import connection
from django.http import Http404

from zhengtong.kernel.authority import Actor, reader_keys
from zhengtong.ledger import sealing
from zhengtong.ledger.models.cases import Case, CaseQuerySet
from zhengtong.ledger.models.sealed import SealedIndex

__all__ = [
    "Branch",
    "Case",
    "CaseQuerySet",
    "count_each",
    "count_up_to",
    "find_by_index",
    "find_by_items",
    "find_by_number",
    "get_case_for",
    "is_plain_number",
    "items_among",
    "items_in",
    "page_of",
    "places_at",
]

COUNT_CAP: Final = 1_001
MOST_WALKED: Final = 5_000  # rows a search reads of one range before it looks from the other side
MOST_FOUND: Final = 50
Label = TypeVar("Label")
AT_ONCE: Final = 200  # branches in one statement: SQLite takes 500


def get_case_for(actor: Actor, number: str) -> Case:
    """The case with this number, for this actor.

    Raises:
        Http404: it is not there, or not for them; nobody can tell which.
    """
    case = Case.objects.visible_to(actor).filter(number=number).first() if is_plain_number(number) else None
    if case is None:
        raise Http404
    return case


def is_plain_number(number: str) -> bool:
    """Whether a word can be a case number at all; what cannot is not asked of the database."""
    return len(number) <= 80 and number.isprintable()


def find_by_number(actor: Actor, prefix: str) -> CaseQuerySet:
    """Cases whose number begins so: a range of the index, no LIKE. Where the range is wide, it is looked for among the
    newest of what the actor may see instead, so that neither a short prefix nor a stranger walks through the docket."""
    wanted = prefix.strip().replace("\0", "")
    if not wanted:
        return Case.objects.none()
    among = Case.objects.filter(number__gte=wanted, number__lt=f"{wanted}\uffff")
    if among[: MOST_WALKED + 1].count() <= MOST_WALKED:
        return among.visible_to(actor).order_by("number")
    ids = _newest_seen(actor, "c.number >= %s AND c.number < %s", [wanted, f"{wanted}\uffff"])
    return Case.objects.filter(pk__in=ids).order_by("number")


def find_by_items(actor: Actor, items: Sequence[str]) -> CaseQuerySet:
    """The newest cases of these items, as far as the actor may see them: among the newest of what the actor sees, and
    among the newest of each item."""
    if not items:
        return Case.objects.none()
    holes = ", ".join(["%s"] * len(items))
    ids = set(_newest_seen(actor, f"c.item IN ({holes})", items))
    branches = [Branch(wheres=("c.item = %s",), values=(item,), limit=MOST_FOUND * 4) for item in items]
    ids.update(_ids(branches, actor, size=MOST_FOUND, newest=True))
    return Case.objects.filter(pk__in=sorted(ids, reverse=True)[:MOST_FOUND]).order_by("-id")


def find_by_index(actor: Actor, field: str, value: str) -> CaseQuerySet:
    """Cases that sealed this very value under a blind index, as in ("identity_number", "…")."""
    held = SealedIndex.objects.filter(field=field, hmac=sealing.blind(field, value)).values("case_id")
    return Case.objects.visible_to(actor).filter(pk__in=held).order_by("-id")


def _newest_seen(actor: Actor, where: str, values: Sequence[object]) -> list[int]:
    """Ids of the newest cases that the actor may see and that match: one limited branch for each reader key."""
    one = (
        "SELECT c.id FROM (SELECT case_id FROM ledger_reader WHERE kind = %s AND ref = %s "  # noqa: S608 - our own words
        f"ORDER BY case_id DESC LIMIT {MOST_WALKED}) AS r JOIN ledger_case c ON c.id = r.case_id WHERE {where} "
        f"ORDER BY c.id DESC LIMIT {MOST_FOUND}"
    )
    found: set[int] = set()
    keys = sorted(reader_keys(actor))
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        union = " UNION ".join(f"SELECT * FROM ({one}) AS branch_{n}" for n in range(len(some)))  # noqa: S608 - as above
        found.update(int(row[0]) for row in _rows(union, [value for key in some for value in (*key, *values)]))
    return sorted(found, reverse=True)[:MOST_FOUND]


# ---- lists --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A range of one index of the docket `c`: conditions that all hold, with their values in order. Where `limit` is
    set, no more rows of it are looked at."""

    wheres: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    limit: int = 0

    def where(self, condition: str, *values: object) -> "Branch":
        return Branch(wheres=(*self.wheres, condition), values=(*self.values, *values), limit=self.limit)

    def one_of(self, column: str, values: Sequence[object]) -> "Branch":
        """
        >>> Branch().one_of("phase", ("submitted", "received")).wheres
        ('c.phase IN (%s, %s)',)
        """
        return self.where(f"c.{column} IN ({', '.join(['%s'] * len(values))})" if values else "1 = 0", *values)


OPEN: Final = Branch(wheres=("c.closed_at IS NULL",))


@dataclass(frozen=True, slots=True)
class Place:
    """Open cases that wait at one post (or unit) in one state of one procedure."""

    unit: str
    post: str
    phase: str
    procedure: str
    state: str

    def branch(self) -> Branch:
        columns = ("unit", "post", "phase", "procedure", "state")
        return Branch(
            wheres=("c.closed_at IS NULL", *(f"c.{column} = %s" for column in columns)),
            values=(self.unit, self.post, self.phase, self.procedure, self.state),
        )


_AFTER: Final = (
    "(SELECT x.id FROM ledger_case x WHERE x.closed_at IS NULL AND x.unit = {of}.unit AND x.post = {of}.post {beyond}"
    "ORDER BY x.phase, x.procedure, x.state LIMIT 1)"
)
_BEYOND: Final = "AND (x.phase, x.procedure, x.state) > (c.phase, c.procedure, c.state) "


def places_at(seats: Iterable[tuple[str, str]]) -> list[Place]:
    """What waits at these (unit, post): the index is walked from one state to the next, however many wait in each."""
    keys = sorted(set(seats))
    if not keys:
        return []
    rows = _rows(
        f"WITH RECURSIVE seat(unit, post) AS (VALUES {', '.join(['(%s, %s)'] * len(keys))}), "  # noqa: S608 - our own words
        f"walk(id) AS (SELECT {_AFTER.format(of='seat', beyond='')} FROM seat UNION ALL "
        f"SELECT {_AFTER.format(of='c', beyond=_BEYOND)} FROM walk JOIN ledger_case c ON c.id = walk.id) "
        "SELECT c.unit, c.post, c.phase, c.procedure, c.state FROM walk JOIN ledger_case c ON c.id = walk.id",
        [value for key in keys for value in key],
    )
    return [Place(*row) for row in rows]


def items_in(depts: Iterable[str]) -> list[tuple[str, str, str]]:
    """(item, procedure, version) of what is open in these departments, one for each item, walked likewise."""
    keys = sorted(set(depts))
    if not keys:
        return []
    first = (
        "(SELECT x.id FROM ledger_case x WHERE x.closed_at IS NULL AND x.dept = {of}.dept {beyond}"
        "ORDER BY x.item LIMIT 1)"
    )
    return _rows(
        f"WITH RECURSIVE held(dept) AS (VALUES {', '.join(['(%s)'] * len(keys))}), "  # noqa: S608 - our own words
        f"walk(id) AS (SELECT {first.format(of='held', beyond='')} FROM held UNION ALL "
        f"SELECT {first.format(of='c', beyond='AND x.item > c.item ')} FROM walk JOIN ledger_case c ON c.id = walk.id) "
        "SELECT DISTINCT c.item, c.procedure, c.version FROM walk JOIN ledger_case c ON c.id = walk.id",
        keys,
    )


def items_among(branches: Sequence[Branch], actor: Actor) -> list[tuple[str, str, str]]:
    """(item, procedure, version) of the first thousand cases of a list."""
    parts, values = _parts(branches, actor, columns="c.item, c.procedure, c.version", limit=COUNT_CAP)
    return _rows(f"SELECT DISTINCT * FROM ({' UNION ALL '.join(parts)}) AS page", values) if parts else []  # noqa: S608 - our own columns and marks


def page_of(
    branches: Sequence[Branch], actor: Actor, *, size: int, offset: int = 0, newest: bool = False
) -> list[Case]:
    """One page of the union of branches, by due day or newest first; each branch reads no more than the page needs."""
    ids = _ids(branches, actor, size=size, offset=offset, newest=newest)
    cases = Case.objects.in_bulk(ids)
    return [cases[case_id] for case_id in ids if case_id in cases]


def _ids(branches: Sequence[Branch], actor: Actor, *, size: int, offset: int = 0, newest: bool = False) -> list[int]:
    """Some hundreds of branches at once are one statement; of more, the first of each are put in order here."""
    order = "id DESC" if newest else "due_at ASC NULLS LAST, id"
    wanted = offset + size
    found: set[tuple[Any, ...]] = set()
    for start in range(0, len(branches), AT_ONCE):
        some = branches[start : start + AT_ONCE]
        parts, values = _parts(some, actor, columns="c.id, c.due_at", limit=wanted, newest=newest)
        union = " UNION ".join(parts)
        found.update(_rows(f"SELECT id, due_at FROM ({union}) AS page ORDER BY {order} LIMIT %s", [*values, wanted]))  # noqa: S608 - our own columns and marks
    if newest:
        ranked = sorted(found, key=lambda row: -row[0])
    else:
        ranked = sorted(found, key=lambda row: (row[1] is None, row[1] or 0, row[0]))
    return [int(row[0]) for row in ranked[offset:wanted]]


def count_up_to(branches: Sequence[Branch], actor: Actor, cap: int = COUNT_CAP) -> int:
    """How many cases the union has, at most `cap`, which then reads “a thousand and more”; none is counted twice."""
    parts, values = _parts(branches[:AT_ONCE], actor, columns="c.id", limit=cap, ordered=False)
    if not parts:
        return 0
    union = " UNION ".join(parts)
    counted = _rows(f"SELECT count(*) FROM (SELECT id FROM ({union}) AS page LIMIT %s) AS capped", [*values, cap])  # noqa: S608 - our own columns and marks
    here = int(counted[0][0])
    return here if here == cap else min(cap, here + count_up_to(branches[AT_ONCE:], actor, cap))


def count_each(lists: Mapping[Label, Sequence[Branch]], actor: Actor, *, cap: int) -> dict[Label, int]:
    """How many cases each list has, at most `cap`; the branches of a list must not overlap. All in one statement."""
    counts = dict.fromkeys(lists, 0)
    labelled = [(label, branch) for label, branches in lists.items() for branch in branches]
    for start in range(0, len(labelled), AT_ONCE):
        some = labelled[start : start + AT_ONCE]
        parts, values = _parts([branch for _label, branch in some], actor, columns="1 AS one", limit=cap, ordered=False)
        counted = " UNION ALL ".join(
            f"SELECT {n} AS n, count(*) AS counted FROM ({part}) AS of_{n}"  # noqa: S608 - our own columns and marks
            for n, part in enumerate(parts)
        )
        for n, counted_here in _rows(counted, values):
            label = some[int(n)][0]
            counts[label] = min(cap, counts[label] + int(counted_here))
    return counts


def _parts(
    branches: Sequence[Branch], actor: Actor, *, columns: str, limit: int, newest: bool = False, ordered: bool = True
) -> tuple[list[str], list[object]]:
    """A limited SELECT for each branch, with what the actor may see said in each."""
    seen, keys = _seen_by(actor)
    order = "" if not ordered else " ORDER BY c.id DESC" if newest else " ORDER BY c.due_at ASC NULLS LAST, c.id"
    parts: list[str] = []
    values: list[object] = []
    for n, branch in enumerate(branches):
        where = " AND ".join(branch.wheres) or "1 = 1"
        source = "ledger_case c"
        if branch.limit:
            source = f"(SELECT c.* FROM ledger_case c WHERE {where}{order} LIMIT {int(branch.limit)}) AS c"  # noqa: S608 - our own columns and marks
            where = "1 = 1"
        one = f"SELECT {columns} FROM {source} WHERE {where} AND {seen}{order} LIMIT {int(limit)}"  # noqa: S608 - our own columns and marks
        parts.append(f"SELECT * FROM ({one}) AS branch_{n}")  # noqa: S608 - our own columns and marks
        values += [*map(_adapted, branch.values), *keys]
    return parts, values


def _seen_by(actor: Actor) -> tuple[str, list[str]]:
    """The SQL twin of `kernel.authority.may_see` for a docket row `c`: a probe of the case's own few reader rows.

    OFFSET keeps PostgreSQL from making a join of it, which it would plan for all rows of the branch instead of a page.
    """
    by_kind: dict[str, list[str]] = {}
    for kind, ref in sorted(reader_keys(actor)):
        by_kind.setdefault(kind, []).append(ref)
    if not by_kind:
        return "1 = 0", []
    wanted = " OR ".join(f"(r.kind = %s AND r.ref IN ({', '.join(['%s'] * len(refs))}))" for refs in by_kind.values())
    values = [value for kind, refs in by_kind.items() for value in (kind, *refs)]
    return f"EXISTS (SELECT 1 FROM ledger_reader r WHERE r.case_id = c.id AND ({wanted}) LIMIT 1 OFFSET 0)", values  # noqa: S608 - our own columns and marks


def _adapted(value: object) -> object:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())
