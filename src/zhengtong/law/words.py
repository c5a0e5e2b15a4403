"""The words of procedures (用语): every name, label and public sentence, by dotted key, in Chinese and in English.

Chinese stands in the procedure file itself, English in `<version>.en.toml` beside it. Common acts have their own.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zhengtong.kernel.procedures import ActionRule, BranchRule, Procedure, StateRule
from zhengtong.law import overlay
from zhengtong.law.parsing import CommonActs, parse_common
from zhengtong.law.reading import FileFault, read_law_text, read_toml

NAMED: Final = ("roles", "options", "parameters", "outcomes", "results", "documents", "clocks")


def find_words(procedure: Procedure) -> Mapping[str, str]:
    """Every word of a procedure by its key, e.g. `actions.accept.name` or `states.received.public`."""
    return dict(_each_word(procedure))


def find_words_of(common: Path) -> Mapping[str, str]:
    """The words of a file of common acts.

    Raises:
        LawFileError: the file is faulty.
    """
    acts = parse_common(read_law_text(common), str(common))
    return dict(_each_common_word(acts))


def _each_common_word(acts: CommonActs) -> Iterator[tuple[str, str]]:
    for code, source in acts.sources.items():
        yield f"sources.{code}.title", source.title
    for code, role in acts.roles.items():
        yield f"roles.{code}.name", role.name
    for code, document in acts.documents.items():
        yield f"documents.{code}.name", document.name
    for act in acts.actions.values():
        yield from _words_of_act(act)


def _each_word(procedure: Procedure) -> Iterator[tuple[str, str]]:
    yield "procedure.name", procedure.name
    for code, source in procedure.sources.items():
        yield f"sources.{code}.title", source.title
    for kind in NAMED:
        for code, named in getattr(procedure, kind).items():
            yield f"{kind}.{code}.name", named.name
    for state in procedure.states.values():
        yield from _words_of_state(state)
    for branch in procedure.branches.values():
        yield from _words_of_branch(branch)
    for act in procedure.actions.values():
        yield from _words_of_act(act)


def _words_of_state(state: StateRule) -> Iterator[tuple[str, str]]:
    yield f"states.{state.code}.name", state.name
    if state.public:
        yield f"states.{state.code}.public", state.public
    if state.unlimited:
        yield f"states.{state.code}.unlimited", state.unlimited


def _words_of_branch(branch: BranchRule) -> Iterator[tuple[str, str]]:
    yield f"branches.{branch.code}.name", branch.name
    for kind, name in branch.kinds.items():
        yield f"branches.{branch.code}.kinds.{kind}", name
    for verdict, name in branch.verdicts.items():
        yield f"branches.{branch.code}.verdicts.{verdict}", name


def _words_of_act(act: ActionRule) -> Iterator[tuple[str, str]]:
    yield f"actions.{act.code}.name", act.name
    for rule in act.inputs:
        key = f"actions.{act.code}.inputs.{rule.name}"
        yield f"{key}.label", rule.label
        if rule.help:
            yield f"{key}.help", rule.help
        for choice, name in rule.choices.items():
            yield f"{key}.choices.{choice}", name


def read_mirror(path: Path) -> dict[str, str]:
    """The English words of a mirror file, flattened; none if there is no file."""
    if not path.is_file():
        return {}
    return dict(_flatten("", read_toml(path)))


def _flatten(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from _flatten(path, value)
        else:
            yield path, str(value)


def find_english(path: Path, common: Path | None) -> dict[str, str]:
    """The English words beside a procedure file, with those beside its common acts."""
    shared = {} if common is None else read_mirror(overlay.mirror_of(common))
    return {**shared, **read_mirror(overlay.mirror_of(path))}


def find_missing(words: Mapping[str, str], english: Mapping[str, str], path: Path) -> list[FileFault]:
    """missing_words: every word without its English, named by the mirror file that lacks it."""
    mirror = overlay.mirror_of(path).name
    lacking = [key for key, text in words.items() if text and not english.get(key)]
    return [
        FileFault(
            file=str(path),
            line=1,
            table=key,
            code="missing_words",
            message=f"{mirror} has no English for {words[key]!r}",
            mend=f'add {key} = "…" to {mirror}',
        )
        for key in lacking
        if not key.endswith((".prefix", ".template"))
    ]
