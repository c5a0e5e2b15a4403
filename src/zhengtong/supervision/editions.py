"""What a case is judged by (依据的版本): the rules, the calendar and their editions, read once for a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from zhengtong.accounts import queries as people
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Alarms, find_repeat, find_wake_at
from zhengtong.kernel.states import State
from zhengtong.kernel.supervision.rules import Clears, Family, Follow, Rule
from zhengtong.kernel.supervision.watching import find_alarms
from zhengtong.kernel.terms import law_day
from zhengtong.law.calendar_files import calendar_digest, day_marks
from zhengtong.law.supervision_rules import load_rules
from zhengtong.ledger.installed import installed
from zhengtong.supervision.models import Run


@dataclass(frozen=True, kw_only=True)
class Law:
    """`rules` and `calendar` with their editions; `began` is when supervision of this installation began: what was over
    by then is shown and leads to no card."""

    rules: tuple[Rule, ...]
    edition: str
    calendar: Calendar
    calendar_edition: str
    began: datetime

    @cached_property
    def days(self) -> dict[str, str]:
        """The marks of the calendar, by which the days another edition changed are told."""
        return day_marks(self.calendar)

    @cached_property
    def of_many(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.family is Family.PATTERN)

    @cached_property
    def alarms(self) -> Alarms:
        return find_alarms(self.rules)

    @cached_property
    def _by_code(self) -> dict[str, Rule]:
        return {rule.code: rule for rule in self.rules}

    @cached_property
    def _organisation(self) -> people.Organisation:
        return people.organisation()

    def dept_of(self, unit: str) -> str:
        """The department a unit belongs to; the unit itself where no such unit is known."""
        known = self._organisation
        return known.dept(unit) if unit in known.units else unit

    def find_next_look(self, bound: Bound, state: State, at: datetime) -> datetime | None:
        """The earliest later instant at which, with no further event, a finding of the case may read differently."""
        return find_wake_at(bound, state, self.calendar, at, alarms=self.alarms)

    def rule(self, code: str) -> Rule | None:
        return self._by_code.get(code)

    def is_live(self, code: str, since: datetime, cleared_at: datetime | None) -> bool:
        """Whether a finding stands, or was made under supervision: what was over before leads to nothing."""
        stands = self._by_code[code].clears is not Clears.NEVER and cleared_at is None
        return since >= self.began or stands

    def follow_of(self, code: str, since: datetime, cleared_at: datetime | None) -> Follow:
        """What a finding leads to here."""
        return self._by_code[code].follow if self.is_live(code, since, cleared_at) else Follow.SHOW

    def said_at(self, code: str, since: datetime, cleared_at: datetime | None, at: datetime) -> datetime:
        """When the rule said a finding last: when it was first seen, or its last repeat while it stands."""
        repeat = self._by_code[code].repeat
        if repeat is None or cleared_at is not None or at <= since:
            return since
        return find_repeat(since, repeat, self.calendar, at)


def law_now(now: datetime, rules: Sequence[Rule] | None = None) -> Law:
    """The law of supervision in force on this day, or these rules instead."""
    calendar = installed().calendar_for()  # which looks whether there are new editions, of rules too
    found = tuple(load_rules(law_day(now)) if rules is None else rules)
    first = Run.objects.order_by("started_at", "pk").values_list("started_at", flat=True).first()
    return Law(
        rules=found, edition=max((rule.version for rule in found), default=""), calendar=calendar,
        calendar_edition=f"{calendar.edition}:{calendar_digest(calendar)[:8]}", began=first or now,
    )  # fmt: skip
