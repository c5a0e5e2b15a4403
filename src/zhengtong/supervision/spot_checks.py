"""Spot checks (明查暗访): what may be drawn from, the draw by the seed, and what was found, read from the history.

The seed is the hash of the entry by which the plan was agreed to: recorded in the chain before the population is fixed,
and chosen by nobody. The population is kept as a file with the draw, so that anybody who may see the check draws again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.actions import Wish, attach, perform
from zhengtong.cases.case_view import CaseRead, read_case
from zhengtong.cases.sealed_words import Place, last_of, open_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import queries as documents
from zhengtong.documents.queries import FileLine
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.events import Acted, BranchSettled, Json
from zhengtong.kernel.sampling import digest_of_population, draw, is_the_draw
from zhengtong.kernel.states import Branch
from zhengtong.ledger.history import CaseRef, hash_at
from zhengtong.ledger.queries import Case, CaseQuerySet
from zhengtong.ledger.record import Recorded
from zhengtong.supervision.models import Watched
from zhengtong.supervision.narrowing import days_before, internal_procedures, start_of
from zhengtong.windows import queries as windows

PROCEDURE: Final = "spot_check"
KIND_OF: Final[Mapping[str, str]] = {"cases": "case", "windows": "window", "posts": "post"}
MOST_DRAWN: Final = 200
DRAW, RECORD, AGREE, PLAN = "draw", "record", "approve", "plan"
PROBLEM: Final = "problem"


class NothingToDraw(Exception):
    """There is nothing of the kind in the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be drawn: from what, of which period and unit, how many."""

    drawn_from: str
    since: date
    until: date
    department: str
    count: int

    @classmethod
    def of(cls, facts: Mapping[str, Json]) -> "Plan":
        return cls(
            drawn_from=str(facts["drawn_from"]), since=date.fromisoformat(str(facts["since"])),
            until=date.fromisoformat(str(facts["until"])), department=str(facts.get("department") or ""),
            count=min(int(str(facts["count"])), MOST_DRAWN),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing drawn, and what was found of it."""

    place: int
    name: str
    words: str
    branch: str
    verdict: str = ""
    verdict_words: str = ""
    found: str = ""
    photos: tuple[FileLine, ...] = ()
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return not self.verdict


@dataclass(frozen=True, kw_only=True)
class Check:
    """One spot check as its page shows it. `words` is empty for who may not read what is sealed."""

    case: CaseRead
    words: Mapping[Place, Json]

    @property
    def number(self) -> str:
        return self.case.state.number

    @property
    def plan(self) -> Plan:
        return Plan.of(self.case.state.facts)

    def choice(self, name: str) -> str:
        """A kept choice of the plan in words."""
        return self.case.word(f"actions.{PLAN}.inputs.{name}.choices.{self.case.state.facts.get(name)}")

    @property
    def manner_words(self) -> str:
        return self.choice("manner")

    @property
    def drawn_words(self) -> str:
        return self.choice("drawn_from")

    @property
    def department_words(self) -> str:
        unit = self.plan.department
        return people.unit_names([unit]).get(unit, unit) if unit else _("全部单位")

    @property
    def purpose(self) -> str:
        return str(last_of(self.words, "purpose") or "")

    @property
    def report(self) -> str:
        return str(last_of(self.words, "report") or "")

    @cached_property
    def acted(self) -> tuple[tuple[int, datetime, Acted], ...]:
        """(seq, when, what) of every act that was not struck out."""
        struck = self.case.state.struck
        found = ((event.seq, event.at, event.body) for event in self.case.history if event.seq not in struck)
        return tuple((seq, at, body) for seq, at, body in found if isinstance(body, Acted))

    def _last(self, act: str) -> tuple[int, datetime, Acted] | None:
        return next((one for one in reversed(self.acted) if one[2].act == act), None)

    @cached_property
    def seed(self) -> str:
        """The hash of the agreement's last entry; empty before it was given."""
        return _seed_of(self.case)

    @property
    def drawn_at(self) -> datetime | None:
        found = self._last(DRAW)
        return None if found is None else found[1]

    @property
    def drawn_inputs(self) -> Mapping[str, Json]:
        found = self._last(DRAW)
        return {} if found is None else found[2].inputs

    @property
    def population(self) -> int:
        return int(str(self.case.state.facts.get("population") or 0))

    @property
    def digest(self) -> str:
        return str(self.drawn_inputs.get("digest", ""))

    @cached_property
    def population_file(self) -> FileLine | None:
        return next(iter(self._files("names")), None)

    @cached_property
    def sample(self) -> tuple[str, ...]:
        said = str(last_of(self.words, "sample") or "")
        return tuple(said.split("\n")) if said else ()

    @cached_property
    def verified(self) -> bool | None:
        """Whether the seed, the population kept and the sample agree; None while the file cannot be read."""
        if not self.sample:
            return None
        if self.drawn_inputs.get("seed") != self.seed or self.population_file is None:
            return False
        try:
            names = documents.open_upload(self.population_file.digest).decode().split("\n")
        except UnicodeDecodeError:
            return False
        except Exception:  # held by the scanner, erased, broken: nothing is proved either way
            return None
        is_fixed = digest_of_population(names) == self.digest
        return is_fixed and is_the_draw(self.seed, names, self.sample) and self._is_complete(len(set(names)))

    def _is_complete(self, size: int) -> bool:
        return len(self.sample) == min(self.plan.count, size) and size == self.population

    def _files(self, field: str, seq: int | None = None) -> tuple[FileLine, ...]:
        """The files sealed under a field, of one act or the last."""
        value = last_of(self.words, field) if seq is None else self.words.get((seq, field))
        commitment = str(value.get("commitment", "")) if isinstance(value, Mapping) else ""
        return documents.material_files([commitment]).get(commitment, ()) if commitment else ()

    @cached_property
    def things(self) -> tuple[Thing, ...]:
        branches = [each for each in self.case.state.branches.values() if each.group == "things"]
        found = self._found()
        names = names_of(self.plan.drawn_from, self.sample)
        return tuple(
            self._thing(n, name, names.get(name, name), branch, found)
            for n, (name, branch) in enumerate(zip(self.sample, branches, strict=False), 1)
        )

    def _found(self) -> dict[str, tuple[frozenset[int], datetime]]:
        """branch → the entries of the act that recorded it, and when."""
        found: dict[str, tuple[frozenset[int], datetime]] = {}
        for event in self.case.history:
            if isinstance(event.body, BranchSettled) and event.seq not in self.case.state.struck:
                batch = frozenset(each.seq for each in self.case.history if each.batch == event.batch)
                found[event.body.branch] = (batch, event.at)
        return found

    def _thing(
        self, n: int, name: str, words: str, branch: Branch, found: Mapping[str, tuple[frozenset[int], datetime]]
    ) -> Thing:
        batch, at = found.get(branch.branch, (frozenset[int](), None))
        verdict = branch.verdict or ""
        said = next((self.words[place] for place in self.words if place[0] in batch and place[1] == "found"), "")
        seq = next((place[0] for place in self.words if place[0] in batch and place[1] == "photos"), None)
        return Thing(
            place=n, name=name, words=words, branch=branch.branch, verdict=verdict, at=at,
            verdict_words=self.case.word(f"branches.things.verdicts.{verdict}") if verdict else "",
            found=str(said or ""), photos=self._files("photos", seq) if seq is not None else (),
        )  # fmt: skip

    @property
    def problems(self) -> int:
        return sum(thing.verdict == PROBLEM for thing in self.things)

    @property
    def followed(self) -> tuple[str, ...]:
        return tuple(str(body.inputs["followed"]) for _seq, _at, body in self.acted if body.act == "follow")

    def file(self, digest: str) -> FileLine | None:
        """A photograph or the population, if this check has it."""
        lines = [line for thing in self.things for line in thing.photos]
        lines += [self.population_file] if self.population_file is not None else []
        return next((line for line in lines if line.digest == digest), None)


def read_check(case_id: int, at: datetime, *, may_read: bool) -> Check:
    case = read_case(case_id, at)
    return Check(case=case, words=open_words(case_id, case.history) if may_read else {})


def _seed_of(case: CaseRead) -> str:
    batches = [event.batch for event in case.history if isinstance(event.body, Acted) and event.body.act == AGREE]
    if not batches:
        return ""
    return hash_at(case.ref.id, max(event.seq for event in case.history if event.batch == batches[-1]))


# ---- the population -----------------------------------------------------------------------------------


def find_population(plan: Plan, regions: Sequence[str], at: datetime) -> tuple[str, ...]:
    """The names of everything that may be drawn, as known at this instant, in order."""
    finders = {"cases": _cases, "windows": _windows, "posts": _posts}
    return tuple(sorted(set(finders[plan.drawn_from](plan, regions, at))))


def _cases(plan: Plan, regions: Sequence[str], at: datetime) -> Iterable[str]:
    """Cases of the public decided in the period."""
    until = min(start_of(days_before(plan.until, -1)), at)
    rows = Watched.objects.filter(region__in=regions, decided_at__gte=start_of(plan.since), decided_at__lt=until)
    rows = rows.exclude(procedure__in=internal_procedures())
    if plan.department:
        rows = rows.filter(dept__in={plan.department, people.dept_of(plan.department)})
    return rows.values_list("number", flat=True)


def _windows(plan: Plan, regions: Sequence[str], at: datetime) -> Iterator[str]:
    for line in windows.open_windows():
        if people.region_of(line.unit) in regions and _is_of(plan, line.unit):
            yield line.code


def _posts(plan: Plan, regions: Sequence[str], at: datetime) -> Iterator[str]:
    for line in people.staff_directory(people.day_of(at)):
        if people.region_of(line.unit) in regions and _is_of(plan, line.unit):
            yield line.code


def _is_of(plan: Plan, unit: str) -> bool:
    return not plan.department or plan.department in (unit, people.dept_of(unit))


def names_of(drawn_from: str, names: Iterable[str]) -> dict[str, str]:
    """What the things drawn are called in words."""
    wanted = set(names)
    if drawn_from == "windows":
        return {
            line.code: f"{line.hall} {line.number} {line.name}"
            for line in windows.open_windows()
            if line.code in wanted
        }
    if drawn_from == "posts":
        return people.post_places(wanted)
    rows = Watched.objects.filter(number__in=wanted).values_list("number", "item", "dept")
    items, depts = catalogue.item_names(sorted({row[1] for row in rows})), people.unit_names({row[2] for row in rows})
    return {number: f"{items.get(item, item)}（{depts.get(dept, dept)}）" for number, item, dept in rows}


# ---- the draw -----------------------------------------------------------------------------------------


def draw_sample(check: Check, regions: Sequence[str], *, actor: Actor, at: datetime, key: str) -> Recorded:
    """Fix the population, draw by the seed of the agreement, and record both.

    Raises:
        NothingToDraw: the population is empty.
        Refusal, StaleHistory: as of every act.
    """
    names = find_population(check.plan, regions, at)
    if not names:
        raise NothingToDraw
    taken = [each.name for each in draw(check.seed or "-", names, check.plan.count)]
    kind = KIND_OF[check.plan.drawn_from]
    wish = Wish(
        act=DRAW,
        inputs={
            "branches": [{"kind": kind} for _each in taken], "seed": check.seed, "population": len(names),
            "digest": digest_of_population(names),
        },
        private={
            "sample": "\n".join(taken),
            "names": attach("population.txt", "\n".join(names).encode(), "text/plain", actor=actor, at=at),
        },
    )  # fmt: skip
    return perform(actor=actor, at=at, case_id=check.case.ref.id, wish=wish, key=key)


# ---- the list -----------------------------------------------------------------------------------------


def checks_of(regions: Sequence[str]) -> CaseQuerySet:
    """The spot checks of these territories, newest first."""
    return Case.objects.filter(procedure=PROCEDURE, region__in=regions).order_by("-opened_at", "-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One row of the list."""

    ref: CaseRef
    number: str
    manner: str
    drawn_from: str
    plan: Plan
    department: str
    state: str
    is_closed: bool
    population: int
    seen: int
    drawn: int
    problems: int
    opened_at: datetime


def check_lines(rows: Iterable[Case], at: datetime) -> tuple[CheckLine, ...]:
    return tuple(_line(Check(case=read_case(row.pk, at), words={}), row) for row in rows)


def _line(check: Check, row: Case) -> CheckLine:
    branches = [each for each in check.case.state.branches.values() if each.group == "things"]
    return CheckLine(
        ref=check.case.ref, number=check.number, manner=check.choice("manner"), drawn_from=check.choice("drawn_from"),
        plan=check.plan, department=check.department_words, state=check.case.state_name,
        is_closed=check.case.is_closed, population=check.population, drawn=len(branches),
        seen=sum(bool(each.verdict) for each in branches), problems=sum(each.verdict == PROBLEM for each in branches),
        opened_at=row.opened_at,
    )  # fmt: skip
