"""Numbers for what an act may bring forth (编号): case, documents, results and children, drawn before deciding.

A number says who: area and organ in a case number, organ and document in one such as 清卫受〔2026〕12号.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from zhengtong.accounts import queries as people
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import law_day
from zhengtong.ledger import numbering


def draw_serials(needed: Sequence[str], *, bound: Bound, at: datetime) -> Mapping[str, tuple[str, ...]]:
    """The numbers for these keys (`case`, `child`, `document:<code>`, `result:<code>`), as many as each is named."""
    return {key: _draw(key, n, bound, at) for key, n in Counter(needed).items()}


def draw_for_silence(
    bound: Bound, state: State, keys: tuple[str, ...], at: datetime
) -> Mapping[str, tuple[str, ...]]:  # fmt: skip
    """The numbers that silence due by an instant needs; for the sweeper, which has found the keys."""
    return draw_serials(keys, bound=bound, at=at)


def organ_of(bound: Bound) -> str:
    """The organ in whose name the case runs: the department of the item's first post."""
    return next(iter(bound.posts.values())).dept


def _draw(key: str, n: int, bound: Bound, at: datetime) -> tuple[str, ...]:
    organ, day = organ_of(bound), law_day(at)
    kind, _colon, code = key.partition(":")
    if kind in ("case", "child"):
        return numbering.draw_case_numbers(bound.region[:6], people.unit_number(organ), day, n, now=at)
    short = people.short_name_of(organ)
    word = bound.documents[code].prefix if kind == "document" else bound.result_kinds[code].name[:1] + "证"
    return numbering.draw_document_numbers(key, organ, short + word, day.year, n, now=at)
