"""Guards (条件): what each word of `needs` means. All must hold; the first that does not refuses the act.

A guard that reads an input is passed over while nobody has given one (`inputs` is None), as on the decision panel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import VOID, find_consent, find_granted, find_open
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_lapse, find_run
from zhengtong.kernel.events import Inputs, Json
from zhengtong.kernel.fees import find_fees_due
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Param, Refusal, RefusalCode
from zhengtong.kernel.states import Branch, State
from zhengtong.kernel.terms import Term, law_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a guard judges: an act, by a person, with inputs, in a state, at an instant."""

    bound: Bound
    state: State | None
    rule: ActionRule
    person: str
    inputs: Inputs | None
    kept: Mapping[str, Json]
    calendar: Calendar
    at: datetime

    def refuse(self, code: RefusalCode, **params: Param) -> Refusal:
        """The refusal, with the act and its article."""
        return Refusal(code, {"act": self.rule.code, **params}, self.rule.source)

    def done(self, act: str) -> int:
        """How often an act was done and not struck out."""
        return 0 if self.state is None else sum(each.act == act for each in self.state.done)

    def fact(self, name: str) -> Json:
        """A fact as it will be with this act."""
        if name in self.kept:
            return self.kept[name]
        return None if self.state is None else self.state.facts.get(name)


def check_guards(asked: Asked) -> None:
    """Judge every guard of the act in file order.

    Raises:
        Refusal: materials_incomplete, too_many_times, same_person, no_consent, own_consent, limit_passed,
            limit_not_started, not_far_enough_ahead, not_waited, not_done_before, already_done, branches_open,
            verdicts_lacking, no_quorum, fees_due, not_served, fact_differs, officers_lacking.
    Source: PROCEDURES 2 (guards)
    """
    for guard in asked.rule.needs:
        _GUARDS[guard.word](asked, guard.parameter)


def find_used_consent(asked: Asked) -> Branch | None:
    """The consent this act will use up, if it needs one."""
    for guard in asked.rule.needs:
        if guard.word == "consent" and asked.state is not None:
            return find_consent(asked.state, asked.rule.code, str(guard.parameter), asked.person)
    return None


def find_rank_asked(rule: ActionRule) -> str | None:
    """The rank whose consent an act needs."""
    return next((str(guard.parameter) for guard in rule.needs if guard.word == "consent"), None)


# ---- one function per word ------------------------------------------------------------------------


def _materials(asked: Asked, parameter: Json) -> None:
    known = asked.state.materials if asked.state is not None else {}
    lacking = []
    for rule in asked.bound.materials:
        if not rule.required:
            continue
        verdict = known[rule.code].verdict if rule.code in known else ""
        fits = verdict in ("accepted", "waived")
        if parameter == "tolerable" and rule.tolerable and verdict == "promised":
            fits = True
        if not fits:
            lacking.append(rule.code)
    if lacking:
        raise asked.refuse(RefusalCode.MATERIALS_INCOMPLETE, materials=tuple(lacking))


def _at_most(asked: Asked, parameter: Json) -> None:
    limit = _number(parameter)
    if asked.done(asked.rule.code) >= limit:
        raise asked.refuse(RefusalCode.TOO_MANY_TIMES, at_most=limit)


def _other_person_than(asked: Asked, parameter: Json) -> None:
    acts = _words(parameter)
    for each in asked.state.done if asked.state is not None else ():
        if each.act in acts and each.person == asked.person:
            raise asked.refuse(RefusalCode.SAME_PERSON, done=each.act)


def _consent(asked: Asked, parameter: Json) -> None:
    rank = str(parameter)
    if asked.state is not None and find_consent(asked.state, asked.rule.code, rank, asked.person) is not None:
        return
    own = asked.state is not None and find_granted(asked.state, asked.rule.code, rank)
    raise asked.refuse(RefusalCode.OWN_CONSENT if own else RefusalCode.NO_CONSENT, rank=rank)


def _within(asked: Asked, parameter: Json) -> None:
    clock = str(parameter)
    run = find_run(asked.state, clock) if asked.state is not None else None
    if run is None:
        raise asked.refuse(RefusalCode.LIMIT_NOT_STARTED, clock=clock)
    lapse = find_lapse(run, asked.calendar)
    if lapse is not None and asked.at >= lapse:
        raise asked.refuse(RefusalCode.LIMIT_PASSED, clock=clock, lapsed_at=lapse.isoformat())


def _ahead(asked: Asked, parameter: Json) -> None:
    assert isinstance(parameter, dict)
    name, by = str(parameter["of"]), Term.parse(str(parameter["by"]))
    given = (asked.inputs or {}).get(name, asked.fact(name))
    if given is None and asked.inputs is None:
        return
    until = date.fromisoformat(given) if isinstance(given, str) else None
    if until is None or not asked.calendar.is_ahead(law_day(asked.at), until, by):
        raise asked.refuse(RefusalCode.NOT_FAR_ENOUGH_AHEAD, input=name, by=str(by))


def _waited(asked: Asked, parameter: Json) -> None:
    assert isinstance(parameter, dict)
    mark, term = str(parameter["since"]), Term.parse(str(parameter["term"]))
    since = asked.state.marks.get(mark) if asked.state is not None else None
    if since is None or not asked.calendar.has_waited(since, asked.at, term):
        raise asked.refuse(RefusalCode.NOT_WAITED, since=mark, term=str(term))


def _done(asked: Asked, parameter: Json) -> None:
    for act in _words(parameter):
        if not asked.done(act):
            raise asked.refuse(RefusalCode.NOT_DONE_BEFORE, done=act)


def _not_done(asked: Asked, parameter: Json) -> None:
    for act in _words(parameter):
        if asked.done(act):
            raise asked.refuse(RefusalCode.ALREADY_DONE, done=act)


def _settled(asked: Asked, parameter: Json) -> None:
    for group in _words(parameter):
        if asked.state is not None and (still := find_open(asked.state, group)):
            raise asked.refuse(RefusalCode.BRANCHES_OPEN, group=group, open=len(still))


def _verdicts(asked: Asked, parameter: Json) -> None:
    assert isinstance(parameter, dict)
    group, allowed = str(parameter["group"]), _words(parameter["all"])
    found = _branches(asked, group)
    if not found or any(each.settled_at is None or each.verdict not in allowed for each in found):
        raise asked.refuse(RefusalCode.VERDICTS_LACKING, group=group, all=allowed)


def _quorum(asked: Asked, parameter: Json) -> None:
    assert isinstance(parameter, dict)
    group, verdict, share = str(parameter["group"]), str(parameter["verdict"]), _number(parameter["share"])
    found = [each for each in _branches(asked, group) if each.verdict != VOID]
    so = sum(each.verdict == verdict for each in found)
    if not found or so * 100 < share * len(found):
        raise asked.refuse(RefusalCode.NO_QUORUM, group=group, share=share, verdict=verdict, so=so, of=len(found))


def _fees(asked: Asked, parameter: Json) -> None:
    due = find_fees_due(asked.state) if asked.state is not None else ()
    if due:
        raise asked.refuse(RefusalCode.FEES_DUE, fees=tuple(fee.fee for fee in due))


def _served(asked: Asked, parameter: Json) -> None:
    documents = asked.state.documents.values() if asked.state is not None else ()
    served = {each.document for each in documents if each.served_at is not None and not each.retracted}
    for document in _words(parameter):
        if document not in served:
            raise asked.refuse(RefusalCode.NOT_SERVED, document=document)


def _fact(asked: Asked, parameter: Json) -> None:
    assert isinstance(parameter, dict)
    for name, values in parameter.items():
        if asked.inputs is None and any(each.keep and each.name == name for each in asked.rule.inputs):
            continue
        fact, allowed = asked.fact(name), _words(values)
        if {str(fact), _YES_NO.get(str(fact), str(fact))}.isdisjoint(allowed):
            raise asked.refuse(RefusalCode.FACT_DIFFERS, fact=name, values=allowed)


_YES_NO: Final = {"True": "yes", "False": "no"}


def _officers(asked: Asked, parameter: Json) -> None:
    if asked.inputs is None:
        return
    named: set[str] = set()
    for each in asked.rule.inputs:
        given = asked.inputs.get(each.name)
        if each.kind == "people" and isinstance(given, list):
            named.update(str(person) for person in given)
        if each.kind == "person" and isinstance(given, str):
            named.add(given)
    if len(named) < _number(parameter):
        raise asked.refuse(RefusalCode.OFFICERS_LACKING, officers=_number(parameter))


_GUARDS: Final[Mapping[str, Callable[[Asked, Json], None]]] = {
    "materials": _materials,
    "at_most": _at_most,
    "other_person_than": _other_person_than,
    "consent": _consent,
    "within": _within,
    "ahead": _ahead,
    "waited": _waited,
    "done": _done,
    "not_done": _not_done,
    "settled": _settled,
    "verdicts": _verdicts,
    "quorum": _quorum,
    "fees": _fees,
    "served": _served,
    "fact": _fact,
    "officers": _officers,
}


def _branches(asked: Asked, group: str) -> tuple[Branch, ...]:
    if asked.state is None:
        return ()
    return tuple(each for each in asked.state.branches.values() if each.group == group)


def _words(parameter: Json) -> tuple[str, ...]:
    return tuple(str(each) for each in parameter) if isinstance(parameter, list) else (str(parameter),)


def _number(parameter: Json) -> int:
    assert isinstance(parameter, int)
    return parameter
