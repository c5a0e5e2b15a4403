"""Which numbers stand in events: those of cases, documents, results and child cases."""

from django.db import connection

from zhengtong.ledger import canonical
from zhengtong.ledger.canonical import Plain

KINDS = ("Opened", "DocumentIssued", "ResultIssued", "BranchOpened")


def number_in(kind: str, body: Plain) -> str | None:
    """The number an event uses up, None if it uses none."""
    if kind not in KINDS or not isinstance(body, dict):
        return None
    number = body.get("child" if kind == "BranchOpened" else "number")
    return number if isinstance(number, str) else None


def used_numbers() -> frozenset[str]:
    """Every number that stands in an event."""
    found: set[str] = set()
    with connection.chunked_cursor() as cursor:
        marks = ", ".join(["%s"] * len(KINDS))
        cursor.execute(f"SELECT kind, body FROM ledger_event WHERE kind IN ({marks})", list(KINDS))  # noqa: S608 - our own kinds
        while rows := cursor.fetchmany(5_000):
            for kind, body in rows:
                number = _number_of(str(kind), body)
                if number is not None:
                    found.add(number)
    return frozenset(found)


def _number_of(kind: str, body: object) -> str | None:
    try:
        return number_in(kind, canonical.loads(body) if isinstance(body, str) else body)
    except ValueError:  # somebody was at it: `verify` names the event
        return None
