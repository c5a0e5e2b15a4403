"""The desk's lists and its search: which cases wait for whom, each line with its two clocks.

A list is a union of limited branches over the docket, one for each place where cases wait (unit, post, state); the
fifty cases of one page are folded from their histories in a fixed number of queries, whatever the page holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases import kept
from zhengtong.cases.case_view import CaseRead, read_main_clock
from zhengtong.cases.clock_views import Reading, draw_mini, limit_words
from zhengtong.cases.kept import LINES, Head, Kept, place_of, states_of
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing
from zhengtong.kernel.procedures import Phase, Procedure
from zhengtong.kernel.silence import find_state_at
from zhengtong.kernel.terms import lapse_at, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import can_be_taken, codes, load_procedure, standing
from zhengtong.law.procedure_files import words as words_of
from zhengtong.law.rulebook_files import threshold
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.queries import (
    COUNT_CAP,
    MOST_FOUND,
    OPEN,
    Branch,
    Case,
    Place,
    count_each,
    count_up_to,
    find_by_index,
    find_by_items,
    find_by_number,
    items_among,
    items_in,
    page_of,
    places_at,
)
from zhengtong.ui.codes import tidy_code
from zhengtong.ui.values import ClockView, SignalKind

PAGE: Final = 50
MENU_CAP: Final = 100
LIMITS: Final = ("", "")
RECEIVING: Final = (Phase.SUBMITTED, Phase.RECEIVED)
DELIVERING: Final = (Phase.DECIDED, Phase.DELIVERING)
UNDER_WAY: Final = (Phase.EXAMINING, Phase.SUSPENDED)
WITH_A_PARTY: Final = Phase.SUPPLEMENTING
SORTS: Final = ("due", "newest")


# ---- which lists there are --------------------------------------------------------------------------

MINE, UNIT = gettext_lazy("我的工作"), gettext_lazy("本单位")
LISTS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "mine": (gettext_lazy("待我办理"), MINE),
    "receive": (gettext_lazy("待收件受理"), MINE),
    "examine": (gettext_lazy("待承办审核"), MINE),
    "approve": (gettext_lazy("待决定"), MINE),
    "deliver": (gettext_lazy("待制证送达"), MINE),
    "consents": (gettext_lazy("请我批复"), MINE),
    "due": (gettext_lazy("快到期和超期"), MINE),
    "deputy": (gettext_lazy("替岗办理"), MINE),
    "asked": (gettext_lazy("交我单位答复"), UNIT),
    "waiting": (gettext_lazy("等申请人补正"), UNIT),
    "unit": (gettext_lazy("全部在办"), UNIT),
}


ALWAYS: Final = ("mine", "due", "unit")
OF_THE_UNIT: Final = ("consents", "asked", "waiting", "unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLine:
    """A list with how many it holds, as text: beyond a thousand it says so."""

    code: str
    name: str
    group: str
    count: int
    shown: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """How a list is narrowed; kept in the address."""

    item: str = ""
    procedure: str = ""
    text: str = ""
    sort: str = "due"

    @property
    def query(self) -> str:
        """As it stands in the address; empty ones left out."""
        said = {"item": self.item, "procedure": self.procedure, "q": self.text}
        if self.sort != "due":
            said["sort"] = self.sort
        return urlencode({name: value for name, value in said.items() if value})

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filters":
        sort = given.get("sort", "due")
        return cls(
            item=_clean(given.get("item", "")), procedure=_clean(given.get("procedure", "")),
            text=_clean(given.get("q", "")),
            sort=sort if sort in SORTS else "due",
        )  # fmt: skip


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:100]


def count_lists(actor: Actor, at: datetime) -> tuple[ListLine, ...]:
    """Every list of this person with its count, from the very branches that fill it; empty special ones left out.

    In the menu a hundred is many: the page of a list says more.
    """
    waiting = {own: _waiting_at(actor, own=own) for own in (True, False)}
    places = {*waiting[True], *waiting[False]}
    branches: dict[tuple[str, Place | None], list[Branch]] = {("", place): [place.branch()] for place in places}
    branches |= {("due", place): _due(place.branch(), at) for place in waiting[True]}
    branches |= {(code, None): _branches(code, actor, at) for code in OF_THE_UNIT}
    counted = count_each(branches, actor, cap=MENU_CAP)
    lines = []
    for code, (name, group) in LISTS.items():
        count = min(MENU_CAP, _sum(code, waiting[code != "deputy"], counted))
        if count or code in ALWAYS:
            shown = shown_count(count, MENU_CAP)
            lines.append(ListLine(code=code, name=str(name), group=str(group), count=count, shown=shown))
    return tuple(lines)


def _sum(code: str, places: Sequence[Place], counted: Mapping[tuple[str, Place | None], int]) -> int:
    if code in OF_THE_UNIT:
        return counted[code, None]
    return sum(counted["due" if code == "due" else "", place] for place in places if _is_of(code, place))


def shown_count(count: int, cap: int = COUNT_CAP) -> int | str:
    return count if count < cap else f"{cap - 1}+"


def branches_of(code: str, actor: Actor, at: datetime, filters: Filters = Filters()) -> list[Branch]:
    """The union a list is: one branch for each key, so that every branch is a range of one index."""
    return narrowed(_branches(code, actor, at), filters, actor)


def _branches(code: str, actor: Actor, at: datetime) -> list[Branch]:
    depts = sorted({seat.dept for seat in actor.seats})
    if code in ("consents", "asked"):
        return _asked(code, actor)
    if code == "unit":
        return [OPEN.where("c.dept = %s", dept) for dept in depts]
    if code == "waiting":
        return [OPEN.where("c.dept = %s", dept).where(f"c.phase = '{WITH_A_PARTY.value}'") for dept in depts]
    held = [place.branch() for place in _waiting_at(actor, own=code != "deputy") if _is_of(code, place)]
    return [each for branch in held for each in _due(branch, at)] if code == "due" else held


def _waiting_at(actor: Actor, *, own: bool) -> list[Place]:
    """Where something waits for this person to go on with it: in an own standing, or standing in for somebody."""
    seats = [seat for seat in actor.seats if (seat.standing is Standing.OWN) == own]
    return [place for place in places_at(_keys(seats, own=own)) if place.phase != WITH_A_PARTY]


def _keys(seats: Sequence[Seat], *, own: bool) -> set[tuple[str, str]]:
    """(unit, post) of what somebody holds; a case dispatched to a whole unit has no post."""
    posts = {(seat.unit, seat.post) for seat in seats}
    return posts | {(unit, "") for seat in seats for unit in seat.own_units} if own else posts


def _is_of(code: str, place: Place) -> bool:
    """Whether what waits in this state belongs to a list."""
    if code == "receive":
        return place.phase in RECEIVING
    if code == "deliver":
        return place.phase in DELIVERING
    if code in ("approve", "examine"):
        decides = (place.procedure, place.state) in _places_of_decision()
        return place.phase in UNDER_WAY and decides == (code == "approve")
    return True


def _due(branch: Branch, at: datetime) -> list[Branch]:
    """Due soon by law or by promise: both stand in the index that gives the order."""
    until = soon(at)
    return [branch.where("(c.due_at < %s OR c.promised_at < %s)", until, until)]


def _asked(code: str, actor: Actor) -> list[Branch]:
    keys = sorted(asked_keys(actor))
    if not keys:
        return []
    sign = "=" if code == "consents" else "<>"
    waits = (
        "c.id IN (SELECT a.case_id FROM cases_asked a WHERE a.is_waiting "  # noqa: S608 - holes and our own words
        f"AND a.asked IN ({', '.join(['%s'] * len(keys))}) AND a.\"group\" {sign} 'consent')"
    )
    return [OPEN.where(waits, *keys)]


def soon(at: datetime) -> datetime:
    """The instant before which what lapses is due soon, by the rulebook's threshold."""
    term = threshold("due_soon")
    return lapse_at(load_calendar().add(law_day(at), term.n))


def asked_keys(actor: Actor) -> set[str]:
    """Every key under which somebody may have been asked something."""
    keys: set[str] = set()
    for seat in actor.seats:
        keys |= {seat.post, *seat.own_units}
        keys |= {f"head:{unit}" for unit in seat.head_of} | {f"superior:{unit}" for unit in seat.superior_of}
        keys |= {f"government_head:{region}" for region in seat.government_of}
    return keys


@cache
def _places_of_decision() -> frozenset[tuple[str, str]]:
    """(procedure, state) whose holder may decide there, in every procedure on the shelf."""
    return frozenset(
        (code, state)
        for code in codes()
        for version in standing(code)
        for state in _deciding(load_procedure(code, version))
    )


def _deciding(procedure: Procedure) -> Iterator[str]:
    for rule in procedure.actions.values():
        if "decided" not in rule.marks:
            continue
        for state in _expanded(procedure, rule.from_states):
            known = procedure.states.get(state)
            if known is not None and known.holder in rule.by:
                yield state


def _expanded(procedure: Procedure, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name.startswith("@"):
            yield from _expanded(procedure, procedure.sets.get(name[1:], ()))
        else:
            yield name


def narrowed(branches: Sequence[Branch], filters: Filters, actor: Actor) -> list[Branch]:
    """The branches with what somebody looks for among their cases."""
    found = list(branches)
    if filters.item:
        found = [branch.where("c.item = %s", filters.item) for branch in found]
    if filters.procedure:
        found = [branch.where("c.procedure = %s", filters.procedure) for branch in found]
    if filters.text and found:
        condition, values = _matching(filters.text, actor)
        found = [branch.where(condition, *values) for branch in found]
    return found


def _matching(text: str, actor: Actor) -> tuple[str, list[object]]:
    """A condition on a row that its branch has read anyway: number, item or party."""
    values: list[object] = [text, f"{text}\uffff"]
    conditions = ["(c.number >= %s AND c.number < %s)"]
    items = [row.code for row in catalogue.search(text, size=MOST_FOUND).rows]
    named = [case.pk for case in find_by_index(actor, "name", text)[:MOST_FOUND]]
    for column, wanted in (("item", items), ("id", named)):
        if wanted:
            conditions.append(f"c.{column} IN ({', '.join(['%s'] * len(wanted))})")
            values += wanted
    return f"({' OR '.join(conditions)})", values


# ---- one page ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One case in a list; the limits are (kind of words, words, day)."""

    id: int
    number: str
    url: str
    title: str
    who: str
    state: str
    holder: str
    signal: tuple[SignalKind, str] | None
    promised: tuple[str, str, str]
    legal: tuple[str, str, str]
    clock: ClockView | None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """One page of a list."""

    code: str
    name: str
    lines: tuple[WorkLine, ...]
    count: int
    shown: int | str
    page: int
    pages: int
    filters: Filters
    items: tuple[tuple[str, str], ...] = ()
    procedures: tuple[tuple[str, str], ...] = ()

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def place(self) -> str:
        """Where the reader is, for the way to the next case: list, filters, page."""
        said = self.filters.query
        page = f"page={self.page}" if self.page > 1 else ""
        return f"{self.code}?{'&'.join(part for part in (said, page) if part)}"


def worklist(code: str, actor: Actor, at: datetime, *, filters: Filters = Filters(), page: int = 1) -> WorkPage:
    """One page of a list, with its count from the same branches.

    Raises:
        KeyError: there is no such list.
    """
    name = str(LISTS[code][0])
    whole = _branches(code, actor, at)
    branches = narrowed(whole, filters, actor)
    count = count_up_to(branches, actor)
    pages = max(1, -(-min(count, COUNT_CAP - 1) // PAGE))
    page = min(max(1, page), pages)
    cases = _page(branches, actor, filters, page)
    is_long = (count_up_to(whole, actor) if filters.query else count) >= COUNT_CAP
    items, procedures = _choices(whole, actor, is_long=is_long)
    return WorkPage(
        code=code, name=name, lines=lines_for(cases, at), count=count, shown=shown_count(count), page=page, pages=pages,
        filters=filters, items=items, procedures=procedures,
    )  # fmt: skip


def _page(branches: Sequence[Branch], actor: Actor, filters: Filters, page: int) -> list[Case]:
    return page_of(branches, actor, size=PAGE, offset=(page - 1) * PAGE, newest=filters.sort == "newest")


Choices = tuple[tuple[str, str], ...]


def _choices(branches: Sequence[Branch], actor: Actor, *, is_long: bool) -> tuple[Choices, Choices]:
    """What a list can be narrowed by: the items and procedures among its cases, or, where it is too long to be read
    through, of all that is open in the department."""
    rows = items_in(seat.dept for seat in actor.seats) if is_long else items_among(branches, actor)
    language = get_language() or "zh-hans"
    names = catalogue.item_names(sorted({row[0] for row in rows}))
    procedures = {
        row[1]: words_of(row[1], row[2], language).get("procedure.name", row[1])
        for row in rows
        if can_be_taken(row[1], row[2])
    }
    by_name = sorted(names.items(), key=lambda pair: pair[1])
    return tuple(by_name), tuple(sorted(procedures.items()))


def read_many(cases: Sequence[Case], at: datetime) -> list[CaseRead]:
    """The cases of one page: their histories in one query, unless kept since they last moved, their law in another."""
    states = states_of(cases)
    known = [
        (case, states[case.pk]) for case in cases if case.pk in states and can_be_taken(case.procedure, case.version)
    ]
    bounds = catalogue.bound_for_many([(state.item, state.item_version, state.answers) for _case, state in known])
    calendar, language = load_calendar(), get_language() or "zh-hans"
    return [
        CaseRead(
            ref=CaseRef(id=case.pk, number=case.number, last_seq=case.last_seq, head_hash=bytes(case.head_hash)),
            history=state.history, state=find_state_at(bound, state, calendar, at), bound=bound, calendar=calendar,
            at=at, words=words_of(bound.procedure, bound.version, language),
        )
        for (case, state), bound in zip(known, bounds, strict=True)
    ]  # fmt: skip


_lines: Final[Kept[tuple[Head, str, int], WorkLine]] = Kept(LINES)


def lines_for(cases: Sequence[Case], at: datetime) -> tuple[WorkLine, ...]:
    """The lines of a page, in this order; five queries however many. A line drawn in this minute is not drawn again."""
    places = {case.pk: place_of(case, at) for case in cases}
    found = _lines.take(places.values())
    drawn = {places[line.id]: line for line in _drawn([case for case in cases if places[case.pk] not in found], at)}
    _lines.keep(drawn)
    found |= drawn
    return tuple(found[place] for place in places.values() if place in found)


def _drawn(cases: Sequence[Case], at: datetime) -> list[WorkLine]:
    if not cases:
        return []
    reads = read_many(cases, at)
    titles = catalogue.item_names(sorted({read.state.item for read in reads}))
    subjects = {ref for read in reads for ref in read.state.parties.values()}
    names = {ref: view.name for ref, view in people.masked_subjects(subjects).items()}
    holders = people.person_names({case.assignee for case in cases if case.assignee}, get_language() or "")
    by_id = {case.pk: case for case in cases}
    return [
        _line(read, titles[read.state.item], names, holders.get(by_id[read.ref.id].assignee or "", ""))
        for read in reads
    ]


def forget() -> None:
    """Start with nothing kept, as a process that has just begun: for measurements."""
    kept.forget()
    _lines.forget()


def _line(read: CaseRead, title: str, names: Mapping[str, str], assignee: str) -> WorkLine:
    clock = read_main_clock(read)
    reading = Reading(clock=clock, calendar=read.calendar, at=read.at, words=read.words) if clock else None
    mini = draw_mini(reading) if reading else None
    holder = read.bound.states[read.state.state].holder
    role = read.word(f"roles.{holder}.name") if holder else ""
    return WorkLine(
        id=read.ref.id, number=read.state.number, url=reverse("cases:case", args=[read.state.number]), title=title,
        who=next((names[ref] for ref in read.state.parties.values() if ref in names), ""), state=read.state_name,
        holder=" ".join(part for part in (role, assignee) if part), signal=mini.signal if mini else None,
        promised=limit_words(reading, promised=True) if reading else ("", "", ""),
        legal=limit_words(reading, promised=False) if reading else ("", "", ""), clock=mini,
        opened_at=read.state.opened_at,
    )  # fmt: skip


# ---- the way to the next ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Where a case stands in the list it was opened from."""

    url: str
    name: str
    position: int
    count: int | str
    before: str
    after: str
    extra: Mapping[str, str] = field(default_factory=dict)


def neighbours(actor: Actor, place: str, case_id: int, at: datetime) -> Around | None:
    """The cases before and after this one in a list as it stands now; None when the list is not ours."""
    code, _mark, query = place.partition("?")
    if code not in LISTS:
        return None
    given = dict(parse_qsl(query))
    filters = Filters.of(given)
    page = int(given["page"]) if given.get("page", "").isdecimal() and len(given["page"]) < 6 else 1
    branches = branches_of(code, actor, at, filters)
    cases = _page(branches, actor, filters, page)
    ids = [case.pk for case in cases]
    here = ids.index(case_id) if case_id in ids else -1
    around = [cases[n] if 0 <= n < len(cases) and here >= 0 else None for n in (here - 1, here + 1)]
    if here < 0 and cases:  # the case was done with and has left the list: go on with what is first now
        around = [None, cases[0]]
    urls = [
        f"{reverse('cases:case', args=[case.number])}?{urlencode({'list': place})}" if case else "" for case in around
    ]
    url = reverse("cases:home") if code == "mine" else reverse("cases:list", args=[code])
    return Around(
        url=f"{url}?{query}" if query else url, name=str(LISTS[code][0]),
        position=(page - 1) * PAGE + here + 1 if here >= 0 else 0,
        count=shown_count(count_up_to(branches, actor)), before=urls[0], after=urls[1],
    )  # fmt: skip


# ---- search -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, and by what."""

    text: str
    lines: tuple[WorkLine, ...]
    by: tuple[str, ...]


def search_cases(actor: Actor, text: str, at: datetime) -> Found:
    """Cases by number, by name or certificate number (blind indexes: exact), by item; only what the actor may see."""
    said = _clean(text)
    if not said:
        return Found(text=said, lines=(), by=())
    ways: list[tuple[str, list[Case]]] = [
        (_("办件编号"), list(find_by_number(actor, said)[:MOST_FOUND])),
        (_("申请人"), list(find_by_index(actor, "name", said)[:MOST_FOUND])),
        (_("证件号码"), list(find_by_index(actor, "certificate_number", tidy_code(said))[:MOST_FOUND])),
        (_("联系电话"), list(find_by_index(actor, "phone", tidy_code(said))[:MOST_FOUND])),
    ]
    items = [row.code for row in catalogue.search(said, size=MOST_FOUND).rows]
    if items:
        ways.append((_("事项"), list(find_by_items(actor, items))))
    cases = {case.pk: case for _name, found in ways for case in found}
    lines = lines_for(list(cases.values())[:MOST_FOUND], at)
    return Found(text=said, lines=lines, by=tuple(name for name, found in ways if found))
