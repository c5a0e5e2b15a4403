"""The canonical form that is hashed, signed and committed to: JSON with sorted keys, no spaces, no floats,
instants in UTC with six digits. The same bytes come from orjson and from the standard library (tested).
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

Plain = object  # None, bool, int, str, list and dict of these
INT_LIMIT: Final = 2**63


class NotCanonical(ValueError):
    """A value with no canonical form: a float, a huge number, text with a lone surrogate or a NUL."""


def _dumps_json(value: Plain) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _loads_json(text: str | bytes) -> Plain:
    loaded: Plain = json.loads(text)
    return loaded


_dumps: Callable[[Plain], bytes] = _dumps_json
_loads: Callable[[str | bytes], Plain] = _loads_json
try:
    import orjson
except ImportError:  # slower, the same bytes
    pass
else:

    def _dumps_orjson(value: Plain) -> bytes:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)

    def _loads_orjson(text: str | bytes) -> Plain:
        loaded: Plain = orjson.loads(text)
        return loaded

    _dumps, _loads = _dumps_orjson, _loads_orjson


def dumps(value: Plain) -> bytes:
    """Canonical bytes of a value that is known to be plain (see `plain`)."""
    return _dumps(value)


_AS_THEY_ARE: Final = frozenset({str, bool, type(None)})
_NUL: Final = b"\\u0000"


def quick(value: object) -> bytes:
    """`canonical` on the short way every written event takes: what no database keeps in a text is found in the bytes,
    for much less than by a look at every text.

    Raises:
        NotCanonical: as `plain`.
    """
    try:
        text = _dumps(_unread(value))
    except (TypeError, UnicodeEncodeError):  # orjson's word and the standard library's for a lone surrogate
        return canonical(value)
    return canonical(value) if _NUL in text else text


def _unread(value: object) -> Plain:
    """`plain`, but texts are taken as they are."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return {
            str(name): inner if type(inner) in _AS_THEY_ARE else _unread(inner)
            for name, inner in value.items()  # type: ignore[attr-defined]
        }
    if kind is datetime:
        return stamp(value)
    return plain(value)


def loads(text: str | bytes) -> Plain:
    return _loads(text)


def canonical(value: object) -> bytes:
    """Canonical bytes of any value, made plain first.

    >>> canonical({"b": 1, "a": [True, None, "中"]}).decode()
    '{"a":[true,null,"中"],"b":1}'
    """
    return _dumps(plain(value))


def plain(value: object) -> Plain:
    """The same value in None, bool, int, str, list and dict only.

    Raises:
        NotCanonical: a float, an integer beyond 64 bits, text that no database keeps, any other type.
    """
    if type(value) is str:  # nearly all there is; a match of classes is slow
        return _text(value)
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int():
            if not -INT_LIMIT <= value < INT_LIMIT:
                raise NotCanonical(f"{value} is beyond 64 bits")
            return int(value)
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {_text(str(name)): plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            raise NotCanonical(f"a {type(value).__name__} has no canonical form")


def _text(text: str) -> str:
    if "\0" in text:
        raise NotCanonical("text with a NUL")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("text with a lone surrogate") from error
    return str(text)


@lru_cache(maxsize=4_096)
def stamp(at: datetime) -> str:
    """An aware instant in UTC with six digits. Kept, because the events of an act share their instants.

    >>> from datetime import datetime, timedelta, timezone
    >>> stamp(datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=8))))
    '2026-03-01T01:00:00.000000Z'
    """
    if at.tzinfo is None:
        raise NotCanonical(f"{at!r} has no zone")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def read_stamp(text: str) -> datetime:
    """The instant `stamp` wrote."""
    return datetime.fromisoformat(text)
