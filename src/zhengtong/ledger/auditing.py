"""Who did what to which case (办件操作), for the audit page: acts with their place in the ledger, and nothing of what
is in them. Newest first, by key: (instant, case, seq).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from zhengtong.ledger import canonical
from zhengtong.ledger.writing import read_instant

SELECT: Final = (
    "SELECT e.case_id, e.seq, e.recorded_at, e.person, e.post, e.standing, e.basis, e.body, c.number, c.procedure "
    "FROM ledger_event e JOIN ledger_case c ON c.id = e.case_id WHERE e.kind = 'Acted'"
)
Key = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One act. `act` is its code; who it was stands as a reference."""

    case_id: int
    seq: int
    at: datetime
    person: str
    post: str
    standing: str
    basis: str
    act: str
    number: str
    procedure: str

    @property
    def key(self) -> Key:
        return (self.at, self.case_id, self.seq)


def acts(
    *, since: datetime, until: datetime, person: str = "", number: str = "", before: Key | None = None, size: int
) -> tuple[ActRow, ...]:
    """Acts recorded in [since, until), at most `size`, the newest first; those before a key, for the next page."""
    where: list[str] = [" AND e.recorded_at >= %s AND e.recorded_at < %s"]
    params: list[Any] = [_stored(since), _stored(until)]
    if person:
        where.append(" AND e.person = %s")
        params.append(person)
    if number:
        where.append(" AND c.number = %s")
        params.append(number)
    if before is not None:
        where.append(" AND (e.recorded_at, e.case_id, e.seq) < (%s, %s, %s)")
        params += [_stored(before[0]), before[1], before[2]]
    order = " ORDER BY e.recorded_at DESC, e.case_id DESC, e.seq DESC LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(SELECT + "".join(where) + order, [*params, size])
        return tuple(_row(row) for row in cursor.fetchall())


def _stored(at: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(at)


def _row(row: Sequence[object]) -> ActRow:
    case_id, seq, at, person, post, standing, basis, body, number, procedure = row
    return ActRow(
        case_id=int(str(case_id)), seq=int(str(seq)), at=read_instant(at), person=str(person), post=str(post),
        standing=str(standing), basis=str(basis), act=_act_of(body), number=str(number), procedure=str(procedure),
    )  # fmt: skip


def _act_of(body: object) -> str:
    """The code of the act and nothing else of the body."""
    loaded = canonical.loads(body) if isinstance(body, str | bytes) else body
    return str(loaded.get("act", "")) if isinstance(loaded, dict) else ""
