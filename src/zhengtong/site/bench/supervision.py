"""How much of what a simulated city did wrong supervision finds, and how much it finds that nobody did: for each
planted kind and its rules, against the truth file the product never reads. Which rules are to find which kind is said
here only.
"""

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from zhengtong.accounts import clock
from zhengtong.catalogue.queries import bound_for
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.supervision.facts import CaseFacts, find_facts
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.patterns import find_patterns
from zhengtong.kernel.supervision.rules import Family, Follow, Rule
from zhengtong.kernel.supervision.watching import find_findings
from zhengtong.kernel.terms import law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.supervision_rules import load_rules
from zhengtong.ledger.history import iter_loaded, uncollected
from zhengtong.simulation import running, truth
from zhengtong.simulation.irregularities import DOSES, MEANINGS, Dose, Kind
from zhengtong.simulation.irregularities import Family as Planted
from zhengtong.simulation.sizes import MONTH as CITY_MONTH
from zhengtong.simulation.sizes import TOWN, YEAR, Size
from zhengtong.site.bench.harness import FULL, TINY, Bench, Line, Result, fresh_sqlite, result
from zhengtong.site.simulated_ground import lay, reactions
from zhengtong.supervision.grounding import read_ground

OFTEN: Final = {
    kind: Dose(dose.rate * 5, dose.least * 3) if Kind(kind).family is not Planted.PATTERN else dose
    for kind, dose in DOSES.items()
}
"""Wrongs of single cases come five times as often as in the city: a share of two cases says little."""
MONTH: Final = Size(cases=6_000, first=date(2026, 3, 1), days=31, departments=20, items=240, staff=380, doses=OFTEN)
TWO_MONTHS: Final = replace(TOWN, cases=1_000, doses=OFTEN)
AIMS: Final = {Family.CLOCK: 0.99, Family.CONDUCT: 0.99, Family.PATTERN: 0.95}

RULES_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PROMISE_MISSED: ("SJ-11",),
    Kind.LIMIT_MISSED: ("SJ-13",),
    Kind.STEP_OVERDUE: ("SJ-17",),
    Kind.NOTICE_LATE: ("SJ-15",),
    Kind.ACCEPTANCE_DEEMED: ("SJ-16",),
    Kind.DELIVERY_LATE: ("SJ-20",),
    Kind.PUBLICITY_LATE: ("SJ-21",),
    Kind.SPECIAL_OVERRUN: ("SJ-18",),
    Kind.OPINION_SILENT: ("SJ-23",),
    Kind.FORWARDING_LATE: ("SJ-22",),
    Kind.HOTLINE_LATE: ("SJ-28",),
    Kind.HOTLINE_SIGNED_LATE: ("SJ-29",),
    Kind.DISCLOSURE_LATE: ("SJ-31",),
    Kind.ACCEPTANCE_BACKDATED: ("XW-01",),
    Kind.STEP_BACKDATED: ("XW-02",),
    Kind.SAME_PERSON: ("XW-03",),
    Kind.NEEDLESS_SUPPLEMENT: ("XW-05",),
    Kind.SPECIAL_UNSERVED: ("XW-07",),
    Kind.SPECIAL_REPEATED: ("XW-08",),
    Kind.HELD_AT_THE_LIMIT: ("XW-09",),
    Kind.WITHDRAWN_AT_THE_LIMIT: ("XW-12",),
    Kind.CLOSED_WITHIN_MINUTES: ("XW-13",),
    Kind.OPINION_MISSING: ("XW-19",),
    Kind.MATERIAL_WAIVED: ("XW-24",),
    Kind.CONFORMING_DECLINED: ("XW-23",),
    Kind.RECEIPT_MISSING: ("XW-30",),
    Kind.FEE_OUTSIDE: ("XW-31",),
    Kind.ACT_REVERTED: ("XW-37",),
    Kind.MARK_CORRECTED: ("XW-38",),
    Kind.CALLER_NOT_CONTACTED: ("XW-40",),
    Kind.ZERO_ACCEPTANCE: ("MS-01",),
    Kind.REGISTERS_ONLY: ("MS-03",),
    Kind.TWO_DOORS: ("MS-04",),
    Kind.AUTHORITY_TAKEN_BACK: ("MS-05",),
    Kind.MASS_OVERDUE: ("MS-06",),
    Kind.VOID_RATIO: ("MS-07",),
    Kind.MONTH_END_BATCH: ("MS-08",),
    Kind.AFTER_HOURS_BULK: ("MS-09",),
    Kind.IDENTICAL_DURATIONS: ("MS-10",),
    Kind.ONLINE_CLOSED: ("MS-11",),
    Kind.RATING_BURST: ("MS-12",),
}
"""By which rule each planted kind is to be found."""
FOLLOWS_FROM: Final[Mapping[str, tuple[Kind, ...]]] = {
    "SJ-12": (Kind.PROMISE_MISSED,),
    "SJ-39": (Kind.LIMIT_MISSED,),
    "MS-06": (Kind.PROMISE_MISSED,),
    "MS-13": (
        Kind.MASS_OVERDUE,
        Kind.LIMIT_MISSED,
        Kind.FORWARDING_LATE,
        Kind.HOTLINE_LATE,
        Kind.DISCLOSURE_LATE,
    ),
    "MS-19": (Kind.ACT_REVERTED,),
    "MS-22": (Kind.ACCEPTANCE_BACKDATED, Kind.STEP_BACKDATED),
    "MS-24": (Kind.RECEIPT_MISSING,),
    "MS-25": (Kind.FEE_OUTSIDE,),
    "MS-26": (Kind.SAME_PERSON,),
}
"""Rules that say more of the same: their findings are right where one of these kinds is, or where it is in every case
they rest on (wrongs of single cases, sown at random, may come in masses at a small department)."""


@dataclass(slots=True)
class Watched:
    """What was told and what was found: (kind, whose) and (rule, whose)."""

    told: dict[Kind, set[str]] = field(default_factory=lambda: defaultdict(set))
    found: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rests_on: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    cases: int = 0
    events: int = 0

    def add(self, other: "Watched", name: str) -> None:
        """Another city's, its places told apart by a name."""
        for (rule, ref), numbers in other.rests_on.items():
            self.rests_on[rule, f"{name}{ref}"] |= {f"{name}{each}" for each in numbers}
        for mine, its in ((self.told, other.told), (self.found, other.found)):
            for key, whose in its.items():
                mine[key].update(f"{name}{each}" for each in whose)  # type: ignore[index]  # the two have keys of their own
        self.cases += other.cases
        self.events += other.events

    def saw(self, finding: Finding) -> None:
        """One finding, and the cases it rests on."""
        self.found[finding.rule].add(finding.subject.ref)
        self.rests_on[finding.rule, finding.subject.ref] |= {each.case for each in finding.evidence}

    def explained(self, rule: str) -> set[str]:
        """Of whom a finding of this rule is right."""
        follows = self._of(FOLLOWS_FROM.get(rule, ()))
        whole = {each for each in self.found[rule] if (cases := self.rests_on[rule, each]) and cases <= follows}
        return self._of(kind for kind, rules in RULES_OF.items() if rule in rules) | follows | whole

    def _of(self, kinds: Iterable[Kind]) -> set[str]:
        return set().union(*(self.told[kind] for kind in kinds))

    def by_rules(self, kind: Kind) -> set[str]:
        return set().union(*(self.found[rule] for rule in RULES_OF[kind]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of what was planted so much was found and so much missed; so many findings were right and so many false."""

    planted: int
    hit: int
    right: int
    false: int

    @property
    def recall(self) -> float:
        return self.hit / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            planted=self.planted + other.planted,
            hit=self.hit + other.hit,
            right=self.right + other.right,
            false=self.false + other.false,
        )


NOTHING: Final = Score(planted=0, hit=0, right=0, false=0)


def supervision(bench: Bench) -> Iterator[Line]:
    """A month (`--full`: a city's month; `--year`: a year), with everything planted and with nothing planted. What
    takes longer than a month (a special procedure that overruns) comes from a town of two months beside it."""
    size, watched = _size(bench), Watched()
    for each in (size,) if size.days >= TWO_MONTHS.days else (size, TWO_MONTHS):
        with fresh_sqlite(bench):
            watched.add(watch_city(each), f"{each.days} days: ")
    yield from judged(watched)
    with fresh_sqlite(bench):
        yield quiet(watch_city(size.clean()))


def _size(bench: Bench) -> Size:
    if bench.size.is_year:
        return YEAR
    return TOWN if bench.size.cases <= TINY.cases else CITY_MONTH if bench.size.cases >= FULL.cases else MONTH


# ---- a city, watched ----------------------------------------------------------------------------------------------


def watch_city(size: Size) -> Watched:
    """Simulate a city into the database at hand, then look at its ledger as supervision does."""
    clock.forget()
    ground = lay(size)
    lived = running.run(size, ground, reactions=reactions(notices=False), workers=2 if size.cases > 2_000 else 1)
    assert lived.until is not None, "a city lives until some instant"
    watched = Watched(cases=lived.cases, events=lived.events)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "truth.jsonl"
        truth.write(path, lived.truths)
        watched.told.update(read_truth(path))
    for finding in find_all(load_rules(law_day(lived.until)), size, lived.until):
        watched.saw(finding)
    return watched


def read_truth(path: Path) -> dict[Kind, set[str]]:
    """Whose irregularities of each kind the truth file tells of."""
    told: dict[Kind, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        whose = next(row[scope] for scope in ("case", "window", "department", "item") if scope in row)
        told[Kind(row["kind"])].add(whose)
    return told


def find_all(rules: tuple[Rule, ...], size: Size, now: datetime) -> Iterator[Finding]:
    """Every finding of one case, then of many, read from the ledger in one pass."""
    calendar = load_calendar()
    of_one = tuple(rule for rule in rules if rule.family is not Family.PATTERN)
    kept: list[Finding] = []

    def facts() -> Iterator[CaseFacts]:
        for bound, state in _cases():
            kept.extend(find_findings(of_one, bound, state, calendar, now))
            yield find_facts(bound, state, calendar, now)

    last = date.fromordinal(size.first.toordinal() + size.days - 1)
    with uncollected():
        many = find_patterns(rules, facts(), read_ground(now), calendar, size.first, last, now)
    yield from kept
    yield from many


def _cases() -> Iterator[tuple[Bound, State]]:
    @cache
    def bound_of(item: str, version: int, answers: tuple[tuple[str, str], ...]) -> Bound:
        return bound_for(item, version, dict(answers))

    for loaded in iter_loaded():
        state = fold(loaded.history)
        yield bound_of(state.item, state.item_version, tuple(sorted(state.answers.items()))), state


# ---- what came of it ------------------------------------------------------------------------------------------------


def score_of(watched: Watched, kind: Kind) -> Score:
    """One kind: hits are whom it was told of and found; a finding is right where any kind of its rule was told."""
    told, found = watched.told[kind], watched.by_rules(kind)
    right = set().union(*(watched.found[rule] & watched.explained(rule) for rule in RULES_OF[kind]))
    return Score(planted=len(told), hit=len(told & found), right=len(right), false=len(found - right))


def family_scores(watched: Watched) -> dict[Family, Score]:
    """Each family in sum; a finding of any other rule that leads to a card counts as false unless it is explained."""
    sums = dict.fromkeys(Family, NOTHING)
    for kind in Kind:
        family = Family(MEANINGS[kind].family.value)
        sums[family] += score_of(watched, kind)
    for rule, whose in unasked(watched).items():
        family = next(each.family for each in load_rules() if each.code == rule)
        sums[family] += Score(planted=0, hit=0, right=0, false=len(whose))
    return sums


def unasked(watched: Watched) -> dict[str, set[str]]:
    """Findings nobody planted anything for, of rules that no kind names and that lead to a card."""
    named = {rule for rules in RULES_OF.values() for rule in rules}
    found = {
        rule.code: watched.found[rule.code] - watched.explained(rule.code)
        for rule in load_rules()
        if rule.code not in named and rule.follow is not Follow.SHOW
    }
    return {rule: whose for rule, whose in found.items() if whose}


def judged(watched: Watched) -> Iterator[Result]:
    """A line for each kind, and recall and precision of each family against the aims."""
    for kind in Kind:
        yield _line(f"{kind.value} → {', '.join(RULES_OF[kind])}", score_of(watched, kind))
    for rule, whose in unasked(watched).items():
        yield _line(f"nothing planted → {rule}", Score(planted=0, hit=0, right=0, false=len(whose)))
    for family, score in family_scores(watched).items():
        for name, value, unit in (("recall", score.recall, "found"), ("precision", score.precision, "right")):
            yield result(
                f"{name} of {family} rules", value, unit=unit, aim=AIMS[family], n=watched.cases,
                against="the truth file", planted=score.planted, found=score.hit, missed=score.planted - score.hit,
                false=score.false,
            )  # fmt: skip


def _line(name: str, score: Score) -> Result:
    return result(
        name, score.recall, unit="recall", n=score.planted, against="the truth file", planted=score.planted,
        found=score.hit, missed=score.planted - score.hit, false=score.false, precision=score.precision,
    )  # fmt: skip


def quiet(watched: Watched) -> Result:
    """A clean city: no finding that leads to a card."""
    cards = leading_to_cards(watched.found)
    named = dict(sorted(cards.items()))
    return result(
        f"cards in a clean city{'' if not named else ': ' + ', '.join(named)}", float(sum(cards.values())),
        unit="times", aim=0.0, n=watched.cases, against="none",
        shown=sum(map(len, watched.found.values())) - sum(cards.values()),
    )  # fmt: skip


def leading_to_cards(found: Mapping[str, Iterable[str]]) -> Counter[str]:
    """How many findings of each rule are followed by a card, proposed or issued."""
    return Counter(
        {
            rule.code: len(set(found.get(rule.code, ())))
            for rule in load_rules()
            if rule.follow is not Follow.SHOW and found.get(rule.code)
        }
    )
