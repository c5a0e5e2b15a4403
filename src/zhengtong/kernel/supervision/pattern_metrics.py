"""Metrics of many cases (面上指标): the closed list, and what of each case they read.

`patterns` tallies them, one case after another.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from itertools import chain
from typing import Final

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import LAW_PERSON
from zhengtong.kernel.supervision.facts import CARD, JOINT, PARTY, CaseFacts, Entry
from zhengtong.kernel.supervision.grounds import Ground
from zhengtong.kernel.supervision.rules import Family, Scope, Unit, Whose
from zhengtong.kernel.supervision.vocabulary import Metric, by_code

QUARTER_OF_AN_HOUR: Final = timedelta(minutes=15)
EVENING, MORNING = time(20), time(6)
LOW_GRADES: Final = (1, 2)
NOT_REFUSED: Final = frozenset({"withdrawn", "void", "never_came", "abandoned", "unpaid", "not_required"})
"""Outcomes without what was asked for that are no refusal: the applicant's own doing, or nothing to decide."""
NOT_ISSUED: Final = frozenset({"not_issued", "revoked"})


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One event that counts: when, of which case, and what it shows."""

    at: datetime
    case: str
    seq: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What a tally may look at beside the case."""

    ground: Ground
    calendar: Calendar
    whose: Whose
    scope: Scope


Among = Callable[[CaseFacts, Around], datetime | None]
That = Callable[[CaseFacts, Around], Hit | None]
Found = Callable[[CaseFacts, Around], Iterable[tuple[str, Hit]]]
Grouped = Callable[[CaseFacts, Around], Iterable[tuple[str, str, Hit]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many per hundred of the cases that fall into the period by `among` (its instant) are `that`."""

    among: Among
    that: That


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The largest number of events of one subject on one day, or within a stretch of time, or in the whole period; with
    `out_of`, as a share of all those."""

    found: Found
    out_of: Found | None = None
    within: timedelta | None = None
    on_one_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Events of one subject put together by something they share: the largest lot, all but it, how many lots, or the
    share of the largest."""

    grouped: Grouped
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """How many events of one subject there are, counted for every place of the ground: nothing is a finding too."""

    found: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """The longest run of working days in which cases waited at a post and nobody did anything there."""


Shape = Share | Crowd | Kinds | Absence | Idle


# ---- whose a case is -------------------------------------------------------------------------------------------


def key_of(facts: CaseFacts, around: Around) -> str:
    """The code by which a case is put together with others; empty where it has none."""
    match around.whose:
        case Whose.WINDOW:
            return facts.window
        case Whose.ITEM:
            return facts.item
        case Whose.DEPARTMENT:
            return around.ground.department_of(facts.dept)
        case Whose.UNIT:
            return facts.unit
        case Whose.POST:
            return facts.decided.post if facts.decided is not None else ""
        case Whose.PERSON:
            return facts.decided.person if facts.decided is not None else ""
    return ""


def _of_key(hits: Callable[[CaseFacts, Around], Iterable[Hit]]) -> Found:
    return lambda facts, around: ((key_of(facts, around), hit) for hit in hits(facts, around))


# ---- which cases -----------------------------------------------------------------------------------------------


def _received(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.received_at


def _closed(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.closed_at


def _decided(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.decided_at


def _promised(facts: CaseFacts, _around: Around) -> datetime | None:
    is_promised = facts.promised_on is not None or facts.promised_days is not None
    return facts.received_at if is_promised and not facts.on_spot else None


def _limited(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.received_at if facts.due_on is not None and not facts.on_spot else None


def _accepted_for_a_promise(facts: CaseFacts, _around: Around) -> datetime | None:
    return None if facts.on_spot else facts.accepted_at


def _instant_decided(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.decided_at if facts.on_spot and not facts.is_negative else None


def _decided_by_approver(facts: CaseFacts, _around: Around) -> datetime | None:
    by_role = facts.decided is not None and facts.decided.role == "approver"
    return facts.decided_at if by_role and not facts.is_at_once else None


def _decided_later(facts: CaseFacts, _around: Around) -> datetime | None:
    """Accepted by one act of a person and decided by another."""
    if facts.decided is None or facts.accepted is None or facts.is_at_once:
        return None
    return facts.decided_at if facts.decided.person not in (LAW_PERSON, PARTY) else None


def _of_online_item(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.opened_at if facts.is_online_item else None


def _paid(facts: CaseFacts, _around: Around) -> datetime | None:
    return next((fee.at for fee in facts.fees if fee.how == "paid"), None)


def _rated(facts: CaseFacts, _around: Around) -> datetime | None:
    return facts.ratings[-1].at if facts.ratings else None


def _of_joint_item(facts: CaseFacts, around: Around) -> datetime | None:
    return facts.opened_at if facts.item in around.ground.joint else None


# ---- what is said of them --------------------------------------------------------------------------------------


def _hit(facts: CaseFacts, entry: Entry | None, why: str) -> Hit:
    return Hit(entry.at, facts.number, entry.seq, why) if entry is not None else Hit(facts.at, facts.number, 1, why)


def _late(which: str) -> That:
    def that(facts: CaseFacts, _around: Around) -> Hit | None:
        late = facts.late_to_promise_at if which == "promise" else facts.late_to_limit_at
        if late is None:
            return None
        seq = next((each.seq for each in facts.late if each.which == which and each.since == late), 1)
        return Hit(late, facts.number, seq, "late")

    return that


def _outcome(*outcomes: str) -> That:
    return lambda facts, _around: _hit(facts, facts.closed, "closed") if facts.outcome in outcomes else None


def _refused(facts: CaseFacts, _around: Around) -> Hit | None:
    if not facts.is_negative or facts.outcome in NOT_REFUSED:
        return None
    return _hit(facts, facts.decided or facts.closed, "refused")


def _sent_on(facts: CaseFacts, _around: Around) -> Hit | None:
    return None if facts.is_at_once else _hit(facts, facts.decided, "decided")


def _taken_from_approver(facts: CaseFacts, _around: Around) -> Hit | None:
    for move in facts.moves:
        if move.role == "approver" and not move.own:
            return Hit(move.at, facts.number, move.seq, "taken_back")
    return None


def _more(name: str) -> That:
    """Whether a count of the case is above nothing; the case's opening stands for it."""
    why = name.removesuffix("s")

    def that(facts: CaseFacts, _around: Around) -> Hit | None:
        return _hit(facts, facts.entries[0], why) if getattr(facts, name) else None

    return that


def _came_online(facts: CaseFacts, _around: Around) -> Hit | None:
    return _hit(facts, facts.entries[0], "online") if facts.channel == "online" else None


def _is_joint(facts: CaseFacts, _around: Around) -> Hit | None:
    joint = bool(facts.parent) or facts.procedure == JOINT
    return _hit(facts, facts.entries[0], "joint") if joint else None


def _entered_later(facts: CaseFacts, _around: Around) -> Hit | None:
    for entry in facts.entries:
        if entry.person != LAW_PERSON and entry.post and entry.recorded_at.date() > entry.at.date():
            return _hit(facts, entry, "recorded_later")
    return None


def _no_receipt(facts: CaseFacts, _around: Around) -> Hit | None:
    for fee in facts.fees:
        if fee.how == "paid" and not fee.receipt:
            return Hit(fee.at, facts.number, fee.seq, "no_receipt")
    return None


def _receipt_of_others(facts: CaseFacts, around: Around) -> Hit | None:
    series = tuple(sorted(around.scope.receipts))
    for fee in facts.fees if series else ():
        if fee.how == "paid" and fee.receipt and not fee.receipt.startswith(series):
            return Hit(fee.at, facts.number, fee.seq, "outside")
    return None


def _one_hand(facts: CaseFacts, _around: Around) -> Hit | None:
    assert facts.accepted is not None, "asked of cases accepted by an act"
    assert facts.decided is not None, "asked of decided cases"
    return _hit(facts, facts.decided, "same_person") if facts.accepted.person == facts.decided.person else None


def _rated_low(facts: CaseFacts, _around: Around) -> Hit | None:
    last = facts.ratings[-1]
    return Hit(last.at, facts.number, last.seq, "rated") if last.level in LOW_GRADES else None


# ---- events ----------------------------------------------------------------------------------------------------


def _acceptances(facts: CaseFacts, _around: Around) -> Iterator[Hit]:
    """The first acceptance: an organ further up accepts once more what it is sent."""
    if facts.accepted is not None:
        yield _hit(facts, facts.accepted, "accepted")


def _closings(facts: CaseFacts, _around: Around) -> Iterator[tuple[str, Hit]]:
    if facts.closed is not None and facts.closed.post:
        yield facts.closed.post, _hit(facts, facts.closed, "closed")


def _closings_at_month_end(facts: CaseFacts, around: Around) -> Iterator[tuple[str, Hit]]:
    closed = facts.closed
    if closed is None or not closed.post:
        return
    day = closed.at.date()
    if around.calendar.is_working(day) and around.calendar.add(day, 1).month != day.month:
        yield closed.post, _hit(facts, closed, "closed")


def _evening_entries(facts: CaseFacts, _around: Around) -> Iterator[tuple[str, Hit]]:
    for entry in facts.entries:
        clock = entry.recorded_at.timetz().replace(tzinfo=None)
        if entry.post and (clock >= EVENING or clock < MORNING):
            yield entry.post, Hit(entry.recorded_at, facts.number, entry.seq, "recorded")


def _grades(facts: CaseFacts, _around: Around) -> Iterator[Hit]:
    return (Hit(each.at, facts.number, each.seq, "rated") for each in facts.ratings)


def _cards(level: str) -> Callable[[CaseFacts, Around], Iterator[Hit]]:
    def hits(facts: CaseFacts, _around: Around) -> Iterator[Hit]:
        if facts.procedure == CARD and facts.level == level and facts.outcome not in NOT_ISSUED:
            yield Hit(facts.opened_at, facts.number, 1, "card")

    return hits


def _durations(facts: CaseFacts, _around: Around) -> Iterator[tuple[str, str, Hit]]:
    if facts.decided is None or facts.received_at is None or facts.decided.person == LAW_PERSON:
        return
    seconds = (facts.decided.at - facts.received_at) // timedelta(seconds=1)
    yield facts.item, f"{seconds} s", _hit(facts, facts.decided, "decided")


def _doors(facts: CaseFacts, _around: Around) -> Iterator[tuple[str, str, Hit]]:
    if facts.accepted is not None and facts.accepted.unit:
        yield facts.item, facts.accepted.unit, _hit(facts, facts.accepted, "accepted")


def _people_at_posts(facts: CaseFacts, _around: Around) -> Iterator[tuple[str, str, Hit]]:
    for entry in facts.entries:
        if entry.post and entry.person != LAW_PERSON:
            yield entry.post, entry.person, _hit(facts, entry, "acted")


def _deciders(facts: CaseFacts, around: Around) -> Iterator[tuple[str, str, Hit]]:
    if _decided_later(facts, around) is not None:
        assert facts.decided is not None, "see above"
        yield around.ground.department_of(facts.dept), facts.decided.person, _hit(facts, facts.decided, "decided")


# ---- the list --------------------------------------------------------------------------------------------------

_W, _P, _U, _D, _I, _H = Whose.WINDOW, Whose.POST, Whose.UNIT, Whose.DEPARTMENT, Whose.ITEM, Whose.PERSON
_ANY: Final = (_D, _U, _I, _W)


def _metric(code: str, unit: Unit, words: str, *whose: Whose, uses: frozenset[str] = frozenset()) -> Metric:
    name, _, name_en = words.partition(" | ")
    return Metric(
        code=code, family=Family.PATTERN, units=(unit,), name=name, name_en=name_en, whose=whose or _ANY, uses=uses
    )


SHAPES: Final[tuple[tuple[Metric, Shape], ...]] = (
    (
        _metric("accepted_cases", Unit.CASES, "受理件数 | cases accepted", _W, _I, _D, _U),
        Absence(found=_of_key(_acceptances)),
    ),
    (
        _metric(
            "idle_days",
            Unit.WORKING_DAYS,
            "有件待办而无人操作的工作日 | working days nobody acted while cases waited",
            _P,
        ),
        Idle(),
    ),
    (
        _metric(
            "handed_on_ratio",
            Unit.PERCENT,
            "即办件未当场办结率 | instant items not decided on the spot",
            _W,
            _I,
            _D,
            _U,
        ),
        Share(among=_instant_decided, that=_sent_on),
    ),
    (
        _metric("taken_back_ratio", Unit.PERCENT, "批准权逐件收回率 | approvals taken back case by case", _D, _I, _U),
        Share(among=_decided_by_approver, that=_taken_from_approver),
    ),
    (
        _metric("late_ratio", Unit.PERCENT, "超承诺时限率 | cases late to their promise"),
        Share(among=_promised, that=_late("promise")),
    ),
    (
        _metric("limit_late_ratio", Unit.PERCENT, "超法定时限率 | cases late to the statutory limit"),
        Share(among=_limited, that=_late("limit")),
    ),
    (
        _metric("void_ratio", Unit.PERCENT, "作废办结率 | cases closed as void"),
        Share(among=_closed, that=_outcome("void")),
    ),
    (
        _metric("refusal_ratio", Unit.PERCENT, "不予受理、不予许可率 | cases refused"),
        Share(among=_closed, that=_refused),
    ),
    (
        _metric("withdrawal_ratio", Unit.PERCENT, "撤回率 | cases withdrawn"),
        Share(among=_closed, that=_outcome("withdrawn")),
    ),
    (
        _metric("supplement_ratio", Unit.PERCENT, "补正率 | cases sent back for a supplement"),
        Share(among=_received, that=_more("supplements")),
    ),
    (
        _metric("special_ratio", Unit.PERCENT, "特别程序占比 | cases with a special procedure"),
        Share(among=_accepted_for_a_promise, that=_more("specials")),
    ),
    (
        _metric("extension_ratio", Unit.PERCENT, "延期占比 | cases extended"),
        Share(among=_accepted_for_a_promise, that=_more("extensions")),
    ),
    (
        _metric("reversal_ratio", Unit.PERCENT, "撤销、更正占比 | cases with an act struck out"),
        Share(among=_closed, that=_more("reversals")),
    ),
    (
        _metric(
            "online_ratio",
            Unit.PERCENT,
            "可网办事项网上申请率 | applications online for items that can be",
            _I,
            _D,
            _W,
            _U,
        ),
        Share(among=_of_online_item, that=_came_online),
    ),
    (
        _metric("late_entry_ratio", Unit.PERCENT, "隔日补录率 | cases with an act entered on a later day"),
        Share(among=_closed, that=_entered_later),
    ),
    (
        _metric("no_receipt_ratio", Unit.PERCENT, "收费无票据率 | paid fees without a receipt"),
        Share(among=_paid, that=_no_receipt),
    ),
    (
        _metric(
            "fee_outside_ratio",
            Unit.PERCENT,
            "中心外交费率 | fees paid outside the centre",
            uses=frozenset({"receipts"}),
        ),
        Share(among=_paid, that=_receipt_of_others),
    ),
    (
        _metric("joint_ratio", Unit.PERCENT, "并联办理率 | cases handled in joint approval", _I, _D),
        Share(among=_of_joint_item, that=_is_joint),
    ),
    (
        _metric(
            "one_hand_ratio",
            Unit.PERCENT,
            "受理与决定同一人率 | cases accepted and decided by one person",
            _H,
            _D,
            _U,
            _I,
        ),
        Share(among=_decided_later, that=_one_hand),
    ),
    (
        _metric("low_rating_ratio", Unit.PERCENT, "差评率 | low ratings"),
        Share(among=_rated, that=_rated_low),
    ),
    (
        _metric("decider_share", Unit.PERCENT, "一人决定件数占比 | share of decisions made by one person", _D),
        Kinds(grouped=_deciders, read="share"),
    ),
    (
        _metric(
            "closing_batch",
            Unit.CASES,
            "月末十五分钟内办结件数 | cases closed within 15 minutes on a month's last day",
            _P,
        ),
        Crowd(found=_closings_at_month_end, within=QUARTER_OF_AN_HOUR),
    ),
    (
        _metric(
            "closing_batch_share",
            Unit.PERCENT,
            "月末一次集中办结占当月比例 | share of a month closed in one batch on its last day",
            _P,
        ),
        Crowd(found=_closings_at_month_end, within=QUARTER_OF_AN_HOUR, out_of=_closings),
    ),
    (
        _metric("evening_entries", Unit.TIMES, "一晚补录次数 | acts entered in one evening or night", _P),
        Crowd(found=_evening_entries, on_one_day=True),
    ),
    (
        _metric("rating_burst", Unit.TIMES, "十五分钟内评价次数 | ratings within 15 minutes", _W, _I, _D),
        Crowd(found=_of_key(_grades), within=QUARTER_OF_AN_HOUR),
    ),
    (
        _metric("prompts_issued", Unit.TIMES, "提示次数 | prompts issued", _D, _U),
        Crowd(found=_of_key(_cards("prompt"))),
    ),
    (
        _metric("yellows_issued", Unit.TIMES, "黄牌次数 | yellow cards issued", _D, _U),
        Crowd(found=_of_key(_cards("yellow"))),
    ),
    (
        _metric("equal_durations", Unit.CASES, "办理时长完全相同的件数 | cases that took exactly as long", _I),
        Kinds(grouped=_durations, read="largest"),
    ),
    (
        _metric(
            "equal_duration_share",
            Unit.PERCENT,
            "办理时长完全相同的占比 | share of cases that took exactly as long",
            _I,
        ),
        Kinds(grouped=_durations, read="largest_share"),
    ),
    (
        _metric("second_door_cases", Unit.CASES, "第二处受理的件数 | cases accepted at a second door", _I),
        Kinds(grouped=_doors, read="others"),
    ),
    (
        _metric("people_at_post", Unit.PEOPLE, "同一岗位操作人数 | people acting at one post", _P),
        Kinds(grouped=_people_at_posts, read="lots"),
    ),
)
PATTERN: Final[Mapping[str, Metric]] = by_code(metric for metric, _shape in SHAPES)
SHAPE_OF: Final[Mapping[str, Shape]] = {metric.code: shape for metric, shape in SHAPES}
JUDGED_AT_ONCE: Final = frozenset(
    metric.code for metric, shape in SHAPES if isinstance(shape, Crowd | Kinds) and metric.unit is not Unit.PERCENT
)
"""What only grows within a period, and so is judged while it lasts; everything else waits for its end."""


def percent(part: int, whole: int) -> Fraction:
    """So many in a hundred, exactly."""
    return Fraction(100 * part, whole)


def hits_of(lots: Mapping[str, list[Hit]]) -> list[Hit]:
    """All of them, in order."""
    return sorted(chain.from_iterable(lots.values()))
