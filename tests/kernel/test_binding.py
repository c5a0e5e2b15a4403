"""Binding: options, parameters, answers and the digest."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.stories import VERSION, fee, item_of, licence, material
from zhengtong.kernel.binding import bind, check_posts
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.terms import Term
from zhengtong.law.procedure_files import load_procedure

LICENCE = load_procedure("licence", VERSION)


def refusal_of(*options: str, **changes: Any) -> RefusalCode:
    with pytest.raises(Refusal) as caught:
        licence(*options, **changes)
    return caught.value.code


class TestBind:
    def test_leaves_out_states_whose_option_is_off_and_lands_beyond_them(self) -> None:
        bound = licence()
        assert "reviewing" not in bound.states
        assert bound.actions["pass"].to == "approving"
        assert bound.actions["submit"].to == "received"

    def test_drops_acts_and_clocks_of_options_that_are_off(self) -> None:
        bound = licence()
        assert "begin_special" not in bound.actions and "expiry" not in bound.clocks
        assert bound.clocks["decision"].held_in == ()

    def test_lets_deemed_acts_stand_wherever_their_clock_runs(self) -> None:
        assert licence("online").actions["deem_accepted"].from_states == ("submitted", "received")

    def test_replaces_every_parameter_by_its_term(self) -> None:
        bound = licence()
        assert (bound.clocks["decision"].legal, bound.clocks["decision"].promised) == (
            Term.parse("20 wd"),
            Term.parse("10 wd"),
        )

    def test_takes_terms_materials_and_fees_by_the_situation(self) -> None:
        changes = {
            "situations": {"size": ("small", "large")},
            "terms_when": (({"size": ("small",)}, {"promised": Term.parse("3 wd")}),),
            "materials": (material("plan", size=("large",)), material("form")),
            "fees": (fee("check", 5000),),
        }
        small = licence(answers={"size": "small"}, **changes)
        large = licence(answers={"size": "large"}, **changes)
        assert small.terms["promised"] == Term.parse("3 wd")
        assert [each.code for each in small.materials] == ["form"]
        assert [each.code for each in large.materials] == ["plan", "form"]
        assert small.digest != large.digest

    def test_refuses_what_the_procedure_does_not_know(self) -> None:
        assert refusal_of("nothing") is RefusalCode.UNKNOWN_OPTION
        assert refusal_of("on_spot", "joint") is RefusalCode.OPTIONS_EXCLUDE
        assert refusal_of(terms={"nothing": Term.parse("1 wd")}) is RefusalCode.UNKNOWN_PARAMETER
        assert refusal_of(terms={}) is RefusalCode.PARAMETER_MISSING
        too_long = {"promised": Term.parse("21 wd"), "undertake_step": Term.parse("3 wd")}
        assert refusal_of(terms=too_long) is RefusalCode.PARAMETER_TOO_LONG
        other_unit = {"promised": Term.parse("10 cd"), "undertake_step": Term.parse("3 cd")}
        assert refusal_of(terms=other_unit) is RefusalCode.PARAMETER_TOO_LONG
        assert refusal_of(answers={"size": "small"}) is RefusalCode.UNKNOWN_ANSWER
        assert refusal_of(procedure_version="1999-01-01") is RefusalCode.UNKNOWN_PROCEDURE

    def test_says_which_role_has_no_post(self) -> None:
        bound = replace(licence(), posts={})
        with pytest.raises(Refusal) as caught:
            check_posts(bound)
        assert caught.value.code is RefusalCode.ROLE_WITHOUT_POST
        check_posts(licence("three_step", "hearing"))


class TestDigest:
    def test_is_the_same_for_the_same_law_whatever_the_posts(self) -> None:
        assert licence().digest == licence(posts={}).digest

    @settings(max_examples=20, deadline=None)
    @given(st.integers(1, 20), st.integers(1, 20))
    def test_differs_with_any_term(self, one: int, other: int) -> None:
        def digest(days: int) -> str:
            terms = {"promised": Term.parse(f"{days} wd"), "undertake_step": Term.parse("1 wd")}
            return bind(LICENCE, item_of(LICENCE, terms=terms)).digest

        assert (digest(one) == digest(other)) is (one == other)
