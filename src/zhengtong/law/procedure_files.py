"""The shelf of procedures (程序库): which there are, which version counts on a day, each read once."""

import logging
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from zhengtong.kernel.procedures import Procedure
from zhengtong.law import overlay
from zhengtong.law.parsing import NO_COMMON, CommonActs, parse, parse_common, read_common_version
from zhengtong.law.reading import FileFault, LawFileError, read_law_text
from zhengtong.law.words import find_english, find_words

log = logging.getLogger(__name__)
FOLDER = "procedures"
COMMON = "common"


class UnknownProcedureError(LookupError):
    """There is no such procedure, or not in this version."""


def codes() -> tuple[str, ...]:
    """Every procedure, without the common acts."""
    return tuple(code for code in overlay.folders(FOLDER) if code != COMMON and versions(code))


def versions(code: str) -> tuple[str, ...]:
    """The versions of a procedure, oldest first; a version is the day from which it is in force."""
    return tuple(overlay.find_all(f"{FOLDER}/{code}"))


def standing(code: str) -> tuple[str, ...]:
    """The versions that can be taken: a broken file beside them is logged and stops nothing that does not need it."""
    return tuple(version for version in versions(code) if can_be_taken(code, version))


@cache
def can_be_taken(code: str, version: str) -> bool:
    """Whether a version and its words can be read; what is wrong is logged once, with file, line and mend."""
    try:
        words(code, version, "en")
    except UnknownProcedureError:
        return False
    except LawFileError as error:
        log.error("a law file cannot be taken:\n%s", error)
        return False
    return True


def latest(code: str, on: date) -> str:
    """The version in force on a day.

    Raises:
        UnknownProcedureError: none was in force yet.
    """
    in_force = [version for version in versions(code) if version <= on.isoformat()]
    if not in_force:
        raise UnknownProcedureError(f"{code} has no version in force on {on}")
    return in_force[-1]


def path_of(code: str, version: str) -> Path:
    """The file of one version.

    Raises:
        UnknownProcedureError: there is none.
    """
    path = overlay.find_all(f"{FOLDER}/{code}").get(version)
    if path is None:
        raise UnknownProcedureError(f"there is no procedure {code} {version}")
    return path


@cache
def load_procedure(code: str, version: str) -> Procedure:
    """One version of one procedure, common acts folded in; kept once read.

    Raises:
        UnknownProcedureError: there is no such file.
        LawFileError: the file is faulty, or was changed after it was put in force.
    """
    path = path_of(code, version)
    if overlay.is_changed(path):
        raise LawFileError([changed_in_force(path)])
    return read_procedure(path)


def read_procedure(path: Path) -> Procedure:
    """The procedure of a file anywhere, with the common acts it names.

    Raises:
        LawFileError: the file, or the file of common acts it names, is faulty.
    """
    return read_text(read_law_text(path), str(path))


def read_text(text: str, file: str) -> Procedure:
    """A procedure from its text; `file` is what faults are reported under.

    Raises:
        LawFileError: as read_procedure.
    """
    version = read_common_version(text)
    if version is None:
        return parse(text, file)
    try:
        common = load_common(version)
    except UnknownProcedureError as unknown:
        raise LawFileError([_no_common(text, file, version)]) from unknown
    return parse(text, file, common)


@cache
def load_common(version: str) -> CommonActs:
    """The common acts of one version; none for an empty one.

    Raises:
        UnknownProcedureError: there is no such file.
        LawFileError: the file is faulty.
    """
    if not version:
        return NO_COMMON
    path = path_of(COMMON, version)
    return parse_common(read_law_text(path), str(path))


@cache
def words(code: str, version: str, lang: str) -> Mapping[str, str]:
    """Every word of a procedure by key; English falls back to Chinese where the mirror has none."""
    procedure = load_procedure(code, version)
    chinese = find_words(procedure)
    if not lang.startswith("en"):
        return chinese
    english = find_english(path_of(code, version), common_path(procedure))
    return {key: english.get(key) or text for key, text in chinese.items()}


def common_path(procedure: Procedure) -> Path | None:
    """The file of the common acts folded into a procedure."""
    return path_of(COMMON, procedure.common) if procedure.common else None


def changed_in_force(path: Path) -> FileFault:
    return FileFault(
        file=str(path),
        line=1,
        table="procedure",
        code="changed_in_force",
        message="the file was changed after it was put in force",
        mend="put the old text back and write the change as a new version in a new file",
    )


def _no_common(text: str, file: str, version: str) -> FileFault:
    line = next((n for n, row in enumerate(text.splitlines(), start=1) if row.startswith("common")), 1)
    return FileFault(
        file=file,
        line=line,
        table="procedure",
        code="unknown_common",
        message=f"there are no common acts of version {version}",
        mend=f"name one of {', '.join(versions(COMMON))}",
    )


for _cached in (load_procedure, load_common, words, can_be_taken):
    overlay.when_forgotten(_cached.cache_clear)
