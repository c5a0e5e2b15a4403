"""Our acts against SpiffWorkflow stepping and saving the same flow: an application, accepted, three departments asked
at once, their three answers, passed on. Seven commits a case on both sides, in the same database, turn by turn.

Twice. Recording against stepping: ours decided beforehand, their instance kept in memory between its steps. The whole
act: ours read, decided and recorded, their instance read from its row, stepped and saved. SpiffWorkflow is run as its
manual says, by its own JSON serializer into one row, with nothing of ours on it: its driver calls are Django's plain
cursor, in one transaction a step. The work is unequal both ways: it carries the whole of BPMN and keeps no chain, no
docket, no readers and no outbox; ours counts law days and carries no diagrams.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from statistics import median
from typing import Any, Final

from django.db import connection, transaction

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import find_serials
from zhengtong.kernel.events import Json, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.states import State
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.current import load_current
from zhengtong.ledger.record import Recorded, new_key, record_entry
from zhengtong.site.bench.story import BEGIN, DEPT, UNIT, Step, decide_step, licence

ASKED: Final = ("sc", "zj", "yj")
PROCESS: Final = "permit"
TABLE: Final = "bench_spiff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Medians of interleaved rounds; `ratios` = our acts per second / their saved steps per second. `…_cpu_us` is this
    process's own time for one of them: it leaves out the disk, which both sides wait for, and PostgreSQL's server."""

    ours_per_second: float
    theirs_per_second: float
    ours_cpu_us: float
    theirs_cpu_us: float
    ratio: float
    ratios: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    commits: int
    recording: Pace
    whole: Pace


def compare_with_spiff(*, cases: int, rounds: int) -> Compared:
    """
    Raises:
        ModuleNotFoundError: SpiffWorkflow is not installed (requirements-bench.txt).
    """
    theirs = _Engine()
    rates: list[list[float]] = [[], [], [], []]
    busy: list[list[float]] = [[], [], [], []]
    commits = 0  # of all sides together
    for each in range(rounds):
        spent, used, saved = [0.0] * 4, [0.0] * 4, [0] * 4
        for n in range(each * cases, (each + 1) * cases):
            sides = (
                partial(_record, _decided(n)), partial(theirs.keep_case, 2 * n),
                partial(run_case, n), partial(theirs.run_case, 2 * n + 1),
            )  # fmt: skip
            for side, run in enumerate(sides):
                began, began_at_work = time.perf_counter(), time.process_time()
                saved[side] += run()
                spent[side] += time.perf_counter() - began
                used[side] += time.process_time() - began_at_work
        for side in range(4):
            rates[side].append(saved[side] / spent[side])
            busy[side].append(used[side] / saved[side] * 1e6)
        commits += sum(saved)
    return Compared(commits=commits, recording=_pace(*rates[:2], *busy[:2]), whole=_pace(*rates[2:], *busy[2:]))


def _pace(
    ours: Sequence[float], theirs: Sequence[float], ours_busy: Sequence[float], theirs_busy: Sequence[float]
) -> Pace:
    ratios = tuple(one / other for one, other in zip(ours, theirs, strict=True))
    return Pace(
        ours_per_second=median(ours), theirs_per_second=median(theirs), ours_cpu_us=median(ours_busy),
        theirs_cpu_us=median(theirs_busy), ratio=median(ratios), ratios=ratios,
    )  # fmt: skip


# ---- ours ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    act: str
    actor: Actor
    inputs: Mapping[str, Json]


def _decided(n: int) -> list[Step]:
    """The acts of one case, decided beforehand."""
    before: State | None = None
    told: list[Step] = []
    for place, act in enumerate(_acts()):
        told.append(_decide(f"r-{n}", act, before, _opens_at(2 * n) + timedelta(minutes=place)))
        before = told[-1].after
    return told


def _record(told: Sequence[Step]) -> int:
    last: Recorded | None = None
    for step in told:
        last = record_entry(step.entry(last.ref if last else None))
    return len(told)


def run_case(n: int) -> int:
    """One case as the desk does it: the case loaded, the act decided, recorded. How many acts."""
    last: Recorded | None = None
    for place, act in enumerate(_acts()):
        current = load_current(last.case_id) if last else None
        now = _opens_at(2 * n + 1) + timedelta(minutes=place)
        step = _decide(f"s-{n}", act, current.state if current else None, now)
        last = record_entry(step.entry(current.ref if current else None))
    return len(_acts())


def _opens_at(n: int) -> datetime:
    """Every case at an instant of its own, and none of another part's."""
    return BEGIN + timedelta(days=2, milliseconds=10 * n)


def _decide(number: str, wanted: _Act, before: State | None, now: datetime) -> Step:
    bound, calendar, key = licence(), load_calendar(), new_key(now)
    rules = bound.actions[wanted.act].inputs
    place = before.last_seq if before else 0
    needed = find_serials(bound, before, wanted.act, calendar, now)
    waiting = [branch for branch in before.branches.values() if branch.to in _units(wanted.actor)] if before else []
    command = Command(
        act=wanted.act, actor=wanted.actor, inputs=wanted.inputs, key=key, hash=hex_digest, channel="portal",
        sealed={rule.name: f"c-{rule.name}" for rule in rules if is_sealed(rule) and rule.required},
        parties={"applicant": "s-bench"} if before is None else {},
        branch=waiting[0].branch if waiting else None,
        serials={name: tuple(f"{name}-{number}-{place}-{n}" for n in range(needed.count(name))) for name in needed},
    )  # fmt: skip
    return decide_step(before, command, key, now)


@cache
def _acts() -> Sequence[_Act]:
    citizen = Actor(person="s-bench", seats=(), subjects={"s-bench": "own"})
    asked: list[Json] = [{"to": unit} for unit in ASKED]
    return (
        _Act(act="submit", actor=citizen, inputs={}),
        _Act(act="accept", actor=_holder_of("accept"), inputs={}),
        _Act(act="ask_opinion", actor=_holder_of("ask_opinion"), inputs={"branches": asked}),
        *(
            _Act(act="give_opinion", actor=_seated(f"{unit}-desk", unit, unit), inputs={"verdict": "agree"})
            for unit in ASKED
        ),
        _Act(act="pass", actor=_holder_of("pass"), inputs={}),
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
    completed with who did it, engine steps done, the instance written back."""

    def __init__(self) -> None:
        from SpiffWorkflow import TaskState
        from SpiffWorkflow.bpmn import BpmnWorkflow
        from SpiffWorkflow.bpmn.parser import BpmnParser
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

        parser = BpmnParser()
        parser.add_bpmn_str(_bpmn().encode())
        self._new: Callable[[], Any] = lambda: BpmnWorkflow(parser.get_spec(PROCESS))
        self._serializer = BpmnWorkflowSerializer()
        self._ready = TaskState.READY
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigint PRIMARY KEY, body text NOT NULL)")

    def keep_case(self, n: int) -> int:
        """One instance from its start to its end, in memory all the while; how many times it was saved."""
        workflow = self._begun()
        self._save(n, workflow, is_new=True)
        saved = 1
        while self._step(workflow):
            self._save(n, workflow, is_new=False)
            saved += 1
        return saved

    def run_case(self, n: int) -> int:
        """The same, each step read from its row."""
        self._save(n, self._begun(), is_new=True)
        saved = 1
        while True:
            workflow = self._read(n)
            if not self._step(workflow):
                return saved
            self._save(n, workflow, is_new=False)
            saved += 1

    def _begun(self) -> Any:
        workflow = self._new()
        workflow.do_engine_steps()
        return workflow

    def _read(self, n: int) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT body FROM {TABLE} WHERE id = %s", [n])  # noqa: S608 - our own table
            (body,) = cursor.fetchone()
        return self._serializer.deserialize_json(body)

    def _step(self, workflow: Any) -> bool:
        ready = workflow.get_tasks(state=self._ready, manual=True)
        if not ready:
            return False
        ready[0].set_data(**{ready[0].task_spec.name: "p-desk"})
        ready[0].run()
        workflow.do_engine_steps()
        return True

    def _save(self, n: int, workflow: Any, *, is_new: bool) -> None:
        body = self._serializer.serialize_json(workflow)
        with transaction.atomic(), connection.cursor() as cursor:
            if is_new:
                cursor.execute(f"INSERT INTO {TABLE} (body, id) VALUES (%s, %s)", [body, n])  # noqa: S608 - our own table
            else:
                cursor.execute(f"UPDATE {TABLE} SET body = %s WHERE id = %s", [body, n])  # noqa: S608 - our own table


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
