"""The graph of a procedure and what holds on arrival, on a small procedure that uses every word of the language."""

from pathlib import Path
from typing import Final

import pytest

from zhengtong.kernel.faults import CODES, Findings
from zhengtong.kernel.graph import Chart, expand, find_option_sets, resolve
from zhengtong.kernel.procedures import START, Procedure
from zhengtong.kernel.proving import prove
from zhengtong.law.procedure_files import read_text

BASE: Final = (Path(__file__).parents[1] / "law" / "mutants" / "base.toml").read_text(encoding="utf-8")
SPECIAL: Final = frozenset({"special"})


@pytest.fixture(scope="module")
def procedure() -> Procedure:
    return read_text(BASE, "base.toml")


class TestOptionSets:
    def test_leave_out_what_excludes_each_other(self, procedure: Procedure) -> None:
        assert set(find_option_sets(procedure)) == {frozenset(), SPECIAL, frozenset({"quick"})}


class TestChart:
    def test_expands_sets(self, procedure: Procedure) -> None:
        assert expand(procedure, ("received", "@review")) == ("received", "examining", "approving")

    def test_skips_absent_states(self, procedure: Procedure) -> None:
        assert resolve(procedure, "paused", frozenset()) == "examining"
        assert resolve(procedure, "paused", SPECIAL) == "paused"

    def test_drops_what_is_switched_off(self, procedure: Procedure) -> None:
        plan = Chart(procedure).plan(frozenset())
        assert "paused" not in plan.states
        assert {"pause", "resume"}.isdisjoint(plan.acts)

    def test_lets_deemed_acts_stand_where_their_clock_runs(self, procedure: Procedure) -> None:
        assert Chart(procedure).plan(SPECIAL).places["deem_accepted"] == ("received",)

    def test_leads_back_whence_a_case_came(self, procedure: Procedure) -> None:
        plan = Chart(procedure).plan(SPECIAL)
        assert {edge.enters for edge in plan.edges if edge.act.code == "resume"} == {"examining"}

    def test_does_not_count_on_exits_that_run_out(self, procedure: Procedure) -> None:
        sure = {edge.act.code: edge.is_sure for edge in Chart(procedure).plan(SPECIAL).edges}
        assert not sure["ask_supplement"]
        assert sure["accept"]
        assert sure["deem_accepted"]


class TestArrivals:
    def test_know_what_every_path_has_seen(self, procedure: Procedure) -> None:
        arrivals = Chart(procedure).plan(SPECIAL).arrivals
        assert arrivals.is_sure("examining", "mark:accepted")
        assert not arrivals.is_sure("ended", "mark:accepted")
        assert arrivals.is_possible("ended", "mark:accepted")
        assert arrivals.is_sure("closed", "has:outcome")
        assert not arrivals.is_possible("received", "act:accept")

    def test_close_branches_that_an_act_waited_for(self, procedure: Procedure) -> None:
        arrivals = Chart(procedure).plan(SPECIAL).arrivals
        assert arrivals.is_possible("examining", "open:opinion")
        assert arrivals.is_possible("paused", "open:opinion")
        assert not arrivals.is_possible("approving", "open:opinion")

    def test_begin_with_nothing(self, procedure: Procedure) -> None:
        assert not Chart(procedure).plan(frozenset()).arrivals.is_possible(START, "mark:received")


class TestProve:
    def test_finds_nothing_in_a_sound_procedure(self, procedure: Procedure) -> None:
        assert prove(procedure) == ()

    def test_says_each_fault_once_whatever_the_options(self) -> None:
        faults = prove(read_text(BASE.replace("main = true\n", ""), "base.toml"))
        assert [fault.code for fault in faults] == ["no_main_clock"]

    def test_does_not_walk_a_graph_with_unknown_names(self) -> None:
        faults = prove(read_text(BASE.replace('to = "approving"', 'to = "approved"'), "base.toml"))
        assert {fault.code for fault in faults} == {"unknown_state"}

    def test_names_the_options_under_which_a_fault_shows(self) -> None:
        text = BASE.replace('to = "back"\nsettles', 'to = "received"\nsettles')
        assert any("with special" in fault.message for fault in prove(read_text(text, "base.toml")))


class TestFindings:
    def test_know_every_code_once(self) -> None:
        assert len(CODES) == len(set(CODES))

    def test_part_table_and_key(self) -> None:
        findings = Findings()
        findings.add("no_source", "actions.extend:source", "it cites nothing", "add one")
        [fault] = findings.all()
        assert (fault.table, fault.key) == ("actions.extend", "source")
