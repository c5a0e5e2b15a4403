"""The desk's lists and its search: which cases wait for whom, each line with its two clocks.

A list is a union of limited branches over the docket, one for each post or unit; the fifty cases of one page are
folded from their histories in a fixed number of queries, whatever the page holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.case_view import CaseRead, read_main_clock
from zhengtong.cases.clock_views import Reading, draw_mini, find_signal, limit_words
from zhengtong.cases.models import Asked
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.clocks import Clock
from zhengtong.kernel.events import Standing
from zhengtong.kernel.procedures import Phase, Procedure
from zhengtong.kernel.silence import find_state_at
from zhengtong.kernel.states import fold
from zhengtong.kernel.terms import lapse_at, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import can_be_taken, codes, load_procedure, standing
from zhengtong.law.procedure_files import words as words_of
from zhengtong.law.rulebook_files import threshold
from zhengtong.ledger.history import CaseRef, load_many
from zhengtong.ledger.queries import (
    COUNT_CAP,
    Case,
    CaseQuerySet,
    count_up_to,
    find_by_index,
    find_by_number,
    page_of,
)
from zhengtong.ui.codes import tidy_code
from zhengtong.ui.values import ClockView, SignalKind

PAGE: Final = 50
MOST_FOUND: Final = 50
LIMITS: Final = ("", "")
RECEIVING: Final = (Phase.SUBMITTED, Phase.RECEIVED)
DELIVERING: Final = (Phase.DECIDED, Phase.DELIVERING)
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
    """Every list of this person with its count, from the very query that fills it; empty special ones left out."""
    lines = []
    for code, (name, group) in LISTS.items():
        count = count_up_to(branches_of(code, actor, at))
        if count or code in ALWAYS:
            lines.append(ListLine(code=code, name=str(name), group=str(group), count=count, shown=shown_count(count)))
    return tuple(lines)


def shown_count(count: int) -> int | str:
    return count if count < COUNT_CAP else f"{COUNT_CAP - 1}+"


def branches_of(code: str, actor: Actor, at: datetime, filters: Filters = Filters()) -> list[CaseQuerySet]:
    """The union a list is: one branch for each key, so that every branch is a range of one index."""
    return [narrowed(branch, filters, actor) for branch in _branches(code, actor, at)]


def _branches(code: str, actor: Actor, at: datetime) -> list[CaseQuerySet]:
    base = Case.objects.visible_to(actor).open()
    if code == "consents":
        return [base.filter(pk__in=_asked_of(actor).filter(group="consent").values("case_id"))]
    if code == "asked":
        return [base.filter(pk__in=_asked_of(actor).exclude(group="consent").values("case_id"))]
    if code == "unit":
        return [base.filter(dept=dept) for dept in sorted({seat.dept for seat in actor.seats})]
    if code == "waiting":
        depts = sorted({seat.dept for seat in actor.seats})
        return [base.filter(dept=dept, phase=WITH_A_PARTY) for dept in depts]
    seats = [seat for seat in actor.seats if (seat.standing is Standing.OWN) != (code == "deputy")]
    held = [base.filter(unit=unit, post=post).exclude(phase=WITH_A_PARTY) for unit, post in _keys(seats, code)]
    return [narrow for branch in held for narrow in _of_role(branch, code, at)]


def _keys(seats: Sequence[Seat], code: str) -> list[tuple[str, str]]:
    """(unit, post) of what somebody holds; a case dispatched to a whole unit has no post."""
    posts = {(seat.unit, seat.post) for seat in seats}
    units = {(unit, "") for seat in seats for unit in seat.own_units} if code != "deputy" else set()
    return sorted(posts | units)


def _of_role(branch: CaseQuerySet, code: str, at: datetime) -> Iterator[CaseQuerySet]:
    if code == "receive":
        yield branch.filter(phase__in=RECEIVING)
    elif code == "deliver":
        yield branch.filter(phase__in=DELIVERING)
    elif code in ("approve", "examine"):
        deciding = _places_of_decision()
        under = branch.filter(phase__in=(Phase.EXAMINING, Phase.SUSPENDED))
        yield under.filter(deciding) if code == "approve" else under.exclude(deciding)
    elif code == "due":
        until = soon(at)
        yield branch.filter(due_at__lt=until)
        yield branch.filter(promised_at__lt=until)
    else:
        yield branch


def soon(at: datetime) -> datetime:
    """The instant before which what lapses is due soon, by the rulebook's threshold."""
    term = threshold("due_soon")
    return lapse_at(load_calendar().add(law_day(at), term.n))


def _asked_of(actor: Actor) -> QuerySet[Asked]:
    return Asked.objects.filter(is_waiting=True, asked__in=asked_keys(actor))


def asked_keys(actor: Actor) -> set[str]:
    """Every key under which somebody may have been asked something."""
    keys: set[str] = set()
    for seat in actor.seats:
        keys |= {seat.post, *seat.own_units}
        keys |= {f"head:{unit}" for unit in seat.head_of} | {f"superior:{unit}" for unit in seat.superior_of}
        keys |= {f"government_head:{region}" for region in seat.government_of}
    return keys


@cache
def _places_of_decision() -> Q:
    """States whose holder may decide there, in every procedure on the shelf."""
    found = Q(pk__in=[])
    for code in codes():
        states = {state for version in standing(code) for state in _deciding(load_procedure(code, version))}
        if states:
            found |= Q(procedure=code, state__in=sorted(states))
    return found


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


def narrowed(branch: CaseQuerySet, filters: Filters, actor: Actor) -> CaseQuerySet:
    if filters.item:
        branch = branch.filter(item=filters.item)
    if filters.procedure:
        branch = branch.filter(procedure=filters.procedure)
    if filters.text:
        branch = branch.filter(_matching(filters.text, actor))
    return branch


def _matching(text: str, actor: Actor) -> Q:
    found = Q(number__gte=text, number__lt=f"{text}\uffff")
    items = [row.code for row in catalogue.search(text, size=MOST_FOUND).rows]
    named = [case.pk for case in find_by_index(actor, "name", text)[:MOST_FOUND]]
    return found | Q(item__in=items) | Q(pk__in=named)


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
    branches = branches_of(code, actor, at, filters)
    count = count_up_to(branches)
    pages = max(1, -(-min(count, COUNT_CAP - 1) // PAGE))
    page = min(max(1, page), pages)
    ids = _page_ids(branches, filters.sort, offset=(page - 1) * PAGE)
    items, procedures = _choices(_branches(code, actor, at))
    return WorkPage(
        code=code, name=name, lines=lines_for(ids, at), count=count, shown=shown_count(count), page=page, pages=pages,
        filters=filters, items=items, procedures=procedures,
    )  # fmt: skip


def _page_ids(branches: Sequence[CaseQuerySet], sort: str, *, offset: int) -> list[Case]:
    if sort == "due":
        return page_of(branches, size=PAGE, offset=offset)
    newest: set[int] = set()
    for branch in branches:
        newest.update(branch.order_by("-id").values_list("id", flat=True)[: offset + PAGE])
    wanted = sorted(newest, reverse=True)[offset : offset + PAGE]
    found = Case.objects.in_bulk(wanted)
    return [found[each] for each in wanted if each in found]


Choices = tuple[tuple[str, str], ...]


def _choices(branches: Sequence[CaseQuerySet]) -> tuple[Choices, Choices]:
    """What a list can be narrowed by: the items and procedures among its cases."""
    parts = [branch.order_by().values_list("item", "procedure", "version").distinct() for branch in branches]
    if not parts:
        return (), ()
    rows = list(parts[0].union(*parts[1:])[:COUNT_CAP]) if len(parts) > 1 else list(parts[0][:COUNT_CAP])
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
    """Fold the cases of one page: their histories in one query, the law they are bound to in another."""
    histories = load_many(case.pk for case in cases)
    known = [
        (case, histories[case.pk], fold(histories[case.pk]))
        for case in cases
        if case.pk in histories and can_be_taken(case.procedure, case.version)
    ]
    bounds = catalogue.bound_for_many([(state.item, state.item_version, state.answers) for _case, _h, state in known])
    calendar, language = load_calendar(), get_language() or "zh-hans"
    return [
        CaseRead(
            ref=CaseRef(id=case.pk, number=case.number, last_seq=case.last_seq, head_hash=bytes(case.head_hash)),
            history=history, state=find_state_at(bound, state, calendar, at), bound=bound, calendar=calendar, at=at,
            words=words_of(bound.procedure, bound.version, language),
        )
        for (case, history, state), bound in zip(known, bounds, strict=True)
    ]  # fmt: skip


def lines_for(cases: Sequence[Case], at: datetime) -> tuple[WorkLine, ...]:
    """The lines of a page, in this order; five queries however many."""
    reads = read_many(cases, at)
    titles = catalogue.item_names(sorted({read.state.item for read in reads}))
    subjects = {ref for read in reads for ref in read.state.parties.values()}
    names = {ref: view.name for ref, view in people.masked_subjects(subjects).items()}
    holders = people.person_names({case.assignee for case in cases if case.assignee}, get_language() or "")
    by_id = {case.pk: case for case in cases}
    return tuple(
        _line(read, titles[read.state.item], names, holders.get(by_id[read.ref.id].assignee or "", ""))
        for read in reads
    )


def _line(read: CaseRead, title: str, names: Mapping[str, str], assignee: str) -> WorkLine:
    clock = read_main_clock(read)
    holder = read.bound.states[read.state.state].holder
    role = read.word(f"roles.{holder}.name") if holder else ""
    return WorkLine(
        id=read.ref.id, number=read.state.number, url=reverse("cases:case", args=[read.state.number]), title=title,
        who=next((names[ref] for ref in read.state.parties.values() if ref in names), ""), state=read.state_name,
        holder=" ".join(part for part in (role, assignee) if part),
        signal=find_signal(clock, read.calendar, read.at) if clock else None,
        promised=_limit(read, clock, promised=True), legal=_limit(read, clock, promised=False),
        clock=draw_mini(Reading(clock=clock, calendar=read.calendar, at=read.at, words=read.words)) if clock else None,
        opened_at=read.state.opened_at,
    )  # fmt: skip


def _limit(read: CaseRead, clock: Clock | None, *, promised: bool) -> tuple[str, str, str]:
    if clock is None:
        return ("", "", "")
    return limit_words(Reading(clock=clock, calendar=read.calendar, at=read.at, words=read.words), promised=promised)


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
    cases = _page_ids(branches, filters.sort, offset=(page - 1) * PAGE)
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
        count=shown_count(count_up_to(branches)), before=urls[0], after=urls[1],
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
        ways.append(
            (_("事项"), list(Case.objects.visible_to(actor).filter(item__in=items).order_by("-id")[:MOST_FOUND]))
        )
    cases = {case.pk: case for _name, found in ways for case in found}
    lines = lines_for(list(cases.values())[:MOST_FOUND], at)
    return Found(text=said, lines=lines, by=tuple(name for name, found in ways if found))
