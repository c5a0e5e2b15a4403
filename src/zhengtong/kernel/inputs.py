"""Inputs (填报项): whether what was given has the shape its kind asks for.

Free words and persons are never here: they come as commitments of sealed rows. Codes, dates and counts are.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.commands import Command
from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ActionRule, InputRule
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import Term, TermFault

SEALED_KINDS: Final = frozenset({"party", "identity", "address", "text", "reason", "fields", "table", "attachment"})
"""Kinds that are personal or free text: sealed without exception (credit codes: as the file says)."""
LONGEST_CODE: Final = 80
_IMPLIED: Final = frozenset({"verdict", "branch"})
"""Inputs every act on a branch may carry without naming them."""


def check_inputs(bound: Bound, state: State | None, rule: ActionRule, command: Command) -> None:
    """Check every input by kind, in file order; then that nothing else was given.

    Raises:
        Refusal: input_missing, input_not_shaped, input_not_a_choice, input_unknown, unknown_material,
            unknown_document.
    Source: PROCEDURES 5(3)
    """
    for each in rule.inputs:
        if is_sealed(each):
            _check_sealed(each, command, rule.source)
        elif each.name in command.inputs:
            check_value(bound, state, each, command.inputs[each.name], rule.source)
        elif each.required and not _is_given_otherwise(each, rule, command):
            raise Refusal(RefusalCode.INPUT_MISSING, {"input": each.name}, rule.source)
    _check_nothing_else(rule, command)


def is_sealed(rule: InputRule) -> bool:
    """Whether the value goes to a sealed row and only its commitment into the event."""
    return rule.sealed or rule.kind in SEALED_KINDS


def find_kept(rule: ActionRule, command: Command) -> Mapping[str, Json]:
    """The inputs that become facts of the case."""
    return {each.name: command.inputs[each.name] for each in rule.inputs if each.keep and each.name in command.inputs}


def _check_sealed(rule: InputRule, command: Command, source: str) -> None:
    if rule.name in command.inputs:
        raise Refusal(RefusalCode.INPUT_NOT_SHAPED, {"input": rule.name, "kind": "sealed"}, source)
    given = command.sealed.get(rule.name)
    if given is None and rule.required:
        raise Refusal(RefusalCode.INPUT_MISSING, {"input": rule.name}, source)
    if given is not None and not given:
        raise Refusal(RefusalCode.INPUT_NOT_SHAPED, {"input": rule.name, "kind": rule.kind}, source)
    if rule.kind == "party" and rule.required and not command.parties.get(rule.name):
        raise Refusal(RefusalCode.INPUT_MISSING, {"input": rule.name}, source)


def _is_given_otherwise(each: InputRule, rule: ActionRule, command: Command) -> bool:
    """Materials come beside the inputs; the branch of a verdict may be named by the command."""
    if each.kind in ("material", "materials") or (rule.does == "material_received" and each.name == "form"):
        return bool(command.materials)
    return each.kind == "branch"


def _check_nothing_else(rule: ActionRule, command: Command) -> None:
    """Refuse the first name, in order of the alphabet, that the act does not ask for."""
    if command.inputs:
        on_branch = rule.takes or rule.answers or rule.returns or rule.settles
        known = {each.name for each in rule.inputs} | (_IMPLIED if on_branch else set())
        _refuse_unknown(command.inputs.keys() - known - ({"branches"} if rule.opens else set()), rule)
    if command.sealed and rule.does != "corrected":
        unknown = command.sealed.keys() - {each.name for each in rule.inputs if is_sealed(each)}
        _refuse_unknown({name for name in unknown if not (rule.opens and name.startswith("branches."))}, rule)
    if command.parties:
        _refuse_unknown(command.parties.keys() - {each.name for each in rule.inputs if each.kind == "party"}, rule)


def _refuse_unknown(names: set[str], rule: ActionRule) -> None:
    if names:
        raise Refusal(RefusalCode.INPUT_UNKNOWN, {"input": min(names)}, rule.source)


# ---- kinds ----------------------------------------------------------------------------------------


def check_value(bound: Bound, state: State | None, rule: InputRule, value: Json, source: str) -> None:
    """Check one value by the kind of its input.

    Raises:
        Refusal: input_not_shaped, input_not_a_choice, unknown_material, unknown_document.
    """
    shape = _SHAPES.get(rule.kind, _is_word)
    if not shape(value):
        raise Refusal(RefusalCode.INPUT_NOT_SHAPED, {"input": rule.name, "kind": rule.kind}, source)
    if rule.kind == "choice" and rule.choices and value not in rule.choices:
        raise Refusal(RefusalCode.INPUT_NOT_A_CHOICE, {"input": rule.name, "value": str(value)}, source)
    if rule.kind in ("material", "materials"):
        check_materials(bound, value if isinstance(value, list) else [value], source)
    if rule.kind == "document" and state is not None and value not in state.documents:
        raise Refusal(RefusalCode.UNKNOWN_DOCUMENT, {"number": str(value)}, source)


def check_materials(bound: Bound, codes: list[Json], source: str) -> None:
    """Refuse materials the item does not ask for in this situation.

    Raises:
        Refusal: unknown_material.
    """
    known = {rule.code for rule in bound.materials}
    for code in codes:
        if code not in known:
            raise Refusal(RefusalCode.UNKNOWN_MATERIAL, {"material": str(code)}, source)


def _is_word(value: Json) -> bool:
    """A code or a number: short and without spaces, so that no sentence about a person gets into an event."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_CODE and value.isprintable() and " " not in value


def _is_words(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_word(each) for each in value)


def _is_people(value: Json) -> bool:
    return isinstance(value, list) and _is_words(value) and len({str(each) for each in value}) == len(value)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_yes_no(value: Json) -> bool:
    return isinstance(value, bool)


def _is_term(value: Json) -> bool:
    try:
        return isinstance(value, str) and Term.parse(value).n > 0
    except TermFault:
        return False


def is_date(value: Json) -> bool:
    """Whether a value is a day as ISO text."""
    try:
        return isinstance(value, str) and len(value) == len("2026-01-01") and bool(date.fromisoformat(value))
    except ValueError:
        return False


def is_instant(value: Json) -> bool:
    """Whether a value is an instant with its zone, as ISO text."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_tasks(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_task(each) for each in value)


def _is_task(value: Json) -> bool:
    """A task names codes only: whom (`to`) and of which kind."""
    return isinstance(value, dict) and set(value) <= {"to", "kind"} and all(_is_word(each) for each in value.values())


_SHAPES: Final[Mapping[str, Callable[[Json], bool]]] = {
    "term": _is_term,
    "date": is_date,
    "instant": is_instant,
    "money": _is_count,
    "number": _is_count,
    "yes_no": _is_yes_no,
    "materials": _is_words,
    "people": _is_people,
    "tasks": _is_tasks,
}
