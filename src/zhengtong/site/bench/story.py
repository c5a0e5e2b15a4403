"""The case every act is measured on: a licence in three steps, six acts from submitting to a note, each decided by the
kernel as the desk decides it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.binding import Bound, ItemVersion, PostRef, ResultLine, bind
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import decide, decide_opening, find_serials
from zhengtong.kernel.events import Event, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import RoleKind
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE, Term
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import load_procedure
from zhengtong.ledger import history
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.record import Entry, Recorded, new_key

REGION, UNIT, DEPT = "510199", "wj-sp", "wj"
BEGIN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
ACTS: Final = (("submit", 0), ("accept", 5), ("pass", 60), ("review", 65), ("grant", 70), ("note", 75))

Making = Callable[[Recorded | None], Entry]


def told(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Acts decided beforehand, so that the door alone is timed."""

    def acts(n: int) -> Sequence[Making]:
        planned = steps(f"{prefix}-{n}", opens_at(prefix, n))

        def making(before: State | None, events: tuple[Event, ...], key: str, now: datetime) -> Making:
            return lambda last: entry_of(last, before, events, key, now)

        return [making(*step) for step in planned]

    return acts


def whole(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Each act as the desk does it: the history read and folded, the act decided, then recorded."""

    def acts(n: int) -> Sequence[Making]:
        def making(act: str, minutes: int) -> Making:
            def make(last: Recorded | None) -> Entry:
                now = opens_at(prefix, n) + timedelta(minutes=minutes)
                before = fold(history.load(last.case_id)) if last else None
                key = new_key(now)
                return entry_of(last, before, decide_act(f"{prefix}-{n}", act, before, key, now), key, now)

            return make

        return [making(act, minutes) for act, minutes in ACTS]

    return acts


def opens_at(prefix: str, n: int) -> datetime:
    """Every case opens at an instant of its own, or ids meet."""
    return BEGIN + timedelta(milliseconds=10 * n + ord(prefix) % 10)


def steps(number: str, opened: datetime) -> Iterator[tuple[State | None, tuple[Event, ...], str, datetime]]:
    before: State | None = None
    before_it: tuple[Event, ...] = ()
    for act, minutes in ACTS:
        now = opened + timedelta(minutes=minutes)
        key = new_key(now)
        events = decide_act(number, act, before, key, now)
        yield before, events, key, now
        before_it = (*before_it, *events)
        before = fold(before_it)


def entry_of(last: Recorded | None, before: State | None, events: tuple[Event, ...], key: str, now: datetime) -> Entry:
    return Entry(
        case=last.ref if last else None, bound=licence(), before=before, events=events, key=key,
        calendar=load_calendar(), now=now,
    )  # fmt: skip


def decide_act(number: str, act: str, before: State | None, key: str, now: datetime) -> tuple[Event, ...]:
    bound, calendar = licence(), load_calendar()
    sealed = {rule.name: f"c-{rule.name}" for rule in bound.actions[act].inputs if is_sealed(rule) and rule.required}
    command = Command(
        act=act, actor=_actor(act), inputs={}, sealed=sealed, key=key, hash=hex_digest, channel="portal",
        parties={"applicant": "s-bench"} if before is None else {},
        serials=_serials(number, before, find_serials(bound, before, act, calendar, now)),
    )  # fmt: skip
    if before is None:
        return decide_opening(bound, command, calendar, now)
    return decide(bound, before, command, calendar, now)


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
