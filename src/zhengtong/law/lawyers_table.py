"""The lawyer's table (流程审阅表): state × who × acts × limit × silence × article, as data and as text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zhengtong.kernel.graph import BACK
from zhengtong.kernel.procedures import START, ActionRule, BranchRule, ClockRule, Procedure, StateRule
from zhengtong.law.labels import PHASES, WHOSE, word_guard, word_limit
from zhengtong.law.moves import Map


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One limit in one state. how: runs, held, step, unlimited. `silence` says what the law does when it lapses."""

    name: str
    how: str
    length: str
    whose: str
    silence: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """One act in one state; `goes_to` empty where it stays."""

    code: str
    name: str
    who: str
    goes_to: str
    needs: tuple[str, ...]
    issues: tuple[str, ...]
    switch: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """Everything about one state; code empty for the acts that open a case."""

    code: str
    name: str
    phase: str
    holder: str
    public: str
    switch: str
    limits: tuple[LimitLine, ...]
    acts: tuple[ActLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchLine:
    """Work beside the case."""

    name: str
    to: str
    length: str
    silence: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LawyersTable:
    code: str
    version: str
    name: str
    states: tuple[StateLine, ...]
    duties: tuple[LimitLine, ...]
    branches: tuple[BranchLine, ...]
    common: tuple[ActLine, ...]
    sources: tuple[tuple[str, str, bool], ...]


class _Wording:
    """The procedure with its words in one language."""

    def __init__(self, procedure: Procedure, words: Mapping[str, str]) -> None:
        self.procedure, self.words, self.map = procedure, words, Map(procedure)

    def name(self, kind: str, code: str | None) -> str:
        return "" if code is None else self.words.get(f"{kind}.{code}.name", code)

    def names(self, kind: str, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.name(kind, code) for code in codes)

    def switch(self, when: str | None, unless: str | None) -> str:
        parts = []
        if when is not None:
            parts.append(_("限“%(option)s”") % {"option": self.name("options", when)})
        if unless is not None:
            parts.append(_("“%(option)s”除外") % {"option": self.name("options", unless)})
        return _("，").join(parts)


def tabulate(procedure: Procedure, words: Mapping[str, str]) -> LawyersTable:
    """The table of one procedure in the language of these words."""
    wording = _Wording(procedure, words)
    opening = _state_line(wording, START, None)
    states = [_state_line(wording, code, rule) for code, rule in procedure.states.items()]
    return LawyersTable(
        code=procedure.code,
        version=procedure.version,
        name=words.get("procedure.name", procedure.name),
        states=(opening, *states),
        duties=tuple(_limit_line(wording, clock, "runs") for clock in procedure.clocks.values() if clock.is_duty),
        branches=tuple(_branch_line(wording, branch) for branch in procedure.branches.values()),
        common=tuple(_act_line(wording, act) for act in procedure.actions.values() if act.is_common),
        sources=tuple(
            (code, words.get(f"sources.{code}.title", each.title), each.confirmed)
            for code, each in procedure.sources.items()
        ),
    )


def _state_line(wording: _Wording, code: str, rule: StateRule | None) -> StateLine:
    return StateLine(
        code=code,
        name=_("（开始）") if rule is None else wording.name("states", code),
        phase="" if rule is None else str(PHASES[rule.phase]),
        holder="" if rule is None else wording.name("roles", rule.holder),
        public="" if rule is None else wording.words.get(f"states.{code}.public", ""),
        switch="" if rule is None else wording.switch(rule.optional, None),
        limits=() if rule is None else tuple(_limits_of(wording, rule)),
        acts=tuple(_act_line(wording, act) for act in wording.map.acts_at(code)),
    )


def _limits_of(wording: _Wording, state: StateRule) -> Iterator[LimitLine]:
    if state.limit is not None:
        yield _plain_line(_("环节时限"), "step", word_limit(state.limit, wording.procedure, wording.words))
    for colours in wording.map.chart.colours.values():
        if state.code in colours.runs:
            yield _limit_line(wording, colours.rule, "runs")
        elif state.code in colours.held:
            yield _limit_line(wording, colours.rule, "held")
    if state.unlimited:
        yield _plain_line(_("不设时限"), "unlimited", wording.words.get(f"states.{state.code}.unlimited", ""))


def _plain_line(name: str, how: str, length: str) -> LimitLine:
    return LimitLine(name=name, how=how, length=length, whose="", silence="", source="", confirmed=True)


def _limit_line(wording: _Wording, clock: ClockRule, how: str) -> LimitLine:
    length = word_limit(clock.legal, wording.procedure, wording.words)
    if clock.promised is not None:
        promised = word_limit(clock.promised, wording.procedure, wording.words)
        length = _("法定 %(legal)s，承诺 %(promised)s") % {"legal": length, "promised": promised}
    if clock.until is not None:
        length = _("至所填日期届满")
    return LimitLine(
        name=wording.name("clocks", clock.code),
        how=how,
        length=_("停计") if how == "held" else length,
        whose=str(WHOSE[clock.whose]),
        silence=wording.name("actions", clock.deem) if how == "runs" else "",
        source=clock.source,
        confirmed=clock.confirmed,
    )


def _act_line(wording: _Wording, act: ActionRule) -> ActLine:
    return ActLine(
        code=act.code,
        name=wording.name("actions", act.code),
        who=_("、").join(wording.names("roles", act.by)),
        goes_to=_("（回到原处）") if act.to == BACK else wording.name("states", act.to),
        needs=tuple(word_guard(guard, wording.words) for guard in act.needs),
        issues=wording.names("documents", act.issues),
        switch=wording.switch(act.when, act.unless),
        source=act.source,
        confirmed=act.confirmed,
    )


def _branch_line(wording: _Wording, branch: BranchRule) -> BranchLine:
    verdict = wording.words.get(f"branches.{branch.code}.verdicts.{branch.silence}", branch.silence or "")
    return BranchLine(
        name=wording.name("branches", branch.code),
        to=wording.name("roles", branch.to),
        length=word_limit(branch.limit, wording.procedure, wording.words),
        silence=verdict,
        source=branch.source,
        confirmed=branch.confirmed,
    )


def write_text(table: LawyersTable) -> str:
    """The table for a terminal or a mail: one block per state."""
    lines = [f"{table.name}  {table.code} {table.version}", ""]
    for state in table.states:
        lines += [*_text_of_state(state), ""]
    if table.duties:
        lines += [_("全程义务"), *(_text_of_limit(line) for line in table.duties), ""]
    if table.branches:
        lines += [_("并行事务"), *(_text_of_branch(line) for line in table.branches), ""]
    if table.common:
        lines += [_("各程序共有的行为"), *(_text_of_act(line) for line in table.common), ""]
    lines.append(pgettext("law", "依据"))
    lines += [f"  {code}  {title}{_mark(confirmed)}" for code, title, confirmed in table.sources]
    return "\n".join(lines) + "\n"


def _text_of_state(state: StateLine) -> Iterator[str]:
    head = [state.name, state.code, state.phase, state.holder, state.switch]
    yield "■ " + " · ".join(part for part in head if part)
    if state.public:
        yield f"  “{state.public}”"
    yield from (_text_of_limit(line) for line in state.limits)
    yield from (_text_of_act(line) for line in state.acts)


def _text_of_limit(line: LimitLine) -> str:
    silence = f" ⇒ {line.silence}" if line.silence else ""
    whose = f"（{line.whose}）" if line.whose else ""
    return f"  ⏱ {line.name}{whose} {line.length}{silence}{_cited(line.source, line.confirmed)}"


def _text_of_branch(line: BranchLine) -> str:
    silence = f" ⇒ {line.silence}" if line.silence else ""
    return f"  ∥ {line.name}: {line.to} {line.length}{silence}{_cited(line.source, line.confirmed)}"


def _text_of_act(line: ActLine) -> str:
    goes = f" → {line.goes_to}" if line.goes_to else ""
    more = "; ".join((*line.needs, *line.issues, *([line.switch] if line.switch else [])))
    return f"  · {line.who}: {line.name}{goes}{f' ({more})' if more else ''}{_cited(line.source, line.confirmed)}"


def _cited(source: str, confirmed: bool) -> str:
    return f"  [{source}]{_mark(confirmed)}" if source else ""


def _mark(confirmed: bool) -> str:
    return "" if confirmed else _("（示例规则）")
