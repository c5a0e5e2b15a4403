"""Who comes when, and what is planted where (播撒): all arrivals, then which of them, and which windows, items and
departments, carry what. Drawn once, before the first day.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.terms import Unit
from zhengtong.simulation.ground import DISCLOSURE, HOTLINE, Ground
from zhengtong.simulation.irregularities import MEANINGS, Dose, Family, Kind
from zhengtong.simulation.matters import HOTLINE_SHARE, INFORMATION_SHARE, ItemPlan
from zhengtong.simulation.pace import DAY, Pace, draw_online_second, draw_second
from zhengtong.simulation.sizes import Size
from zhengtong.simulation.steps import PARTY, Life, Step
from zhengtong.simulation.stories import PLAIN, Told
from zhengtong.simulation.truth import Truth

ONLINE_EVERY: Final = 3
"""Of an item that can be applied for online, every third case is: an item without one is a planted item."""
FEWEST_ACCEPTED: Final = 2
"""Cases that come to every window in every month but a planted one."""
MANY: Final = 8
"""From so many on, a batch, a burst or a run shows."""
FEWEST: Final = {
    Kind.TWO_DOORS: 3,
    Kind.REGISTERS_ONLY: 4,
    Kind.AUTHORITY_TAKEN_BACK: 4,
    Kind.MASS_OVERDUE: 3,
    Kind.VOID_RATIO: 4,
    Kind.ONLINE_CLOSED: 10,
}
"""From how many cases on a pattern is told of, where it is not MANY."""
HELD_DAYS: Final = 9
FEWEST_LATE: Final = 3
CLEARED_DAYS: Final = 20
"""So long before a month without cases a window takes none: what came before is accepted by then."""
HUNGRY: Final = (
    Kind.AFTER_HOURS_BULK,
    Kind.MONTH_END_BATCH,
    Kind.RATING_BURST,
    Kind.TWO_DOORS,
    Kind.IDENTICAL_DURATIONS,
    Kind.VOID_RATIO,
)
"""Patterns that need many cases: they get the busiest places."""
Arrival = tuple[int, int, bool]


# ---- what a department, a window, an item is made to do ----------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Span:
    """A pattern of one window, item or department, from one day to another (inclusive)."""

    kind: Kind
    scope: str
    ref: str
    first: int
    last: int
    seen: list[str] = field(default_factory=list)

    def covers(self, day: int) -> bool:
        return self.first <= day <= self.last


@dataclass(slots=True, kw_only=True)
class Hold(Span):
    """Acts that are kept back and then done in one go: one every `gap` seconds from second `start` on."""

    act: str
    by: str
    start: int
    gap: int

    def keeps(self, step: Step, life: Life) -> bool:
        """Whether this is one of the acts that are kept back; never the opening one."""
        return life.done > 0 and (step.act, step.by) == (self.act, self.by) and self.ref == life.item.window


@dataclass(slots=True)
class Patterns:
    """The patterns of one department."""

    first_n: int
    spans: list[Span] = field(default_factory=list)
    _overloaded: set[int] = field(default_factory=set)
    _promised: Counter[int] = field(default_factory=Counter)
    _late: Counter[int] = field(default_factory=Counter)

    def of(self, kind: Kind) -> Iterator[Span]:
        return (span for span in self.spans if span.kind is kind)

    def told(self, item: ItemPlan, day: int, index: int) -> Told:
        """What the city adds to this case."""
        found = [
            span for span in self.spans if span.covers(day) and span.ref in (item.window, item.code, item.department)
        ]
        if not found:
            return PLAIN
        kinds = {span.kind: span for span in found}
        overloaded = Kind.MASS_OVERDUE in kinds and not item.is_instant
        if overloaded:
            self._overloaded.add(self.first_n + index)
        return Told(
            back_office=Kind.REGISTERS_ONLY in kinds and item.is_instant,
            second_desk=f"{item.department}-ks-desk" if Kind.TWO_DOORS in kinds and index % 5 < 2 else "",
            head_decides=f"{item.department}-head" if Kind.AUTHORITY_TAKEN_BACK in kinds and index % 7 else "",
            exact_seconds=300 if Kind.IDENTICAL_DURATIONS in kinds else 0,
            overloaded=overloaded,
            voids=Kind.VOID_RATIO in kinds and index % 5 < 3,
            rates=Kind.RATING_BURST in kinds,
        )  # fmt: skip

    def alters(self, item: ItemPlan, day: int) -> bool:
        """Whether a pattern changes how such a case goes, so that nothing else may be planted in it."""
        return any(
            span.covers(day) and span.ref in (item.window, item.code, item.department) and _alters(span.kind, item)
            for span in self.spans
        )

    def hold(self, step: Step, life: Life, second: int) -> int | None:
        """When an act that is kept back is done; None for what is not kept back."""
        for span in self.spans:
            if isinstance(span, Hold) and span.keeps(step, life) and span.first * DAY <= second < span.start - 600:
                return span.start + span.gap * len(span.seen)
        return None

    def saw(self, step: Step, life: Life, second: int) -> None:
        """Count what was done."""
        if life.done == 1 and not life.item.is_instant:
            self._promised[life.month] += 1
        for span in self.spans:
            if _shows(span, step, life, second):
                span.seen.append(life.number)

    def is_late(self, life: Life) -> bool:
        return life.n in self._overloaded

    def audited(self, life: Life, found: list[Truth]) -> None:
        """A case of an overloaded department, with the limits it broke."""
        for span in self.of(Kind.MASS_OVERDUE):
            if life.n in self._overloaded and any(each.kind is Kind.PROMISE_MISSED for each in found):
                span.seen.append(life.number)
                self._late[life.month] += 1

    def _is_mass(self) -> bool:
        """Whether of what came for a promise in some month a third or more was late."""
        return any(n >= FEWEST_LATE and n * 3 >= self._promised[month] for month, n in self._late.items())

    def truths(self, pace: Pace) -> Iterator[Truth]:
        """What of it came about."""
        for span in self.spans:
            if span.kind is Kind.MASS_OVERDUE and not self._is_mass():
                continue
            if span.kind is Kind.ZERO_ACCEPTANCE or len(span.seen) >= FEWEST.get(span.kind, MANY):
                yield Truth(
                    kind=span.kind,
                    scope=span.scope,
                    ref=span.ref,
                    since=pace.at(span.first * DAY),
                    until=pace.at((span.last + 1) * DAY),
                    when=pace.at(span.start if isinstance(span, Hold) else (span.last + 1) * DAY),
                    note=f"{len(span.seen)} cases" if span.seen else "",
                )


def _alters(kind: Kind, item: ItemPlan) -> bool:
    match kind:
        case Kind.REGISTERS_ONLY:
            return item.is_instant
        case Kind.MASS_OVERDUE:
            return not item.is_instant
        case Kind.VOID_RATIO:
            return item.procedure == "licence"
    return kind in (Kind.TWO_DOORS, Kind.IDENTICAL_DURATIONS)


def _shows(span: Span, step: Step, life: Life, second: int) -> bool:
    item = life.item
    if span.ref not in (item.window, item.code, item.department):
        return False
    if isinstance(span, Hold):
        return step.act == span.act and step.by == span.by and span.start <= second < span.start + 7200
    match span.kind:
        case Kind.REGISTERS_ONLY:
            return life.back_office and step.act in ("record", "provide", "confirm", "grant")
        case Kind.TWO_DOORS:
            return step.act == "accept" and step.by.startswith("@")
        case Kind.AUTHORITY_TAKEN_BACK:
            return step.act in ("grant", "confirm") and step.by.startswith("@")
        case Kind.IDENTICAL_DURATIONS:
            return life.done > 1 and step.exact and step.seconds == 300
        case Kind.VOID_RATIO:
            return step.act == "void"
        case Kind.ONLINE_CLOSED:
            return life.done == 1 and span.covers(second // DAY)
    return False


@dataclass(slots=True)
class Plants:
    """The kinds planted in single cases, by the number of the arrival."""

    kinds: dict[int, Kind] = field(default_factory=dict)

    def of(self, index: int) -> Kind | None:
        return self.kinds.get(index)


@dataclass(slots=True)
class Field:
    """One department before its first day."""

    code: str
    arrivals: list[Arrival]
    patterns: Patterns
    plants: Plants

    @property
    def first_n(self) -> int:
        return self.patterns.first_n


# ---- sowing ------------------------------------------------------------------------------------------------


def sow(size: Size, ground: Ground, pace: Pace) -> dict[str, Field]:
    """Every department with its arrivals, its patterns and its planted cases, in order."""
    counts = count_arrivals(size, ground, pace)
    fields: dict[str, Field] = {}
    first_n = 0
    for code, per_day in counts.items():
        fields[code] = Field(code, [], Patterns(first_n), Plants())
        first_n += sum(per_day)
    _sow_patterns(size, ground, pace, fields, counts)
    for code, per_day in counts.items():
        rng = Random(f"{size.seed}:{code}:arrivals")  # noqa: S311 - a simulated city
        fields[code].arrivals = _arrivals(fields[code], ground.items_of(code), per_day, pace, rng)
    _sow_cases(size, ground, fields)
    return fields


def count_arrivals(size: Size, ground: Ground, pace: Pace) -> dict[str, list[int]]:
    """How many come to each department on each day; in sum as many as were asked for."""
    rng = Random(f"{size.seed}:days")  # noqa: S311 - a simulated city
    shares = {department.code: department.share for department in ground.organs.departments}
    whole = sum(shares.values()) / (1 - HOTLINE_SHARE - INFORMATION_SHARE)
    shares |= {HOTLINE: whole * HOTLINE_SHARE, DISCLOSURE: whole * INFORMATION_SHARE}
    loads = [pace.load(day) * (0.92 + rng.random() * 0.16) for day in range(size.days)]
    weights = [[load * share * (0.75 + rng.random() * 0.5) for share in shares.values()] for load in loads]
    total = sum(map(sum, weights)) or 1.0
    counts: dict[str, list[int]] = {code: [] for code in shares}
    reached, done = 0.0, 0
    for row in weights:
        for code, weight in zip(shares, row, strict=True):
            reached += weight
            upto = min(size.cases, round(reached / total * size.cases))
            counts[code].append(upto - done)
            done = upto
    return counts


def _arrivals(field_: Field, items: tuple[ItemPlan, ...], per_day: list[int], pace: Pace, rng: Random) -> list[Arrival]:
    weights = tuple(accumulate(item.weight for item in items))
    zero = [(span, span.ref) for span in field_.patterns.of(Kind.ZERO_ACCEPTANCE)]
    drawn: list[tuple[int, int]] = []
    for day, count in enumerate(per_day):
        shut = {window for span, window in zero if span.first - CLEARED_DAYS <= day <= span.last}
        for _ in range(count):
            which = _draw_item(items, weights, shut, rng)
            drawn.append((day, which))
    _fill_windows(drawn, items, pace, {(span.first, span.last, window) for span, window in zero})
    closed = {span.ref for span in field_.patterns.of(Kind.ONLINE_CLOSED)}
    seen: dict[int, int] = {}
    made: list[Arrival] = []
    for day, which in drawn:
        item = items[which]
        seen[which] = seen.get(which, 0) + 1
        is_online = item.is_online and item.code not in closed and seen[which] % ONLINE_EVERY == 0
        second = day * DAY + (draw_online_second(rng) if is_online else draw_second(rng))
        if is_online and day + 1 < len(per_day) and not pace.worked[day + 1] and rng.random() < 0.4:
            second += DAY  # online they come on days off too
        made.append((second, which, is_online))
    return sorted(made)


def _draw_item(items: tuple[ItemPlan, ...], weights: tuple[float, ...], shut: set[str], rng: Random) -> int:
    while True:
        drawn = rng.random() * weights[-1]
        which = next((n for n, upto in enumerate(weights) if drawn < upto), len(items) - 1)
        if items[which].window not in shut:
            return which


def _fill_windows(
    drawn: list[tuple[int, int]], items: tuple[ItemPlan, ...], pace: Pace, zero: set[tuple[int, int, str]]
) -> None:
    """Every window has a few cases in every whole month, taken from the busiest, but for planted ones."""
    windows = sorted({item.window for item in items if item.window})
    for first, last in pace.months():
        here: dict[str, list[int]] = {window: [] for window in windows}
        for n, (day, which) in enumerate(drawn):
            if first <= day <= last - 6 and items[which].window:
                here[items[which].window].append(n)
        for window in windows:
            if any(window == shut and since <= first <= until for since, until, shut in zero):
                continue
            own = next(n for n, item in enumerate(items) if item.window == window)
            while len(here[window]) < FEWEST_ACCEPTED:
                busiest = max(windows, key=lambda name: (len(here[name]), name))
                shut = [(since - CLEARED_DAYS, until) for since, until, name in zero if name == window]
                free = [n for n in here[busiest] if not any(since <= drawn[n][0] <= until for since, until in shut)]
                if len(here[busiest]) <= FEWEST_ACCEPTED or not free:
                    break
                moved = free[len(free) // 2]
                here[busiest].remove(moved)
                drawn[moved] = (drawn[moved][0], own)
                here[window].append(moved)


# ---- patterns ------------------------------------------------------------------------------------------------


def _sow_patterns(
    size: Size, ground: Ground, pace: Pace, fields: dict[str, Field], counts: Mapping[str, list[int]]
) -> None:
    rng = Random(f"{size.seed}:patterns")  # noqa: S311 - a simulated city
    codes = [department.code for department in ground.organs.departments]
    codes.sort(key=lambda code: -sum(counts[code]))
    taken: set[tuple[str, str]] = set()
    for kind in (*HUNGRY, *(kind for kind in Kind if kind.family is Family.PATTERN and kind not in HUNGRY)):
        dose = size.doses.get(kind.value)
        if dose is None or not dose.least or size.days < MEANINGS[kind].needs_days:
            continue
        for n in range(dose.least * max(1, size.days // 45)):
            span = _find_span(kind, n, ground, pace, codes, taken, rng)
            if span is not None:
                fields[
                    span.ref.partition("-")[0] if span.scope != "item" else _department_of(span.ref)
                ].patterns.spans.append(span)


def _department_of(item: str) -> str:
    return item.split("-")[1]


def _find_span(  # noqa: PLR0913 - where, when, what is free
    kind: Kind, n: int, ground: Ground, pace: Pace, codes: list[str], taken: set[tuple[str, str]], rng: Random
) -> Span | None:
    """The busiest place that is free for it: patterns never share a window or an item."""
    whole = (0, pace.days - 1)
    months = pace.months() or [whole]
    month = months[n % len(months)]
    for code in codes:
        for scope, ref in _places(kind, code, ground):
            window = next((item.window for item in ground.items_of(code) if item.code == ref), ref)
            if {(code, window), (code, ref)} & taken:
                continue
            taken |= {(code, window), (code, ref)}
            return _span(kind, scope, ref, pace, month, whole, rng)
    return None


def _places(kind: Kind, code: str, ground: Ground) -> Iterator[tuple[str, str]]:
    """Where in a department it could be, the busiest first; of windows without cases the least busy first."""
    items = sorted(ground.items_of(code), key=lambda item: -item.weight)
    fitting = [item for item in items if item.window and SHOWS_IN[kind](item)]
    if not fitting:
        return
    scope = SCOPES.get(kind, "window")
    if scope == "department":
        yield scope, code
    elif scope == "item":
        yield from ((scope, item.code) for item in fitting)
    else:
        busy = Counter[str]()
        for item in fitting:
            busy[item.window] += round(item.weight * 1_000_000)
        windows = sorted(busy, key=lambda name: (-busy[name], name))
        yield from ((scope, window) for window in (windows[:0:-1] if kind is Kind.ZERO_ACCEPTANCE else windows))


def _is_at_once(item: ItemPlan) -> bool:
    return item.is_instant and item.procedure in ("filing", "public_service")


SCOPES: Final = {
    Kind.TWO_DOORS: "item",
    Kind.IDENTICAL_DURATIONS: "item",
    Kind.ONLINE_CLOSED: "item",
    Kind.AUTHORITY_TAKEN_BACK: "department",
    Kind.VOID_RATIO: "department",
    Kind.MASS_OVERDUE: "department",
}
SHOWS_IN: Final[Mapping[Kind, Callable[[ItemPlan], bool]]] = {
    Kind.ZERO_ACCEPTANCE: lambda item: True,
    Kind.REGISTERS_ONLY: _is_at_once,
    Kind.MONTH_END_BATCH: lambda item: item.procedure != "licence",
    Kind.AFTER_HOURS_BULK: lambda item: item.procedure != "licence",
    Kind.RATING_BURST: lambda item: True,
    Kind.TWO_DOORS: lambda item: not item.is_instant and not item.is_preliminary,
    Kind.IDENTICAL_DURATIONS: _is_at_once,
    Kind.ONLINE_CLOSED: lambda item: item.is_online,
    Kind.AUTHORITY_TAKEN_BACK: lambda item: not item.is_instant and item.procedure in ("licence", "confirmation"),
    Kind.VOID_RATIO: lambda item: item.procedure == "licence",
    Kind.MASS_OVERDUE: lambda item: not item.is_instant,
}


def _span(  # noqa: PLR0913 - as above
    kind: Kind, scope: str, ref: str, pace: Pace, month: tuple[int, int], whole: tuple[int, int], rng: Random
) -> Span:  # fmt: skip
    if kind is Kind.ZERO_ACCEPTANCE:
        return Span(kind=kind, scope=scope, ref=ref, first=month[0], last=month[1])
    if kind is Kind.MASS_OVERDUE:
        return Span(
            kind=kind,
            scope=scope,
            ref=ref,
            first=0 if pace.days < 70 else month[0],
            last=whole[1] - 16 if pace.days < 70 else month[1],
        )
    if kind in (Kind.MONTH_END_BATCH, Kind.AFTER_HOURS_BULK, Kind.RATING_BURST):
        end = max(day for day in range(month[0], month[1] + 1) if pace.worked[day])
        if kind is not Kind.MONTH_END_BATCH:
            end = pace.add(max(0, end - 8), -rng.randrange(3))
        first = pace.add(end, -HELD_DAYS if kind is not Kind.RATING_BURST else -3 * HELD_DAYS) if end > 15 else 0
        hour = {
            Kind.MONTH_END_BATCH: 16 * 3600 + 1200,
            Kind.AFTER_HOURS_BULK: 20 * 3600 + 600,
            Kind.RATING_BURST: 15 * 3600,
        }[kind]
        act, by, gap = ("rate", PARTY, 20) if kind is Kind.RATING_BURST else ("hand_over", "window", 40)
        return Hold(
            kind=kind,
            scope=scope,
            ref=ref,
            first=max(0, first),
            last=end,
            act=act,
            by=by,
            start=end * DAY + hour,
            gap=gap,
        )
    return Span(kind=kind, scope=scope, ref=ref, first=whole[0], last=whole[1])


# ---- single cases ------------------------------------------------------------------------------------------------

_FOUR: Final = ("licence", "confirmation", "filing", "public_service")
_TWO_POSTS: Final = ("filing", "public_service")


def _is_licence(item: ItemPlan) -> bool:
    return item.procedure == "licence" and not item.is_instant and not item.is_preliminary


def _is_promised(item: ItemPlan) -> bool:
    return item.procedure in _FOUR and not item.is_instant and not item.is_preliminary


FITS: Final[Mapping[Kind, Callable[[ItemPlan], bool]]] = {
    Kind.PROMISE_MISSED: _is_promised,
    Kind.LIMIT_MISSED: _is_promised,
    Kind.STEP_OVERDUE: _is_licence,
    Kind.NOTICE_LATE: lambda item: item.procedure == "confirmation" and not item.is_instant,
    Kind.ACCEPTANCE_DEEMED: _is_licence,
    Kind.DELIVERY_LATE: _is_licence,
    Kind.PUBLICITY_LATE: _is_licence,
    Kind.SPECIAL_OVERRUN: lambda item: item.is_special,
    Kind.OPINION_SILENT: _is_licence,
    Kind.FORWARDING_LATE: lambda item: item.is_preliminary,
    Kind.HOTLINE_LATE: lambda item: item.procedure == "hotline_order",
    Kind.HOTLINE_SIGNED_LATE: lambda item: item.procedure == "hotline_order",
    Kind.DISCLOSURE_LATE: lambda item: item.procedure == "information_request",
    Kind.ACCEPTANCE_BACKDATED: _is_licence,
    Kind.STEP_BACKDATED: _is_licence,
    Kind.SAME_PERSON: lambda item: item.procedure in _TWO_POSTS and not item.is_instant,
    Kind.NEEDLESS_SUPPLEMENT: _is_promised,
    Kind.SPECIAL_UNSERVED: lambda item: item.is_special,
    Kind.SPECIAL_REPEATED: lambda item: item.is_special,
    Kind.HELD_AT_THE_LIMIT: lambda item: item.is_special,
    Kind.WITHDRAWN_AT_THE_LIMIT: lambda item: (
        _is_promised(item)
        and item.procedure != "confirmation"
        and str(item.content["terms"]["promised"]).endswith("wd")
    ),
    Kind.CLOSED_WITHIN_MINUTES: _is_promised,
    Kind.OPINION_MISSING: _is_promised,
    Kind.MATERIAL_WAIVED: _is_promised,
    Kind.CONFORMING_DECLINED: lambda item: _is_promised(item) and item.procedure in ("licence", "confirmation"),
    Kind.RECEIPT_MISSING: lambda item: item.has_fee,
    Kind.FEE_OUTSIDE: lambda item: item.has_fee,
    Kind.ACT_REVERTED: _is_licence,
    Kind.MARK_CORRECTED: _is_licence,
    Kind.CALLER_NOT_CONTACTED: lambda item: item.procedure == "hotline_order",
}
AT_THE_WINDOW: Final = frozenset({Kind.CLOSED_WITHIN_MINUTES, Kind.WITHDRAWN_AT_THE_LIMIT})
"""Kinds that need the applicant, or nobody, at the window."""


def days_needed(kind: Kind, item: ItemPlan, bound: Bound) -> int:
    """How many days a case must have before it to show the kind."""
    if kind in (Kind.PROMISE_MISSED, Kind.LIMIT_MISSED, Kind.WITHDRAWN_AT_THE_LIMIT):
        term = bound.terms["legal" if kind is Kind.LIMIT_MISSED else "promised"]
        days = term.n if term.unit is Unit.CD else term.n * 7 // 5
        return days + 14
    return MEANINGS[kind].needs_days


def _sow_cases(size: Size, ground: Ground, fields: Mapping[str, Field]) -> None:
    rng = Random(f"{size.seed}:plants")  # noqa: S311 - a simulated city
    wanted = {
        kind: dose for kind in FITS if (dose := size.doses.get(kind.value)) is not None and (dose.rate or dose.least)
    }
    if not wanted:
        return
    candidates = _candidates(list(wanted), size, ground, fields)
    taken: set[tuple[str, int]] = set()
    for kind, places in sorted(candidates.items(), key=lambda row: (len(row[1]), row[0])):
        chosen = _choose(places, wanted[kind], taken, rng)
        for _ in range(wanted[kind].least - len(chosen)):
            chosen += _make_room(kind, size, ground, fields, taken.union(chosen))
        for code, index in chosen:
            taken.add((code, index))
            fields[code].plants.kinds[index] = kind
            if kind in AT_THE_WINDOW:
                second, which, _ = fields[code].arrivals[index]
                fields[code].arrivals[index] = (second, which, False)


def _candidates(
    kinds: list[Kind], size: Size, ground: Ground, fields: Mapping[str, Field]
) -> dict[Kind, list[tuple[str, int]]]:
    """For each kind the cases that could show it, and have the time to."""
    found: dict[Kind, list[tuple[str, int]]] = {kind: [] for kind in kinds}
    for code, field_ in fields.items():
        items = ground.items_of(code)
        fitting = [
            [
                (kind, size.days - days_needed(kind, item, ground.bounds[item.code]))
                for kind in kinds
                if FITS[kind](item)
            ]
            for item in items
        ]
        for index, (second, which, _is_online) in enumerate(field_.arrivals):
            day = second // DAY
            if not field_.patterns.alters(items[which], day):
                place = code, index
                for kind, last in fitting[which]:
                    if day <= last:
                        found[kind].append(place)
    return found


def _choose(
    places: list[tuple[str, int]], dose: Dose, taken: set[tuple[str, int]], rng: Random
) -> list[tuple[str, int]]:
    """So many of the places as the dose says, those that are free."""
    free = [place for place in places if place not in taken]
    return rng.sample(free, min(len(free), max(dose.least, round(len(places) * dose.rate / 1000))))


def _make_room(
    kind: Kind, size: Size, ground: Ground, fields: Mapping[str, Field], taken: set[tuple[str, int]]
) -> list[tuple[str, int]]:
    """In a small city nobody may have come for what shows the kind: then somebody does, instead of another matter."""
    for code, field_ in reversed(list(fields.items())):
        items = ground.items_of(code)
        which = next((n for n, item in enumerate(items) if FITS[kind](item)), None)
        if which is None:
            continue
        last = size.days - days_needed(kind, items[which], ground.bounds[items[which].code])
        for index, (second, before, is_online) in enumerate(field_.arrivals):
            other = items[before]
            if second // DAY > last:
                break
            if (code, index) in taken or other.window != items[which].window:
                continue
            if any(field_.patterns.alters(each, second // DAY) for each in (other, items[which])):
                continue
            field_.arrivals[index] = (second, which, is_online and items[which].is_online)
            return [(code, index)]
    return []
