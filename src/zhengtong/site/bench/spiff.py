"""Our acts against SpiffWorkflow stepping and saving the same flow: an application, accepted, three departments asked
at once, their three answers, passed on. Seven commits a case on both sides, in the same database.

The work is unequal in both directions: SpiffWorkflow carries the whole of BPMN and keeps no chain, no docket and no
readers; ours counts law days and carries no diagrams.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from statistics import median
from typing import Any, Final

from django.db import connection, transaction

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import decide, decide_opening, find_serials
from zhengtong.kernel.events import Event, Json, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.states import State, fold
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import history
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.record import Entry, Recorded, new_key, record_entry
from zhengtong.site.bench.story import BEGIN, DEPT, UNIT, licence

ASKED: Final = ("sc", "zj", "yj")
PROCESS: Final = "permit"
TABLE: Final = "bench_spiff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Medians of interleaved rounds; `ratios` = our acts per second / their saved steps per second."""

    commits: int
    ours_per_second: float
    theirs_per_second: float
    ratio: float
    ratios: tuple[float, ...]


def compare_with_spiff(*, cases: int, rounds: int) -> Compared:
    """
    Raises:
        ModuleNotFoundError: SpiffWorkflow is not installed (requirements-bench.txt).
    """
    theirs = _Engine()
    ours_rates: list[float] = []
    their_rates: list[float] = []
    commits = 0  # of both sides together
    for each in range(rounds):
        spent = [0.0, 0.0]
        steps = 0
        for n in range(each * cases, (each + 1) * cases):
            for side, run in enumerate((run_case, theirs.run_case)):
                began = time.perf_counter()
                steps += run(n)
                spent[side] += time.perf_counter() - began
        ours_rates.append(steps / 2 / spent[0])
        their_rates.append(steps / 2 / spent[1])
        commits += steps
    ratios = tuple(one / other for one, other in zip(ours_rates, their_rates, strict=True))
    return Compared(
        commits=commits, ours_per_second=median(ours_rates), theirs_per_second=median(their_rates),
        ratio=median(ratios), ratios=ratios,
    )  # fmt: skip


# ---- ours ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    act: str
    actor: Actor
    inputs: Mapping[str, Json]


def run_case(n: int) -> int:
    """One case as the desk does it: history read and folded, the act decided, recorded. How many acts."""
    bound, calendar = licence(), load_calendar()
    last: Recorded | None = None
    for place, step in enumerate(_steps()):
        now = BEGIN + timedelta(days=2, milliseconds=10 * n, minutes=place)
        before = fold(history.load(last.case_id)) if last else None
        key = new_key(now)
        events = _decide(f"s-{n}", step, before, key, now)
        last = record_entry(
            Entry(
                case=last.ref if last else None, bound=bound, before=before, events=events, key=key,
                calendar=calendar, now=now,
            )
        )  # fmt: skip
    return len(_steps())


def _decide(number: str, step: _Step, before: State | None, key: str, now: datetime) -> tuple[Event, ...]:
    bound, calendar = licence(), load_calendar()
    rules = bound.actions[step.act].inputs
    place = before.last_seq if before else 0
    needed = find_serials(bound, before, step.act, calendar, now)
    waiting = [branch for branch in before.branches.values() if branch.to in _units(step.actor)] if before else []
    command = Command(
        act=step.act, actor=step.actor, inputs=step.inputs, key=key, hash=hex_digest, channel="portal",
        sealed={rule.name: f"c-{rule.name}" for rule in rules if is_sealed(rule) and rule.required},
        parties={"applicant": "s-bench"} if before is None else {},
        branch=waiting[0].branch if waiting else None,
        serials={name: tuple(f"{name}-{number}-{place}-{n}" for n in range(needed.count(name))) for name in needed},
    )  # fmt: skip
    if before is None:
        return decide_opening(bound, command, calendar, now)
    return decide(bound, before, command, calendar, now)


@cache
def _steps() -> Sequence[_Step]:
    citizen = Actor(person="s-bench", seats=(), subjects={"s-bench": "own"})
    asked: list[Json] = [{"to": unit} for unit in ASKED]
    return (
        _Step(act="submit", actor=citizen, inputs={}),
        _Step(act="accept", actor=_holder_of("accept"), inputs={}),
        _Step(act="ask_opinion", actor=_holder_of("ask_opinion"), inputs={"branches": asked}),
        *(
            _Step(act="give_opinion", actor=_seated(f"{unit}-desk", unit, unit), inputs={"verdict": "agree"})
            for unit in ASKED
        ),
        _Step(act="pass", actor=_holder_of("pass"), inputs={}),
    )


def _holder_of(act: str) -> Actor:
    posts = licence().posts
    return _seated(next(posts[role].post for role in licence().actions[act].by if role in posts), UNIT, DEPT)


def _seated(post: str, unit: str, dept: str) -> Actor:
    nothing: frozenset[str] = frozenset()
    seat = Seat(
        post=post, unit=unit, dept=dept, units=(unit, dept), standing=Standing.OWN, basis="", head_of=nothing,
        superior_of=nothing, government_of=nothing, supervises=nothing,
    )  # fmt: skip
    return Actor(person=f"p-{post}", seats=(seat,), subjects={})


def _units(actor: Actor) -> frozenset[str]:
    return frozenset(seat.unit for seat in actor.seats)


# ---- theirs -------------------------------------------------------------------------------------------


class _Engine:
    """SpiffWorkflow as its own manual runs it: the parsed process shared, each instance loaded from its row, one task
    completed with who did it and when, engine steps done, the instance written back."""

    def __init__(self) -> None:
        from SpiffWorkflow import TaskState  # type: ignore[import-untyped]
        from SpiffWorkflow.bpmn import BpmnWorkflow  # type: ignore[import-untyped]
        from SpiffWorkflow.bpmn.parser import BpmnParser  # type: ignore[import-untyped]
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer  # type: ignore[import-untyped]

        parser = BpmnParser()
        parser.add_bpmn_str(_bpmn().encode())
        self._new: Callable[[], Any] = lambda: BpmnWorkflow(parser.get_spec(PROCESS))
        self._serializer = BpmnWorkflowSerializer()
        self._ready = TaskState.READY
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigint PRIMARY KEY, body text NOT NULL)")

    def run_case(self, n: int) -> int:
        """One instance from its start to its end; how many times it was saved."""
        self._save(n, self._begun(), is_new=True)
        saved = 1
        while self._step(n):
            saved += 1
        return saved

    def _begun(self) -> Any:
        workflow = self._new()
        workflow.do_engine_steps()
        return workflow

    def _step(self, n: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT body FROM {TABLE} WHERE id = %s", [n])  # noqa: S608 - our own table
            (body,) = cursor.fetchone()
        workflow = self._serializer.deserialize_json(body)
        ready = workflow.get_tasks(state=self._ready, manual=True)
        if not ready:
            return False
        ready[0].set_data(**{ready[0].task_spec.name: _facts(n)})
        ready[0].run()
        workflow.do_engine_steps()
        self._save(n, workflow, is_new=False)
        return True

    def _save(self, n: int, workflow: Any, *, is_new: bool) -> None:
        body = self._serializer.serialize_json(workflow)
        with transaction.atomic(), connection.cursor() as cursor:
            if is_new:
                cursor.execute(f"INSERT INTO {TABLE} (body, id) VALUES (%s, %s)", [body, n])  # noqa: S608 - our own table
            else:
                cursor.execute(f"UPDATE {TABLE} SET body = %s WHERE id = %s", [body, n])  # noqa: S608 - our own table


def _facts(n: int) -> dict[str, str]:
    """What our event says of an act beside the act itself."""
    now = BEGIN + timedelta(milliseconds=10 * n)
    return {
        "person": "p-desk", "post": f"{UNIT}-desk", "unit": UNIT, "role": "undertaker", "standing": "own", "basis": "",
        "at": now.isoformat(), "recorded_at": now.isoformat(), "key": new_key(now), "opinion": "c-opinion",
    }  # fmt: skip


def _bpmn() -> str:
    flows = [("start", "accept"), ("accept", "ask"), ("ask", "fork")]
    for unit in ASKED:
        flows += [("fork", unit), (unit, "join")]
    flows += [("join", "pass"), ("pass", "end")]
    names = [f"f{place}" for place in range(len(flows))]

    def node(kind: str, name: str) -> str:
        inside = "".join(
            [f"<bpmn:incoming>{flow}</bpmn:incoming>" for flow, (_, to) in zip(names, flows, strict=True) if to == name]
            + [
                f"<bpmn:outgoing>{flow}</bpmn:outgoing>"
                for flow, (at, _) in zip(names, flows, strict=True)
                if at == name
            ]
        )
        return f'<bpmn:{kind} id="{name}" name="{name}">{inside}</bpmn:{kind}>'

    nodes = [
        node("startEvent", "start"), *(node("manualTask", name) for name in ("accept", "ask", *ASKED, "pass")),
        node("parallelGateway", "fork"), node("parallelGateway", "join"), node("endEvent", "end"),
    ]  # fmt: skip
    arrows = [
        f'<bpmn:sequenceFlow id="{name}" sourceRef="{at}" targetRef="{to}"/>'
        for name, (at, to) in zip(names, flows, strict=True)
    ]
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="bench">'
        f'<bpmn:process id="{PROCESS}" isExecutable="true">{"".join(nodes + arrows)}</bpmn:process></bpmn:definitions>'
    )
