"""What other rooms ask about windows: which ones a person serves at, and what they are called."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language

from zhengtong.windows.models import Hall, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLine:
    """A window with its hall, in the reader's language."""

    code: str
    hall: str
    number: str
    name: str
    unit: str
    posts: tuple[str, ...]


def windows_at(posts: Iterable[str]) -> tuple[WindowLine, ...]:
    """The open windows at which one of these posts serves."""
    wanted = set(posts)
    return tuple(line for line in open_windows() if wanted & set(line.posts))


def open_windows(hall: str = "") -> tuple[WindowLine, ...]:
    """Every open window, of one hall or of all; a few dozen rows, one query."""
    rows = Window.objects.filter(is_open=True, hall__closed_on__isnull=True).select_related("hall")
    if hall:
        rows = rows.filter(hall__code=hall)
    return tuple(_line(row) for row in rows.order_by("hall__code", "number"))


def _line(row: Window) -> WindowLine:
    return WindowLine(
        code=f"{row.hall.code}-{row.number}", hall=_named(row.hall), number=row.number, name=_named(row), unit=row.unit,
        posts=tuple(str(post) for post in row.posts),
    )  # fmt: skip


def _named(row: Hall | Window) -> str:
    english = (get_language() or "").startswith("en")
    return (english and row.name_en) or row.name
