"""Random walks (随机走查): people do with a case whatever they may, then those who cooperate close it. The thirteen
invariants of PROCEDURES §12 are watched at every step."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.binding import Bound, FeeLine, ItemVersion, MaterialRule, PostRef, ResultLine, bind
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_clocks, find_limit, find_run, find_wake_at
from zhengtong.kernel.commands import Command, MaterialGiven
from zhengtong.kernel.deciding import decide, decide_child_report, decide_opening, find_serials
from zhengtong.kernel.events import Acted, Deemed, Event, History, Standing
from zhengtong.kernel.graph import find_option_sets
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import ActionRule, InputRule, Phase, Procedure, RoleKind
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.silence import decide_silence, find_due_silence, find_silent_serials
from zhengtong.kernel.states import Branch, BranchStatus, RunStatus, State, evolve, fold
from zhengtong.kernel.terms import LAW_ZONE, Term
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import load_procedure, versions

REGION, UNIT, DEPT, OTHER = "510199", "wj-sp", "wj", "sc"
BEGIN: Final = datetime(2026, 3, 2, 10, tzinfo=LAW_ZONE)
CHANCE, CLOSING = 14, 120
"""How many steps people do as they like, and within how many those who cooperate must close the case."""


# ---- the cast and the item --------------------------------------------------------------------------


def _seat(post: str, unit: str, dept: str, *, is_boss: bool = False) -> Seat:
    organs = frozenset({unit, dept, UNIT, DEPT, OTHER}) if is_boss else frozenset[str]()
    return Seat(
        post=post,
        unit=unit,
        dept=dept,
        units=(unit, dept),
        standing=Standing.OWN,
        basis="",
        head_of=organs,
        superior_of=organs,
        government_of=frozenset({REGION}) if is_boss else frozenset(),
        supervises=frozenset(),
    )


CITIZENS: Final = tuple(Actor(person=f"s-{n}", seats=(), subjects={f"s-{n}": "own"}) for n in (1, 2))
BOSSES: Final = tuple(
    Actor(person=f"p-boss-{n}", seats=(_seat("boss", DEPT, DEPT, is_boss=True),), subjects={}) for n in (1, 2)
)
OTHERS: Final = tuple(Actor(person=f"p-other-{n}", seats=(_seat("other", OTHER, OTHER),), subjects={}) for n in (1, 2))


@cache
def staff_of(role: str) -> tuple[Actor, ...]:
    """Two people at the post of a role, because some acts ask for another person."""
    seat = _seat(f"wj-{role}", UNIT, DEPT)
    return tuple(Actor(person=f"p-{role}-{n}", seats=(seat,), subjects={}) for n in (1, 2))


def item_of(procedure: Procedure, options: frozenset[str]) -> ItemVersion:
    posts = {
        code: PostRef(post=f"wj-{code}", unit=UNIT, dept=DEPT)
        for code, role in procedure.roles.items()
        if role.kind is RoleKind.POST
    }
    needed = {code for code, each in procedure.parameters.items() if each.default is None}
    terms = {code: Term.parse("3 wd" if code.endswith("_step") else "10 wd") for code in needed}
    present = {code for code in terms if procedure.parameters[code].when in {None, *options}}
    return ItemVersion(
        code="qy-wj-0001",
        version=1,
        procedure=procedure.code,
        procedure_version=procedure.version,
        name="走查",
        region=REGION,
        options=tuple(sorted(options)),
        terms={code: terms[code] for code in present} | ({"legal": Term.parse("20 wd")} if "legal" in present else {}),
        terms_when=(),
        posts=posts,
        materials=(MaterialRule(code="m1", name="表", required=True, tolerable=True, when={}),),
        fees=(FeeLine(code="f1", name="费", amount=100, basis="BZ", reducible=True, when={}),),
        results={code: ResultLine(code=code, name=code, valid=Term.parse("2 year")) for code in procedure.results},
        situations={},
        fields=(),
        nodes=({"item": "a", "to": OTHER}, {"item": "b", "to": OTHER, "after": ["a"]}, {"item": "c", "to": OTHER}),
    )


@cache
def bounds_of(code: str) -> tuple[Bound, ...]:
    """The procedure under every set of its options."""
    procedure = load_procedure(code, versions(code)[-1])
    return tuple(bind(procedure, item_of(procedure, options)) for options in find_option_sets(procedure))


@cache
def the_calendar() -> Calendar:
    return load_calendar()


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- one walk -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Walk:
    """One case and the dice. `wanted` are acts nobody has done in any walk yet: they are preferred."""

    bound: Bound
    dice: random.Random
    wanted: frozenset[str] = frozenset()
    history: History = ()
    now: datetime = BEGIN
    state: State | None = None
    drawn: int = 0
    roaming: float = 0.0
    done: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Some steps of anybody, then until closed by people who cooperate; watched throughout."""
        self.open()
        for _ in range(self.dice.randrange(CHANCE)):
            self._pass_time()
            self._try_anything()
        self.close()
        assert self.state is not None
        assert fold(self.history) == self.state == _evolve_all(self.history)
        self._check_consents()

    @property
    def here(self) -> State:
        assert self.state is not None
        return self.state

    def open(self) -> None:
        openings = [rule for rule in self.bound.actions.values() if rule.opening]
        rule = self._prefer(openings)
        for actor in self._actors(rule):
            try:
                command = self._command(rule, actor, None)
                self._take(decide_opening(self.bound, command, the_calendar(), self.now))
            except Refusal:
                continue
            return
        raise AssertionError(f"nobody can open a case by {rule.code}")

    # ---- steps -----------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        hours = self.dice.choice([1, 3, 24, 24, 72, 24 * 9, 24 * 40])
        self.now += timedelta(hours=hours)
        if self.dice.random() < 0.5:
            self.sweep()

    def sweep(self) -> None:
        """The sweeper comes by; coming earlier on the way, or twice, makes no difference (invariant 9)."""
        before, state = len(self.history), self.here
        early = state.last_at + (max(self.now, state.last_at) - state.last_at) / 2
        late = self._silent(state, self.now)
        first = self._silent(state, early)
        then = self._silent(fold((*self.history, *first)), self.now) if first else late
        assert [_in_law(each) for each in (*first, *then)] == [_in_law(each) for each in late]
        if late:
            self._take(late)
            assert self._silent(self.here, self.now) == ()
        assert len(self.history) == before + len(late)

    def _silent(self, state: State, at: datetime) -> tuple[Event, ...]:
        keys = find_silent_serials(self.bound, state, the_calendar(), at)[0]
        serials = {key: tuple(f"{key}-s{n}" for n in range(keys.count(key))) for key in keys}
        return decide_silence(self.bound, state, the_calendar(), at, serials, hash_of)

    def _try_anything(self) -> None:
        rules = self._rules_here()
        if rules:
            rule = self._prefer(rules)
            self._try(rule, repairs=self.dice.randrange(6))

    def _rules_here(self) -> list[ActionRule]:
        own = [rule for rule in self.bound.actions.values() if not rule.is_common and not rule.opening]
        return [rule for rule in own if self.here.state in rule.from_states and rule.by != ("law",)]

    def _prefer(self, rules: list[ActionRule]) -> ActionRule:
        fresh = [rule for rule in rules if rule.code in self.wanted]
        return self.dice.choice(fresh if fresh and self.dice.random() < 0.7 else rules)

    def _try(self, rule: ActionRule, repairs: int) -> bool:
        """Let somebody do it; where a guard refuses, do what it asks for, as often as `repairs` says."""
        for attempt in range(repairs + 1):
            refusal: Refusal | None = None
            for actor in self._actors(rule):
                refusal = self._do(rule, actor)
                if refusal is None:
                    return True
                if refusal.code not in {"not_your_role", "same_person", "not_your_branch"}:
                    break
            if refusal is None or attempt == repairs or not self._repair(refusal, rule, repairs):
                return False
        return False

    def _do(self, rule: ActionRule, actor: Actor, **given: Any) -> Refusal | None:
        try:
            command = self._command(rule, actor, self.here, **given)
            events = decide(self.bound, self.here, command, the_calendar(), self.now)
        except Refusal as refusal:
            assert fold(self.history) == self.here  # invariant 2
            return refusal
        self._take(events)
        return None

    def _take(self, events: tuple[Event, ...]) -> None:
        assert events
        self.history = (*self.history, *events)
        self.state = fold(self.history)
        for event in events:
            if isinstance(event.body, Acted | Deemed):
                self.done.add(event.body.act)
        self.check()

    # ---- cooperation -----------------------------------------------------------------------------

    def close(self) -> None:
        """Invariant 7: from every state reached, people who cooperate can close the case."""
        for step in range(CLOSING):
            if self.bound.phase_of(self.here.state) is Phase.CLOSED:
                return
            if not self._step_on():
                self.now += timedelta(days=1 + step // 4)
                self.sweep()
        raise AssertionError(f"not closed: {self.here.state} with {sorted(self.bound.options)}")

    def _step_on(self) -> bool:
        far = self._distances()
        here = far.get(self.here.state, 99)
        rules = sorted(self._rules_here(), key=lambda rule: far.get(rule.to or self.here.state, 98))
        onward = [rule for rule in rules if rule.to == "back" or far.get(rule.to or "", 99) < here]
        return any(self._try(rule, repairs=6) for rule in onward)

    def tries(self, act: str) -> bool:
        """Whether the act is one that may be done where the case stands."""
        return self.here.state in self.bound.actions[act].from_states

    def make_for(self, act: str) -> None:
        """Do the act, or something that brings the case nearer to where it may be done; else let time pass."""
        rule = self.bound.actions[act]
        if self.dice.random() < self.roaming:  # the shortest way may be barred for good
            return self._roam()
        first = self._comes_before(rule)
        if first is not None:
            return self.make_for(first)
        if self.tries(act) and rule.by != ("law",) and self._try(rule, repairs=6):
            return None
        far = self._distances(frozenset(rule.from_states))
        here = far.get(self.here.state, 99)
        rules = sorted(self._rules_here(), key=lambda each: far.get(each.to or self.here.state, 98))
        nearer = [each for each in rules if each.to == "back" or far.get(each.to or "", 99) < here]
        if self.tries(act) or not any(self._try(each, repairs=6) for each in nearer):
            self.now += timedelta(days=9)
            self.sweep()
        return None

    def _roam(self) -> None:
        """Any act that leaves the case open."""
        closed = {code for code, state in self.bound.states.items() if state.phase is Phase.CLOSED}
        rules = [rule for rule in self._rules_here() if rule.to not in closed]
        if rules:
            self._try(self.dice.choice(rules), repairs=6)

    def _comes_before(self, rule: ActionRule) -> str | None:
        """The act that makes the branch this one speaks of: it opens, takes or answers it."""
        group = rule.takes or rule.answers or rule.returns or rule.settles
        if group is None:
            return None
        there = {each.status for each in self._open_branches() if each.group == group}
        verbs = ["opens"]
        if there:
            verbs = ["takes"] if rule.answers and there == {BranchStatus.OPEN} else []
            verbs = ["answers"] if rule.returns and BranchStatus.ANSWERED not in there else verbs
        wanted = [each for each in self.bound.actions.values() for verb in verbs if getattr(each, verb) == group]
        here = [each for each in wanted if self.tries(each.code)] or wanted
        return here[0].code if here and here[0].code != rule.code else None

    def _distances(self, ends: frozenset[str] | None = None) -> Mapping[str, int]:
        """How many acts each state is from one of these, else from a closed one."""
        closed = (code for code, state in self.bound.states.items() if state.phase is Phase.CLOSED)
        far = dict.fromkeys(closed if ends is None else ends, 0)
        for _ in self.bound.states:
            for rule in self.bound.actions.values():
                for left in rule.from_states if rule.to in far else ():
                    far[left] = min(far.get(left, 99), far[str(rule.to)] + 1)
        return far

    def _repair(self, refusal: Refusal, rule: ActionRule, repairs: int) -> bool:
        match refusal.code:
            case "materials_incomplete":
                return self._hand_in()
            case "no_consent":
                return self._obtain_consent(rule)
            case "fees_due":
                return self._pay()
            case "not_served":
                return self._serve()
            case "not_done_before":
                missing = [act for act in _listed(refusal.params) if act in self.bound.actions]
                return any(self._try(self.bound.actions[act], repairs - 1) for act in missing)
            case "branches_open" | "branch_not_answered" | "branch_not_taken" | "verdicts_lacking" | "no_such_branch":
                return self._advance_branches()
            case "not_waited":
                self.now += timedelta(days=10)
                return True
        return False

    def _common(self, does: str) -> ActionRule:
        return next(rule for rule in self.bound.actions.values() if rule.does == does)

    def _hand_in(self) -> bool:
        clerk = self._clerk()
        given = (MaterialGiven(material="m1", form="paper", commitment="c-m1"),)
        self._do(self._common("material_received"), clerk, inputs={"material": "m1", "form": "paper"}, materials=given)
        return (
            self._do(self._common("material_checked"), clerk, inputs={"material": "m1", "verdict": "accepted"}) is None
        )

    def _obtain_consent(self, rule: ActionRule) -> bool:
        if self._do(self._common("consent_asked"), self._clerk(), inputs={"for": rule.code}) is not None:
            return False
        branch = list(self.here.branches)[-1]
        inputs = {"branch": branch, "verdict": "granted"}
        givers = (*BOSSES, *staff_of(self.here.branches[branch].to))
        give = self._common("consent_given")
        return any(self._do(give, giver, inputs=inputs) is None for giver in givers)

    def _pay(self) -> bool:
        inputs = {"fee": "f1", "how": "paid", "amount": 100, "receipt": "R1"}
        return self._do(self._common("fee_settled"), self._clerk(), inputs=inputs) is None

    def _serve(self) -> bool:
        serve, clerk = self._common("served"), self._clerk()
        waiting = [number for number, each in self.here.documents.items() if each.served_at is None]
        how = {"manner": "direct", "relation": "self"}
        served = [self._do(serve, clerk, inputs={"number": number, **how}) is None for number in waiting]
        return any(served)

    def _advance_branches(self) -> bool:
        """Take, answer and settle whatever is open; children report. The order makes no difference (invariant 12)."""
        self._check_order()
        moved = False
        for branch in self._open_branches():
            moved = self._advance(branch) or moved
        return moved

    def _open_branches(self) -> list[Branch]:
        return [
            each
            for each in self.here.branches.values()
            if each.status is not BranchStatus.SETTLED and each.group in self.bound.branches
        ]

    def _advance(self, branch: Branch) -> bool:
        if branch.child is not None:
            return self._report(branch)
        moved = False
        again = ("returns", "answers") if self.dice.random() < 0.2 else ()
        for verb in ("takes", "answers", *again, "settles"):
            for rule in self._rules_here():
                if getattr(rule, verb) == branch.group and self.here.branches[branch.branch].status != "settled":
                    actors = self._actors(rule)
                    given: dict[str, Any] = {"branch": branch.branch}
                    moved = any(self._do(rule, actor, **given) is None for actor in actors) or moved
        return moved

    def _report(self, branch: Branch) -> bool:
        verdict = next(iter(self.bound.branches[branch.group].verdicts))
        rule = next((rule for rule in self.bound.actions.values() if rule.settles == branch.group), None)
        assert rule is not None
        command = self._command(rule, CITIZENS[0], self.here, branch=branch.branch, inputs={"verdict": verdict})
        self._take(decide_child_report(self.bound, self.here, command, the_calendar(), self.now))
        return True

    def _check_order(self) -> None:
        """Two branches of a kind that end at once lead to the same state, whoever comes first."""
        pair = [each for each in self._open_branches() if each.group == self._open_branches()[0].group][:2]
        if len(pair) < 2:
            return
        ends = []
        for order in (pair, pair[::-1]):
            other = Walk(bound=self.bound, dice=random.Random(1), history=self.history, now=self.now, state=self.state)
            for branch in order:
                if other.here.branches[branch.branch].status is not BranchStatus.SETTLED:
                    other._advance(branch)
            ends.append((other.here.state, other.here.outcome))
        assert ends[0] == ends[1]

    # ---- commands --------------------------------------------------------------------------------

    def _clerk(self) -> Actor:
        roles = list(self.bound.posts)
        return staff_of(self.dice.choice(roles))[0] if roles else OTHERS[0]

    def _actors(self, rule: ActionRule) -> list[Actor]:
        found: list[Actor] = []
        for role in rule.by:
            match self.bound.roles[role].kind:
                case RoleKind.PARTY:
                    found += CITIZENS
                case RoleKind.POST:
                    found += staff_of(role)
                case RoleKind.TARGET:
                    found += (*OTHERS, *(each for post in self.bound.posts for each in staff_of(post)))
                case _:
                    found += (*BOSSES, *(each for post in self.bound.posts for each in staff_of(post)))
        return found

    def _command(self, rule: ActionRule, actor: Actor, state: State | None, **given: Any) -> Command:
        keys = find_serials(self.bound, state, rule.code, the_calendar(), self.now)
        tasks = 2
        if rule.opens is not None and self.bound.branches[rule.opens].children:
            keys = (*keys, *["child"] * tasks)
        self.drawn += 1
        serials = {key: tuple(f"{key}-{self.drawn}-{n}" for n in range(keys.count(key))) for key in set(keys)}
        inputs = {each.name: value for each in rule.inputs if (value := self._value(rule, each, state)) is not None}
        group = rule.settles or rule.answers
        if group is not None and self.bound.branches[group].verdicts and not rule.is_common:
            inputs["verdict"] = self._verdict(group)
        if rule.is_common:
            inputs = {}
        named = [each for each in rule.inputs if each.kind == "party" and each.required]
        parties = {each.name: self._party(each, actor) for each in named}
        command: dict[str, Any] = {
            "act": rule.code,
            "actor": actor,
            "key": f"k{self.drawn}",
            "hash": hash_of,
            "serials": serials,
            "sealed": {each.name: f"c-{each.name}" for each in rule.inputs if is_sealed(each) and each.required},
            "parties": parties,
            "materials": self._materials(rule),
        }
        inputs |= given.pop("inputs", {})
        return Command(**(command | {"inputs": inputs} | given))

    def _verdict(self, group: str) -> str:
        verdicts = list(self.bound.branches[group].verdicts)
        return self.dice.choice([verdicts[0], verdicts[0], *verdicts])

    def _party(self, rule: InputRule, actor: Actor) -> str:
        return next(iter(actor.subjects), "s-1" if rule.name == "applicant" else "s-2")

    def _materials(self, rule: ActionRule) -> tuple[MaterialGiven, ...]:
        if any(each.kind == "materials" and each.name == "given" for each in rule.inputs):
            return (MaterialGiven(material="m1", form="electronic", commitment="c-m1"),)
        return ()

    def _value(self, rule: ActionRule, each: InputRule, state: State | None) -> Any:
        if is_sealed(each) or (not each.required and not each.keep):
            return None
        match each.kind:
            case "choice":
                return self.dice.choice(list(each.choices))
            case "term":
                ceiling = rule.extends and state and find_limit(rule.extends.at_most, state.facts)
                return str(ceiling or Term.parse("5 wd"))
            case "date":
                return (self.now + timedelta(days=self.dice.choice([60, 90]))).date().isoformat()
            case "tasks":
                return self._tasks(rule)
        return _PLAIN.get(each.kind)

    def _tasks(self, rule: ActionRule) -> list[dict[str, str]]:
        group = self.bound.branches[rule.opens or ""]
        kinds = list(group.kinds) or [""]
        role = self.bound.roles[group.to].kind
        to = {"to": OTHER} if role is RoleKind.TARGET else {}
        count = self.dice.choice([1, 1, 2])
        return [to | ({"kind": kind} if (kind := self.dice.choice(kinds)) else {}) for _ in range(count)]

    # ---- the invariants --------------------------------------------------------------------------

    def check(self) -> None:
        """What must be true after every batch."""
        state = self.here
        assert [event.seq for event in self.history] == list(range(1, len(self.history) + 1))
        assert all(one.recorded_at <= two.recorded_at for one, two in zip(self.history, self.history[1:], strict=False))
        assert state.state in self.bound.states
        self._check_colours(state)
        self._check_counts(state)
        self._check_wake(state)
        self._check_secrets()

    def _check_colours(self, state: State) -> None:
        """Invariants 3, 4 and 6."""
        running = {run.clock for run in state.clocks if run.status is RunStatus.RUNNING}
        assert sum(self.bound.clocks[code].main for code in running if code in self.bound.clocks) <= 1
        for code, rule in self.bound.clocks.items():
            run = None if rule.is_duty else find_run(state, code)
            status = None if run is None else run.status
            if rule.is_duty:
                continue
            if state.state in rule.runs_in:
                assert status is RunStatus.RUNNING or self._is_over(code, run), (code, status, state.state)
            elif state.state in rule.held_in:
                assert status is RunStatus.HELD, (code, status, state.state)
            else:
                assert status in {None, RunStatus.STOPPED}, (code, status, state.state)
        if self.bound.phase_of(state.state) is Phase.CLOSED:
            assert state.outcome is not None
            assert all(code in self.bound.clocks and self.bound.clocks[code].is_duty for code in running), running

    def _is_over(self, code: str, run: Any) -> bool:
        """A date that is not known has no clock; a clock that deemed once and was rebutted stands."""
        rule = self.bound.clocks[code]
        if rule.until is not None and rule.until not in self.here.facts:
            return True
        return run is not None and run.status is RunStatus.STOPPED and rule.again == "never"

    def _check_counts(self, state: State) -> None:
        """Invariant 5."""
        for clock in find_clocks(self.bound, state, the_calendar(), max(self.now, state.last_at)):
            assert clock.left is None or clock.left >= 0, clock
            assert clock.promised_left is None or clock.promised_left >= 0, clock
        for run in state.clocks:
            ends = [hold.until for hold in run.holds]
            assert all(end is not None for end in ends[:-1])
            assert (run.status is RunStatus.HELD) == (bool(ends) and ends[-1] is None)
            for one, two in zip(run.holds, run.holds[1:], strict=False):
                assert one.until is not None
                assert one.since <= one.until <= two.since

    def _check_wake(self, state: State) -> None:
        """Invariant 8: nothing reads differently before wake_at."""
        now = max(self.now, state.last_at)
        if find_due_silence(self.bound, state, the_calendar(), now):
            return
        wake = find_wake_at(self.bound, state, the_calendar(), now)
        later = (wake if wake is not None else now + timedelta(days=400)) - timedelta(minutes=1)
        if later <= now:
            return
        assert find_due_silence(self.bound, state, the_calendar(), later) == ()
        assert self._lateness(state, now) == self._lateness(state, later)

    def _lateness(self, state: State, at: datetime) -> list[tuple[str, bool, bool]]:
        clocks = find_clocks(self.bound, state, the_calendar(), at)
        return [(clock.clock, clock.is_late, clock.is_late_to_promise) for clock in clocks]

    def _check_secrets(self) -> None:
        """Invariant 11: no sealed value stands among the inputs of an event."""
        event = self.history[-1]
        for each in self.history[event.batch - 1 :]:
            if isinstance(each.body, Acted) and each.body.act in self.bound.actions:
                rule = self.bound.actions[each.body.act]
                assert not {name.name for name in rule.inputs if is_sealed(name)} & set(each.body.inputs)

    def _check_consents(self) -> None:
        """Invariant 10: a consent is used once, and never one's own."""
        used = {(event.batch, getattr(event.body, "consent", None)) for event in self.history}
        branches = [branch for _, branch in used if branch is not None]
        assert len(branches) == len(set(branches))
        for branch in branches:
            given = self.here.branches[branch]
            assert given.settled_by != given.opened_by


_PLAIN: Final[Mapping[str, Any]] = {
    "instant": BEGIN.isoformat(),
    "money": 100,
    "number": 1,
    "yes_no": True,
    "material": "m1",
    "materials": ["m1"],
    "people": ["p-1", "p-2"],
    "person": "p-1",
    "unit": OTHER,
    "post": "wj-window",
    "code": "qy-510199-2026-1",
    "credit_code": "x",
}


def _listed(params: Mapping[str, Any]) -> Iterator[str]:
    for value in params.values():
        yield from (value if isinstance(value, tuple) else (str(value),))


def _in_law(event: Event) -> tuple[Any, ...]:
    """What an event says, without when it was written down and without drawn numbers."""
    said = {each.name: getattr(event.body, each.name) for each in fields(event.body)}
    told = {name: value for name, value in said.items() if name not in {"number", "commitment"}}
    return event.seq, event.kind, event.at, event.person, tuple(sorted(told.items(), key=lambda pair: pair[0]))


def _evolve_all(history: History) -> State:
    state: State | None = None
    for event in history:
        state = evolve(state, event)
    assert state is not None
    return state


def walk_many(code: str, count: int, seed: int) -> set[str]:
    """Walk a procedure this often, over all its option sets in turn; the acts done in some walk."""
    bounds, dice = list(bounds_of(code)), random.Random(seed)
    dice.shuffle(bounds)
    done: set[str] = set()
    for n in range(count):
        bound = bounds[n % len(bounds)]
        walk = Walk(bound=bound, dice=random.Random(f"{seed}-{n}"), wanted=own_acts(code) - done)
        try:
            walk.run()
        except Exception as failure:
            failure.add_note(f"{code}, seed {seed}-{n}, options {sorted(bound.options)}")
            failure.add_note(" → ".join(_steps(walk.history)))
            raise
        done |= walk.done
    return done


def _steps(history: History) -> Iterator[str]:
    for event in history:
        if isinstance(event.body, Acted | Deemed):
            yield f"{event.at:%m-%d %H} {event.body.act}:{event.body.entered}"


@cache
def own_acts(code: str) -> frozenset[str]:
    """The acts that must happen in some walk (invariant 13)."""
    procedure = load_procedure(code, versions(code)[-1])
    return frozenset(act for act, rule in procedure.actions.items() if not rule.is_common)


# ---- tours ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tour:
    """Every act of a procedure in its turn, by people who make for it; and from each state reached, the way out."""

    code: str
    done: set[str] = field(default_factory=set)
    left_behind: set[tuple[str, frozenset[str]]] = field(default_factory=set)

    @property
    def states(self) -> set[str]:
        return {state for state, _ in self.left_behind}

    def run(self) -> None:
        for act in sorted(own_acts(self.code)):
            tries = ((bound, n) for n in range(20) for bound in self._laws(act))
            if act not in self.done and not any(self._visit(bound, act, n) for bound, n in tries):
                raise AssertionError(f"{self.code}: nobody comes to {act}")
        for act, rule in load_procedure(self.code, versions(self.code)[-1]).actions.items():
            if rule.to is not None and rule.to not in {*self.states, "back"}:
                for bound in self._laws(act)[:2]:
                    self._visit(bound, act, 0)

    def _laws(self, act: str) -> list[Bound]:
        """The sets of options under which the act is there: the smallest, and some that add to it."""
        fit = sorted((bound for bound in bounds_of(self.code) if act in bound.actions), key=lambda b: len(b.options))
        return [*fit[:4], *fit[4 :: max(len(fit) // 8, 1)]]

    def _visit(self, bound: Bound, act: str, n: int) -> bool:
        dice = random.Random(f"{self.code}-{act}-{n}")
        walk = Walk(bound=bound, dice=dice, wanted=frozenset({act}), roaming=min(n * 0.2, 0.6))
        walk.open()
        for _ in range(30):
            self._see_out(walk)
            if act in walk.done or (walk.bound.phase_of(walk.here.state) is Phase.CLOSED and not walk.tries(act)):
                break
            walk.make_for(act)
        self._see_out(walk)
        self.done |= walk.done
        return act in walk.done

    def _see_out(self, walk: Walk) -> None:
        """Invariant 7: whoever comes to a state for the first time on this tour sees that it can be left for good."""
        here = (walk.here.state, walk.bound.options)
        if here in self.left_behind:
            return
        self.left_behind.add(here)
        other = Walk(
            bound=walk.bound, dice=random.Random(here[0]), history=walk.history, now=walk.now, state=walk.state,
            drawn=10_000,
        )  # fmt: skip
        other.close()
        self.done |= other.done


@cache
def tour_of(code: str) -> Tour:
    tour = Tour(code)
    tour.run()
    return tour
