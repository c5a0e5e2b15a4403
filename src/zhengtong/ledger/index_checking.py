"""Checking the blind indexes (盲索引): each stands for a value that is in its sealed row, and none is lacking.

Without the keys only this can be said: that no index speaks of a row that is gone or erased.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.db import connection

from zhengtong.ledger import canonical, sealing
from zhengtong.ledger.verify import Fault

FoundBy = Callable[[Any], Iterable[tuple[str, str]]]
"""What a sealed value is to be found by: (index, word)."""
ROWS_AT_ONCE: Final = 2_000

_UNCLAIMED: Final = (
    "SELECT c.number, i.seq, i.sealed_field, i.field FROM ledger_sealed_index i "
    "JOIN ledger_case c ON c.id = i.case_id "
    "LEFT JOIN ledger_sealed s ON s.case_id = i.case_id AND s.seq = i.seq AND s.field = i.sealed_field "
    "WHERE s.case_id IS NULL OR s.erased_at IS NOT NULL ORDER BY i.case_id, i.seq"
)
_INDEXED: Final = (
    "SELECT s.case_id, s.seq, s.field, c.number, s.key_id, s.wrapped, s.nonce, s.ciphertext, s.salt, i.field, i.hmac "
    "FROM ledger_sealed s JOIN ledger_case c ON c.id = s.case_id "
    "LEFT JOIN ledger_sealed_index i ON i.case_id = s.case_id AND i.seq = s.seq AND i.sealed_field = s.field "
    "WHERE s.erased_at IS NULL ORDER BY s.case_id, s.seq, s.field"
)


def find_unclaimed() -> Iterator[Fault]:
    """Indexes of rows that are not there any more; no key is needed."""
    for number, seq, field, index in _rows(_UNCLAIMED):
        text = f"the index {index} speaks of the sealed row {field}, which is gone or erased"
        yield Fault(code="index_unclaimed", where=f"case {number} seq {seq}", text=text)


def find_misindexed(found_by: FoundBy | None = None) -> Iterator[Fault]:
    """Indexes that fit no word of their sealed row; with `found_by` also words that should be indexed and are not.

    Rows that do not open are passed over: `find_unopenable` names them.
    """
    for (_, seq, field), group in groupby(_rows(_INDEXED), key=itemgetter(0, 1, 2)):
        rows = list(group)
        marks = {(row[9], bytes(row[10])) for row in rows if row[9] is not None}
        if not marks and found_by is None:
            continue
        value = _open(field, rows[0])
        if value is not _CLOSED:
            where = f"case {rows[0][3]} seq {seq}"
            yield from _compare(where, field, marks, value, found_by)


_CLOSED: Final = object()


def _open(field: str, row: Sequence[Any]) -> object:
    key_id, *parts = row[4:9]
    wrapped, nonce, ciphertext, salt = (bytes(part) for part in parts)
    try:
        text = sealing.unseal(field, key_id=key_id, wrapped=wrapped, nonce=nonce, ciphertext=ciphertext, salt=salt)
        return canonical.loads(text)
    except (sealing.Broken, ValueError):
        return _CLOSED


def _compare(
    where: str, field: str, marks: set[tuple[str, bytes]], value: object, found_by: FoundBy | None
) -> Iterator[Fault]:
    if found_by is not None:
        wanted = {(index, sealing.blind(index, word)) for index, word in found_by(value)}
    else:
        words = tuple(_words(value))
        wanted = {(index, mark) for index in {index for index, _ in marks} for mark in _blinded(index, words)}
    for index, _ in sorted(marks - wanted):
        text = f"the index {index} of the sealed row {field} stands for another value than the row holds"
        yield Fault(code="index_changed", where=where, text=text)
    for index, _ in sorted(wanted - marks if found_by is not None else ()):
        text = f"the index {index} of the sealed row {field} is missing: the case is not found by it"
        yield Fault(code="index_missing", where=where, text=text)


def _blinded(index: str, words: Iterable[str]) -> Iterator[bytes]:
    return (sealing.blind(index, word) for word in words)


def _words(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _rows(sql: str) -> Iterator[Sequence[Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows
