"""The procedure language's parser (程序文件): TOML text → `Procedure`, or every fault with file, line, table and mend.

Keys and their shapes are closed. What the words refer to is proved elsewhere (kernel.proving).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zhengtong.kernel.procedures import (
    POWERS,
    ActionRule,
    BranchRule,
    ByFact,
    ClockRule,
    DocumentKind,
    Extension,
    InputRule,
    Limit,
    Option,
    Outcome,
    Parameter,
    Phase,
    Procedure,
    Ref,
    ResultKind,
    Role,
    RoleKind,
    Source,
    StateRule,
)
from zhengtong.kernel.terms import Term, Unit
from zhengtong.law.guard_shapes import read_guards
from zhengtong.law.reading import Reading, StatedLimit, Table

SOURCE_KINDS: Final = (
    "law", "administrative_regulation", "regulation", "rule", "policy", "standard", "local", "local_sample",
)  # fmt: skip
RETENTIONS: Final = ("permanent", "30 year", "10 year")
INPUT_KINDS: Final = (
    "text", "reason", "choice", "term", "date", "instant", "money", "number", "yes_no", "material", "materials",
    "document", "person", "people", "unit", "post", "tasks", "fields", "table", "attachment",
    "party", "identity", "address", "credit_code",
    "act", "branch", "fee", "role", "mark", "code",
)  # fmt: skip
DOES: Final = (
    "material_received", "material_checked", "consent_asked", "consent_given", "served", "fee_settled", "fee_refunded",
    "noted", "assigned", "corrected", "reverted", "linked", "retracted", "rated", "rebound", "erased",
)  # fmt: skip
_BUILT_IN_ROLES: Final = (
    Role(code="head", name="本机关负责人", kind=RoleKind.RANK),
    Role(code="superior", name="上一级负责人", kind=RoleKind.RANK),
    Role(code="government_head", name="本级人民政府负责人", kind=RoleKind.RANK),
    Role(code="staff", name="承办单位在岗人员", kind=RoleKind.STAFF),
    Role(code="law", name="法律规定", kind=RoleKind.LAW),
)
_ZERO: Final = Term(0, Unit.WD)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonActs:
    """The acts every procedure has, with the sources, roles and documents they speak of."""

    version: str
    text: str
    sources: Mapping[str, Source]
    roles: Mapping[str, Role]
    documents: Mapping[str, DocumentKind]
    actions: Mapping[str, ActionRule]


NO_COMMON: Final = CommonActs(version="", text="", sources={}, roles={}, documents={}, actions={})


def parse_common(text: str, file: str) -> CommonActs:
    """Read a file of common acts.

    Raises:
        LawFileError: every fault of the file.
    """
    reading = Reading(text, file)
    root = reading.root()
    head = root.table("procedure")
    version = head.text("version")
    head.text("code"), head.text("name")
    head.end()
    common = CommonActs(
        version=version,
        text=text,
        sources=_read_sources(root),
        roles=_read_roles(root),
        documents=_read_documents(root),
        actions={code: _read_action(code, table) for code, table in root.tables("actions").items()},
    )
    for code, act in common.actions.items():
        if act.does is None or not act.phases:
            mend = 'give it does = "…" and phases = [ … ]'
            reading.complain(("actions", code), "bad_common_act", "a common act records a fact in phases", mend)
    root.end()
    reading.finish()
    return common


def parse(text: str, file: str, common: CommonActs = NO_COMMON) -> Procedure:
    """Read a procedure file and fold the common acts in.

    Raises:
        LawFileError: every fault of the file.
    """
    reading = Reading(text, file)
    procedure = _read_procedure(reading.root(), text, common)
    reading.finish()
    return procedure


def read_common_version(text: str) -> str | None:
    """Which common acts a procedure file names, read before the rest of it; None if it names none or is no TOML."""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "common":
            return value.split("#")[0].strip().strip("\"'")
    return None


def _read_procedure(root: Table, text: str, common: CommonActs) -> Procedure:
    head = root.table("procedure")
    procedure = Procedure(
        code=head.text("code"),
        version=head.text("version"),
        name=head.text("name"),
        common=head.text("common"),
        internal=head.flag("internal"),
        digest=hashlib.sha256(f"{text}\0{common.text}".encode()).hexdigest(),
        sources={**common.sources, **_read_sources(root)},
        roles=_fold_roles(common.roles, _read_roles(root)),
        options={code: _read_option(code, table) for code, table in root.tables("options").items()},
        parameters={code: _read_parameter(code, table) for code, table in root.tables("parameters").items()},
        outcomes={code: _read_outcome(code, table) for code, table in root.tables("outcomes").items()},
        results={code: _read_result(code, table) for code, table in root.tables("results").items()},
        documents={**common.documents, **_read_documents(root)},
        sets=_read_sets(root),
        states={code: _read_state(code, table) for code, table in root.tables("states").items()},
        clocks={code: _read_clock(code, table) for code, table in root.tables("clocks").items()},
        branches={code: _read_branch(code, table) for code, table in root.tables("branches").items()},
        actions=_read_actions(root, common),
        takes_over=_read_takes_over(root),
    )
    head.end()
    root.end()
    return procedure


def _read_takes_over(root: Table) -> dict[str, Mapping[str, str]]:
    """For each older version, which old state becomes which new one."""
    outer = root.table("takes_over")
    return {version: outer.names(version) for version in outer.values}


def _fold_roles(common: Mapping[str, Role], own: Mapping[str, Role]) -> Mapping[str, Role]:
    return {**{role.code: role for role in _BUILT_IN_ROLES}, **common, **own}


def _read_sources(root: Table) -> dict[str, Source]:
    return {code: _read_source(code, table) for code, table in root.tables("sources").items()}


def _read_source(code: str, table: Table) -> Source:
    source = Source(
        code=code,
        title=table.text("title"),
        kind=table.one_of("kind", SOURCE_KINDS, "") or table.text("kind"),
        confirmed=table.flag("confirmed", default=True),
    )
    table.end()
    return source


def _read_roles(root: Table) -> dict[str, Role]:
    return {code: _read_role(code, table) for code, table in root.tables("roles").items()}


def _read_role(code: str, table: Table) -> Role:
    name, kind = table.text("name"), table.one_of("kind", tuple(RoleKind), "")
    power = table.one_of("power", POWERS, "")
    if "kind" not in table.values:
        table.text("kind")
    table.end()
    return Role(code=code, name=name, kind=RoleKind(kind) if kind else RoleKind.POST, power=power or "")


def _read_documents(root: Table) -> dict[str, DocumentKind]:
    return {code: _read_document(code, table) for code, table in root.tables("documents").items()}


def _read_document(code: str, table: Table) -> DocumentKind:
    document = DocumentKind(
        code=code,
        name=table.text("name"),
        prefix=table.text("prefix"),
        template=table.text("template"),
    )
    table.end()
    return document


def _read_option(code: str, table: Table) -> Option:
    option = Option(
        code=code,
        name=table.text("name"),
        excludes=table.texts("excludes"),
        requires=table.texts("requires"),
    )
    table.end()
    return option


def _read_parameter(code: str, table: Table) -> Parameter:
    name = table.text("name")
    default, at_most = table.limit("default"), table.limit("at_most")
    stated = [limit for limit in (default, at_most) if limit is not None]
    parameter = Parameter(
        code=code,
        name=name,
        default=_plain_term(table, "default", default),
        at_most=_ceiling(table, "at_most", at_most),
        source=_join_sources(table.text_or("source", ""), *stated),
        confirmed=_read_confirmed(table, *stated),
        when=table.maybe_text("when"),
    )
    table.end()
    return parameter


def _plain_term(table: Table, key: str, stated: StatedLimit | None) -> Term | None:
    limit = _limit_of(stated)
    if limit is None or isinstance(limit, Term):
        return limit
    table.complain(key, "bad_term", f"`{key}` must be a term, not a parameter or a table", 'write e.g. "20 wd"')
    return _ZERO


def _ceiling(table: Table, key: str, stated: StatedLimit | None) -> Term | Ref | None:
    limit = _limit_of(stated)
    if not isinstance(limit, ByFact):
        return limit
    table.complain(key, "bad_term", f"`{key}` must be a term or @parameter, not a table", 'write e.g. "20 wd"')
    return None


def _join_sources(own: str, *stated: StatedLimit) -> str:
    """The table's own source, then what its terms cite beside it."""
    cited = [own, *(limit.source for limit in stated)]
    return "; ".join(dict.fromkeys(source for source in cited if source))


def _read_confirmed(table: Table, *stated: StatedLimit) -> bool:
    return table.flag("confirmed", default=True) and all(limit.confirmed for limit in stated)


def _limit_of(stated: StatedLimit | None) -> Limit | None:
    return None if stated is None else stated.limit


def _read_sets(root: Table) -> dict[str, tuple[str, ...]]:
    table = root.table("sets")
    return {code: table.texts(code) for code in table.values}


def _read_outcome(code: str, table: Table) -> Outcome:
    outcome = Outcome(
        code=code,
        name=table.text("name"),
        national=table.text_or("code", ""),
        negative=table.flag("negative"),
    )
    table.end()
    return outcome


def _read_result(code: str, table: Table) -> ResultKind:
    result = ResultKind(
        code=code,
        name=table.text("name"),
        retention=table.text_or("retention", "permanent"),
        published=table.flag("published"),
    )
    table.end()
    return result


def _read_state(code: str, table: Table) -> StateRule:
    state = StateRule(
        code=code,
        name=table.text("name"),
        phase=_read_phase(table),
        holder=table.maybe_text("holder"),
        limit=_limit_of(table.limit("limit")),
        unlimited=table.text_or("unlimited", ""),
        again=table.one_of("again", ("continue", "restart"), "continue"),
        public=table.text_or("public", ""),
        optional=table.maybe_text("optional"),
        skip_to=table.maybe_text("skip_to"),
    )
    table.end()
    return state


def _read_phase(table: Table) -> Phase:
    word = table.text("phase")
    return _as_phase(table, "phase", word) or Phase.EXAMINING


def _as_phase(table: Table, key: str, word: str) -> Phase | None:
    try:
        return Phase(word)
    except ValueError:
        if word:
            table.complain(key, "unknown_phase", f"{word!r} is no phase", f"write one of {', '.join(Phase)}")
        return None


def _read_clock(code: str, table: Table) -> ClockRule:
    legal, promised = table.limit("legal"), table.limit("promised")
    stated = [limit for limit in (legal, promised) if limit is not None]
    clock = ClockRule(
        code=code,
        name=table.text("name"),
        main=table.flag("main"),
        whose=table.one_of("whose", ("organ", "applicant", "party"), "organ"),
        legal=_limit_of(legal),
        promised=_limit_of(promised),
        until=table.maybe_text("until"),
        runs_in=table.texts("runs_in"),
        held_in=table.texts("held_in"),
        counts_from=table.maybe_text("counts_from"),
        again=table.one_of("again", ("never", "restart", "continue"), "never"),
        since=table.maybe_text("since"),
        met_by=table.texts("met_by"),
        deem=table.maybe_text("deem"),
        when=table.maybe_text("when"),
        unless=table.maybe_text("unless"),
        source=_join_sources(table.text_or("source", ""), *stated),
        confirmed=_read_confirmed(table, *stated),
    )
    table.end()
    return clock


def _read_branch(code: str, table: Table) -> BranchRule:
    limit, sign = table.limit("limit"), table.limit("sign")
    stated = [each for each in (limit, sign) if each is not None]
    branch = BranchRule(
        code=code,
        name=table.text("name"),
        to=table.text("to"),
        kinds=table.names("kinds"),
        verdicts=table.names("verdicts"),
        limit=_limit_of(limit),
        sign=_limit_of(sign),
        silence=table.maybe_text("silence"),
        children=table.texts("children"),
        ordered=table.flag("ordered"),
        when=table.maybe_text("when"),
        unless=table.maybe_text("unless"),
        source=_join_sources(table.text_or("source", ""), *stated),
        confirmed=_read_confirmed(table, *stated),
    )
    table.end()
    return branch


def _read_actions(root: Table, common: CommonActs) -> dict[str, ActionRule]:
    actions = {code: _read_action(code, table) for code, table in root.tables("actions").items()}
    for code in sorted(set(actions) & set(common.actions)):
        root.reading.complain(("actions", code), "act_twice", f"`{code}` is a common act", "give it another code")
    return {**actions, **common.actions}


def _read_action(code: str, table: Table) -> ActionRule:
    phases = tuple(_as_phase(table, "phases", word) for word in table.texts("phases"))
    action = ActionRule(
        code=code,
        name=table.text("name"),
        by=_read_by(table),
        from_states=table.texts("from"),
        phases=tuple(phase for phase in phases if phase is not None),
        to=table.maybe_text("to"),
        marks=table.texts("marks"),
        dated=table.maybe_text("dated"),
        outcome=table.maybe_text("outcome"),
        opens=table.maybe_text("opens"),
        takes=table.maybe_text("takes"),
        answers=table.maybe_text("answers"),
        returns=table.maybe_text("returns"),
        settles=table.maybe_text("settles"),
        extends=_read_extension(table),
        issues=table.texts("issues"),
        serves=table.texts("serves"),
        demands=table.flag("demands"),
        produces=table.maybe_text("produces"),
        publishes=table.maybe_text("publishes"),
        needs=read_guards(table),
        inputs=tuple(_read_input(name, inner) for name, inner in table.tables("inputs").items()),
        does=_read_does(table),
        after_hours=_read_after_hours(table),
        opening=table.flag("opening"),
        when=table.maybe_text("when"),
        unless=table.maybe_text("unless"),
        source=table.text_or("source", ""),
        confirmed=table.flag("confirmed", default=True),
    )
    table.end()
    return action


def _read_by(table: Table) -> tuple[str, ...]:
    by = table.texts("by")
    if "by" not in table.values:
        table.complain("by", "missing_key", "`by` is missing", 'add by = "role"')
    return by


def _read_does(table: Table) -> str | None:
    return table.one_of("does", DOES, "") or None


def _read_after_hours(table: Table) -> str | None:
    return table.one_of("after_hours", ("same_day", "next_working_day"), "") or None


def _read_extension(table: Table) -> Extension | None:
    if "extends" not in table.values:
        return None
    inner = table.table("extends")
    clock, at_most = inner.text("clock"), inner.limit("at_most")
    if at_most is None:
        inner.complain("at_most", "missing_key", "an extension needs a longest term", 'add at_most = "10 wd"')
    inner.end()
    return Extension(clock=clock, at_most=_limit_of(at_most) or _ZERO)


def _read_input(name: str, table: Table) -> InputRule:
    rule = InputRule(
        name=name,
        label=table.text("label"),
        kind=_read_input_kind(table),
        required=table.flag("required", default=True),
        sealed=table.flag("sealed"),
        keep=table.flag("keep"),
        choices=table.names("choices"),
        help=table.text_or("help", ""),
    )
    if rule.kind == "choice" and not rule.choices:
        table.complain("", "missing_key", "a choice needs choices", 'add choices = { code = "name" }')
    table.end()
    return rule


def _read_input_kind(table: Table) -> str:
    kind = table.text("kind")
    if kind and kind not in INPUT_KINDS:
        table.complain("kind", "unknown_kind", f"{kind!r} is no kind of input", f"use one of {', '.join(INPUT_KINDS)}")
    return kind
