"""The closed vocabulary of guards (条件) and the shape of each one's parameter, checked when a file is read."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import Guard
from zhengtong.kernel.terms import Term, TermFault
from zhengtong.law.reading import Table


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each for each in value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_term(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if value.startswith("@"):
        return len(value) > 1
    try:
        Term.parse(value)
    except TermFault:
        return False
    return True


def _is_table(**shapes: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def is_shaped(value: Any) -> bool:
        return isinstance(value, dict) and set(value) == set(shapes) and all(is_(value[k]) for k, is_ in shapes.items())

    return is_shaped


def _is_facts(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(_is_words(codes) for codes in value.values())


def _is_share(value: Any) -> bool:
    return _is_count(value) and value <= 100


GUARD_SHAPES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "materials": (lambda value: value in {"complete", "tolerable"}, '"complete" or "tolerable"'),
    "at_most": (_is_count, "a whole number from 1"),
    "other_person_than": (_is_words, "a list of acts"),
    "consent": (_is_word, 'a rank, e.g. "head"'),
    "within": (_is_word, "a clock"),
    "ahead": (_is_table(of=_is_word, by=_is_term), '{ of = "input", by = "7 wd" }'),
    "waited": (_is_table(since=_is_word, term=_is_term), '{ since = "mark", term = "5 wd" }'),
    "done": (_is_words, "a list of acts"),
    "not_done": (_is_words, "a list of acts"),
    "settled": (_is_words, "a list of branch groups"),
    "verdicts": (_is_table(group=_is_word, all=_is_words), '{ group = "…", all = ["…"] }'),
    "quorum": (_is_table(group=_is_word, share=_is_share, verdict=_is_word), "{ group, share = 1 to 100, verdict }"),
    "fees": (lambda value: value == "settled", '"settled"'),
    "served": (_is_words, "a list of documents"),
    "fact": (_is_facts, '{ fact = ["code"] }'),
    "officers": (_is_count, "a whole number from 1"),
}


def read_guards(table: Table) -> tuple[Guard, ...]:
    """`needs.<word> = parameter`, in file order."""
    needs = table.table("needs")
    return tuple(guard for word in needs.values if (guard := _read_guard(needs, word)) is not None)


def _read_guard(needs: Table, word: str) -> Guard | None:
    parameter: Json = needs.ask(word)
    if word not in GUARD_SHAPES:
        mend = f"use one of {', '.join(GUARD_SHAPES)}"
        needs.complain(word, "unknown_guard", f"`{word}` is no guard", mend)
        return None
    is_shaped, shape = GUARD_SHAPES[word]
    if not is_shaped(parameter):
        needs.complain(word, "bad_guard", f"`needs.{word}` cannot be {parameter!r}", f"write {shape}")
        return None
    return Guard(word=word, parameter=parameter)
