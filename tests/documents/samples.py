"""Sample papers: for each act of each shipped procedure that issues a document, a short history that ends in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from zhengtong.documents.matters import Matter, Names, batch_of, states_around
from zhengtong.kernel.binding import Bound, FeeLine, ItemVersion, MaterialRule, PostRef, ResultLine, bind
from zhengtong.kernel.events import (
    Acted,
    Body,
    BranchOpened,
    BranchSettled,
    ClockExtended,
    ClockStarted,
    Deemed,
    DocumentIssued,
    Event,
    MaterialReceived,
    Opened,
    ResultIssued,
)
from zhengtong.kernel.papers import find_paper
from zhengtong.kernel.procedures import ActionRule, InputRule, Procedure, Ref, RoleKind
from zhengtong.kernel.terms import Term
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import codes, load_procedure, versions

AT: Final = datetime(2026, 3, 16, 1, 5, tzinfo=UTC)
LONG_NAME: Final = "清源区示例长名称" * 10  # eighty characters
POST: Final = PostRef(post="wj-sp-window", unit="wj-sp", dept="wj")
PARTY: Final = "s-1"
COMMITMENT: Final = "c" * 64
LONG_ORGAN: Final = "清源区" + "示例机构" * 7 + "管理委员会"
RARE: Final = "张𬘓䶮"
CONTENT: Final[Mapping[str, Any]] = {
    "national_code": "000123011000",
    "guide": {
        "place": "清源区政务服务中心二楼B区",
        "phone": "0000-5550132",
        "complaint": "0000-5550100",
    },
}


FEE: Final = FeeLine(code="f1", name="证照工本费", amount=1050, basis="示例收费标准", reducible=True, when={})
FOUR_YEARS: Final = Term.parse("4 year")


@dataclass(frozen=True)
class Sample:
    """`of` says which: procedure, act, document."""

    procedure: str
    act: str
    document: str

    @property
    def of(self) -> str:
        return f"{self.procedure}-{self.act}-{self.document}"


def every() -> Iterator[Sample]:
    for code in codes():
        if code == "common":
            continue
        procedure = load_procedure(code, versions(code)[-1])
        for act in procedure.actions.values():
            for document in act.issues:
                yield Sample(code, act.code, document)


def matter(sample: Sample, *, large: bool = False, public: bool = False) -> Matter:
    """The paper of a sample: small, or with long names and forty materials."""
    procedure = load_procedure(sample.procedure, versions(sample.procedure)[-1])
    bound = _bound(procedure, procedure.actions[sample.act], large)
    history, private = _history(bound, bound.actions[sample.act], sample.document, large)
    seq = history[-1].seq
    before, state = states_around(history, seq)
    return Matter(
        bound=bound, before=before, state=state, event=history[-1], batch=batch_of(history, seq)[1],
        paper=find_paper(bound, history, seq), organ=LONG_ORGAN if large else "清源区卫生健康局",
        calendar=load_calendar(), names=_names(large, public), content={**CONTENT, "materials": _rows(bound)},
        private=None if public else private, files={COMMITMENT: 3}, query_code="482913", base_url="http://localhost:8000",
    )  # fmt: skip


def certificate(*, large: bool = False, public: bool = False) -> Matter:
    """A result."""
    made = matter(Sample("licence", "grant", "grant_decision"), large=large, public=public)
    code = next(iter(made.bound.results))
    body = ResultIssued(
        result=code, number="清卫证〔2026〕9号", valid_from=date(2026, 3, 16), valid_to=date(2030, 3, 15),
        commitment="",
    )  # fmt: skip
    return replace(made, event=replace(made.event, body=body))


VERIFY: Final = {"token": "1.9.abc", "url": "http://localhost:8000/documents/v/1.9.abc", "svg": "", "code": "K7QM-2XPD"}


def _rows(bound: Bound) -> list[dict[str, object]]:
    return [{"code": rule.code, "copies": 1, "form": "either"} for rule in bound.materials]


def _names(large: bool, public: bool) -> Names:
    name = (LONG_NAME if large else RARE) if not public else "张*䶮"
    return Names(
        units={"wj": "清源区卫生健康局", "wj-sp": "清源区卫生健康局审批科", "sc": "清源区市场监督管理局"},
        posts={"wj-sp-window": "卫生健康窗口受理岗"},
        people={"p-1": "何静", "p-2": "罗建国", PARTY: name} if not public else {PARTY: name},
        regions={"510199": "清源区"},
    )


def _bound(procedure: Procedure, act: ActionRule, large: bool) -> Bound:
    options = {act.when} if act.when else set()
    for needed in list(options):
        options |= set(procedure.options[needed].requires)
    if large:
        for code, option in procedure.options.items():
            clash = set(option.excludes) & options or any(code in procedure.options[each].excludes for each in options)
            if not clash and code != act.unless and set(option.requires) <= options:
                options.add(code)
    count = 40 if large else 3
    item = ItemVersion(
        code="qy-wj-0001", version=1, procedure=procedure.code, procedure_version=procedure.version,
        name="公共场所卫生许可（新办）" if not large else "关于" + LONG_NAME + "的许可（新办）", region="510199",
        options=tuple(sorted(options)), terms=_terms(procedure), terms_when=(),
        posts={code: POST for code, role in procedure.roles.items() if role.kind is RoleKind.POST},
        materials=tuple(_material(n, large) for n in range(1, count + 1)), fees=(FEE,) if large else (),
        results={code: ResultLine(code=code, name="卫生许可证", valid=FOUR_YEARS) for code in procedure.results},
        situations={}, fields=(), nodes=(),
    )  # fmt: skip
    return bind(procedure, item)


def _material(n: int, large: bool) -> MaterialRule:
    name = f"第{n}项材料：经营场所使用证明" + "及附件" * (8 if large else 0)
    return MaterialRule(code=f"m{n}", name=name, required=True, tolerable=False, when={})


def _terms(procedure: Procedure) -> dict[str, Term]:
    found: dict[str, Term] = {}
    for code, rule in procedure.parameters.items():
        if rule.default is None:
            ceiling = rule.at_most
            known = found.get(ceiling.name) if isinstance(ceiling, Ref) else ceiling
            found[code] = known or Term.parse("10 wd")
    return found


def _history(bound: Bound, act: ActionRule, document: str, large: bool) -> tuple[tuple[Event, ...], dict[str, Any]]:
    opening = next(rule for rule in bound.actions.values() if rule.opening)
    first = opening.to or next(iter(bound.states))
    here = act.from_states[0] if act.from_states else first
    roles = [code for code, role in bound.roles.items() if role.kind is RoleKind.PARTY and code != "party"]
    parties, party = ({roles[0]: PARTY}, roles[0]) if roles else ({}, "")
    private: dict[str, Any] = {party: {"kind": "natural", "name": LONG_NAME if large else RARE}} if party else {}
    opened = Opened(
        number="510199001260316000017", procedure=bound.procedure, version=bound.version, item=bound.item,
        item_version=1, binding=bound.digest, channel="window", parent=None, answers={},
    )  # fmt: skip
    marks = {mark: AT for mark in ("received", "accepted", "decided") if mark in ("received", "accepted")}
    head = _acted(opening.code, "", here, marks=marks, parties=parties, sealed={party: COMMITMENT} if party else {})
    bodies: list[tuple[int, Body]] = [(1, opened), (1, head)]
    bodies += [(1, _started(rule.code, rule.legal, rule.promised)) for rule in bound.clocks.values()]
    consent = next((str(guard.parameter) for guard in act.needs if guard.word == "consent"), None)
    if consent:
        asked = BranchOpened(branch="b1", group="consent", kind=act.code, to=consent, child=None, sealed={})
        bodies += [(2, asked), (2, BranchSettled(branch="b1", verdict="granted", sealed={}))]
    if not act.opening:
        bodies += [(3, body) for body in _batch(bound, act, large, private, "b1" if consent else None)]
    materials = [rule.code for rule in bound.materials] if _takes_materials(act) else []
    last = 1 if act.opening else 3
    bodies += [
        (last, MaterialReceived(material=code, form="electronic" if n % 3 else "paper", commitment=COMMITMENT))
        for n, code in enumerate(materials)
    ]
    template = bound.documents[document].template
    issued = DocumentIssued(document=document, number="清卫受〔2026〕12号", template=template, commitment="", seal="wj")
    bodies.append((last, issued))
    return _events(bodies), private


def _takes_materials(act: ActionRule) -> bool:
    return any(rule.kind == "materials" and rule.name == "given" for rule in act.inputs)


def _batch(bound: Bound, act: ActionRule, large: bool, private: dict[str, Any], consent: str | None) -> Iterator[Body]:
    if act.by == ("law",):
        clock = next((rule.code for rule in bound.clocks.values() if rule.deem == act.code), "decision")
        yield Deemed(
            act=act.code, left=act.from_states[0] if act.from_states else "", entered=act.to or "", clock=clock,
            clock_seq=3, lapsed_at=AT, marks=dict.fromkeys(act.marks, AT), outcome=act.outcome,
        )  # fmt: skip
        return
    inputs = {rule.name: _value(rule, large, bound) for rule in act.inputs if not rule.sealed and rule.kind != "party"}
    sealed = {rule.name: COMMITMENT for rule in act.inputs if rule.sealed}
    for rule in act.inputs:
        if rule.sealed and rule.kind not in ("party", "fields"):
            private[rule.name] = _words(rule, large)
        elif rule.kind == "party":
            private.setdefault(rule.name, {"kind": "natural", "name": "李小敏"})
    parties = {rule.name: PARTY for rule in act.inputs if rule.kind == "party"}
    to = act.to if act.to not in (None, "back") else ""
    yield _acted(
        act.code, act.from_states[0] if act.from_states else "", to or "", inputs=inputs, sealed=sealed,
        parties=parties, marks=dict.fromkeys(act.marks, AT), outcome=act.outcome, consent=consent,
    )  # fmt: skip
    if act.extends is not None:
        yield ClockExtended(clock=act.extends.clock, by="10 wd", consent=consent)
    if act.opens is not None:
        kinds: list[str | None] = [*bound.branches[act.opens].kinds] or [None]
        for n, kind in enumerate(kinds if large else kinds[:1]):
            yield BranchOpened(branch=f"w{n}", group=act.opens, kind=kind, to="sc", child=None, sealed={})
            yield ClockStarted(
                clock=f"branch:w{n}", from_at=AT, from_mark=None, legal="30 wd", promised=None, until=None,
                calendar="CN", edition="2026",
            )  # fmt: skip


def _words(rule: InputRule, large: bool) -> str:
    said = f"{rule.label}：第3项材料没有盖章，请补盖公章后重新扫描；第2项材料的有效期已过，请提交现行有效的证明。"
    return "\n".join([said] * 12) if large else said


def _value(rule: InputRule, large: bool, bound: Bound) -> Any:
    match rule.kind:
        case "choice":
            return next(iter(rule.choices), "x")
        case "term":
            return "10 wd"
        case "date":
            return "2026-04-20"
        case "materials":
            return [each.code for each in bound.materials[: None if large else 2]]
        case "people":
            return ["p-1", "p-2"]
        case "unit":
            return "sc"
        case "yes_no":
            return True
        case "tasks":
            return [{"to": "sc"}]
        case _:
            return "1"


def _acted(act: str, left: str, entered: str, **more: Any) -> Acted:
    blank: dict[str, Any] = {
        "marks": {}, "inputs": {}, "sealed": {}, "facts": {}, "parties": {}, "outcome": None, "consent": None,
    }  # fmt: skip
    return Acted(act=act, left=left, entered=entered, **(blank | more))


def _started(clock: str, legal: object, promised: object) -> ClockStarted:
    said = [str(each) if isinstance(each, Term) else None for each in (legal, promised)]
    return ClockStarted(
        clock=clock, from_at=AT, from_mark="accepted", legal=said[0] or "5 wd", promised=said[1], until=None,
        calendar="CN", edition="2026",
    )  # fmt: skip


def _events(bodies: list[tuple[int, Body]]) -> tuple[Event, ...]:
    made: list[Event] = []
    heads: dict[int, int] = {}
    for seq, (batch, body) in enumerate(bodies, start=1):
        heads.setdefault(batch, seq)
        at = AT + timedelta(days=batch - 1)
        made.append(
            Event(
                seq=seq, batch=heads[batch], at=at, recorded_at=at, person="p-1", post="wj-sp-window", unit="wj-sp",
                role="window", body=body,
            )
        )  # fmt: skip
    return tuple(made)
