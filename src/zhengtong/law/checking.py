"""The law check (程序审查): one file read, proved for every combination of its options, and its words compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zhengtong.kernel.faults import CODES, Fault
from zhengtong.kernel.procedures import Procedure
from zhengtong.kernel.proving import prove
from zhengtong.law import overlay
from zhengtong.law.positions import Positions, split_path
from zhengtong.law.procedure_files import (
    COMMON,
    FOLDER,
    changed_in_force,
    codes,
    common_path,
    path_of,
    read_procedure,
    versions,
)
from zhengtong.law.reading import FileFault, LawFileError, read_law_text
from zhengtong.law.supervision_rules import FOLDER as RULEBOOKS_FOLDER
from zhengtong.law.supervision_rules import check_rulebook, check_rulebooks
from zhengtong.law.words import find_english, find_missing, find_words, find_words_of

RULEBOOKS: Final = RULEBOOKS_FOLDER.rpartition("/")[2]
READING: Final = (
    "not_toml", "unknown_key", "missing_key", "wrong_shape", "unknown_word", "bad_term", "unknown_phase",
    "unknown_guard", "act_twice", "unknown_common", "bad_common_act",
)  # fmt: skip
SHELF: Final = ("misnamed_file", "changed_in_force", "missing_words")
ALL_CODES: Final = (*READING, *CODES, *SHELF)
"""Everything the law check may say; each has a mutant in the tests."""


def check(path: Path) -> tuple[FileFault, ...]:
    """Everything wrong with a procedure file, or a rulebook of supervision; none means it may be put in force."""
    try:
        if is_common(path):
            return _check_common(path)
        if is_rulebook(path):
            return check_rulebook(path)
        procedure = read_procedure(path)
    except LawFileError as error:
        return error.faults
    faults = [*_check_name(path, procedure), *(place(fault, path, procedure) for fault in prove(procedure))]
    words = find_words(procedure)
    common = common_path(procedure)
    if common is not None:
        shared = find_words_of(common)
        words = {key: text for key, text in words.items() if key not in shared or shared[key] != text}
    faults += find_missing(words, find_english(path, common), path)
    if overlay.is_changed(path):
        faults.append(changed_in_force(path))
    return tuple(faults)


def check_all() -> tuple[FileFault, ...]:
    """Everything wrong with any file of the shelf."""
    paths = [path_of(code, version) for code in (COMMON, *codes()) for version in versions(code)]
    return (*(fault for path in paths for fault in check(path)), *check_rulebooks())


def is_common(path: Path) -> bool:
    """Whether a file holds common acts: its folder is named so."""
    return path.parent.name == COMMON


def is_rulebook(path: Path) -> bool:
    """Whether a file holds rules of supervision: its folder is named so."""
    return path.parent.name == RULEBOOKS


def place(fault: Fault, path: Path, procedure: Procedure) -> FileFault:
    """A fault of the prover with its file and line; faults of common acts lie in their own file."""
    whole = (*split_path(fault.table), *split_path(fault.key))
    lines = Positions(read_law_text(path))
    common = common_path(procedure)
    if common is not None and not lines.knows(whole[:2]):
        shared = Positions(read_law_text(common))
        if shared.knows(whole[:2]):
            path, lines = common, shared
    table = f"{fault.table}.{fault.key}" if fault.key else fault.table
    return FileFault(
        file=str(path),
        line=lines.line_of(whole),
        table=table,
        code=fault.code,
        message=fault.message,
        mend=fault.mend,
    )


def _check_common(path: Path) -> tuple[FileFault, ...]:
    words = find_words_of(path)
    faults = find_missing(words, find_english(path, None), path)
    if overlay.is_changed(path):
        faults.append(changed_in_force(path))
    return tuple(faults)


def _check_name(path: Path, procedure: Procedure) -> Iterator[FileFault]:
    """A file is named for its version, its folder for its procedure: what does not match would never be found."""
    lines = Positions(read_law_text(path))
    wanted = (("version", procedure.version, path.stem), ("code", procedure.code, path.parent.name))
    for key, said, name in wanted:
        if said != name:
            yield FileFault(
                file=str(path),
                line=lines.line_of(("procedure", key)),
                table=f"procedure.{key}",
                code="misnamed_file",
                message=f"the file says {key} {said!r} and lies under {name!r}",
                mend=f"save it as {FOLDER}/{procedure.code}/{procedure.version}.toml",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """One rule or source nobody has yet held against the official text."""

    procedure: str
    version: str
    table: str
    name: str
    source: str


def find_unconfirmed(procedure: Procedure) -> Iterator[Unconfirmed]:
    """What a procedure says with `confirmed = false`; pages mark it 示例规则."""
    for source in procedure.sources.values():
        if not source.confirmed:
            yield _unconfirmed(procedure, f"sources.{source.code}", source.title, source.code)
    for kind in ("parameters", "clocks", "branches", "actions"):
        for code, rule in getattr(procedure, kind).items():
            if not rule.confirmed:
                yield _unconfirmed(procedure, f"{kind}.{code}", rule.name, rule.source)


def _unconfirmed(procedure: Procedure, table: str, name: str, source: str) -> Unconfirmed:
    return Unconfirmed(
        procedure=procedure.code,
        version=procedure.version,
        table=table,
        name=name,
        source=source,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A file put in force: where it lies now, or what keeps it out."""

    path: Path | None
    faults: tuple[FileFault, ...]


def put(source: Path, root: Path) -> Put:
    """Put a procedure file or a rulebook in force under this root: checked, copied with its English words, its digest
    recorded.

    Raises:
        ValueError: another content is in force under the same name.
    """
    faults = check(source)
    if faults:
        return Put(path=None, faults=faults)
    folder = RULEBOOKS_FOLDER if is_rulebook(source) else f"{FOLDER}/{source.parent.name}"
    target = root / folder / source.name
    overlay.record_digest(root, source)
    if target.resolve() != source.resolve():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        mirror = overlay.mirror_of(source)
        if mirror.is_file():
            overlay.mirror_of(target).write_bytes(mirror.read_bytes())
    overlay.forget()
    return Put(path=target, faults=())
