"""Sealing every value of the sealed columns anew under the key that seals now, table by table, while people work.

Found through the models themselves, so that no table can be forgotten. Values are few (people, not cases), so they are
encrypted anew; only the text changes hands, compared and swapped, so that what somebody writes meanwhile wins.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.db import connection, models

from zhengtong.accounts import sealed_fields
from zhengtong.accounts.sealed_fields import SealedTextField

ROWS_AT_ONCE: Final = 200


def usage() -> Mapping[str, int]:
    """How many values each key sealed, by the key's id; the first edition does not say."""
    found: Counter[str] = Counter()
    for model, name in columns():
        for _, sealed in _rows(model, name):
            found[sealed_fields.key_id_of(sealed) or "unnamed"] += 1
    return found


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every sealed column there is: (model, column)."""
    for model in apps.get_models():
        for each in model._meta.concrete_fields:
            if isinstance(each, SealedTextField):
                yield model, each.attname


def seal_anew(progress: Callable[[int], None]) -> tuple[int, list[str]]:
    """Seal by the current key whatever another one sealed; how many, and what could not be opened."""
    done, failed = 0, list[str]()
    now = sealed_fields.current().id
    for model, name in columns():
        column = f"{model._meta.label_lower}.{name}"
        for key, sealed in _rows(model, name):
            if sealed_fields.key_id_of(sealed) == now:
                continue
            try:
                text = sealed_fields.unseal(sealed, column=column)
            except (InvalidTag, ValueError, sealed_fields.KeyUnreadable) as error:
                failed.append(f"{column} of row {key}: {str(error) or 'it was changed, or the key is a wrong one'}")
                continue
            done += _swap(model, name, key, sealed, sealed_fields.seal(text, column=column))
            progress(done)
    return done, failed


def _rows(model: type[models.Model], name: str) -> Iterator[tuple[Any, str]]:
    """(primary key, sealed text as stored), in order of the key, a few hundred at a time."""
    table, key = _quoted(model._meta.db_table), _quoted(_key_column(model))
    place: Any = None
    while True:
        where = "" if place is None else f"AND {key} > %s"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {_quoted(name)} FROM {table} WHERE {_quoted(name)} <> '' {where} "  # noqa: S608 - our own names
                f"ORDER BY {key} LIMIT {ROWS_AT_ONCE}",
                [] if place is None else [place],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from ((row[0], str(row[1])) for row in rows)
        place = rows[-1][0]


def _swap(model: type[models.Model], name: str, key: Any, before: str, after: str) -> int:
    table, column = _quoted(model._meta.db_table), _quoted(name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {_quoted(_key_column(model))} = %s AND {column} = %s",  # noqa: S608 - our own names
            [after, key, before],
        )
        return int(cursor.rowcount)


def _key_column(model: type[models.Model]) -> str:
    assert model._meta.pk is not None
    return str(model._meta.pk.column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
