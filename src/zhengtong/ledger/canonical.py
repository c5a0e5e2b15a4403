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


def _dumps_quickly_json(value: Plain) -> bytes:
    return _dumps_json(plain(value))  # it would take keys that are no texts


def _loads_json(text: str | bytes) -> Plain:
    loaded: Plain = json.loads(text)
    return loaded


_dumps: Callable[[Plain], bytes] = _dumps_json
_dumps_quickly: Callable[[Plain], bytes] = _dumps_quickly_json
_loads: Callable[[str | bytes], Plain] = _loads_json
try:
    import orjson
except ImportError:  # slower, the same bytes
    pass
else:

    def _dumps_orjson(value: Plain) -> bytes:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)

    _QUICKLY: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME

    def _stamped(value: object) -> str:
        if isinstance(value, datetime):
            return stamp(value)
        raise TypeError(f"a {type(value).__name__}")

    def _dumps_quickly_orjson(value: Plain) -> bytes:
        return orjson.dumps(value, _stamped, _QUICKLY)

    def _loads_orjson(text: str | bytes) -> Plain:
        loaded: Plain = orjson.loads(text)
        return loaded

    _dumps, _dumps_quickly, _loads = _dumps_orjson, _dumps_quickly_orjson, _loads_orjson


def dumps(value: Plain) -> bytes:
    """Canonical bytes of a value that is known to be plain (see `plain`)."""
    return _dumps(value)


_AS_THEY_ARE: Final = frozenset({str, bool, type(None), datetime})
_are_plain: Final = _AS_THEY_ARE.issuperset
_NUL: Final = b"\\u0000"


def quick(value: object) -> bytes:
    """`canonical` on the short way every written event takes: an object of texts, instants and small objects is written
    as it is. What no database keeps in a text is found in the bytes, for much less than by a look at every text.

    Raises:
        NotCanonical: as `plain`.
    """
    if type(value) is not dict or not _is_shallow(value):
        return canonical(value)
    try:
        text = _dumps_quickly(value)
    except (TypeError, UnicodeEncodeError):  # orjson's word and the standard library's for a lone surrogate
        return canonical(value)
    return canonical(value) if _NUL in text else text


def _is_shallow(value: dict[object, object]) -> bool:
    """Whether nothing in it could be written otherwise than `plain` says; a key that is no text fails by itself."""
    if not _are_plain(map(type, value.values())):
        for inner in value.values():
            kind = type(inner)
            if kind in _AS_THEY_ARE:
                continue
            if kind is int:
                if not -INT_LIMIT <= inner < INT_LIMIT:  # type: ignore[operator]  # the kind says what it is
                    return False
            elif kind is not dict or not _are_plain(map(type, inner.values())):  # type: ignore[attr-defined]  # the kind says what it is
                return False
    return True


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
