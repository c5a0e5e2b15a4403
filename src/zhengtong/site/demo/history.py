"""Living through the weeks before now (历史): a clock moves on, people do what their story says, nights do night work.

Every act goes through the same two functions as a click on a page, at the simulated instant; so nothing is a late
entry, silence falls when the law says, and each day has its root. Same seed, same now: same history, but for keys.
"""

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from zhengtong.accounts import clock
from zhengtong.cases.actions import open_case, perform
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.fees import find_fees_due
from zhengtong.kernel.procedures import ActionRule, RoleKind
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.ledger.history import load
from zhengtong.ledger.installed import Handler, installed
from zhengtong.ledger.outbox import drain
from zhengtong.ledger.record import new_key
from zhengtong.ledger.roots import run_root_of_day
from zhengtong.ledger.sweeping import sweep
from zhengtong.site.demo.inspecting import Inspecting
from zhengtong.site.demo.stories import Step, Story
from zhengtong.site.demo.supervising import Supervising
from zhengtong.site.demo.telling import Life, Scene, StoryWentAstray, Telling

NIGHT_WORK: Final = time(0, 15)
OPENS, CLOSES = time(9, 0), time(16, 30)
NOON, AFTERNOON = time(12, 0), time(13, 30)
TRIES: Final = 4
Progress = Callable[[int], None]


@dataclass(slots=True, kw_only=True)
class Lived:
    """What the weeks brought forth."""

    cases: int = 0
    acts: int = 0
    swept: int = 0
    roots: int = 0
    told: int = 0
    astray: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Weeks:
    """Everything the simulation knows: who, where, when, and what is still to come."""

    now: datetime
    scene: Scene
    seed: int
    handlers: Mapping[str, Handler]
    supervising: Supervising
    inspecting: Inspecting
    lived: Lived = field(default_factory=Lived)

    # ---- the loop -------------------------------------------------------------------------------

    def live(self, stories: list[Story], progress: Progress | None = None) -> Lived:
        """Live through all stories in the order of time, with a night's work between the days."""
        waiting: list[tuple[datetime, int, Life]] = []
        for n, story in enumerate(stories):
            life = self._begin(n, story)
            heapq.heappush(waiting, (life.at, n, life))
        night = _next_night(waiting[0][0]) if waiting else self.now
        while waiting:
            at, _n, life = heapq.heappop(waiting)
            while night <= at:
                self._end_of_day(night)
                night += timedelta(days=1)
            self._do_next(life)
            if life.done < len(life.story.steps) and life.at <= self.now:
                heapq.heappush(waiting, (life.at, life.n, life))
            elif progress is not None:
                progress(len(stories) - len(waiting))
        while night <= self.now:
            self._end_of_day(night)
            night += timedelta(days=1)
        self.supervising.survey(self.now)
        self.inspecting.draft_a_rule(self.now)
        self._work_at_night(self.now)
        return self.lived

    def _end_of_day(self, night: datetime) -> None:
        """The afternoon of the day that is over, then the night."""
        day = night.date() - timedelta(days=1)
        self.inspecting.live(day, self.now)
        self.supervising.live(day, self.now)
        self._work_at_night(night)

    def _work_at_night(self, at: datetime) -> None:
        with clock.fixed(at):
            swept = sweep(at)
            self.lived.swept += swept.events
            self.lived.astray += [f"{number}: could not be woken" for number in swept.failed]
            self.supervising.sweep(at)
            self.lived.told += drain(at, self.handlers).sent
            self.lived.roots += len(run_root_of_day(at))

    def _begin(self, n: int, story: Story) -> Life:
        rng = random.Random(f"{self.seed}:{n}:{story.name}")  # noqa: S311 - a story, not a secret
        item = story.items[rng.randrange(len(story.items))]
        first = self._day(rng.randint(*story.ago))
        at = self._within(first, rng)
        return Life(n=n, story=story, item=item, rng=rng, online=self._is_online(story, item, rng), at=at)

    def _is_online(self, story: Story, item: str, rng: random.Random) -> bool:
        if story.online is not None:
            return story.online
        version = catalogue.published(item, law_day(self.now)) or 1
        return "online" in catalogue.item_version(item, version).options and rng.random() < 0.55

    # ---- time -----------------------------------------------------------------------------------

    def _day(self, ago: int) -> date:
        """So many working days before the last one that has begun."""
        today = self.now.date()
        begun = self.scene.calendar.is_working(today) and self.now.time() > time(9, 30)
        last = today if begun else self.scene.calendar.add(today, -1)
        return self.scene.calendar.add(last, -ago)

    def _within(self, day: date, rng: random.Random, *, after: datetime | None = None) -> datetime:
        """An instant of the opening hours of a day, before now when the day is today."""
        start = datetime.combine(day, OPENS, LAW_ZONE)
        end = (
            min(datetime.combine(day, CLOSES, LAW_ZONE), self.now)
            if day == self.now.date()
            else datetime.combine(day, CLOSES, LAW_ZONE)
        )
        at = start + timedelta(seconds=rng.randrange(max(60, int((end - start).total_seconds()))))
        if NOON <= at.time() < AFTERNOON:
            at += timedelta(minutes=95) if at + timedelta(minutes=95) < end else timedelta(minutes=-95)
        return at if after is None or at > after else after + timedelta(minutes=1)

    def _later(self, life: Life, after: str) -> datetime:
        """The instant at which somebody who waits so long acts."""
        low, _dash, high = after[:-1].partition("-")
        n, unit = life.rng.randint(int(low), int(high or low)), after[-1]
        if unit == "d":
            return self._within(
                self.scene.calendar.add(self.scene.calendar.roll(life.at.date()), n), life.rng, after=life.at
            )
        minutes = n * 60 if unit == "h" else n
        moved = self.scene.calendar.add_working_minutes(life.at, max(minutes, 1))
        return moved + timedelta(seconds=life.rng.randrange(5, 55))

    # ---- one step -------------------------------------------------------------------------------

    def _do_next(self, life: Life) -> None:
        """Do the step that is due; then the instant of the one after it is set."""
        step = life.story.steps[life.done]
        try:
            with clock.fixed(life.at):
                again = self._do(life, step)
        except Refusal as refusal:
            self._refused(life, step, refusal)
            return
        if not again:
            life.done += 1
            life.tries = 0
            self._pass_over(life)
        if life.done < len(life.story.steps):
            life.at = self._later(life, "3m" if again else life.story.steps[life.done].after)

    def _pass_over(self, life: Life) -> None:
        """Steps whose act the item's options leave out take no time: nobody waits for them."""
        if life.case is None:
            return
        state = life.case.state
        acts = catalogue.bound_for(state.item, state.item_version, state.answers).actions
        while life.done < len(life.story.steps) and life.story.steps[life.done].act not in acts:
            life.done += 1

    def _refused(self, life: Life, step: Step, refusal: Refusal) -> None:
        """One person may not do both: a colleague does it another day. Anything else is a mistake in the story."""
        life.tries += 1
        if refusal.code is RefusalCode.SAME_PERSON and life.tries <= TRIES:
            life.at = self._within(self.scene.calendar.add(life.at.date(), 1), life.rng, after=life.at)
            return
        number = life.case.number if life.case else "-"
        self.lived.astray.append(
            f"{life.story.name} ({life.item}, {number}): {step.act} {refusal.code} {dict(refusal.params)}"
        )
        life.done = len(life.story.steps)

    def _do(self, life: Life, step: Step) -> bool:
        """True when the same step has more to do (one act for each paper)."""
        if life.case is None:
            self._open(life, step)
            return False
        state = self._state_of(life)
        bound = catalogue.bound_for(state.item, state.item_version, state.answers)
        rule = bound.actions.get(step.act)
        if rule is None or (step.if_due and not find_fees_due(state)):
            return False
        told = Telling(scene=self.scene, life=life, bound=bound, state=state, rule=rule, step=step)
        actor = self._actor(life, step, bound, state, rule)
        if actor is None or ("material" in step.inputs and not told.unchecked()):
            return False
        life.case = perform(
            actor=actor, at=life.at, case_id=life.case.case_id, wish=told.wish(), key=self._key(life),
        )  # fmt: skip
        self.lived.acts += 1
        return "material" in step.inputs and bool(replace(told, state=life.case.state).unchecked())

    def _open(self, life: Life, step: Step) -> None:
        version = catalogue.published(life.item, law_day(life.at))
        if version is None:
            raise StoryWentAstray(f"{life.item} is not in force on {life.at.date()}")
        answers = self._answer(life, catalogue.content(life.item, version))
        bound = catalogue.bound_for(life.item, version, answers)
        rule = bound.actions[step.act]
        window = next((role for role in rule.by if bound.roles[role].kind is RoleKind.POST), "")
        clerk = (
            self.scene.staffing.actor_at(self.scene.staffing.post_for(window, bound, None), life.at) if window else None
        )
        if any(each.kind == "party" for each in rule.inputs):
            firm = self._is_firm(life, catalogue.content(life.item, version))
            life.party = self.scene.public.choose(
                firm=firm, online=life.online, by=clerk.person if clerk else "", at=life.at
            )
        actor = self.scene.public.actor_of(life.party, life.at, item=life.item) if life.online and life.party else clerk
        assert actor is not None
        told = Telling(scene=self.scene, life=life, bound=bound, state=None, rule=rule, step=step)
        life.case = open_case(
            actor=actor, at=life.at, item=life.item, answers=answers, wish=told.wish(),
            channel="online" if life.online else "window", key=self._key(life),
        )  # fmt: skip
        life.read_on = life.at.date()
        self.scene.cases.append(life.case)
        self.lived.cases += 1
        self.lived.acts += 1

    def _key(self, life: Life) -> str:
        return new_key(life.at, life.rng.randbytes(10))

    def _state_of(self, life: Life) -> State:
        """As last recorded; read anew on another day, because nights may have moved the case."""
        assert life.case is not None
        if life.read_on != life.at.date():
            life.case = replace(life.case, state=fold(load(life.case.case_id)))
            life.read_on = life.at.date()
        return life.case.state

    def _answer(self, life: Life, content: Mapping[str, Any]) -> dict[str, str]:
        answers: dict[str, str] = {}
        for row in content.get("situations", ()):
            if all(answers.get(question) in values for question, values in row.get("shown_when", {}).items()):
                answers[row["code"]] = life.rng.choice([choice["code"] for choice in row["choices"]])
        return answers

    def _is_firm(self, life: Life, content: Mapping[str, Any]) -> bool:
        targets = set(content.get("targets", ()))
        if "1" not in targets:
            return True
        return "2" in targets and life.rng.random() < 0.4

    def _actor(self, life: Life, step: Step, bound: Bound, state: State, rule: ActionRule) -> Actor | None:
        if step.by != "party":
            return self.scene.staffing.actor_at(self.scene.staffing.post_for(step.by, bound, state), life.at)
        window = next((role for role in rule.by if bound.roles[role].kind is RoleKind.POST), None)
        if life.online or (window is None and life.party is not None and life.party.signs_in):
            assert life.party is not None
            return self.scene.public.actor_of(life.party, life.at, item=life.item)
        return (
            self.scene.staffing.actor_at(self.scene.staffing.post_for(window, bound, state), life.at)
            if window
            else None
        )


def _next_night(at: datetime) -> datetime:
    return datetime.combine(at.date() + timedelta(days=1), NIGHT_WORK, LAW_ZONE)


def known_handlers() -> dict[str, Handler]:
    return dict(installed().handlers or {})
