"""Reading the docket: a case for this actor or nothing, and lists that stay fast at a million cases.

A list is a union of limited branches, never an OR: OR walks the whole index for whoever has no cases (measured: 0.3 ms
against seconds). Counts are capped, for an exact count of ninety thousand rows helps nobody.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.http import Http404

from zhengtong.kernel.authority import Actor
from zhengtong.ledger import sealing
from zhengtong.ledger.models.cases import Case, CaseQuerySet
from zhengtong.ledger.models.sealed import SealedIndex

__all__ = [
    "Case",
    "CaseQuerySet",
    "count_up_to",
    "find_by_index",
    "find_by_number",
    "get_case_for",
    "is_plain_number",
    "page_of",
]

COUNT_CAP: Final = 1_001


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
    """Cases whose number begins so: a range of the index, no LIKE."""
    wanted = prefix.strip().replace("\0", "")
    if not wanted:
        return Case.objects.none()
    found = Case.objects.visible_to(actor).filter(number__gte=wanted, number__lt=f"{wanted}\uffff")
    return found.order_by("number")


def find_by_index(actor: Actor, field: str, value: str) -> CaseQuerySet:
    """Cases that sealed this very value under a blind index, as in ("identity_number", "…")."""
    held = SealedIndex.objects.filter(field=field, hmac=sealing.blind(field, value)).values("case_id")
    return Case.objects.visible_to(actor).filter(pk__in=held).order_by("-id")


def page_of(branches: Sequence[CaseQuerySet], *, size: int, offset: int = 0) -> list[Case]:
    """One page of the union of branches, by due date; each branch reads no more than the page needs."""
    parts, params = _branches(branches, offset + size)
    if not parts:
        return []
    union = " UNION ".join(parts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({union}) AS page ORDER BY due_at ASC NULLS LAST, id LIMIT %s OFFSET %s",  # noqa: S608 - SQL of querysets
            [*params, size, offset],
        )
        ids = [int(row[0]) for row in cursor.fetchall()]
    cases = Case.objects.in_bulk(ids)
    return [cases[case_id] for case_id in ids if case_id in cases]


def count_up_to(branches: Sequence[CaseQuerySet], cap: int = COUNT_CAP) -> int:
    """How many cases the union has, at most `cap`, which then reads “a thousand and more”."""
    parts, params = _branches(branches, cap)
    if not parts:
        return 0
    union = " UNION ".join(parts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT id FROM ({union}) AS page LIMIT %s) AS capped", [*params, cap])  # noqa: S608 - as above
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _branches(branches: Sequence[CaseQuerySet], limit: int) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    params: list[Any] = []
    for branch in branches:
        try:
            sql, bound = branch.by_due().values_list("id", "due_at")[:limit].query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT * FROM ({sql}) AS branch_{len(parts)}")  # noqa: S608 - as above
        params += bound
    return parts, params
