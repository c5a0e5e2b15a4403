"""One department at work (一个部门): its arrivals, its queues, its cases, day by day, each from streams of its own.

Nothing that happens here depends on another department, so departments may be simulated by any number of processes
and the ledger is the same.
"""

import dataclasses
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Final

from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.commands import Command, MaterialGiven
from zhengtong.kernel.deciding import decide, decide_opening
from zhengtong.kernel.events import Acted, Event
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.silence import decide_silence
from zhengtong.kernel.states import State, evolve, fold
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.numbering import CASE, case_number
from zhengtong.ledger.record import Entry, new_key
from zhengtong.simulation.entropy import Sealer
from zhengtong.simulation.ground import Ground
from zhengtong.simulation.irregularities import Kind
from zhengtong.simulation.pace import DAY, OPENS, Desks, Pace
from zhengtong.simulation.planting import Field
from zhengtong.simulation.sizes import Size
from zhengtong.simulation.steps import LAW, PARTY, WORDS, Life, Step
from zhengtong.simulation.stories import Story
from zhengtong.simulation.truth import Truth, broken_limits, lapse_of_silence

NIGHT_WORK: Final = 15 * 60
RANKS: Final = {"head": "head", "superior": "head"}


class Astray(Exception):
    """A story asked for what the law refuses: the story is wrong, or the law file is."""


@dataclass(slots=True)
class Bureau:
    """A department, or the hotline, or the disclosure office."""

    size: Size
    ground: Ground
    pace: Pace
    field: Field
    truths: list[Truth] = dataclasses.field(default_factory=list)
    acts: int = 0
    _desks: Desks = dataclasses.field(init=False)
    _waiting: list[tuple[int, int, Life]] = dataclasses.field(default_factory=list)
    _order: int = 0
    _entropy: Random = dataclasses.field(init=False)
    _sealer: Sealer = dataclasses.field(init=False)
    _series: dict[tuple[str, str, int], int] = dataclasses.field(default_factory=dict)
    _ended: list[Life] = dataclasses.field(default_factory=list)
    _next: int = 0

    @property
    def code(self) -> str:
        return self.field.code

    def __post_init__(self) -> None:
        self._desks = Desks(self.pace)
        self._entropy = Random(f"{self.size.seed}:{self.code}:entropy")  # noqa: S311 - see entropy.py
        self._sealer = Sealer(self._entropy)

    # ---- a day ---------------------------------------------------------------------------------------------

    def live(self, day: int) -> list[Entry]:
        """Everything until midnight; the whole histories of the cases that ended."""
        self._receive(day)
        return self._live_until((day + 1) * DAY)

    def _live_until(self, end: int) -> list[Entry]:
        while self._waiting and self._waiting[0][0] < end:
            second, _order, life = heapq.heappop(self._waiting)
            self._do(life, second)
        ended, self._ended = self._ended, []
        return [self._entry(life, self.pace.at(max(end, life.second))) for life in ended]

    def leave(self, end: int) -> tuple[list[Entry], list[Entry]]:
        """The night's work after the last day; then what is still open, in the order of their opening."""
        ended, now = self._live_until(end), self.pace.at(end)
        lives = sorted((life for *_rest, life in self._waiting if life.state is not None), key=lambda life: life.n)
        for life in lives:
            self._audit(life, now)
        return ended, [self._entry(life, now) for life in lives]

    @property
    def series(self) -> Mapping[tuple[str, str, int], int]:
        """The next serial of every series of numbers."""
        return self._series

    def _entry(self, life: Life, now: datetime) -> Entry:
        return Entry(
            case=None, bound=life.bound, before=None, events=life.events, key=life.key, sealed=life.sealed,
            calendar=self.pace.calendar, now=now, after=life.state,
        )  # fmt: skip

    def _receive(self, day: int) -> None:
        rng = Random(f"{self.size.seed}:{self.code}:{day}")  # noqa: S311 - a simulated city
        end = (day + 1) * DAY
        while self._next < len(self.field.arrivals) and self.field.arrivals[self._next][0] < end:
            index = self._next
            second, item, is_online = self.field.arrivals[index]
            self._next += 1
            self._begin(index, second, item, is_online, rng)

    def _begin(self, index: int, second: int, which: int, is_online: bool, rng: Random) -> None:
        item = self.ground.items_of(self.code)[which]
        party = self.ground.parties[rng.randrange(len(self.ground.parties))]
        life = Life(
            n=self.field.first_n + index,
            item=item,
            bound=self.ground.bounds[item.code],
            party=party,
            is_online=is_online,
            steps=[],
            plant=self.field.plants.of(index),
            second=second,
        )
        asked = self.ground.asked[rng.randrange(len(self.ground.asked))]
        if asked.partition("-")[0] == self.code:
            asked = self.ground.asked[(self.ground.asked.index(asked) + 1) % len(self.ground.asked)]
        told = self.field.patterns.told(item, second // DAY, index)
        life.back_office = told.back_office
        life.steps = Story(life, rng, told, asked).steps()
        self._plan(life)

    # ---- when the next step is done -------------------------------------------------------------------------

    def _plan(self, life: Life) -> None:
        if life.is_over:
            self._end(life)
            return
        step = life.steps[life.done]
        second = self._when(life, step)
        if second is None:
            self._end(life)
            return
        self._order += 1
        heapq.heappush(self._waiting, (second, self._order, life))

    def _when(self, life: Life, step: Step) -> int | None:
        if step.by == LAW:
            lapse = lapse_of_silence(life, self.pace.calendar)
            return None if lapse is None else self._second_of(lapse) + NIGHT_WORK
        hold = self.field.patterns.hold(step, life, life.second)
        if hold is not None:
            life.was_held = True
            return hold
        day, at = divmod(life.second, DAY)
        if step.exact:
            return life.second + step.seconds
        if step.by == PARTY:
            return self._when_party(life, step, day, at)
        if life.done == 0:
            return self._desks.reserve(self._post(life, step), life.second, step.service, None)
        latest = None if step.latest is None else self.pace.add(day, step.latest)
        if not step.days:
            return self._desks.reserve(self._post(life, step), life.second + step.seconds, step.service, latest)
        on = self.pace.add(day, step.days)
        ready = on * DAY + OPENS + (life.n * 7919 + step.days * 104_729 + life.second) % 24_000
        return self._desks.reserve(
            self._post(life, step), ready, step.service, None if latest is None else max(on, latest)
        )

    def _when_party(self, life: Life, step: Step, day: int, at: int) -> int:
        if life.done == 0:
            return life.second
        if life.was_held:  # who was made to wait with others does not speak with them
            return life.second + step.seconds + life.n * 7919 % 200_000
        if not step.days:
            return life.second + step.seconds
        return self.pace.add(day, step.days) * DAY + OPENS + (life.n * 7919 + at) % 20_000

    def _second_of(self, at: datetime) -> int:
        return int((at - self.pace.at(0)).total_seconds())

    # ---- doing it --------------------------------------------------------------------------------------------

    def _do(self, life: Life, second: int) -> None:
        step = life.steps[life.done]
        happened = None
        if step.noted_after:
            happened = self.pace.at(second)
            second = self.pace.add(second // DAY, step.noted_after) * DAY + second % DAY
        at = self.pace.at(second)
        if step.by == LAW:
            events = self._keep_silent(life, at)
        else:
            try:
                events = self._act(life, step, at, happened)
            except Refusal as refusal:
                where = f"{life.item.code} ({life.item.procedure}, {life.plant or 'ordinary'})"
                raise Astray(f"{where}: {step.act} by {step.by}: {refusal}") from refusal
        life.events.extend(events)
        life.state = _after(life, events)
        life.second = second
        life.done += 1
        self.acts += 1
        if life.done == 1:
            life.month = at.year * 12 + at.month
        if step.told is not None and self._shows(step, life):
            note = f"{step.act} seq {events[0].seq}"
            self.truths.append(Truth(kind=step.told, scope="case", ref=life.number, since=happened, when=at, note=note))
        self.field.patterns.saw(step, life, second)
        self._plan(life)

    def _shows(self, step: Step, life: Life) -> bool:
        """Whether what was planted came about: B roles may have parted two acts of one person."""
        if step.told is not Kind.SAME_PERSON:
            return True
        return any(
            event.role == "window" and event.person == life.events[-1].person
            for event in life.events
            if _accepts(event)
        )

    def _end(self, life: Life) -> None:
        assert life.state is not None
        self._audit(life, self.pace.at(life.second))
        self._ended.append(life)

    def _audit(self, life: Life, now: datetime) -> None:
        if life.state is not None and (life.plant is not None or self.field.patterns.is_late(life)):
            found = list(broken_limits(life, self.pace.calendar, now))
            self.truths.extend(found)
            self.field.patterns.audited(life, found)

    def _act(self, life: Life, step: Step, at: datetime, happened: datetime | None) -> tuple[Event, ...]:
        rule = life.bound.actions[step.act]
        sealed: dict[str, str] = {}
        parties: dict[str, str] = {}
        for name in step.words:
            is_party = any(each.name == name and each.kind == "party" for each in rule.inputs)
            row = self._sealer.seal(name, life.party.card if is_party else WORDS)
            life.sealed.append(row)
            sealed[name] = row.commitment
            if is_party:
                parties[name] = life.party.ref
        inputs = dict(step.inputs)
        if step.find is not None:
            inputs.update(step.find(life))
        branch = inputs.pop("branch", None) if not any(each.name == "branch" for each in rule.inputs) else None
        # Whole seconds leave the milliseconds free: with the low bits they number the cases, so no two share an id.
        moment = at + timedelta(milliseconds=life.n >> 15)
        key = new_key(moment, self._entropy.randbytes(8) + (life.n & 0x7FFF).to_bytes(2))
        command = Command(
            act=step.act,
            actor=self._actor(life, step, at),
            inputs=inputs,
            key=key,
            hash=hex_digest,
            sealed=sealed,
            parties=parties,
            materials=tuple(self._papers(life, step)),
            happened_at=happened,
            serials=self._draw(life.bound, _keys(life.bound, step.act, life.state is None), at),
            branch=str(branch) if branch else None,
            channel="online" if life.is_online else "window",
        )
        if life.state is None:
            life.key = key
            return decide_opening(life.bound, command, self.pace.calendar, at)
        return decide(life.bound, life.state, command, self.pace.calendar, at)

    def _keep_silent(self, life: Life, at: datetime) -> tuple[Event, ...]:
        assert life.state is not None
        step = life.steps[life.done]
        keys = _keys(life.bound, step.act, False) if step.act in life.bound.actions else ()
        return decide_silence(
            life.bound, life.state, self.pace.calendar, at, self._draw(life.bound, keys, at), hex_digest
        )

    def _papers(self, life: Life, step: Step) -> Iterator[MaterialGiven]:
        form = "electronic" if life.is_online else "paper"
        for code in step.papers:
            given = f"{life.n}:{code}:{'' if step.old_papers or life.state is None else life.done}"
            yield MaterialGiven(material=code, form=form, commitment=hex_digest(given.encode()))

    def _draw(self, bound: Bound, keys: tuple[str, ...], at: datetime) -> dict[str, tuple[str, ...]]:
        drawn: dict[str, tuple[str, ...]] = {}
        organ = next(iter(bound.posts.values())).dept
        for key in keys:
            if key == "case":
                period, series = int(f"{at:%y%m%d}"), bound.region[:6] + self.ground.unit_numbers[organ]
                serial = self._serial(CASE, series, period)
                drawn[key] = (case_number(bound.region[:6], self.ground.unit_numbers[organ], at.date(), serial),)
            else:
                serial = self._serial(key, organ, at.year)
                drawn[key] = (f"{self.ground.shorts[organ]}{_word(bound, key)}〔{at.year}〕{serial}号",)
        return drawn

    def _serial(self, kind: str, organ: str, period: int) -> int:
        serial = self._series.get((kind, organ, period), 1)
        self._series[kind, organ, period] = serial + 1
        return serial

    # ---- who does it -------------------------------------------------------------------------------------------

    def _actor(self, life: Life, step: Step, at: datetime) -> Actor:
        if step.by == PARTY:
            return life.party.actor
        return self.ground.staffing.actor_at(self._post(life, step), at.date())

    def _post(self, life: Life, step: Step) -> str:
        by = step.by
        if by == "@unit":
            return self.ground.desk_of(step.unit)
        if by.startswith("@"):
            return by[1:]
        if by in RANKS:
            return f"{self.code}-head"
        if life.state is not None and by in life.state.assigned:
            return life.state.assigned[by].post
        return life.bound.posts[by].post


def _after(life: Life, events: tuple[Event, ...]) -> State:
    """The state with these events: folded anew while that is shorter than evolving event by event."""
    if life.state is None or 2 * len(events) > len(life.events):
        return fold(tuple(life.events))
    state = life.state
    for event in events:
        state = evolve(state, event)
    return state


def _accepts(event: Event) -> bool:
    return isinstance(event.body, Acted) and event.body.act == "accept"


@lru_cache(maxsize=20_000)
def _keys_of(issues: tuple[str, ...], produces: str | None, is_first: bool) -> tuple[str, ...]:
    papers = tuple(f"document:{code}" for code in issues)
    return (*(("case",) if is_first else ()), *papers, *((f"result:{produces}",) if produces else ()))


def _keys(bound: Bound, act: str, is_first: bool) -> tuple[str, ...]:
    """Which numbers an act needs; each once, as no act here issues the same paper twice."""
    rule = bound.actions[act]
    return _keys_of(tuple(rule.issues), rule.produces, is_first)


def _word(bound: Bound, key: str) -> str:
    kind, _colon, code = key.partition(":")
    return bound.documents[code].prefix if kind == "document" else bound.result_kinds[code].name[:1] + "证"
