"""Patterns (面上监察): what the rules find in many cases over a day, a month, a quarter or a year, read from the
watched cases and the ground they stand on. Done at night, and by `zhengtong sweep --patterns`."""

import logging
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from zhengtong.accounts import queries as people
from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.grounds import Ground
from zhengtong.kernel.supervision.patterns import bounds_of, find_patterns, stretches
from zhengtong.kernel.supervision.rules import Period, Rule
from zhengtong.kernel.terms import LAW_ZONE, lapse_at, law_day
from zhengtong.supervision.carding import issue_waiting
from zhengtong.supervision.editions import Law, law_now
from zhengtong.supervision.grounding import read_ground
from zhengtong.supervision.models import Run, Watched
from zhengtong.supervision.telling import tell_waiting
from zhengtong.supervision.watching import pattern_values, put_patterns

log = logging.getLogger(__name__)
AT_ONCE: Final = 2_000


def survey(now: datetime, *, rules: tuple[Rule, ...] | None = None) -> int:
    """Every pattern rule over its period to date and the one before; how many findings stand."""
    law = law_now(now, rules)
    run = Run.objects.create(
        kind=Run.Kind.PATTERNS, started_at=now, rules=law.edition, calendar=law.calendar_edition
    )  # fmt: skip
    ground = read_ground(now)
    found = sum(_survey(period, law, ground, now) for period in Period)
    issued = issue_waiting(law, now)
    tell_waiting(law, now)
    failed = [{"number": name, "error": error} for name, error in issued.failed.items()]
    Run.objects.filter(pk=run.pk).update(ended_at=now, findings=found, cards=issued.issued, failed=failed, done=True)
    return found


def survey_of_the_night(now: datetime) -> int:
    """The nightly chore."""
    return survey(now)


def _survey(period: Period, law: Law, ground: Ground, now: datetime) -> int:
    mine = tuple(rule for rule in law.of_many if rule.period is period)
    if not mine:
        return 0
    since, until = span_of(period, law_day(now))
    facts = read_facts(since, until)
    findings = find_patterns(mine, facts, ground, law.calendar, since, until, now)
    regions = people.organisation().regions
    rows = (pattern_values(finding, law, now, regions) for finding in findings)
    put_patterns(rows, [rule.code for rule in mine], list(stretches(since, until, period)), now)
    return len(findings)


def span_of(period: Period, today: date) -> tuple[date, date]:
    """From the first day of the last whole period to today.

    >>> [str(span_of(period, date(2026, 5, 4))[0]) for period in Period]
    ['2026-05-03', '2026-04-01', '2026-01-01', '2025-01-01']
    """
    first, _last = bounds_of(today, period)
    before, _last = bounds_of(date.fromordinal(first.toordinal() - 1), period)
    return before, today


def read_facts(since: date, until: date, *, wanted: Q | None = None) -> Iterator[CaseFacts]:
    """The facts of the cases that were open on some of these days, as they were last watched."""
    first = datetime(since.year, since.month, since.day, tzinfo=LAW_ZONE)
    rows = Watched.objects.filter(Q(closed_at=None) | Q(closed_at__gte=first), opened_at__lt=lapse_at(until))
    if wanted is not None:
        rows = rows.filter(wanted)
    for facts in rows.order_by("case_id").values_list("facts", flat=True).iterator(chunk_size=AT_ONCE):
        yield CaseFacts.from_plain(facts)
