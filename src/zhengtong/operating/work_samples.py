"""The work lists of some people as a digest each: that two databases show the same people the same work."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from zhengtong.accounts import queries as people
from zhengtong.accounts.models import PostHolding
from zhengtong.cases.queries import LISTS, worklist

PAGES: Final = 3


def sample(count: int, at: datetime) -> Mapping[str, str]:
    """So many people, spread over all who hold a post; each with the digest of every list, line by line."""
    everybody = sorted(set(PostHolding.objects.on(people.day_of(at)).values_list("person_id", flat=True)))
    step = max(1, len(everybody) // count) if count else 1
    return {f"p-{person}": _digest(person, at) for person in everybody[::step][:count]}


def _digest(person: int, at: datetime) -> str:
    actor = people.actor_of_person(person, at)
    found = hashlib.sha256()
    for code in LISTS:
        for page in range(1, PAGES + 1):
            shown = worklist(code, actor, at, page=page)
            found.update(f"{code} {shown.count}\n".encode())
            for line in shown.lines:
                found.update(f"{line.number} {line.state}\n".encode())
            if page >= shown.pages:
                break
    return found.hexdigest()
