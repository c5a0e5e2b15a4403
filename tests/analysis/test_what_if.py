"""The queue model against closed forms and against itself: nothing changed is nothing different, a shorter limit is
never kept more often, one more at the post never makes anybody wait longer on the same random numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.analysis.logs import NO_TIME
from zhengtong.analysis.stays import Stays, Whose
from zhengtong.analysis.what_if import Change, Flow, TooLittle, apply, ask, calibrate, prepare, simulate
from zhengtong.analysis.working_time import WORKING_DAY

HOUR = WORKING_DAY // 7


def one_step(arrivals: np.ndarray, takes: np.ndarray, servers: int) -> np.ndarray:
    """How long each case of one step waits."""
    count = len(arrivals)
    _begins, _ends, waited = simulate(
        arrivals, np.arange(count + 1, dtype=np.int64), np.zeros(count, np.int32), takes, np.array([servers], np.int64),
        np.zeros(count, np.int64),
    )  # fmt: skip
    return waited


def poisson(count: int, mean: float, seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).exponential(mean, count)).astype(np.int64)


class TestQueue:
    def test_waits_as_long_as_mm1_says(self) -> None:
        arrivals = poisson(200_000, 1_000_000, 1)
        takes = np.random.default_rng(2).exponential(600_000, len(arrivals)).astype(np.int64)
        assert one_step(arrivals, takes, 1).mean() == pytest.approx(0.6 / (1 - 0.6) * 600_000, rel=0.05)

    def test_waits_as_long_as_md1_says(self) -> None:
        arrivals = poisson(200_000, 1_000_000, 3)
        takes = np.full(len(arrivals), 700_000)
        assert one_step(arrivals, takes, 1).mean() == pytest.approx(0.7 / (2 * (1 - 0.7)) * 700_000, rel=0.05)

    def test_waits_as_long_as_mm2_says(self) -> None:
        arrivals = poisson(200_000, 1_000_000, 5)
        takes = np.random.default_rng(6).exponential(1_400_000, len(arrivals)).astype(np.int64)
        rho = 0.7  # Erlang C of two: 2ρ²/(1+ρ); mean wait C·S/(2(1-ρ))
        erlang = 2 * rho * rho / (1 + rho)
        assert one_step(arrivals, takes, 2).mean() == pytest.approx(erlang * 1_400_000 / (2 * (1 - rho)), rel=0.05)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30)), min_size=1, max_size=60), st.integers(1, 4)
    )  # fmt: skip
    def test_one_more_never_makes_anybody_wait_longer(self, rows: list[tuple[int, int]], servers: int) -> None:
        arrivals = np.cumsum([gap for gap, _take in rows]).astype(np.int64)
        takes = np.array([take for _gap, take in rows], dtype=np.int64)
        assert np.all(one_step(arrivals, takes, servers + 1) <= one_step(arrivals, takes, servers))

    def test_visits_follow_each_other_and_delays_need_nobody(self) -> None:
        begins, ends, waited = simulate(
            np.array([0, 1], np.int64), np.array([0, 3, 4], np.int64), np.array([0, -1, 0, 0], np.int32),
            np.array([10, 5, 10, 3], np.int64), np.array([1], np.int64), np.zeros(4, np.int64),
        )  # fmt: skip
        assert begins.tolist() == [0, 10, 15, 1]
        assert ends.tolist() == [10, 15, 25, 13]
        assert waited.tolist() == [0, 0, 0, 9]


def history(cases: int = 240, *, load: float = 0.85, seed: int = 9) -> tuple[Stays, np.ndarray, np.ndarray]:
    """Cases that are examined at one post and approved at another, as a queue would have left them."""
    chance = np.random.default_rng(seed)
    arrivals = np.cumsum(chance.exponential(HOUR / load, cases)).astype(np.int64)
    takes = chance.exponential(HOUR, 2 * cases).astype(np.int64)
    offsets = np.arange(0, 2 * cases + 1, 2, dtype=np.int64)
    pool = np.tile(np.array([0, 1], np.int32), cases)
    begins, ends, _waited = simulate(arrivals, offsets, pool, takes, np.array([1, 1]), np.zeros_like(takes))
    stays = Stays(
        steps=("examining", "approving"), cases=cases, case=np.repeat(np.arange(cases), 2), step=pool,
        whose=np.full(2 * cases, Whose.OFFICE, np.int32), since=begins, until=ends, begun=ends,
        places=("desk", "chief"), place=pool, worker=pool,
    )  # fmt: skip
    return stays, begins[offsets[:-1]], ends[offsets[1:] - 1]


def flow_of(limit: int = 2, *, cases: int = 240, load: float = 0.85) -> Flow:
    stays, accepted, decided = history(cases, load=load)
    limits = np.full(stays.cases, limit)
    return prepare(stays, accepted=accepted, decided=decided, started=accepted, limits=limits)


class TestReplay:
    def test_what_is_comes_to_what_was(self) -> None:
        answer = ask(flow_of(), Change(), seed=4, replications=60)
        assert answer.check.observed > 0
        assert answer.check.holds

    def test_changing_nothing_changes_nothing(self) -> None:
        answer = ask(flow_of(), Change(), seed=4, replications=30)
        assert answer.then == answer.now
        assert (answer.difference.low, answer.difference.high) == (0, 0)

    def test_the_same_seed_gives_the_same_answer(self) -> None:
        change = Change(limit=1, servers=(("desk", 1),))
        assert ask(flow_of(), change, seed=7, replications=20) == ask(flow_of(), change, seed=7, replications=20)
        assert ask(flow_of(), change, seed=7, replications=20) != ask(flow_of(), change, seed=8, replications=20)

    @pytest.mark.parametrize("limit", [0, 1, 2])
    def test_a_shorter_limit_is_never_kept_more_often(self, limit: int) -> None:
        answer = ask(flow_of(limit=3), Change(limit=limit), seed=2, replications=30)
        assert answer.difference.low >= 0
        assert answer.then.share.mid >= answer.now.share.mid

    def test_a_person_more_takes_the_queue_away(self) -> None:
        answer = ask(flow_of(load=0.97), Change(servers=(("desk", 1), ("chief", 1))), seed=2, replications=30)
        before = {load.pool: load.waits.mid for load in answer.now.pools}
        after = {load.pool: load.waits.mid for load in answer.then.pools}
        assert all(after[pool] < before[pool] for pool in before)
        assert answer.difference.high <= 0

    def test_two_steps_made_one_are_one_visit_of_both_posts(self) -> None:
        flow = flow_of(cases=30)
        merged = apply(flow, Change(merge=("examining", "approving"), spared=0.5))
        assert len(merged.takes) == 30
        assert merged.takes.tolist() == (flow.takes[::2] + (flow.takes[1::2] * 0.5).astype(np.int64)).tolist()
        assert (merged.pools[0], merged.servers[0]) == ("desk+chief", 2)
        assert merged.counts_from.tolist() == merged.counts_to.tolist() == list(range(30))

    def test_days_the_applicant_takes_are_not_counted(self) -> None:
        stays = Stays(
            steps=("examining", "waiting"), cases=1, case=np.zeros(3, np.int64), step=np.array([0, 1, 0], np.int32),
            whose=np.array([Whose.OFFICE, Whose.APPLICANT, Whose.OFFICE], np.int32),
            since=np.array([0, 1, 4]) * WORKING_DAY, until=np.array([1, 4, 5]) * WORKING_DAY,
            begun=np.array([1, 4, 5]) * WORKING_DAY, places=("desk",), place=np.array([0, -1, 0], np.int32),
            worker=np.array([0, -1, 0], np.int32),
        )  # fmt: skip
        at = np.array([0]), np.array([5 * WORKING_DAY])
        flow = prepare(stays, accepted=at[0], decided=at[1], started=at[0], limits=np.array([1]))
        assert flow.seen_used.tolist() == [1]  # days 1 to 4 were held, both ends included

    def test_a_history_without_a_decision_cannot_be_replayed(self) -> None:
        stays, accepted, _decided = history(cases=3)
        nothing = np.full(3, NO_TIME)
        with pytest.raises(TooLittle):
            prepare(stays, accepted=accepted, decided=nothing, started=accepted, limits=nothing)


class TestCalibration:
    """Against flows whose people are known."""

    def of_two(self, *, cases: int = 400, load: float = 0.8) -> tuple[Stays, np.ndarray, np.ndarray]:
        """One post at which two work, and a third who stood in once."""
        chance = np.random.default_rng(3)
        arrivals = np.cumsum(chance.exponential(3 * HOUR / (2 * load), cases)).astype(np.int64)
        takes = chance.exponential(3 * HOUR, cases).astype(np.int64)
        offsets, pool = np.arange(cases + 1, dtype=np.int64), np.zeros(cases, np.int32)
        begins, ends, waited = simulate(arrivals, offsets, pool, takes, np.array([2]), np.zeros_like(takes))
        free, worker = [0, 0], np.zeros(cases, np.int32)
        for case in np.argsort(begins + waited, kind="stable").tolist():
            worker[case] = int(np.argmin(free))
            free[worker[case]] = int(ends[case])
        worker[7] = 2
        stays = Stays(
            steps=("examining",), cases=cases, case=np.arange(cases), step=pool,
            whose=np.full(cases, Whose.OFFICE, np.int32), since=begins, until=ends, begun=ends, places=("desk",),
            place=pool, worker=worker,
        )  # fmt: skip
        return stays, begins, ends

    def flow(self, *, limit: int = 1, load: float = 0.8) -> Flow:
        stays, accepted, decided = self.of_two(load=load)
        return prepare(stays, accepted=accepted, decided=decided, started=accepted, limits=np.full(stays.cases, limit))

    def test_a_post_has_as_many_servers_as_worked_at_it(self) -> None:
        assert self.flow().servers.tolist() == [2]

    @pytest.mark.parametrize("load", [0.6, 0.8, 0.9])
    def test_known_servers_are_replayed_within_the_tolerance(self, load: float) -> None:
        check = calibrate(self.flow(load=load), seed=5, replications=60).check
        assert check.holds
        assert check.worked == 1.0
        assert check.stretched == pytest.approx(1.0, abs=0.15)
        assert len(check.deciles) == 9
        assert all(abs(one.replayed.mid - one.observed) <= one.allowed for one in check.deciles)

    def test_one_more_is_foretold_as_a_third_server_would_have_done(self) -> None:
        flow = self.flow(load=0.9)
        answer = ask(flow, Change(servers=(("desk", 1),)), seed=5, replications=60)
        _begins, ends, _waited = simulate(
            flow.arrivals, flow.offsets, flow.pool, flow.takes, np.array([3]), np.zeros_like(flow.takes)
        )
        late = np.count_nonzero(ends // WORKING_DAY - flow.arrivals // WORKING_DAY > 1)
        assert answer.then.late.mid == pytest.approx(late, abs=0.05 * 400)
        assert answer.then.late.mid < answer.now.late.mid
        assert (answer.at_least.low, answer.at_least.high) == (0, 0)  # if they had lain for other reasons

    def test_one_server_where_two_work_does_not_pass_as_it_is(self) -> None:
        wrong = replace(self.flow(load=0.9), servers=np.array([1]))
        check = calibrate(wrong, seed=5, replications=40).check
        assert check.worked < 1.0 or check.stretched < 0.9

    def test_days_used_that_no_replay_comes_to_are_not_calibrated_though_nobody_was_late(self) -> None:
        flow = self.flow(limit=400)
        flow = replace(flow, seen_used=flow.seen_used + 5)
        check = calibrate(flow, seed=5, replications=20).check
        assert check.observed == 0 and check.share_is_near
        assert not check.holds
        assert not all(one.is_near for one in check.deciles)

    def test_too_few_cases_are_not_calibrated_however_near(self) -> None:
        check = calibrate(flow_of(cases=12), seed=5, replications=20).check
        assert not check.is_enough
        assert not check.holds
