"""Everything the desk's case page shows, as plain values: read once, drawn by one template.

What the reader may not see is not passed on: sealed words are opened only for whoever deals with the case.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.accounts.masking import mask_number
from zhengtong.cases.act_forms import branch_words
from zhengtong.cases.case_view import (
    CaseRead,
    Step,
    draw_main_clock,
    draw_other_clocks,
    fee_names,
    material_names,
    read_main_clock,
    tell,
)
from zhengtong.cases.clock_views import find_signal
from zhengtong.cases.panels import Drawing, Panel, draw_panel, remarks_in
from zhengtong.cases.sealed_words import Place, last_of, may_read_words, open_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import queries as documents
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.events import BranchOpened, Event, Json
from zhengtong.kernel.states import Branch, BranchStatus
from zhengtong.ui.forms import CERTIFICATES
from zhengtong.ui.values import Branch as BranchView
from zhengtong.ui.values import ClockView, Link, SignalKind, TimelineEntry
from zhengtong.ui.wording import table_day

VERDICTS: Final = ("accepted", "defective")
WAIVED, PROMISED = "waived", "promised"
CARD: Final = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLine:
    """One material with its verdict, its files and the strip by which a verdict is given."""

    code: str
    name: str
    need: str
    source: str
    verdict: str
    kind: str
    words: str
    reason: str
    files: tuple[Link, ...]
    choices: tuple[tuple[str, str, bool], ...]
    is_free: bool
    is_open: bool
    is_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    name: str
    number: str
    say: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchLine:
    """One thing asked of somebody beside the case."""

    name: str
    who: str
    status: str
    say: str
    opened_at: datetime
    settled_at: datetime | None
    is_consent: bool
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    code: str
    name: str
    amount: int
    say: str
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """The case page."""

    number: str
    title: str
    state: str
    outcome: str
    is_closed: bool
    signal: tuple[SignalKind, str] | None
    meta: tuple[str, ...]
    parties: tuple[tuple[str, str], ...]
    clock: ClockView | None
    others: tuple[ClockView, ...]
    materials: tuple[MaterialLine, ...]
    materials_title: str
    form_fields: tuple[tuple[str, str], ...]
    timeline: tuple[TimelineEntry, ...]
    branches: tuple[BranchLine, ...]
    papers: tuple[PaperLine, ...]
    fees: tuple[FeeLine, ...]
    links: tuple[Link, ...]
    panel: Panel
    seq: int
    key: str

    @property
    def has_open(self) -> bool:
        return any(line.is_open and line.choices for line in self.materials)

    @property
    def has_unchecked(self) -> bool:
        return any(line.is_received and line.is_open and not line.verdict for line in self.materials)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    case: CaseRead
    actor: Actor
    words: Mapping[Place, Json]
    units: Mapping[str, str] = field(default_factory=dict)


def read_page(
    case: CaseRead, actor: Actor, *, title: str, key: str, posted: tuple[str, object] | None = None, from_list: str = ""
) -> CasePage:
    """Draw the case for a member of staff."""
    may_read = may_read_words(actor, case.bound, case.state)
    reading = _Reading(
        case=case, actor=actor, words=open_words(case.ref.id, case.history) if may_read else {},
        units=_names_of_asked(case),
    )  # fmt: skip
    materials = tuple(_materials(reading))
    clock = read_main_clock(case, explain=False)
    drawing = Drawing(
        case=case, actor=actor, key=key, remarks=remarks_in(reading.case, reading.words), posted=posted,  # type: ignore[arg-type]  # read() gave the case
        from_list=from_list,
    )  # fmt: skip
    return CasePage(
        number=case.state.number, title=title, state=case.state_name, outcome=case.outcome_name,
        is_closed=case.is_closed, signal=find_signal(clock, case.calendar, case.at) if clock else None,
        meta=tuple(_meta(reading)), parties=tuple(_parties(reading)), clock=draw_main_clock(case),
        others=draw_other_clocks(case), materials=materials, materials_title=_materials_title(materials),
        form_fields=tuple(_form_fields(reading)), timeline=tuple(reversed(tuple(_timeline(reading)))),
        branches=tuple(_branches(reading)), papers=tuple(_papers(case)), fees=tuple(_fees(case)),
        links=tuple(_links(case)), panel=draw_panel(drawing), seq=case.ref.last_seq, key=key,
    )  # fmt: skip


def address_of(name: str, *args: str) -> str:
    """The address of a page of another room; empty while that room has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


# ---- head -------------------------------------------------------------------------------------------


def _meta(reading: _Reading) -> Iterator[str]:
    case = reading.case
    yield _("窗口收件") if case.state.channel == "window" else _("网上申请") if case.state.channel == "online" else ""
    holder = case.bound.states[case.state.state].holder
    if holder:
        yield _("现在由%(role)s办") % {"role": case.word(f"roles.{holder}.name")}
    if case.state.answers:
        yield _("情形：%(answers)s") % {"answers": "、".join(_answers(case))}


def _answers(case: CaseRead) -> Iterator[str]:
    """The situation in the item's words."""
    english = catalogue.in_english()
    content = catalogue.content(case.state.item, case.state.item_version)
    for row in content.get("situations") or ():  # type: ignore[attr-defined]  # the frozen JSON of the item
        for choice in row["choices"]:
            if case.state.answers.get(row["code"]) == choice["code"]:
                yield str((english and choice.get("name_en")) or choice["name"])


def _parties(reading: _Reading) -> Iterator[tuple[str, str]]:
    """(role, who): name and telephone for whoever deals with the case, all masked for others; a certificate number is
    masked for everybody."""
    masked = people.masked_subjects(reading.case.state.parties.values())
    certificates = dict(CERTIFICATES)
    for role, ref in reading.case.state.parties.items():
        label = reading.case.word(f"roles.{role.partition('#')[0]}.name")
        said = last_of(reading.words, role)
        if isinstance(said, Mapping):
            shown = mask_number(str(said.get("number") or ""))
            number = f"{certificates.get(str(said.get('certificate')), '')} {shown}"
            yield label, "，".join(str(part) for part in (said.get("name"), number.strip(), said.get("phone")) if part)
        elif ref in masked:
            yield label, "，".join(part for part in (masked[ref].name, masked[ref].number) if part)


def party_name(case: CaseRead, names: Mapping[str, str]) -> str:
    """Whom a list line names: the first party of the case."""
    return next((names[ref] for ref in case.state.parties.values() if ref in names), "")


def _form_fields(reading: _Reading) -> Iterator[tuple[str, str]]:
    """(label, value) of the item's application form as it was filled in."""
    said = last_of(reading.words, "form")
    if not isinstance(said, Mapping):
        return
    english = catalogue.in_english()
    for row in reading.case.bound.fields:
        value = said.get(str(row["name"]))
        if value not in (None, "", [], {}):
            yield str((english and row.get("label_en")) or row["label"]), plain_words(value)


def plain_words(value: Json) -> str:
    """A sealed value as a line of text."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Mapping):
        said = {name: each for name, each in value.items() if each not in (None, "") and name != "commitment"}
        return "，".join(plain_words(each) for each in said.values())
    if isinstance(value, list | tuple):
        return "；".join(plain_words(each) for each in value)
    return str(value)


# ---- materials --------------------------------------------------------------------------------------


def _materials(reading: _Reading) -> Iterator[MaterialLine]:
    case, names = reading.case, material_names(reading.case)
    files, remarks = documents.files_of_case(case.state), remarks_in(reading.case, reading.words)
    for rule in case.bound.materials:
        known = case.state.materials.get(rule.code)
        verdict = known.verdict if known else ""
        received = known is not None and known.received_at is not None
        word = "actions.check_material.inputs.verdict.choices"
        codes = (*(VERDICTS if received else (WAIVED,)), *((PROMISED,) if rule.tolerable else ()))
        words = case.word(f"{word}.{verdict}") if verdict else _("待核对") if received else _("未收到")
        form = known.form if known and received else ""
        yield MaterialLine(
            code=rule.code, name=names[rule.code],
            need=_("非必要") if not rule.required else _("可容缺") if rule.tolerable else _("必要"),
            source=case.word(f"actions.receive_material.inputs.form.choices.{form}") if form else "—",
            verdict=verdict, kind="bad" if verdict == "defective" else "ok" if verdict else "wait", words=words,
            reason=remarks.get(rule.code, ""),
            files=tuple(
                Link(line.name, address_of("documents:file", case.state.number, line.digest))
                for line in files.get(rule.code, ())
            ),
            choices=tuple((code, case.word(f"{word}.{code}"), code == verdict) for code in codes),
            is_free=not rule.required, is_open=verdict in ("", "defective"),
            is_received=received,
        )  # fmt: skip


def _materials_title(lines: Sequence[MaterialLine]) -> str:
    good = sum(line.kind == "ok" for line in lines)
    bad = sum(line.kind == "bad" for line in lines)
    parts = [_("材料 %(n)s 份") % {"n": len(lines)}, _("%(n)s 份已核对") % {"n": good}]
    if bad:
        parts.append(_("%(n)s 份不符合") % {"n": bad})
    if len(lines) - good - bad:
        parts.append(_("%(n)s 份待核对") % {"n": len(lines) - good - bad})
    return "，".join(parts)


# ---- the story --------------------------------------------------------------------------------------


def _timeline(reading: _Reading) -> Iterator[TimelineEntry]:
    case = reading.case
    steps = tell(case, with_people=True)
    checks: list[Step] = []
    for n, step in enumerate(steps):
        checks.append(step)
        follower = steps[n + 1] if n + 1 < len(steps) else None
        if step.act == "check_material" and _goes_on(step, follower):
            continue
        yield _entry(reading, checks)
        checks = []


def recent_changes(case: CaseRead, actor: Actor, *, since: int) -> tuple[TimelineEntry, ...]:
    """What happened after an event, newest first: shown to whoever was second."""
    may_read = may_read_words(actor, case.bound, case.state)
    words = open_words(case.ref.id, case.history) if may_read else {}
    reading = _Reading(case=case, actor=actor, words=words, units=_names_of_asked(case))
    steps = [step for step in tell(case, with_people=True) if step.seq > since]
    return tuple(_entry(reading, [step]) for step in reversed(steps))


def _goes_on(step: Step, follower: Step | None) -> bool:
    """Verdicts given one after another by one person are one entry of the story."""
    same = follower is not None and follower.act == step.act and follower.who == step.who
    return bool(same and follower and follower.at.date() == step.at.date() and follower.struck == step.struck)


def _entry(reading: _Reading, steps: Sequence[Step]) -> TimelineEntry:
    first, last = steps[0], steps[-1]
    name = first.name
    if first.struck:
        name = _("%(act)s（已撤回）") % {"act": name}
    elif first.late_entry:
        name = _("%(act)s（补录）") % {"act": name}
    said = [line for step in steps for line in _said(reading, step)]
    return TimelineEntry(
        act=name, when=last.at, who="，".join(part for part in (first.who, first.post, first.unit) if part),
        say="；".join(said), kind="pause" if first.pauses else "done",
        branches=tuple(_opened(reading, first)),
        papers=tuple(
            Link(f"{paper} {number}", address_of("documents:paper", reading.case.state.number, number))
            for paper, number in first.papers
        ),
    )  # fmt: skip


def _said(reading: _Reading, step: Step) -> Iterator[str]:
    if step.facts:
        yield "，".join(f"{label}：{value}" for label, value in step.facts)
    parties = set(reading.case.state.parties)
    for name in step.sealed:
        value = reading.words.get((step.seq, name))
        if value is None or name in parties or name == "form" or name.startswith("branches."):
            continue
        yield plain_words(value)


def _opened(reading: _Reading, step: Step) -> Iterator[BranchView]:
    """The branches an act opened, side by side, each with what has become of it."""
    for event in _batch(reading.case, step.seq):
        if isinstance(event.body, BranchOpened):
            branch = reading.case.state.branches.get(event.body.branch)
            if branch is not None:
                line = _branch_line(reading, branch)
                yield BranchView(who=line.who or line.name, say=line.say or line.status)


def _batch(case: CaseRead, seq: int) -> Iterator[Event]:
    head = next((event.batch for event in case.state.history if event.seq == seq), seq)
    return (event for event in case.state.history if event.batch == head)


# ---- beside the case --------------------------------------------------------------------------------


def _names_of_asked(case: CaseRead) -> Mapping[str, str]:
    asked = {branch.to for branch in case.state.branches.values()}
    if not asked:
        return {}
    language = get_language() or ""
    units, posts = people.unit_names(asked, language), people.post_names(asked, language)
    return {code: units[code] if units[code] != code else posts[code] for code in asked}


def _branches(reading: _Reading) -> Iterator[BranchLine]:
    for branch in reading.case.state.branches.values():
        yield _branch_line(reading, branch)


def _branch_line(reading: _Reading, branch: Branch) -> BranchLine:
    case, is_consent = reading.case, branch.group == "consent"
    who = reading.units.get(branch.to, branch.to)
    if who == branch.to:
        who = case.word(f"roles.{branch.to}.name") if f"roles.{branch.to}.name" in case.words else who
    name = branch_words(branch, case.words, reading.units)
    if is_consent:
        name = _("报请批准：%(act)s") % {"act": name}
    return BranchLine(
        name=name, who=who, status=_status_words(case, branch), say="\n".join(_words_of_branch(reading, branch)),
        opened_at=branch.opened_at, settled_at=branch.settled_at, is_consent=is_consent,
        is_open=branch.status is not BranchStatus.SETTLED,
    )  # fmt: skip


def _status_words(case: CaseRead, branch: Branch) -> str:
    if branch.verdict == "void":
        return _("不再需要")
    if branch.status is BranchStatus.SETTLED and branch.verdict:
        if branch.group == "consent":
            return case.word(f"actions.give_consent.inputs.verdict.choices.{branch.verdict}")
        return case.word(f"branches.{branch.group}.verdicts.{branch.verdict}")
    waiting = {
        BranchStatus.OPEN: _("等答复"),
        BranchStatus.TAKEN: _("已签收，办理中"),
        BranchStatus.ANSWERED: _("已反馈"),
    }
    return waiting.get(branch.status, _("已完成"))


def _words_of_branch(reading: _Reading, branch: Branch) -> Iterator[str]:
    for event in reading.case.history:
        if getattr(event.body, "branch", None) == branch.branch:
            for name in getattr(event.body, "sealed", {}):
                said = reading.words.get((event.seq, name))
                if said is None:
                    said = next(
                        (
                            value
                            for (seq, each), value in reading.words.items()
                            if each == name and seq in {other.seq for other in _batch(reading.case, event.seq)}
                        ),
                        None,
                    )
                if said:
                    yield plain_words(said)


def _papers(case: CaseRead) -> Iterator[PaperLine]:
    for paper in case.state.documents.values():
        say = _("已撤回") if paper.retracted else ""
        if not say and paper.served_at:
            say = _("%(day)s 已送达") % {"day": table_day(paper.served_at)[5:]}
        yield PaperLine(
            name=case.word(f"documents.{paper.document}.name"), number=paper.number,
            say=say or _("%(day)s 出具") % {"day": table_day(paper.issued_at)[5:]},
            url=address_of("documents:paper", case.state.number, paper.number),
        )  # fmt: skip
    for result in case.state.results.values():
        until = _("有效期至 %(day)s") % {"day": result.valid_to.isoformat()} if result.valid_to else _("长期有效")
        yield PaperLine(
            name=case.word(f"results.{result.result}.name"), number=result.number,
            say=_("已撤回") if result.retracted else until,
            url=address_of("documents:paper", case.state.number, result.number),
        )  # fmt: skip


def _fees(case: CaseRead) -> Iterator[FeeLine]:
    names = fee_names(case)
    how = {"paid": _("已缴"), "waived": _("已减免"), "refunded": _("已退")}
    for fee in case.state.fees.values():
        receipt = _("，票据 %(receipt)s") % {"receipt": fee.receipt} if fee.receipt else ""
        say = _("未缴") if not fee.how else how[fee.how] + receipt
        yield FeeLine(code=fee.fee, name=names.get(fee.fee, fee.fee), amount=fee.amount, say=say, is_due=not fee.how)


def _links(case: CaseRead) -> Iterator[Link]:
    evidence = address_of("supervision:card", case.state.number) if case.state.procedure == CARD else ""
    if evidence:
        yield Link(_("看这张牌的证据"), evidence)
    if case.state.parent:
        yield Link(
            _("来自办件 %(number)s") % {"number": case.state.parent}, reverse("cases:case", args=[case.state.parent])
        )
    for branch in case.state.branches.values():
        if branch.child:
            yield Link(_("子办件 %(number)s") % {"number": branch.child}, reverse("cases:case", args=[branch.child]))
    for relation, other in case.state.links:
        label = case.word(f"actions.link.inputs.relation.choices.{relation}")
        yield Link(f"{label} {other}", reverse("cases:case", args=[other]))
