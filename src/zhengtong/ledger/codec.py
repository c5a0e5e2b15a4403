"""Bodies of events to plain JSON and back. Every kind has an edition of its shape; an older edition is lifted by its
upcasters, so that what was once written can be read for ever (frozen samples in the tests).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Final, get_type_hints

from zhengtong.kernel.events import KINDS, Body
from zhengtong.ledger.canonical import plain, quick, read_stamp

Upcaster = Callable[[Mapping[str, object]], Mapping[str, object]]

# The edition written today. A kind not named here is at its first.
EDITIONS: Final[Mapping[str, int]] = {"Retracted": 2, "Erased": 2}
# (kind, edition) → the body one edition later.
UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("Retracted", 1): lambda old: {**old, "consent": None},  # the second names the consent it used up
    ("Erased", 1): lambda old: {**old, "consent": None},
}


class Unreadable(ValueError):
    """A stored body that no codec understands."""


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: type
    readers: tuple[tuple[str, Callable[[object], object] | None], ...]
    lifted: tuple[tuple[str, Callable[[object], object]], ...]  # the readers of the fields that JSON does not know
    names: tuple[str, ...]
    values: Callable[[Body], tuple[object, ...]]


def edition(kind: str) -> int:
    return EDITIONS.get(kind, 1)


def encode(body: Body) -> dict[str, object]:
    """The body as plain JSON.

    >>> from zhengtong.kernel.events import ClockHeld
    >>> encode(ClockHeld(clock="legal", why="supplement"))
    {'clock': 'legal', 'why': 'supplement'}
    """
    return {name: plain(getattr(body, name)) for name, _ in _shape(type(body).__name__).readers}


def text(body: Body) -> bytes:
    """The canonical bytes of a body: `dumps(encode(body))`, on the short way that every written event takes.

    >>> from zhengtong.kernel.events import ClockHeld
    >>> text(ClockHeld(clock="legal", why="supplement")).decode()
    '{"clock":"legal","why":"supplement"}'
    """
    shape = _shape(type(body).__name__)
    return quick(dict(zip(shape.names, shape.values(body), strict=True)))


def decode(kind: str, codec: int, stored: object) -> Body:
    """The body a kind and its edition stand for.

    Raises:
        Unreadable: an unknown kind or edition, or fields that are not those of the kind.
    """
    if kind not in KINDS:
        raise Unreadable(f"no kind {kind!r}")
    if not isinstance(stored, dict):
        raise Unreadable(f"the body of {kind} is no object")
    body = stored if codec == edition(kind) else _lifted(kind, codec, stored)
    shape = _shape(kind)
    if len(body) != len(shape.names):  # as many, and the constructor takes no others: the very fields
        raise Unreadable(f"{kind} edition {codec} has the fields {sorted(body)}")
    try:
        if shape.lifted:
            body = {**body, **{name: reader(body[name]) for name, reader in shape.lifted}}
        made: Body = shape.kind(**body)
    except KeyError as error:
        raise Unreadable(f"{kind} edition {codec} has the fields {sorted(body)}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Unreadable(f"{kind} edition {codec}: {error}") from error
    return made


def _lifted(kind: str, codec: int, stored: Mapping[str, object]) -> Mapping[str, object]:
    if not 1 <= codec <= edition(kind):
        raise Unreadable(f"{kind} has no edition {codec}; this program knows 1 to {edition(kind)}")
    for older in range(codec, edition(kind)):
        stored = UPCASTERS[kind, older](stored)
    return stored


@cache
def _shape(kind: str) -> _Shape:
    made = KINDS[kind]
    hints = get_type_hints(made)
    names = tuple(field.name for field in fields(made))
    readers = tuple((name, _reader(hints[name])) for name in names)
    lifted = tuple((name, reader) for name, reader in readers if reader is not None)
    return _Shape(made, readers, lifted, names, _getter(names))


def _getter(names: tuple[str, ...]) -> Callable[[Body], tuple[object, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda body: (get(body),)


def _reader(hint: object) -> Callable[[object], object] | None:
    if hint is datetime:
        return _instant
    if hint is date or hint == date | None:
        return _day
    if hint == Mapping[str, datetime]:
        return _instants
    return None


def _instant(value: object) -> datetime:
    return read_stamp(_str(value))


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(_str(value))


def _instants(value: object) -> dict[str, datetime]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no object")
    return {name: _instant(inner) for name, inner in value.items()}


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
