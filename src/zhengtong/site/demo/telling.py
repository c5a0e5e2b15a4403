"""What is said in a step (陈述): the wish of one act, with what has to be looked up in the case when its time comes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from zhengtong.cases.actions import Wish
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import CONSENT
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.events import Acted, Json
from zhengtong.kernel.fees import find_fees_due
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.states import BranchStatus, State
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.record import Recorded
from zhengtong.site.demo import filling
from zhengtong.site.demo.people import Party, Public
from zhengtong.site.demo.sheets import hand_in
from zhengtong.site.demo.staffing import Staffing
from zhengtong.site.demo.stories import Step, Story


class StoryWentAstray(Exception):
    """A story asks for what the law refuses: the story is wrong, or the law file is."""


@dataclass(slots=True, kw_only=True)
class Life:
    """One case on its way through its story."""

    n: int
    story: Story
    item: str
    rng: Random
    online: bool
    at: datetime
    party: Party | None = None
    done: int = 0
    tries: int = 0
    case: Recorded | None = None
    read_on: date | None = None
    lacking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What every step can look at: days, posts, people, and the cases there are by now."""

    calendar: Calendar
    staffing: Staffing
    public: Public
    cases: list[Recorded]
    files_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Makes the wish of a step: what the story says, with what has to be looked up in the case."""

    scene: Scene
    life: Life
    bound: Bound
    state: State | None
    rule: ActionRule
    step: Step

    def wish(self) -> Wish:
        step, life = self.step, self.life
        inputs = {name: self._find(value) for name, value in step.inputs.items()}
        private: dict[str, Json] = {name: self._find(said) for name, said in step.words.items()}
        parties: dict[str, str] = {}
        for each in self.rule.inputs:
            if each.kind == "party":
                party = life.party if self.state is None else self._somebody_else()
                assert party is not None
                parties[each.name], private[each.name] = party.ref, dict(party.card)
            elif each.kind == "fields" and self.bound.fields:
                private[each.name] = self._form()
        branch = self._find(step.branch) if step.branch else None
        if self.rule.does == "consent_given" and branch is not None:
            inputs["branch"] = branch
        return Wish(
            act=step.act, inputs=inputs, private=private, parties=parties, materials=tuple(self._materials()),
            branch=str(branch) if branch is not None else None,
        )  # fmt: skip

    def _somebody_else(self) -> Party:
        others = [party for party in self.scene.public.natural if party is not self.life.party]
        return self.life.rng.choice(others)

    def _form(self) -> Json:
        life, public = self.life, self.scene.public
        party = (life.party or public.natural[0]).invented
        today = life.at.date()
        return {
            str(row["name"]): filling.fill_field(row, party, public.namer, life.rng, today)
            for row in self.bound.fields
            if row.get("required") and "shown_when" not in row
        }

    def _materials(self) -> Iterator[MaterialGiven]:
        """All required papers with the application, but for the one it lacks; that one with the supplement."""
        if not any(each.kind == "materials" and each.name == "given" for each in self.rule.inputs):
            return
        required = [rule.code for rule in self.bound.materials if rule.required]
        if self.state is not None:
            given = [self.life.lacking] if self.life.lacking else required[:1]
        else:
            if self.life.story.lacks and required:
                self.life.lacking = self.life.rng.choice(required)
            given = [code for code in required if code != self.life.lacking]
        form = "electronic" if self.life.online else "paper"
        for code in given:
            yield MaterialGiven(material=code, form=form, commitment=self._commit(code))

    def _commit(self, code: str) -> str:
        """Of late, real files are kept; older papers are named only."""
        life = self.life
        uploads = life.online and life.party is not None and life.at > self.scene.files_since
        if not uploads or life.party is None:
            return hex_digest(f"{life.n}:{code}:{life.at.isoformat()}".encode())
        name = next(rule.name for rule in self.bound.materials if rule.code == code)
        uploader = self.scene.public.actor_of(life.party, life.at, item=life.item).person
        return hand_in(code, name=name, uploader=uploader, at=life.at)

    def unchecked(self) -> list[str]:
        """Papers that were received and that nobody has looked at."""
        known = self.state.materials if self.state is not None else {}
        return [code for code, paper in known.items() if paper.received_at is not None and not paper.verdict]

    # ---- values that begin with @ ---------------------------------------------------------------

    def _find(self, value: Json) -> Json:
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        name, _colon, rest = value[1:].partition(":")
        if name.startswith("in_"):
            days = int(name[3:].removesuffix("wd"))
            return self.scene.calendar.add(self.scene.calendar.roll(self.life.at.date()), days).isoformat()
        return FINDERS[name](self, rest)

    def known(self) -> State:
        assert self.state is not None
        return self.state

    def open_branch(self, group_is_consent: bool, to: str) -> str:
        found = [
            branch.branch
            for branch in self.known().branches.values()
            if branch.status is not BranchStatus.SETTLED
            and (branch.group == CONSENT) is group_is_consent
            and to in ("", branch.to)
        ]
        if not found:
            raise StoryWentAstray(f"{self.life.story.name}: nothing was asked of {to or 'a superior'}")
        return found[-1]

    def late_case(self) -> Recorded:
        """A case whose promise has lapsed, else any that is open: what a card speaks of."""
        others = [case for case in self.scene.cases if case.state.item.startswith("qy-")]
        return self.life.rng.choice(others[-40:] or self.scene.cases)


def _officers(told: Telling, _rest: str) -> Json:
    staffing, at = told.scene.staffing, told.life.at
    posts = [staffing.post_for(role, told.bound, told.state) for role in ("undertaker", "chair")]
    return [staffing.actor_at(post, at).person for post in posts]


def _paper(told: Telling, code: str) -> Json:
    return next(paper.number for paper in reversed(tuple(told.known().documents.values())) if paper.document == code)


def _seq(told: Telling, act: str) -> Json:
    history = reversed(told.known().history)
    return next(event.seq for event in history if isinstance(event.body, Acted) and event.body.act == act)


def _earlier(told: Telling, mark: str) -> Json:
    return (told.known().marks[mark] - timedelta(days=1, minutes=20)).isoformat()


FINDERS: Final[Mapping[str, Callable[[Telling, str], Json]]] = {
    "each_received": lambda told, _: told.unchecked()[0],
    "missing": lambda told, _: [told.life.lacking],
    "manner": lambda told, _: "electronic" if told.life.online else "direct",
    "consent": lambda told, rest: told.open_branch(True, rest),
    "asked": lambda told, rest: told.open_branch(False, rest),
    "fee": lambda told, _: find_fees_due(told.known())[0].fee,
    "amount": lambda told, _: find_fees_due(told.known())[0].amount,
    "receipt": lambda told, _: f"清财{told.life.n:05d}",
    "officers": _officers,
    "paper": _paper,
    "seq": _seq,
    "earlier": _earlier,
    "complaint": lambda told, _: told.life.rng.choice(filling.COMPLAINTS),
    "wanted": lambda told, _: told.life.rng.choice(filling.WANTED),
    "task": lambda told, _: told.life.rng.choice(filling.TASKS),
    "unit": lambda told, _: told.life.rng.choice(filling.ASKED_UNITS),
    "level": lambda _told, _: "yellow",
    "late_case": lambda told, _: told.late_case().number,
    "late_unit": lambda told, _: "wj",
}
