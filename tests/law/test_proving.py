"""Every shipped procedure proves, quickly, for all combinations of its options."""

import time

import pytest

from zhengtong.kernel.proving import prove
from zhengtong.law.checking import check, find_unconfirmed
from zhengtong.law.procedure_files import codes, load_procedure, path_of, versions

SHIPPED = [(code, version) for code in codes() for version in versions(code)]


@pytest.mark.parametrize(("code", "version"), SHIPPED)
class TestShippedFile:
    def test_proves(self, code: str, version: str) -> None:
        assert [str(fault) for fault in check(path_of(code, version))] == []

    def test_is_proved_in_about_a_second(self, code: str, version: str) -> None:
        procedure = load_procedure(code, version)
        began = time.process_time()
        prove(procedure)
        assert time.process_time() - began < 4

    def test_names_what_is_not_confirmed(self, code: str, version: str) -> None:
        procedure = load_procedure(code, version)
        named = {each.table for each in find_unconfirmed(procedure)}
        doubtful = {f"sources.{each.code}" for each in procedure.sources.values() if not each.confirmed}
        assert doubtful <= named
