"""The ground patterns stand on (地面), read from the catalogue and the organisation as they are today."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast

from zhengtong.accounts import queries as people
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.supervision.grounds import Ground, Place
from zhengtong.kernel.terms import law_day

WINDOW_ROLES: Final = ("window", "clerk")


def read_ground(now: datetime) -> Ground:
    """Windows are the posts at which some item is received; joint items the members of some theme."""
    on, known = law_day(now), people.organisation()
    windows: dict[str, Place] = {}
    items: dict[str, Place] = {}
    joint: set[str] = set()
    for code, version, since in catalogue.items_in_force(on):
        content = cast("Mapping[str, Any]", catalogue.content(code, version))
        posts: Mapping[str, Mapping[str, str]] = content.get("posts") or {}
        items[code] = Place(dept=_dept_of(posts.values(), str(content.get("department") or "")), since=since)
        joint.update(str(node["item"]) for node in content.get("nodes") or () if node.get("item"))
        for role in WINDOW_ROLES:
            if role in posts and not content.get("internal"):
                windows.setdefault(posts[role]["post"], Place(dept=posts[role]["dept"], since=since))
    units = {code: Place(dept=known.dept(code), until=_closed(unit)) for code, unit in known.units.items()}
    return Ground(
        windows=windows,
        posts={line.code: Place(dept=known.dept(line.unit)) for line in people.staff_directory(on)},
        items=items,
        units=units,
        departments={code: Place(dept=code, until=place.until) for code, place in units.items() if place.dept == code},
        parents={code: place.dept for code, place in units.items()},
        joint=frozenset(joint),
    )


def _dept_of(posts: Iterable[Mapping[str, str]], named: str) -> str:
    return next((post["dept"] for post in posts), named)


def _closed(unit: Any) -> date | None:
    return cast("date | None", unit.closed_on)
