"""Each code of the law check has a mutant that must be refused with exactly that code, naming file, line and mend."""

import tomllib
from dataclasses import dataclass
from typing import Final

import pytest

from tests.law.shelf import BASE, MUTANTS, Shelf
from zhengtong.law import overlay
from zhengtong.law.checking import ALL_CODES, check
from zhengtong.law.reading import FileFault


@dataclass(frozen=True, slots=True)
class Mutant:
    code: str
    was: str
    now: str


TABLE: Final = tuple(
    Mutant(**mutant) for mutant in tomllib.loads((MUTANTS / "mutants.toml").read_text(encoding="utf-8"))["mutants"]
)
BESIDE: Final = {"missing_words", "changed_in_force", "bad_common_act"}
"""Codes whose mutants change something beside the file; see below."""


def _without_words(faults: tuple[FileFault, ...]) -> tuple[FileFault, ...]:
    """The small procedure has no English."""
    return tuple(fault for fault in faults if fault.code != "missing_words")


class TestMutant:
    def test_of_nothing_proves(self, shelf: Shelf) -> None:
        assert _without_words(check(shelf.lay(BASE))) == ()

    @pytest.mark.parametrize("mutant", TABLE, ids=[f"{n}-{mutant.code}" for n, mutant in enumerate(TABLE)])
    def test_is_refused_with_exactly_its_code(self, shelf: Shelf, mutant: Mutant) -> None:
        assert BASE.count(mutant.was) == 1, "a mutant changes one place"
        path = shelf.lay(BASE.replace(mutant.was, mutant.now))
        faults = _without_words(check(path))
        assert {fault.code for fault in faults} == {mutant.code}
        lines = path.read_text(encoding="utf-8").splitlines()
        for fault in faults:
            assert fault.file == str(path)
            assert 1 <= fault.line <= len(lines)
            assert fault.mend
            assert fault.message
            assert str(fault).startswith(f"{path}:{fault.line}: {mutant.code}: {fault.mend}")

    def test_of_its_english_is_refused(self, shelf: Shelf) -> None:
        path = shelf.lay(BASE)
        faults = check(path)
        assert {fault.code for fault in faults} == {"missing_words"}
        assert 'add states.received.name = "…" to 2026-01-01.en.toml' in {fault.mend for fault in faults}

    def test_in_force_is_refused(self, shelf: Shelf) -> None:
        path = shelf.lay(BASE)
        overlay.record_digest(shelf.root, path)
        assert _without_words(check(path)) == ()
        shelf.lay(BASE.replace("样例", "改过的样例"))
        assert {fault.code for fault in _without_words(check(path))} == {"changed_in_force"}

    def test_of_common_acts_is_refused(self, shelf: Shelf) -> None:
        text = (overlay.PACKAGE / "procedures" / "common" / "2026-01-01.toml").read_text(encoding="utf-8")
        path = shelf.lay(text.replace('does = "noted"\n', ""), code="common", version="2027-01-01")
        assert {fault.code for fault in check(path)} == {"bad_common_act"}


class TestCodes:
    def test_each_have_a_mutant(self) -> None:
        assert {mutant.code for mutant in TABLE} | BESIDE == set(ALL_CODES)

    def test_name_the_line_of_the_key_that_is_wrong(self, shelf: Shelf) -> None:
        path = shelf.lay(BASE.replace('legal = "@legal"', 'legal = "@lawful"'))
        [fault] = [each for each in check(path) if each.code == "unknown_parameter"]
        assert 'legal = "@lawful"' in path.read_text(encoding="utf-8").splitlines()[fault.line - 1]
