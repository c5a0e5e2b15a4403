"""The case every act is measured on: a licence in three steps, six acts from submitting to a note, each decided by the
kernel as the desk decides it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.binding import Bound, ItemVersion, PostRef, ResultLine, bind
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import decide_and_fold, decide_opening_and_fold, find_serials
from zhengtong.kernel.events import Event, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import RoleKind
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import LAW_ZONE, Term
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import load_procedure
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.current import load_current
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.record import Entry, Recorded, new_key

REGION, UNIT, DEPT = "510199", "wj-sp", "wj"
BEGIN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
ACTS: Final = (("submit", 0), ("accept", 5), ("pass", 60), ("review", 65), ("grant", 70), ("note", 75))

Making = Callable[[Recorded | None], Entry]


def told(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Acts decided beforehand, so that the door alone is timed."""

    def acts(n: int) -> Sequence[Making]:
        def making(step: Step) -> Making:
            return lambda last: step.entry(last.ref if last else None)

        return [making(step) for step in steps(f"{prefix}-{n}", opens_at(prefix, n))]

    return acts


def whole(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Each act as the desk does it: the case loaded, the act decided, then recorded."""

    def acts(n: int) -> Sequence[Making]:
        def making(act: str, minutes: int) -> Making:
            def make(last: Recorded | None) -> Entry:
                now = opens_at(prefix, n) + timedelta(minutes=minutes)
                current = load_current(last.case_id) if last else None
                step = decide_act(f"{prefix}-{n}", act, current.state if current else None, now)
                return step.entry(current.ref if current else None)

            return make

        return [making(act, minutes) for act, minutes in ACTS]

    return acts


def opens_at(prefix: str, n: int) -> datetime:
    """Every case opens at an instant of its own, or ids meet."""
    return BEGIN + timedelta(milliseconds=10 * n + ord(prefix) % 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act decided: what it follows, what it makes true and leads to."""

    before: State | None
    events: tuple[Event, ...]
    after: State
    key: str
    now: datetime

    def entry(self, case: CaseRef | None) -> Entry:
        """As `cases.actions` hands it to the door: with the state that deciding has folded anyway."""
        return Entry(
            case=case, bound=licence(), before=self.before, events=self.events, key=self.key, calendar=load_calendar(),
            now=self.now, after=self.after,
        )  # fmt: skip


def steps(number: str, opened: datetime) -> Iterator[Step]:
    before: State | None = None
    for act, minutes in ACTS:
        step = decide_act(number, act, before, opened + timedelta(minutes=minutes))
        yield step
        before = step.after


def entry_of_case(planned: Iterable[Step]) -> Entry:
    """All of them as one entry, the whole history of a case."""
    first, *_, last = planned
    return Entry(
        case=None, bound=licence(), before=None, events=last.after.history, key=first.key, calendar=load_calendar(),
        now=last.now, after=last.after,
    )  # fmt: skip


def decide_act(number: str, act: str, before: State | None, now: datetime) -> Step:
    key = new_key(now)
    bound, calendar = licence(), load_calendar()
    sealed = {rule.name: f"c-{rule.name}" for rule in bound.actions[act].inputs if is_sealed(rule) and rule.required}
    command = Command(
        act=act, actor=_actor(act), inputs={}, sealed=sealed, key=key, hash=hex_digest, channel="portal",
        parties={"applicant": "s-bench"} if before is None else {},
        serials=_serials(number, before, find_serials(bound, before, act, calendar, now)),
    )  # fmt: skip
    return decide_step(before, command, key, now)


def decide_step(before: State | None, command: Command, key: str, now: datetime) -> Step:
    bound, calendar = licence(), load_calendar()
    if before is None:
        events, after = decide_opening_and_fold(bound, command, calendar, now)
    else:
        events, after = decide_and_fold(bound, before, command, calendar, now)
    return Step(before=before, events=events, after=after, key=key, now=now)


def _serials(number: str, before: State | None, needed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    place = before.last_seq if before else 0
    return {key: tuple(f"{key}-{number}-{place}-{n}" for n in range(needed.count(key))) for key in set(needed)}


@cache
def licence() -> Bound:
    """A licence in three steps, with a post for every role."""
    procedure = load_procedure("licence", "2026-01-01")
    posts = {
        code: PostRef(post=f"{UNIT}-{code}", unit=UNIT, dept=DEPT)
        for code, role in procedure.roles.items()
        if role.kind is RoleKind.POST
    }
    limits = {code: Term.parse("10 wd") for code, rule in procedure.parameters.items() if rule.default is None}
    item = ItemVersion(
        code="qy-bench", version=1, procedure="licence", procedure_version="2026-01-01", name="公共场所卫生许可",
        region=REGION, options=("three_step",), terms=limits, terms_when=(), posts=posts, materials=(), fees=(),
        results={code: ResultLine(code=code, name=code, valid=Term.parse("4 year")) for code in procedure.results},
        situations={}, fields=(), nodes=(),
    )  # fmt: skip
    return bind(procedure, item)


@cache
def _actor(act: str) -> Actor:
    """Whoever may do the act; a person of its own for each, for nobody both examines and decides."""
    bound = licence()
    roles = [role for role in bound.actions[act].by if role in bound.posts] or ["window"]
    if act == "submit":
        return Actor(person="s-bench", seats=(), subjects={"s-bench": "own"})
    nothing: frozenset[str] = frozenset()
    seat = Seat(
        post=bound.posts[roles[0]].post, unit=UNIT, dept=DEPT, units=(UNIT, DEPT), standing=Standing.OWN, basis="",
        head_of=nothing, superior_of=nothing, government_of=nothing, supervises=nothing,
    )  # fmt: skip
    return Actor(person=f"p-{act}", seats=(seat,), subjects={})
