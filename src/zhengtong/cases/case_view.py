"""One case as a page shows it: the fold, its clocks, what happened, what is there, in the reader's words.

Desk and portal draw the same value; who may see sealed words is decided by the caller (`private`).
Silence that is due shows as done, because by law it is (PROCEDURES 15.1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.clock_views import Reading, draw_clock
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel import events as ev
from zhengtong.kernel.authority import LAW
from zhengtong.kernel.binding import Bound, MaterialRule
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Clock, find_clock, find_clocks, find_main_clock
from zhengtong.kernel.events import Event, History
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.silence import find_state_at
from zhengtong.kernel.states import BranchStatus, State
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import words as words_of
from zhengtong.law.supervision_rules import rule_title
from zhengtong.ledger.current import load_current
from zhengtong.ledger.history import CaseRef
from zhengtong.ui.values import ClockView, MaterialRow

CITIZEN_PREFIX: Final = "s-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRead:
    """A case with everything its pages are drawn from; `state` has the silence that is due folded in."""

    ref: CaseRef
    history: History
    state: State
    bound: Bound
    calendar: Calendar
    at: datetime
    words: Mapping[str, str]
    deemed: tuple[Event, ...] = ()

    @property
    def phase(self) -> Phase:
        return self.bound.phase_of(self.state.state)

    def word(self, key: str) -> str:
        """A word of the procedure; the key itself where it has none."""
        return self.words.get(key, key)

    @property
    def state_name(self) -> str:
        return self.word(f"states.{self.state.state}.name")

    @property
    def public_words(self) -> str:
        return self.word(f"states.{self.state.state}.public")

    @property
    def outcome_name(self) -> str:
        return self.word(f"outcomes.{self.state.outcome}.name") if self.state.outcome else ""

    @property
    def is_closed(self) -> bool:
        return self.phase is Phase.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of the story: what was done, by whom, when, with its words and papers."""

    seq: int
    act: str
    name: str
    at: datetime
    who: str
    post: str
    unit: str
    standing: str
    deemed: bool
    struck: bool
    late_entry: bool
    left: str
    entered: str
    marks: tuple[str, ...] = ()
    papers: tuple[tuple[str, str], ...] = ()
    sealed: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    pauses: bool = False


def read_case(case_id: int, at: datetime) -> CaseRead:
    """Load, bind. Raises NoHistory when there is no such case."""
    current = load_current(case_id)
    written = current.state
    bound = catalogue.bound_for(written.item, written.item_version, written.answers)
    calendar = load_calendar()
    state = find_state_at(bound, written, calendar, at)
    deemed = state.history[len(written.history) :]
    words = words_of(bound.procedure, bound.version, get_language() or "zh-hans")
    return CaseRead(
        ref=current.ref, history=written.history, state=state, bound=bound, calendar=calendar, at=at, words=words,
        deemed=deemed,
    )  # fmt: skip


# ---- clocks -----------------------------------------------------------------------------------------


def read_main_clock(case: CaseRead, *, explain: bool = True) -> Clock | None:
    """The clock a page leads with: the main one, else the one that runs and ends first."""
    run = find_main_clock(case.bound, case.state)
    if run is not None:
        return find_clock(case.bound, case.state, run.clock, case.calendar, case.at, explain=explain)
    running = [clock for clock in read_clocks(case) if clock.status == "running" and clock.lapses_at is not None]
    first = min(running, key=lambda clock: clock.lapses_at or case.at, default=None)
    if first is None:
        return None
    return find_clock(case.bound, case.state, first.clock, case.calendar, case.at, explain=explain)


def read_clocks(case: CaseRead) -> tuple[Clock, ...]:
    return find_clocks(case.bound, case.state, case.calendar, case.at)


def draw(case: CaseRead, clock: Clock) -> ClockView:
    return draw_clock(Reading(clock=clock, calendar=case.calendar, at=case.at, words=case.words))


def draw_main_clock(case: CaseRead) -> ClockView | None:
    clock = read_main_clock(case)
    return None if clock is None else draw(case, clock)


def draw_other_clocks(case: CaseRead) -> tuple[ClockView, ...]:
    """Every other clock that runs or is held now, with its explanation."""
    main = read_main_clock(case, explain=False)
    shown = [clock for clock in read_clocks(case) if clock.status in ("running", "held")]
    others = [clock.clock for clock in shown if main is None or clock.clock != main.clock]
    found = (find_clock(case.bound, case.state, code, case.calendar, case.at, explain=True) for code in others)
    return tuple(draw(case, clock) for clock in found if clock is not None)


# ---- materials --------------------------------------------------------------------------------------


def material_names(case: CaseRead) -> Mapping[str, str]:
    """Material code → name in the reader's language."""
    names = {rule.code: rule.name for rule in case.bound.materials}
    if names and catalogue.in_english():
        content = catalogue.content(case.state.item, case.state.item_version)
        rows = content.get("materials") or ()
        english = {str(row["code"]): str(row.get("name_en") or row["name"]) for row in rows}  # type: ignore[attr-defined]  # JSON of the item
        return {code: english.get(code, name) for code, name in names.items()}
    return names


def fee_names(case: CaseRead) -> Mapping[str, str]:
    """Fee code → name in the reader's language."""
    names = {line.code: line.name for line in case.bound.fees}
    if names and catalogue.in_english():
        content = catalogue.content(case.state.item, case.state.item_version)
        rows = content.get("fees") or ()
        english = {str(row["code"]): str(row.get("name_en") or row["name"]) for row in rows}  # type: ignore[attr-defined]  # JSON of the item
        return {code: english.get(code, name) for code, name in names.items()}
    return names


def material_rows(case: CaseRead) -> tuple[MaterialRow, ...]:
    """The exact materials of this case with what is known of each."""
    return tuple(_material_row(case, rule) for rule in case.bound.materials)


def _material_row(case: CaseRead, rule: MaterialRule) -> MaterialRow:
    known = case.state.materials.get(rule.code)
    need = _("必要") if rule.required else _("非必要")
    if rule.required and rule.tolerable:
        need = _("可容缺")
    verdict = known.verdict if known else ""
    shown: tuple[str, str]
    if verdict == "defective":
        shown = ("bad", _("不符合"))
    elif verdict:
        shown = ("ok", case.word(f"actions.check_material.inputs.verdict.choices.{verdict}"))
    else:
        shown = ("wait", _("已收到，待核对") if known and known.received_at else _("未收到"))
    form = known.form if known else ""
    source = case.word(f"actions.receive_material.inputs.form.choices.{form}") if form else ""
    return MaterialRow(
        name=rule.name, need=need, source=source, verdict=shown, free=not rule.required,  # type: ignore[arg-type]  # JSON of the item
        flag=shown[0] == "wait" and rule.required,
    )  # fmt: skip


# ---- the story --------------------------------------------------------------------------------------

TOLD: Final = (
    ev.Acted, ev.Deemed, ev.Corrected, ev.Reverted, ev.Rebound, ev.Assigned, ev.Linked, ev.Retracted, ev.Noted,
    ev.MaterialChecked, ev.BranchTaken, ev.BranchAnswered, ev.BranchReturned, ev.BranchSettled,
    ev.DocumentServed, ev.FeeSettled, ev.Rated, ev.Erased,
)  # fmt: skip
COMMON_ACT: Final[Mapping[type, str]] = {
    ev.Corrected: "correct", ev.Reverted: "revert", ev.Rebound: "rebind", ev.Assigned: "assign", ev.Linked: "link",
    ev.Retracted: "retract", ev.Noted: "note", ev.MaterialChecked: "check_material", ev.DocumentServed: "serve",
    ev.FeeSettled: "settle_fee", ev.Rated: "rate", ev.Erased: "erase",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of everybody a story speaks of, asked for in three queries whatever its length."""

    people: Mapping[str, str] = field(default_factory=dict)
    posts: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


def names_in(events: Sequence[Event], *, with_people: bool) -> Names:
    language = get_language() or ""
    staff = {event.person for event in events if not event.person.startswith(CITIZEN_PREFIX)} - {ev.LAW_PERSON}
    return Names(
        people=people.person_names(staff, language) if with_people else {},
        posts=people.post_names({event.post for event in events if event.post}, language),
        units=people.unit_names({event.unit for event in events if event.unit}, language),
    )


def tell(case: CaseRead, *, with_people: bool) -> tuple[Step, ...]:
    """The story, oldest first: every act and fact with the papers of its batch. The public sees posts, not names."""
    events = (*case.history, *case.deemed)
    names = names_in(events, with_people=with_people)
    return tuple(_steps(case, events, names))


def _is_late_entry(event: Event) -> bool:
    """补录: written down after it happened. What the law did by silence is written when somebody looks; that is not."""
    return event.person != LAW.person and event.recorded_at - event.at >= timedelta(minutes=1)


def _steps(case: CaseRead, events: Sequence[Event], names: Names) -> Iterator[Step]:
    materials = material_names(case)
    for event in events:
        if not isinstance(event.body, TOLD):
            continue
        act, name = _act_of(case, event)
        batch = [other for other in events if other.batch == event.batch]
        heads = event.seq == event.batch or isinstance(event.body, (ev.Acted, ev.Deemed))
        yield Step(
            seq=event.seq, act=act, name=name, at=event.at, who=_who(event, names),
            post=names.posts.get(event.post, ""), unit=names.units.get(event.unit, ""),
            standing=str(event.standing), deemed=isinstance(event.body, ev.Deemed),
            struck=event.seq in case.state.struck, late_entry=_is_late_entry(event),
            left=getattr(event.body, "left", ""), entered=getattr(event.body, "entered", ""),
            marks=tuple(getattr(event.body, "marks", {})), papers=_papers(case, batch) if heads else (),
            sealed=tuple(getattr(event.body, "sealed", {})), facts=tuple(_facts(case, event, materials)),
            pauses=any(isinstance(other.body, ev.ClockHeld) for other in batch) and heads,
        )  # fmt: skip


def _act_of(case: CaseRead, event: Event) -> tuple[str, str]:
    body = event.body
    if isinstance(body, ev.Acted | ev.Deemed):
        return body.act, case.word(f"actions.{body.act}.name")
    if isinstance(body, ev.BranchSettled) and body.branch in case.state.branches:
        branch = case.state.branches[body.branch]
        if branch.group == "consent":
            verdict = case.word(f"actions.give_consent.inputs.verdict.choices.{body.verdict}")
            return "give_consent", _("批复：%(verdict)s") % {"verdict": verdict}
        verdict = case.word(f"branches.{branch.group}.verdicts.{body.verdict}")
        return "settle", f"{case.word(f'branches.{branch.group}.name')}：{verdict}"
    if isinstance(body, ev.BranchTaken | ev.BranchAnswered | ev.BranchReturned):
        branch_named = case.state.branches.get(body.branch)
        group = case.word(f"branches.{branch_named.group}.name") if branch_named else ""
        verb = {ev.BranchTaken: _("签收"), ev.BranchAnswered: _("反馈"), ev.BranchReturned: _("退回")}[type(body)]
        return "branch", f"{group}：{verb}"
    code = COMMON_ACT.get(type(body), "note")
    return code, case.word(f"actions.{code}.name")


def _who(event: Event, names: Names) -> str:
    if event.person == ev.LAW_PERSON:
        return _("法律规定（无须任何人操作）")
    if event.person.startswith(CITIZEN_PREFIX):
        return _("申请人") if event.standing is ev.Standing.PARTY else ""
    return names.people.get(event.person, "")


def _papers(case: CaseRead, batch: Sequence[Event]) -> tuple[tuple[str, str], ...]:
    """(name, number) of the documents and results of a batch."""
    found: list[tuple[str, str]] = []
    for event in batch:
        if isinstance(event.body, ev.DocumentIssued):
            found.append((case.word(f"documents.{event.body.document}.name"), event.body.number))
        elif isinstance(event.body, ev.ResultIssued):
            found.append((case.word(f"results.{event.body.result}.name"), event.body.number))
    return tuple(found)


def _facts(case: CaseRead, event: Event, materials: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(label, value) of what was filled in and is not sealed."""
    body = event.body
    if isinstance(body, ev.Acted):
        kinds = _kinds_of(case, body.act)
        for name, value in body.inputs.items():
            said = value if isinstance(value, str) else ""
            choice = case.words.get(f"actions.{body.act}.inputs.{name}.choices.{said}")
            label = case.words.get(f"actions.{body.act}.inputs.{name}.label")
            if label and (choice or (isinstance(value, (str, int)) and not isinstance(value, bool))):
                shown = choice or _value_words(name, kinds.get(name, ""), str(value))
                if shown:
                    yield label, shown
    elif isinstance(body, ev.MaterialChecked):
        verdict = case.word(f"actions.check_material.inputs.verdict.choices.{body.verdict}")
        yield materials.get(body.material, body.material), verdict
    elif isinstance(body, ev.DocumentServed):
        yield body.number, case.word(f"actions.serve.inputs.manner.choices.{body.manner}")


def _kinds_of(case: CaseRead, act: str) -> Mapping[str, str]:
    rule = case.bound.actions.get(act)
    return {each.name: each.kind for each in rule.inputs} if rule is not None else {}


def _value_words(name: str, kind: str, value: str) -> str:
    """A unit by its name, a supervision rule by its title; a key that only links says nothing."""
    if kind == "unit":
        return people.unit_names([value], get_language() or "").get(value, value)
    if kind == "code" and name == "rule" and "@" in value:
        return rule_title(value, get_language() or "zh-hans")
    return "" if kind == "code" and "|" in value else value


def open_branches(case: CaseRead) -> tuple[tuple[str, str, str], ...]:
    """(branch, what, to) of everything beside the case that is still open."""
    return tuple(
        (branch.branch, case.word(f"branches.{branch.group}.name"), branch.to)
        for branch in case.state.branches.values()
        if branch.status is not BranchStatus.SETTLED
    )
