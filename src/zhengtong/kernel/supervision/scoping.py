"""Whom a rule speaks of (适用范围): which cases, and in a case which clocks and acts."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.supervision.rules import Scope
from zhengtong.kernel.terms import Term, Unit

MAIN: Final = "main"
NEGATIVE: Final = "negative"
ON_SPOT: Final = "on_spot"
_AT_ONCE: Final = (Term(0, Unit.WD), Term(1, Unit.WD))


def is_on_spot(bound: Bound) -> bool:
    """Whether the item is decided on the spot (即办件): so arranged, or promised within one working day."""
    return ON_SPOT in bound.options or bound.terms.get("promised") in _AT_ONCE


def speaks_of(scope: Scope, bound: Bound) -> bool:
    """Whether the cases of an item under this law are in the scope."""
    if scope.procedures and bound.procedure not in scope.procedures:
        return False
    if scope.items and bound.item not in scope.items:
        return False
    if scope.departments and scope.departments.isdisjoint(post.dept for post in bound.posts.values()):
        return False
    return scope.on_spot is None or scope.on_spot == is_on_spot(bound)


def names(said: frozenset[str], *codes: str) -> bool:
    """Whether a list of a scope means something that goes by any of these codes; an empty list means all.

    >>> names(frozenset(), "accept"), names(frozenset({"!accept"}), "accept"), names(frozenset({"!accept"}), "grant")
    (True, False, True)
    >>> names(frozenset({"step:*", "!step:received"}), "step:examining"), names(frozenset({"notice"}), "decision")
    (True, False)
    """
    if not said:
        return True
    wanted, unwanted = _split(said)
    return (not wanted or _fits(wanted, codes)) and not _fits(unwanted, codes)


@lru_cache(maxsize=512)
def _split(said: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    return (
        frozenset(each for each in said if not each.startswith("!")),
        frozenset(each[1:] for each in said if each.startswith("!")),
    )


def _fits(said: frozenset[str], codes: Iterable[str]) -> bool:
    return any(code in said or (":" in code and f"{code.partition(':')[0]}:*" in said) for code in codes)


def clock_names(bound: Bound, clock: str, group: str | None) -> tuple[str, ...]:
    """By which codes a scope may mean a run of this clock; a branch's clock goes by its group."""
    if group is not None:
        return (f"{clock.partition(':')[0]}:{group}",)
    rule = bound.clocks.get(clock)
    return (clock, MAIN) if rule is not None and rule.main else (clock,)


def is_duty_of_applicant(bound: Bound, clock: str) -> bool:
    """Whether the limit binds the applicant or another party, so that its lapse is nobody's fault in the office."""
    rule = bound.clocks.get(clock)
    return rule is not None and rule.whose != "organ"
