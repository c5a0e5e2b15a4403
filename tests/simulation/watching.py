"""An observer of its own: what is wrong in a ledger, by plain rules over events, knowing nothing of the simulation."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.clocks import find_clocks, read_run
from zhengtong.kernel.events import (
    Acted,
    Assigned,
    Corrected,
    DocumentIssued,
    DocumentServed,
    Event,
    FeeSettled,
    MaterialChecked,
    MaterialReceived,
    Opened,
    Rated,
    Reverted,
)
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.history import load
from zhengtong.ledger.models.cases import Case

DECIDES = ("grant", "confirm", "record", "provide")
AT_ONCE = ("grant_on_spot", "confirm_at_once", "record_at_once", "provide_at_once")
MANY = 8


@dataclass(frozen=True)
class Seen:
    """One case: its law, its events, where it stands."""

    number: str
    bound: Bound
    events: tuple[Event, ...]
    state: State
    is_instant: bool
    is_online_item: bool

    def acts(self, *names: str) -> list[Event]:
        return [each for each in self.events if isinstance(each.body, Acted) and each.body.act in names]


def read_city() -> list[Seen]:
    """Every case of the ledger, folded."""
    seen = []
    for row in Case.objects.order_by("id"):
        events = load(row.pk)
        state = fold(events)
        content = catalogue.content(state.item, state.item_version)
        bound = catalogue.bound_for(state.item, state.item_version, state.answers)
        instant = content.get("case_type") == "1"
        online = "online" in bound.options or state.procedure in ("hotline_order", "information_request")
        seen.append(Seen(row.number, bound, events, state, instant, online))
    return seen


def clock_findings(case: Seen, now: datetime) -> Iterator[str]:
    """Limits of the organ that are broken."""
    calendar = load_calendar()
    runs = [read_run(case.bound, case.state, run, calendar, now) for run in case.state.clocks if run.how != "void"]
    steps = [each for each in find_clocks(case.bound, case.state, calendar, now) if each.clock.startswith("step:")]
    for clock in (*runs, *steps):
        if clock.whose in ("applicant", "party") or clock.clock in ("correction", "return"):
            continue
        if clock.is_late_to_promise:
            yield "promise_missed"
        if clock.is_late:
            yield _limit(clock.clock, case)


def _limit(clock: str, case: Seen) -> str:
    if clock.startswith("branch:"):
        group = case.state.branches[clock.removeprefix("branch:")].group
        return "opinion_silent" if group == "opinion" else "special_overrun"
    if clock == "step:dispatched":
        return "hotline_signed_late"
    if clock.startswith("step:"):
        return "step_overdue"
    if clock == "notice":
        return "acceptance_deemed" if case.state.procedure == "licence" else "notice_late"
    return {
        "delivery": "delivery_late", "publicity": "publicity_late", "preliminary": "forwarding_late",
        "handling": "hotline_late", "reply": "disclosure_late",
    }.get(clock, "limit_missed")  # fmt: skip


def conduct_findings(case: Seen) -> Iterator[str]:
    """What one history shows."""
    for event in case.events:
        if event.recorded_at - event.at > timedelta(hours=12) and event.person != "law" and event.seq == event.batch:
            accepts = isinstance(event.body, Acted) and event.body.act == "accept"
            yield "acceptance_backdated" if accepts else "step_backdated"
        match event.body:
            case MaterialChecked(verdict="waived"):
                yield "material_waived"
            case FeeSettled(how="paid", receipt=""):
                yield "receipt_missing"
            case FeeSettled(how="paid", receipt=receipt) if not receipt.startswith("清财"):
                yield "fee_outside"
            case Reverted():
                yield "act_reverted"
            case Corrected():
                yield "mark_corrected"
            case Acted(act="reply", inputs=inputs) if inputs.get("contacted") is False:
                yield "caller_not_contacted"
            case Acted(act=act, sealed=sealed) if act in DECIDES and "opinion" not in sealed:
                yield "opinion_missing"
    yield from _of_persons(case)
    yield from _of_materials(case)
    yield from _of_special(case)
    yield from _of_time(case)


def _of_persons(case: Seen) -> Iterator[str]:
    accepted = {event.person for event in case.acts("accept")}
    if any(event.person in accepted for event in case.acts(*DECIDES)):
        yield "same_person"


def _of_materials(case: Seen) -> Iterator[str]:
    known: set[str] = set()
    came: dict[int, list[bool]] = defaultdict(list)
    supplies = {event.batch for event in case.acts("supply")}
    for event in case.events:
        if isinstance(event.body, MaterialReceived):
            came[event.batch].append(event.body.commitment in known)
            known.add(event.body.commitment)
    if any(all(came[batch]) for batch in supplies):
        yield "needless_supplement"
    if case.state.outcome == "not_accepted":
        verdicts = {each.verdict for each in case.state.materials.values()}
        if verdicts == {"accepted"}:
            yield "conforming_declined"


def _of_special(case: Seen) -> Iterator[str]:
    begun = case.acts("begin_special")
    if len(begun) > 1:
        yield "special_repeated"
    issued = [
        e.body.number for e in case.events if isinstance(e.body, DocumentIssued) and e.body.document == "special_notice"
    ]
    served = {e.body.number for e in case.events if isinstance(e.body, DocumentServed)}
    if set(issued) - served:
        yield "special_unserved"
    calendar, promised = load_calendar(), case.bound.terms.get("promised")
    for event in begun[:1]:
        assert promised is not None
        due = calendar.due_day(law_day(case.state.marks["accepted"]), promised)
        if calendar.count(law_day(event.at), due) <= 1:
            yield "held_at_the_limit"


def _of_time(case: Seen) -> Iterator[str]:
    calendar, promised = load_calendar(), case.bound.terms.get("promised")
    for event in case.acts("withdraw"):
        main = next((run for run in reversed(case.state.clocks) if run.clock == "decision"), None)
        if (
            event.role == "window"
            and main is not None
            and promised is not None
            and case.state.procedure != "confirmation"
        ):
            due = calendar.due_day(law_day(main.from_at), promised)
            if calendar.count(law_day(event.at), due) <= 1:
                yield "withdrawn_at_the_limit"
    marks = case.state.marks
    if not case.is_instant and case.acts(*DECIDES) and marks["decided"] - marks["received"] < timedelta(minutes=30):
        yield "closed_within_minutes"


# ---- many cases --------------------------------------------------------------------------------------------


def pattern_findings(
    cases: Sequence[Seen], months: Sequence[tuple[datetime, datetime]], windows: set[str]
) -> set[tuple[str, str]]:
    """(kind, window, item or department) of everything that only many cases show."""
    return {
        *_zero(cases, months, windows),
        *_registers_only(cases),
        *_two_doors(cases),
        *_taken_back(cases),
        *_voids(cases),
        *_batches(cases),
        *_identical(cases),
        *_online_closed(cases),
        *_ratings(cases),
        *_mass(cases),
    }


def _window(case: Seen) -> str:
    post = case.bound.posts.get("window")
    return post.post if post is not None else ""


def _dept(case: Seen) -> str:
    return next(iter(case.bound.posts.values())).dept


def _zero(
    cases: Sequence[Seen], months: Sequence[tuple[datetime, datetime]], windows: set[str]
) -> Iterator[tuple[str, str]]:
    for since, until in months:
        busy = Counter(
            _window(case)
            for case in cases
            if (at := case.state.marks.get("accepted")) is not None and since <= at < until
        )
        yield from (("zero_acceptance", window) for window in windows if not busy[window])


def _registers_only(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    at_once, later = Counter[str](), Counter[str]()
    for case in cases:
        if case.is_instant:
            at_once[_window(case)] += bool(case.acts(*AT_ONCE))
            later[_window(case)] += bool(case.acts(*DECIDES))
    yield from (("registers_only", window) for window, n in later.items() if n >= 4 and not at_once[window])


def _two_doors(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    doors: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        for event in case.acts("accept"):
            doors[case.state.item][event.unit] += 1
    yield from (("two_doors", item) for item, units in doors.items() if len(units) > 1 and min(units.values()) >= 3)


def _taken_back(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    counts = Counter(
        _dept(case)
        for case in cases
        for event in case.events
        if isinstance(event.body, Assigned) and event.body.role == "approver" and event.body.post.endswith("-head")
    )
    yield from (("authority_taken_back", dept) for dept, n in counts.items() if n >= 4)


def _voids(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    counts = Counter(_dept(case) for case in cases if case.state.outcome == "void")
    yield from (("void_ratio", dept) for dept, n in counts.items() if n >= 4)


def _batches(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    calendar = load_calendar()
    ends, late = defaultdict(list), defaultdict(list)
    for case in cases:
        for event in case.acts("hand_over"):
            at = event.at.astimezone(LAW_ZONE)
            if calendar.add(at.date(), 1).month != at.month:
                ends[event.post, at.date()].append(at)
        for event in case.events:
            at = event.recorded_at.astimezone(LAW_ZONE)
            if event.post and event.seq == event.batch and at.hour >= 20:
                late[event.post, at.date()].append(at)
    yield from (
        ("month_end_batch", post) for (post, _day), ats in ends.items() if _run(ats, timedelta(minutes=15)) >= MANY
    )
    yield from (("after_hours_bulk", post) for (post, _day), ats in late.items() if len(ats) >= MANY)


def _run(instants: list[datetime], span: timedelta) -> int:
    ordered = sorted(instants)
    return max(sum(first <= each < first + span for each in ordered) for first in ordered)


def _identical(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    lengths: dict[str, Counter[timedelta]] = defaultdict(Counter)
    for case in cases:
        for event in case.acts(*AT_ONCE):
            lengths[case.state.item][event.at - case.state.marks["received"]] += 1
    yield from (("identical_durations", item) for item, seen in lengths.items() if max(seen.values()) >= MANY)


def _online_closed(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    whole, online = Counter[str](), Counter[str]()
    for case in cases:
        opened = case.events[0].body
        assert isinstance(opened, Opened)
        if case.is_online_item:
            whole[case.state.item] += 1
            online[case.state.item] += opened.channel == "online"
    yield from (("online_closed", item) for item, n in whole.items() if n >= 10 and not online[item])


def _ratings(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    rated: dict[str, list[datetime]] = defaultdict(list)
    for case in cases:
        rated[_window(case)] += [event.at for event in case.events if isinstance(event.body, Rated)]
    yield from (
        ("rating_burst", window) for window, ats in rated.items() if ats and _run(ats, timedelta(minutes=15)) >= MANY
    )


def _mass(cases: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    late, whole = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for case in cases:
        if not case.is_instant and "received" in case.state.marks:
            month = _dept(case), case.state.marks["received"].astimezone(LAW_ZONE).month
            whole[month] += 1
            late[month] += "promise_missed" in set(clock_findings(case, case.events[-1].recorded_at))
    yield from {("mass_overdue", dept) for (dept, month), n in late.items() if n >= 3 and n * 3 >= whole[dept, month]}
