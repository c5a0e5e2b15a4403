"""What happened against the published procedure: every way of deviating is found and named, on our own states and acts
and on a plain table of what may follow what; what is allowed is never complained of."""

from collections.abc import Sequence

import numpy as np
import pytest

from zhengtong.analysis.conformance import (
    Allowed,
    Conformance,
    Kind,
    Names,
    allowed_by,
    allowed_follows,
    allowed_together,
    find_conformance,
    steps_of_activities,
    steps_of_acts,
    word_deviation,
)
from zhengtong.analysis.intervals import share
from zhengtong.analysis.logs import Log, as_objects, from_columns
from zhengtong.kernel.binding import bind
from zhengtong.law.items import complete, item_from, items_from_demo
from zhengtong.law.procedure_files import load_procedure

WAY = Allowed(
    moves=frozenset(
        {
            ("", "take", "received"), ("received", "accept", "examining"), ("examining", "pass", "approving"),
            ("examining", "note", "examining"), ("approving", "grant", "closed"), ("approving", "extend", "approving"),
        }
    ),
    once=frozenset({"extend"}), ends=frozenset({"closed"}), free=frozenset({"remark"}),
)  # fmt: skip
TAKE, ACCEPT, PASS, GRANT = (
    ("", "take", "received"), ("received", "accept", "examining"), ("examining", "pass", "approving"),
    ("approving", "grant", "closed"),
)  # fmt: skip


def log_of(*cases: Sequence[tuple[str, str, str]], kind: str = "Acted") -> Log:
    rows = [(n, *step) for n, steps in enumerate(cases) for step in steps]
    acts = sorted({act for _n, _left, act, _entered in rows})
    return from_columns(
        case=[row[0] for row in rows], activity=[acts.index(row[2]) for row in rows], at=list(range(len(rows))),
        cases=tuple(f"case {n}" for n in range(len(cases))), activities=tuple(acts),
        event_columns={
            "left": as_objects(row[1] for row in rows), "entered": as_objects(row[3] for row in rows),
            "kind": as_objects("Reverted" if row[2] == "reverted" else kind for row in rows),
        },
    )  # fmt: skip


def judged(*cases: Sequence[tuple[str, str, str]], ended: bool = True) -> Conformance:
    log = log_of(*cases)
    return find_conformance(steps_of_acts(log), WAY, cases=len(cases), ended=np.full(len(cases), ended))


class TestOfActs:
    def test_the_published_way_conforms(self) -> None:
        found = judged([TAKE, ACCEPT, PASS, GRANT], [TAKE, ACCEPT, ("examining", "note", "examining"), PASS, GRANT])
        assert found.deviations == ()
        assert (found.conforming.part, found.conforming.whole) == (2, 2)

    @pytest.mark.parametrize(
        ("steps", "kind", "said"),
        [
            (
                [TAKE, ("received", "accept", "approving"), GRANT], Kind.SKIPPED,
                "“accept”以后直接到了“approving”，跳过了“examining”",
            ),
            (
                [TAKE, ACCEPT, PASS, ("approving", "accept", "examining"), PASS, GRANT], Kind.BACKWARD,
                "“accept”从“approving”退回“examining”，次序颠倒",
            ),
            (
                [TAKE, ACCEPT, PASS, ("approving", "pass", "approving"), GRANT], Kind.NOT_HERE,
                "在“approving”不能做“pass”",
            ),
            (
                [TAKE, ACCEPT, ("examining", "bribe", "approving"), GRANT], Kind.UNKNOWN_ACT,
                "“bribe”不是这个程序里的行为",
            ),
            (
                [TAKE, ACCEPT, PASS, ("approving", "grant", "heaven"), ("heaven", "grant", "closed")],
                Kind.UNKNOWN_STATE,
                "“grant”从“approving”到“heaven”，程序里没有这一状态",
            ),
            (
                [TAKE, ACCEPT, PASS, *[("approving", "extend", "approving")] * 2, GRANT], Kind.REPEATED,
                "“extend”只许一次，做了不止一次",
            ),
            ([TAKE, ACCEPT], Kind.BAD_END, "办件停在“examining”就结束了"),
            ([TAKE, PASS, GRANT], Kind.BROKEN, "办件停在“received”，下一步却从“examining”做起"),
            ([ACCEPT, PASS, GRANT], Kind.BAD_START, "办件不是从规定的行为开始，一开始就在“received”"),
        ],
    )  # fmt: skip
    def test_each_deviation_is_named(self, steps: list[tuple[str, str, str]], kind: Kind, said: str) -> None:
        found = judged([TAKE, ACCEPT, PASS, GRANT], steps)
        assert kind in {one.kind for one in found.deviations}
        assert said in {word_deviation(one, Names()) for one in found.deviations if one.kind is kind}
        assert found.deviating.tolist() == [1]
        assert found.conforming.part == 1

    def test_a_case_that_goes_on_needs_no_end(self) -> None:
        assert judged([TAKE, ACCEPT], ended=False).deviations == ()

    def test_reversals_put_a_case_back_and_are_no_deviation(self) -> None:
        assert judged([TAKE, ACCEPT, PASS, ("", "reverted", "examining"), PASS, GRANT]).deviations == ()

    def test_a_clock_without_end_is_named(self) -> None:
        log = log_of([TAKE, ACCEPT, PASS, GRANT])
        found = find_conformance(steps_of_acts(log), WAY, cases=1, endless={"decision": np.array([0])})
        assert (
            word_deviation(found.deviations[0], Names(clocks={"decision": "决定"})) == "办件已经结束，时钟“决定”没有停"
        )

    def test_what_most_cases_do_comes_first_and_events_are_counted(self) -> None:
        skip = [TAKE, ("received", "accept", "approving"), GRANT]
        found = judged(skip, skip, [TAKE, ACCEPT])
        assert [(one.kind, len(one.cases), one.events) for one in found.deviations] == [
            (Kind.SKIPPED, 2, 2), (Kind.BAD_END, 1, 1)
        ]  # fmt: skip


class TestOfFollows:
    TABLE = allowed_follows({"a": "b", "b": "c", "c": "d"}, first="a", ends="d", once="b")

    def judged(self, *traces: str) -> set[tuple[Kind, tuple[str, ...]]]:
        names = sorted({name for trace in traces for name in trace})
        log = from_columns(
            case=[n for n, trace in enumerate(traces) for _name in trace],
            activity=[names.index(name) for trace in traces for name in trace],
            at=list(range(sum(map(len, traces)))), cases=traces, activities=tuple(names),
        )  # fmt: skip
        found = find_conformance(
            steps_of_activities(log), self.TABLE, cases=len(traces), ended=np.ones(len(traces), np.bool_)
        )
        return {(one.kind, one.missing) for one in found.deviations}

    def test_an_imported_log_is_judged_the_same(self) -> None:
        assert self.judged("abcd") == set()
        assert self.judged("abd") == {(Kind.SKIPPED, ("c",))}
        assert self.judged("ad") == {(Kind.SKIPPED, ("b", "c"))}
        assert (Kind.BACKWARD, ()) in self.judged("abcbcd")
        assert (Kind.REPEATED, ()) in self.judged("abcbcd")
        assert (Kind.UNKNOWN_ACT, ()) in self.judged("abxd")
        assert self.judged("abc") == {(Kind.BAD_END, ())}


class TestOurBindings:
    def test_allow_what_their_procedure_says_with_options_switched(self) -> None:
        found = {}
        for code, content in items_from_demo().items():
            item = item_from(complete(content, version=1, region="510199", posts={}))
            found[code] = allowed_by(bind(load_procedure(item.procedure, item.procedure_version), item))
        assert all(one.moves and one.ends for one in found.values())
        assert all(left == "" or left in one.states() for one in found.values() for left, _act, _entered in one.moves)
        whole = allowed_together(found.values())
        assert all(one.moves <= whole.moves for one in found.values())
        reviewed = {code for code, one in found.items() if any(entered == "reviewing" for _l, _a, entered in one.moves)}
        assert 0 < len(reviewed) < len(found)


def test_a_share_of_nothing_is_no_share() -> None:
    assert share(0, 0).value is None
