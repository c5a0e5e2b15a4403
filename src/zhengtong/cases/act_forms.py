"""The form of an act, built from the inputs its procedure file names: no act of any procedure has a form of its own.

Desk and portal build their forms here. What was filled in comes back split as the kernel wants it: codes, sealed
words, parties, materials. Shape only: whether the act may be done is asked of the kernel when it is done.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.kernel.acts import find_rank_for
from zhengtong.kernel.authority import Actor, find_grounds
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import find_fitting, group_of, is_answered_first
from zhengtong.kernel.events import Json
from zhengtong.kernel.fees import find_fees_due
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import MARKS, ActionRule, InputRule, RoleKind
from zhengtong.kernel.states import Branch, Fee, State
from zhengtong.kernel.terms import law_day
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

CODE: Final = re.compile(r"[\w〔〕（）()\[\]\-:.+/]{1,80}")
ACCEPTED: Final = (".pdf", ".jpg", ".jpeg", ".png", ".docx", ".xlsx", ".ofd", ".txt")
FILES: Final = "__files__"
TASK_WORDS: Final = "text"
MOST_WORDS: Final = 4000
LATE: Final = "happened_at"
DONE_WITH: Final = frozenset({"accepted", "waived"})
AS_CHOICE: Final = frozenset({"act", "role", "fee", "mark", "branch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was filled in, split by where it goes.

    `parties` maps party roles to the data typed; `papers` are materials handed over on paper, `uploads` their files;
    `attached` are the files of inputs of kind attachment.
    """

    inputs: Mapping[str, Json] = field(default_factory=dict)
    private: Mapping[str, Json] = field(default_factory=dict)
    parties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    papers: tuple[str, ...] = ()
    uploads: Mapping[str, tuple["UploadedFile[Any]", ...]] = field(default_factory=dict)
    attached: Mapping[str, tuple["UploadedFile[Any]", ...]] = field(default_factory=dict)
    branch: str | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Whom a form can name: units, posts and people, asked for only when some field needs them."""

    actor: Actor
    at: datetime

    @cached_property
    def units(self) -> tuple[tuple[str, str], ...]:
        known = people.organisation().units
        return tuple((code, people.name_of(unit)) for code, unit in known.items() if unit.closed_on is None)

    @cached_property
    def posts(self) -> tuple[tuple[str, str], ...]:
        lines = people.staff_directory(law_day(self.at))
        mine = {unit for seat in self.actor.seats for unit in (seat.unit, seat.dept)}
        return tuple((line.code, f"{line.unit_name} {line.name}") for line in lines if line.unit in mine)

    @cached_property
    def colleagues(self) -> tuple[tuple[str, str], ...]:
        me = self.actor.person.removeprefix("p-")
        if not me.isdecimal():
            return ()
        myself = people.person_names([self.actor.person], get_language() or "")
        return (*myself.items(), *people.colleagues_of(int(me), law_day(self.at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Everything the fields of one act are drawn from. `state` is None for an opening act.

    `materials` and `fees` are named in the reader's language; `remarks` says what is wrong with some materials,
    to fill a notice with. `on_paper`: materials may be ticked as handed over (desk), else they are uploaded (portal).
    `may_be_late`: staff may enter what happened earlier (补录); nobody else's word moves a clock.
    """

    bound: Bound
    state: State | None
    rule: ActionRule
    words: Mapping[str, str]
    directory: Directory
    materials: Mapping[str, str]
    remarks: Mapping[str, str] = field(default_factory=dict)
    fees: Mapping[str, str] = field(default_factory=dict)
    on_paper: bool = True
    may_be_late: bool = False

    @property
    def actor(self) -> Actor:
        return self.directory.actor

    def word(self, key: str) -> str:
        return self.words.get(key, key)


# ---- the fields -------------------------------------------------------------------------------------


def form_class(asked: Questions, *, without: Sequence[str] = ()) -> type[TypedForm]:
    """The form class of an act; `without` names inputs the page asks for elsewhere."""
    specs = [spec for rule in asked.rule.inputs if rule.name not in without for spec in _specs(asked, rule)]
    late = [_late_spec()] if asked.may_be_late else []
    return build_form([*_branch_specs(asked), *specs, *late], name="ActForm")


def _late_spec() -> FieldSpec:
    return FieldSpec(
        name=LATE, label=_("发生时间"), kind="instant", required=False, folded=_("补录：不是刚刚发生的"),
        help=_("期限从发生的时间算起；办件经过会写明是补录。空着就是现在。"),
    )  # fmt: skip


def is_handing_in(rule: ActionRule, bound: Bound) -> bool:
    """Whether materials named by the act are handed in with it: a party may do it, or it records just that.

    An act that only the service may do names materials to speak about them (what is missing).
    """
    kinds = {bound.roles[role].kind for role in rule.by if role in bound.roles}
    return rule.does == "material_received" or RoleKind.PARTY in kinds


def _specs(asked: Questions, rule: InputRule) -> Iterator[FieldSpec]:
    if rule.kind in ("materials", "material") and is_handing_in(asked.rule, asked.bound):
        yield from _given(asked, rule)
    elif asked.rule.does == "material_received":
        return
    elif rule.kind == "materials":
        yield _named_materials(asked, rule)
    elif rule.kind == "fields":
        if asked.bound.fields:
            yield _spec(asked, rule, kind="fields", fields=tuple(_item_field(row) for row in asked.bound.fields))
    elif rule.kind == "tasks":
        yield _spec(asked, rule, kind="tasks", fields=tuple(_task_fields(asked)))
    elif rule.kind == "branch":
        yield from _branch_choice(asked, rule.name, asked.word(f"{_key(asked, rule)}.label"))
    else:
        yield _plain(asked, rule)


def _key(asked: Questions, rule: InputRule) -> str:
    return f"actions.{asked.rule.code}.inputs.{rule.name}"


def _spec(asked: Questions, rule: InputRule, **more: Any) -> FieldSpec:
    key = _key(asked, rule)
    values: dict[str, Any] = {
        "name": rule.name, "label": asked.word(f"{key}.label"), "required": rule.required,
        "help": asked.words.get(f"{key}.help", ""),
    }  # fmt: skip
    return FieldSpec(**values | more)


def _plain(asked: Questions, rule: InputRule) -> FieldSpec:
    if rule.kind == "choice":
        key = _key(asked, rule)
        choices = tuple((code, asked.word(f"{key}.choices.{code}")) for code in rule.choices)
        return _spec(asked, rule, kind="choice", choices=choices, initial=_usual(rule))
    if rule.kind == "text":
        return _spec(asked, rule, kind="reason", max_length=MOST_WORDS)
    if rule.kind == "reason":
        return _spec(asked, rule, kind="reason", required=rule.required and not _tells_materials(asked))
    if rule.kind == "code":
        return _spec(asked, rule, kind="text", max_length=80)
    if rule.kind == "attachment":
        return _spec(asked, rule, kind="attachment", multiple=True, accept=ACCEPTED)
    if rule.kind == "term":
        return _spec(asked, rule, kind="term", initial=_longest(asked))
    if rule.kind == "money":
        due = _due(asked)
        return _spec(asked, rule, kind="money", initial=due[0].amount if due else None)
    known = _choices(asked, rule.kind)
    if known is None:
        return _spec(asked, rule, kind=rule.kind)
    first = known[0][0] if len(known) == 1 else None
    return _spec(asked, rule, kind="choice" if rule.kind in AS_CHOICE else rule.kind, choices=known, initial=first)


def _usual(rule: InputRule) -> str | None:
    """How something is handed over is nearly always the first way; every other choice is the person's to make."""
    return next(iter(rule.choices), None) if rule.name in ("manner", "relation", "how") else None


def _tells_materials(asked: Questions) -> bool:
    """Whether the act speaks of materials, each with its reason: then one more reason may be left out."""
    named = any(each.kind == "materials" for each in asked.rule.inputs)
    return named and not is_handing_in(asked.rule, asked.bound)


Options = tuple[tuple[str, str], ...]


def _choices(asked: Questions, kind: str) -> Options | None:
    """What may be chosen for a kind whose values are codes known to the case; None for the other kinds."""
    if kind in ("people", "person"):
        return asked.directory.colleagues
    found: Mapping[str, Callable[[Questions], Options]] = {
        "unit": lambda asked: asked.directory.units,
        "post": lambda asked: asked.directory.posts,
        "material": lambda asked: tuple(asked.materials.items()),
        "mark": lambda asked: tuple((mark, mark) for mark in MARKS),
        "role": _roles,
        "act": lambda asked: tuple(_acts_needing_consent(asked)),
        "fee": _fees,
        "document": _papers,
    }
    return found[kind](asked) if kind in found else None


def _roles(asked: Questions) -> Options:
    posts = (role.code for role in asked.bound.roles.values() if role.kind is RoleKind.POST)
    return tuple((code, asked.word(f"roles.{code}.name")) for code in posts if code in asked.bound.posts)


def _fees(asked: Questions) -> Options:
    names = {line.code: asked.fees.get(line.code, line.name) for line in asked.bound.fees}
    every = tuple(asked.state.fees.values()) if asked.state is not None else ()
    wanted = _due(asked) if asked.rule.does == "fee_settled" else every
    return tuple((fee.fee, names.get(fee.fee, fee.fee)) for fee in wanted)


def _papers(asked: Questions) -> Options:
    papers = asked.state.documents.values() if asked.state is not None else ()
    return tuple(
        (paper.number, f"{asked.word(f'documents.{paper.document}.name')} {paper.number}")
        for paper in papers
        if not paper.retracted
    )


def _due(asked: Questions) -> tuple[Fee, ...]:
    return find_fees_due(asked.state) if asked.state is not None else ()


def _acts_needing_consent(asked: Questions) -> Iterator[tuple[str, str]]:
    bound, state = asked.bound, asked.state
    phase = bound.phase_of(state.state) if state is not None else None
    for rule in bound.actions.values():
        here = phase in rule.phases if rule.is_common else state is not None and state.state in rule.from_states
        if here and find_rank_for(bound, rule.code) is not None:
            yield rule.code, asked.word(f"actions.{rule.code}.name")


def _longest(asked: Questions) -> str | None:
    at_most = asked.rule.extends.at_most if asked.rule.extends is not None else None
    return str(at_most) if at_most is not None and hasattr(at_most, "unit") else None


# ---- materials --------------------------------------------------------------------------------------


def _given(asked: Questions, rule: InputRule) -> Iterator[FieldSpec]:
    """Tick what was handed over on paper; upload what came as files."""
    known = asked.state.materials if asked.state is not None else {}
    done = {code for code, material in known.items() if material.verdict in DONE_WITH}
    open_ = tuple((code, name) for code, name in asked.materials.items() if code not in done)
    if not open_:
        return
    if asked.on_paper:
        label = asked.word(f"{_key(asked, rule)}.label")
        hint = _("勾选收到的纸质材料；电子件在下面上传。")
        yield FieldSpec(
            name=rule.name, label=label, kind="choice", choices=open_, multiple=True, required=False, help=hint
        )
    needed = {each.code for each in asked.bound.materials if each.required and not each.tolerable}
    for code, name in open_:
        must = rule.required and not asked.on_paper and code in needed and asked.state is None
        yield FieldSpec(
            name=f"{rule.name}{FILES}{code}", label=_("上传：%(name)s") % {"name": name} if asked.on_paper else name,
            kind="attachment", required=must, multiple=True, accept=ACCEPTED,
        )  # fmt: skip


def _named_materials(asked: Questions, rule: InputRule) -> FieldSpec:
    """Materials spoken about, each with what to tell the applicant; filled with what is missing or was found wrong."""
    state = asked.state
    initial = []
    for each in asked.bound.materials:
        known = state.materials.get(each.code) if state is not None else None
        verdict = known.verdict if known is not None else ""
        received = known is not None and known.received_at is not None
        if verdict == "defective" or (each.required and not received and verdict not in (*DONE_WITH, "promised")):
            said = asked.remarks.get(each.code) or (_("不符合要求，请重新提交。") if received else _("没有提交。"))
            initial.append({"material": each.code, "reason": said})
    return _spec(asked, rule, kind="materials", choices=tuple(asked.materials.items()), initial=initial)


def _item_field(row: Mapping[str, Json]) -> FieldSpec:
    """A field of the item's own application form."""
    english = (get_language() or "").startswith("en")
    raw = row.get("choices") or ()
    choices = tuple(
        (str(each["code"]), str((english and each.get("name_en")) or each["name"]))
        for each in (raw if isinstance(raw, Sequence) else ())
        if isinstance(each, Mapping)
    )
    return FieldSpec(
        name=str(row["name"]), label=str((english and row.get("label_en")) or row["label"]),
        kind=str(row.get("kind", "text")), required=bool(row.get("required", True)),
        help=str((english and row.get("help_en")) or row.get("help", "")), choices=choices,
    )  # fmt: skip


# ---- branches ---------------------------------------------------------------------------------------


def _task_fields(asked: Questions) -> Iterator[FieldSpec]:
    group = asked.bound.branches.get(asked.rule.opens or "")
    if group is None:
        return
    if group.kinds:
        kinds = tuple((code, asked.word(f"branches.{group.code}.kinds.{code}")) for code in group.kinds)
        yield FieldSpec(name="kind", label=_("哪一类"), kind="choice", choices=kinds)
    role = asked.bound.roles.get(group.to)
    if role is not None and role.kind is RoleKind.TARGET:
        label = asked.word(f"roles.{group.to}.name")
        yield FieldSpec(name="to", label=label, kind="unit", choices=asked.directory.units)
    yield FieldSpec(name=TASK_WORDS, label=_("具体要求"), kind="text", required=False, max_length=500)


def _branch_specs(asked: Questions) -> Iterator[FieldSpec]:
    """Which branch an act speaks of, where there are several; and its verdict, where the group asks for one."""
    group = group_of(asked.rule)
    if group is None or any(rule.kind == "branch" for rule in asked.rule.inputs):
        return
    yield from _branch_choice(asked, "branch", _("哪一项"))
    known = asked.bound.branches.get(group)
    named = any(rule.name == "verdict" for rule in asked.rule.inputs)
    gives = asked.rule.answers or (asked.rule.settles and not is_answered_first(asked.bound, group))
    if known is not None and gives and not named and len(known.verdicts) > 1:
        choices = tuple((code, asked.word(f"branches.{group}.verdicts.{code}")) for code in known.verdicts)
        yield FieldSpec(name="verdict", label=_("结论"), kind="choice", choices=choices)


def _branch_choice(asked: Questions, name: str, label: str) -> Iterator[FieldSpec]:
    fitting = my_branches(asked.bound, asked.state, asked.rule, asked.actor)
    if len(fitting) > 1:
        choices = tuple((each.branch, branch_words(each, asked.words)) for each in fitting)
        yield FieldSpec(name=name, label=label, kind="choice", choices=choices)


def my_branches(bound: Bound, state: State | None, rule: ActionRule, actor: Actor) -> tuple[Branch, ...]:
    """The branches this act may speak of now that are the actor's to speak of."""
    if state is None:
        return ()
    return tuple(
        each
        for each in find_fitting(bound, state, rule)
        if find_grounds(bound, state, rule.code, actor, branch=each.branch) is not None
    )


def branch_words(branch: Branch, words: Mapping[str, str], units: Mapping[str, str] | None = None) -> str:
    """What a branch is called: its group or the act it asks consent for, its kind, and who was asked."""
    if branch.group == "consent":
        return words.get(f"actions.{branch.kind}.name", branch.kind or "")
    parts = [words.get(f"branches.{branch.group}.name", branch.group)]
    if branch.kind:
        parts.append(words.get(f"branches.{branch.group}.kinds.{branch.kind}", branch.kind))
    parts.append((units or {}).get(branch.to) or words.get(f"roles.{branch.to}.name", branch.to))
    return " · ".join(parts)


# ---- what was filled in -----------------------------------------------------------------------------


def read_filled(form: TypedForm, asked: Questions) -> Filled | None:
    """The answers of a valid form, split; None when something more must be put right (the form says what)."""
    data = form.cleaned_data
    inputs: dict[str, Json] = {}
    private: dict[str, Json] = {}
    parties: dict[str, Mapping[str, str]] = {}
    attached: Uploads = {}
    for rule in asked.rule.inputs:
        value = data.get(rule.name)
        if rule.kind in ("materials", "material") and is_handing_in(asked.rule, asked.bound):
            continue
        if value in (None, "", [], {}):
            continue
        if rule.kind == "attachment":
            attached[rule.name] = tuple(value if isinstance(value, list | tuple) else [value])
            continue
        _put(rule, value, (inputs, private, parties))
    _compose(asked, data, inputs, private)
    papers, uploads = _handed_in(asked, data)
    if not _is_complete(form, asked, (papers, uploads), inputs):
        return None
    if data.get("verdict") and not any(rule.name == "verdict" for rule in asked.rule.inputs):
        inputs["verdict"] = str(data["verdict"])
    branch = data.get("branch") or inputs.get("branch")
    return Filled(
        inputs=inputs, private=private, parties=parties, papers=papers, uploads=uploads,
        attached=attached, branch=str(branch) if branch else None, happened_at=data.get(LATE),
    )  # fmt: skip


Sinks = tuple[dict[str, Json], dict[str, Json], dict[str, Mapping[str, str]]]


def _put(rule: InputRule, value: Any, into: Sinks) -> None:
    inputs, private, parties = into
    if rule.kind == "party":
        parties[rule.name] = value
        private[rule.name] = jsonable(value)
    elif rule.kind == "tasks":
        rows: list[Json] = []
        for n, row in enumerate(value):
            rows.append({name: str(said) for name, said in row.items() if name in ("to", "kind") and said})
            if row.get(TASK_WORDS):
                private[f"{rule.name}.{n}.{TASK_WORDS}"] = str(row[TASK_WORDS])
        inputs[rule.name] = rows
    elif rule.kind == "materials":
        inputs[rule.name] = [row["material"] for row in value]
    elif is_sealed(rule):
        private[rule.name] = jsonable(value)
    else:
        inputs[rule.name] = jsonable(value)


def _compose(asked: Questions, data: Mapping[str, Any], inputs: Mapping[str, Json], private: dict[str, Json]) -> None:
    """What is said of each material goes into the act's own sealed reason, line by line."""
    rows = [
        row
        for rule in asked.rule.inputs
        if rule.kind == "materials" and rule.name in inputs
        for row in data.get(rule.name) or ()
    ]
    into = next((rule.name for rule in asked.rule.inputs if rule.kind == "reason"), None)
    if not rows or into is None:
        return
    lines = [
        f"{n}. {asked.materials.get(row['material'], row['material'])}：{row['reason']}"
        for n, row in enumerate(rows, 1)
    ]
    private[into] = "\n".join([*lines, *([str(private[into])] if into in private else [])])


Uploads = dict[str, tuple["UploadedFile[Any]", ...]]


def _handed_in(asked: Questions, data: Mapping[str, Any]) -> tuple[tuple[str, ...], Uploads]:
    papers: tuple[str, ...] = ()
    uploads: dict[str, tuple[UploadedFile[Any], ...]] = {}
    if not is_handing_in(asked.rule, asked.bound):
        return papers, uploads
    for rule in asked.rule.inputs:
        if rule.kind not in ("materials", "material"):
            continue
        papers += tuple(data.get(rule.name) or ())
        for code in asked.materials:
            files = data.get(f"{rule.name}{FILES}{code}")
            if files:
                uploads[code] = tuple(files)
    return tuple(code for code in papers if code not in uploads), uploads


def _is_complete(form: TypedForm, asked: Questions, handed: tuple[Any, Any], inputs: Mapping[str, Json]) -> bool:
    papers, uploads = handed
    for rule in asked.rule.inputs:
        is_material = rule.kind in ("materials", "material") and is_handing_in(asked.rule, asked.bound)
        if is_material and rule.required and not papers and not uploads and rule.name in form.fields:
            form.add_error(rule.name, _("至少要有一份材料：勾选收到的纸质件，或者上传文件。"))
        if rule.kind == "code" and rule.name in inputs and not CODE.fullmatch(str(inputs[rule.name])):
            form.add_error(rule.name, _("这里只写编号：字母、数字和编号里的符号，最多 80 个字符。"))
    return not form.errors


def jsonable(value: Any) -> Json:
    """A cleaned value as the ledger keeps it: days and instants as ISO text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): jsonable(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return value  # type: ignore[no-any-return]  # text, numbers and truths are what they are
