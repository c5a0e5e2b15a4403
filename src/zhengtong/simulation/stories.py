"""What happens in a case (办件经过), by procedure: the steps of an ordinary one, and what a planted kind changes.

Ordinary people forget papers, come back late or never, withdraw, pay, complain; ordinary officers are quick or slow but
keep every limit. Only a plant breaks one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Final

from zhengtong.kernel.authority import CONSENT
from zhengtong.kernel.events import Json
from zhengtong.kernel.states import BranchStatus
from zhengtong.kernel.terms import Term, Unit
from zhengtong.simulation.irregularities import Kind
from zhengtong.simulation.steps import LAW, PARTY, Finder, Life, Step

# Shares of ordinary cases.
LACKS, NEVER_COMES, STILL_DEFECTIVE = 0.06, 0.1, 0.06
WITHDRAWS, REFUSED, EXTENDED, SPECIAL, ASKS_OPINION = 0.012, 0.03, 0.01, 0.12, 0.08
RATES, COLLECTS_LATER = 0.22, 0.08
LEVELS: Final = "5555555544444433321"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the city adds to a case: patterns of its window, item or department."""

    back_office: bool = False
    second_desk: str = ""
    head_decides: str = ""
    exact_seconds: int = 0
    overloaded: bool = False
    voids: bool = False
    rates: bool = False


PLAIN: Final = Told()


@dataclass(slots=True)
class Story:
    """Builds the steps of one case."""

    life: Life
    rng: Random
    told: Told
    asked_unit: str

    # ---- what all share --------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        procedure = self.life.item.procedure
        return list(getattr(self, f"_{procedure}")())

    @property
    def plant(self) -> Kind | None:
        return self.life.plant

    def _is(self, *kinds: Kind) -> bool:
        return self.plant in kinds

    def _days(self, low: int, high: int) -> int:
        return self.rng.randint(low, max(low, high))

    def _chance(self, share: float) -> bool:
        """An ordinary turn of events; a case with a plant takes none, so that the plant shows."""
        drawn = self.rng.random()
        return drawn < share and self.plant is None and not self.told.overloaded and not self.told.exact_seconds

    @property
    def _papers(self) -> tuple[str, ...]:
        return tuple(row.code for row in self.life.bound.materials if row.required)

    def _term(self, name: str) -> int:
        """A limit in working days."""
        term: Term = self.life.bound.terms[name]
        return term.n * 5 // 7 if term.unit is Unit.CD else term.n

    def _submit(self, given: tuple[str, ...]) -> Step:
        by = PARTY if self.life.is_online else "window"
        return Step(act="submit", by=by, words=("applicant",), papers=given, service=240)

    def _check(self, papers: tuple[str, ...], verdict: str = "accepted", **more: object) -> list[Step]:
        by = str(more.pop("by", "window"))
        return [
            Step(act="check_material", by=by, seconds=self.rng.randint(20, 90), service=45, latest=1 if n == 0 else 0,
                 inputs={"material": code, "verdict": verdict}, words=("reason",) if verdict == "defective" else ())
            for n, code in enumerate(papers)
        ]  # fmt: skip

    def _before_acceptance(self) -> tuple[list[Step], bool]:
        """From the application to complete papers; False when it ended there."""
        papers, rng = self._papers, self.rng
        precheck = [Step(act="pass_precheck", by="window", seconds=rng.randint(40, 200), service=60, latest=1)] if (
            "pass_precheck" in self.life.bound.actions
        ) else []  # fmt: skip
        if self._is(Kind.MATERIAL_WAIVED):
            steps = [self._submit(papers[:-1]), *precheck, *self._check(papers[:-1])]
            waived = self._check(papers[-1:], "waived")[0]
            waived.told, waived.latest = Kind.MATERIAL_WAIVED, 1
            return [*steps, waived], True
        if self._is(Kind.NEEDLESS_SUPPLEMENT):
            ask = self._ask_supplement(papers[:1])
            ask.told = Kind.NEEDLESS_SUPPLEMENT
            back = self._supply(papers[:1], old=True)
            return [self._submit(papers), *precheck, *self._check(papers), ask, back, *self._check(papers[:1])], True
        if not self._chance(LACKS) or self.told.back_office:
            return [self._submit(papers), *precheck, *self._check(papers)], True
        steps = [self._submit(papers[:-1]), *precheck, *self._check(papers[:-1]), self._ask_supplement(papers[-1:])]
        steps[-1].latest = 1
        if rng.random() < NEVER_COMES:
            return [*steps, Step(act="supplement_never_came", by=LAW)], False
        steps.append(self._supply(papers[-1:]))
        if rng.random() < STILL_DEFECTIVE and (act := self._decline_defective()):
            return [
                *steps,
                *self._check(papers[-1:], "defective"),
                *self._with_consent(act, "superior", by="window", same_day=True),
            ], False
        return [*steps, *self._check(papers[-1:])], True

    def _decline_defective(self) -> Step | None:
        for act in ("decline_defective", "refuse_defective"):
            if act in self.life.bound.actions:
                return Step(act=act, by="window", words=("reason",), service=180)
        return None

    def _ask_supplement(self, missing: tuple[str, ...]) -> Step:
        manner = "electronic" if self.life.is_online else "direct"
        return Step(
            act="notify_supplement",
            by="window",
            seconds=self.rng.randint(60, 300),
            latest=1 if self.life.is_online else 0,
            inputs={"missing": list(missing), "manner": manner},
            words=("explanation",),
        )

    def _supply(self, papers: tuple[str, ...], *, old: bool = False) -> Step:
        """They come back, in opening hours, within the fifteen working days."""
        by = PARTY if self.life.is_online else "window"
        return Step(act="supply", by=by, days=self._days(1, 11), papers=papers, old_papers=old)

    def _with_consent(self, act: Step, rank: str, *, by: str, same_day: bool = False) -> list[Step]:
        """Asked of a superior, granted, done."""
        ask = Step(
            act="ask_consent",
            by=by,
            seconds=act.seconds or self.rng.randint(60, 400),
            days=act.days,
            service=180,
            latest=act.latest,
            inputs={"for": act.act},
            words=("draft",),
        )
        seconds, latest = self.rng.randint(600, 7200), 0 if same_day else 1
        give = Step(act="give_consent", by=rank, seconds=seconds, service=60, find=_consent, latest=latest)
        return [ask, give, replace(act, seconds=self.rng.randint(120, 900), days=0, latest=0)]

    def _fee(self) -> list[Step]:
        if not self.life.item.has_fee:
            return []
        receipt = {} if self._is(Kind.RECEIPT_MISSING) else {
            "receipt": f"{'自收' if self._is(Kind.FEE_OUTSIDE) else '清财'}{self.life.n:07d}"
        }  # fmt: skip
        told = self.plant if self._is(Kind.RECEIPT_MISSING, Kind.FEE_OUTSIDE) else None
        find = _fee_due(receipt)
        return [
            Step(act="settle_fee", by="window", seconds=self.rng.randint(60, 600), service=60, find=find, told=told)
        ]

    def _hand_over(self, by: str, most: int) -> list[Step]:
        at_once = self.life.item.is_instant and not self._chance(COLLECTS_LATER)
        manner = "electronic" if self.life.is_online else "direct"
        step = Step(
            act="hand_over", by=by, seconds=self.rng.randint(30, 120), service=60, inputs={"manner": manner}, latest=1
        )
        if not at_once:
            step.days, step.latest = self._days(0, most), 2
        return [step]

    def _rating(self) -> list[Step]:
        if self.rng.random() >= RATES and not self.told.rates:
            return []
        level = LEVELS[self.rng.randrange(len(LEVELS))]
        channel = "online" if self.life.is_online else "window"
        return [
            Step(act="rate", by=PARTY, seconds=self.rng.randint(20, 400), inputs={"level": level, "channel": channel})
        ]

    def _withdraw(self, by: str = "", days: int = 0) -> Step:
        words = ("reason",) if "reason" in {each.name for each in self.life.bound.actions["withdraw"].inputs} else ()
        return Step(
            act="withdraw", by=by or (PARTY if self.life.is_online else "window"), days=days, words=words, seconds=300
        )

    def _exam_days(self, spent: int = 0) -> int:
        """How long the case officer takes: at least a day, less than the promise by two days or more."""
        promised, legal = self._term("promised"), self._term("legal")
        if self._is(Kind.PROMISE_MISSED):
            return promised + self._days(1, 3)
        if self._is(Kind.LIMIT_MISSED):
            return legal + self._days(1, 3)
        if self.told.overloaded:
            return promised + self._days(1, 4)
        return self._days(1, min(4, promised - 2 - spent))

    @property
    def _breaks_limit(self) -> bool:
        return self.told.overloaded or self._is(Kind.PROMISE_MISSED, Kind.LIMIT_MISSED)

    @property
    def _is_exact(self) -> bool:
        return bool(self.told.exact_seconds) and not self.life.is_online

    def _opinion(self, act: str) -> tuple[str, ...]:
        return () if self._is(Kind.OPINION_MISSING) else ("opinion",)

    # ---- filings and services: a window and a case officer ---------------------------------------------

    def _public_service(self) -> list[Step]:
        return self._two_posts("provide_at_once", "provide", demands=True)

    def _filing(self) -> list[Step]:
        return self._two_posts("record_at_once", "record", demands=False)

    def _two_posts(self, at_once: str, later: str, *, demands: bool) -> list[Step]:
        steps, goes_on = self._before_acceptance()
        if not goes_on:
            return steps
        fee = self._fee() if demands else []
        ends = [*fee, *self._hand_over("window", 5), *self._rating()]
        if self.life.item.is_instant and not self.told.back_office:
            before = _at_once(steps) if self._is_exact else steps
            return [*before, self._at_once(at_once, "window"), *ends]
        steps += self._accept()
        if self._is(Kind.CLOSED_WITHIN_MINUTES):
            quick = Step(act=later, by="undertaker", seconds=150, exact=True, words=("opinion",), told=self.plant)
            return [*_at_once(steps), quick, *ends]
        return [*steps, *self._by_an_officer(later, ends)]

    def _by_an_officer(self, later: str, ends: list[Step]) -> list[Step]:
        """What a case officer decides after the window has accepted."""
        if self.life.item.is_instant:
            seconds = self.rng.randint(1800, 7200)
            return [Step(act=later, by="undertaker", seconds=seconds, words=self._opinion(later)), *ends]
        if self._is(Kind.WITHDRAWN_AT_THE_LIMIT):
            step = self._withdraw("window", self._term("promised") - 1)
            step.told = self.plant
            return [step]
        if self._chance(WITHDRAWS):
            return [self._withdraw()]
        refusal = {"provide": "refuse", "record": "decline"}[later]
        if self._chance(REFUSED / 2):
            act = Step(act=refusal, by="undertaker", days=1, latest=1, words=("reason",))
            return self._with_consent(act, "superior", by="undertaker")
        days = max(1, self._exam_days())
        latest = None if self._breaks_limit else days
        decide = Step(act=later, by="undertaker", days=days, words=self._opinion(later), latest=latest)
        if self._is(Kind.OPINION_MISSING):
            decide.told = self.plant
        if self._is(Kind.STEP_BACKDATED):
            decide.days, decide.latest, decide.noted_after, decide.told = 1, 1, 1, self.plant
        if self._is(Kind.SAME_PERSON):
            window = self.life.item.window
            given = {"role": "undertaker", "post": window, "manner": "ordinary"}
            assign = Step(act="assign", by="undertaker", seconds=900, inputs=given)
            return [assign, replace(decide, by=f"@{window}", told=self.plant), *ends]
        return [decide, *ends]

    def _at_once(self, act: str, by: str) -> Step:
        if self._is_exact:
            return Step(act=act, by=by, seconds=self.told.exact_seconds, exact=True)
        return Step(act=act, by=by, seconds=self.rng.randint(45, 300), service=120, latest=1 if by != "window" else 0)

    def _accept(self, *, latest: int = 0) -> list[Step]:
        """The window accepts, or the old desk does, or by whom the case was taken home."""
        step = Step(act="accept", by="window", seconds=self.rng.randint(40, 240), service=90, latest=latest)
        if self.told.second_desk:
            desk = self.told.second_desk
            assign = Step(
                act="assign", by="window", seconds=120, inputs={"role": "window", "post": desk, "manner": "ordinary"},
            )  # fmt: skip
            return [assign, replace(step, by=f"@{desk}")]
        return [step]

    # ---- confirmations -----------------------------------------------------------------------------------

    def _confirmation(self) -> list[Step]:
        steps, goes_on = self._before_acceptance()
        if not goes_on:
            return steps
        ends = [*self._fee(), *self._hand_over("window", 5), *self._rating()]
        if self.life.item.is_instant and not self.told.back_office:
            return [*steps, self._at_once("confirm_at_once", "approver"), *ends]
        if self._is(Kind.CONFORMING_DECLINED):
            act = Step(act="decline", by="window", seconds=400, words=("reason",), told=self.plant)
            return [*steps, *self._with_consent(act, "superior", by="window", same_day=True)]
        if self._is(Kind.NOTICE_LATE):
            accept = Step(act="accept", by="window", days=self._days(6, 8), latest=None)
            steps.append(accept)
        else:
            steps += self._accept()
        if self.life.item.is_instant:
            return [
                *steps, Step(act="pass", by="undertaker", seconds=1800, words=("opinion",)),
                self._decide("confirm", seconds=1200), *ends,
            ]  # fmt: skip
        if self._is(Kind.CLOSED_WITHIN_MINUTES):
            quick = [
                Step(act="pass", by="undertaker", seconds=120, exact=True, words=("opinion",)),
                Step(act="confirm", by="approver", seconds=90, exact=True, words=("opinion",), told=self.plant),
            ]
            return [*_at_once(steps), *quick, *ends]
        if self._chance(WITHDRAWS):
            return [*steps, self._withdraw()]
        days = self._exam_days()
        steps.append(
            Step(
                act="pass", by="undertaker", days=days, words=("opinion",), latest=None if self._breaks_limit else days
            )
        )
        if self._chance(REFUSED):
            act = Step(act="deny", by="approver", seconds=600, words=("reason",), latest=0)
            served = Step(act="serve", by="window", days=self._days(0, 2), latest=3, find=_paper("denial_decision"))
            end = Step(act="hand_over_denial", by="window", seconds=120)
            return [*steps, *self._with_consent(act, "superior", by="undertaker", same_day=True), served, end]
        return [*steps, *self._approved("confirm"), *ends]

    def _decide(self, act: str, *, seconds: int = 0, days: int = 0, latest: int = 0) -> Step:
        seconds = seconds or self.rng.randint(600, 5400)
        step = Step(
            act=act, by="approver", seconds=0 if days else seconds, days=days, latest=latest, words=self._opinion(act)
        )
        if self._is(Kind.OPINION_MISSING):
            step.told = self.plant
        return step

    def _approved(self, act: str, *, days: int = 0) -> list[Step]:
        step = self._decide(act, days=days, latest=days)
        head = self.told.head_decides
        if not head:
            return [step]
        assign = Step(
            act="assign", by="approver", seconds=400, inputs={"role": "approver", "post": head, "manner": "ordinary"},
        )  # fmt: skip
        return [assign, replace(step, by=f"@{head}")]

    # ---- licences ------------------------------------------------------------------------------------------

    def _licence(self) -> list[Step]:
        steps, goes_on = self._before_acceptance()
        if not goes_on:
            return steps
        if self.told.voids:
            act = Step(act="void", by="window", seconds=600, words=("reason",))
            return [*steps, *self._with_consent(act, "head", by="window", same_day=True)]
        if self.life.item.is_instant and not self.told.back_office:
            return [*steps, self._at_once("grant_on_spot", "approver"), *self._licence_ends()]
        if self._is(Kind.CONFORMING_DECLINED):
            act = Step(
                act="decline_no_jurisdiction",
                by="window",
                seconds=400,
                inputs={"competent_organ": "qy"},
                words=("reason",),
                told=self.plant,
            )
            return [*steps, *self._with_consent(act, "superior", by="window", same_day=True)]
        spent = 0
        if self._is(Kind.ACCEPTANCE_DEEMED):
            before = [step for step in steps if step.act != "check_material"]
            checks = [replace(step, seconds=600) for step in steps if step.act == "check_material"]
            checks[0].latest = 0
            steps = [*before, Step(act="deem_accepted", by=LAW), *checks]
            spent = 5
        elif self._is(Kind.ACCEPTANCE_BACKDATED):
            accept = self._accept()[0]
            accept.noted_after, accept.told = self._days(2, 3), self.plant
            steps.append(accept)
            spent = 3
        else:
            steps += self._accept()
        if self._is(Kind.MARK_CORRECTED):
            act = Step(
                act="correct", by="window", seconds=1200, find=_earlier("received"), words=("reason",), told=self.plant
            )
            steps += self._with_consent(act, "head", by="window", same_day=True)
        if self.life.item.is_preliminary:
            days = 21 if self._is(Kind.FORWARDING_LATE) else self._days(1, 6)
            step = Step(
                act="send_up",
                by="lower",
                days=days,
                words=("opinion",),
                latest=None if self._is(Kind.FORWARDING_LATE) else days + 2,
            )
            return [*steps, step, *self._examined(0)]
        if self._is(Kind.CLOSED_WITHIN_MINUTES):
            steps = _at_once(steps)
        return [*steps, *self._examined(spent)]

    def _examined(self, spent: int) -> list[Step]:
        plant, rng = self.plant, self.rng
        if self._is(Kind.WITHDRAWN_AT_THE_LIMIT):
            step = self._withdraw("window", self._term("promised") - self._days(0, 1))
            step.told, step.latest = plant, 0
            return [step]
        if self._is(Kind.CLOSED_WITHIN_MINUTES):
            quick = [
                Step(act=act, by=by, seconds=100, exact=True, words=("opinion",))
                for act, by in (("pass", "undertaker"), ("review", "reviewer"), ("grant", "approver"))
                if act in self.life.bound.actions
            ]  # fmt: skip
            quick[-1].told = plant
            return [*quick, *self._licence_ends()]
        if self._chance(WITHDRAWS):
            return [self._withdraw()]
        steps, days = self._beside(), self._exam_days(spent)
        if self._is(Kind.SPECIAL_REPEATED, Kind.SPECIAL_UNSERVED, Kind.SPECIAL_OVERRUN, Kind.HELD_AT_THE_LIMIT):
            days = 1
        step_late = self._is(Kind.STEP_OVERDUE)
        review_days = self._days(3, 4) if step_late else 0
        passed = Step(
            act="pass",
            by="undertaker",
            days=1 if step_late else days,
            words=("opinion",),
            latest=None if self._breaks_limit else days,
        )
        if steps and not self._breaks_limit:
            passed.days = passed.latest = 1
        if self._is(Kind.STEP_BACKDATED):
            passed.days, passed.latest, passed.noted_after, passed.told = 1, 1, self._days(2, 3), plant
        if self._is(Kind.ACT_REVERTED):
            act = Step(act="revert", by="undertaker", seconds=600, find=_latest("pass"), words=("reason",), told=plant)
            again = replace(passed, days=0, seconds=1200, latest=0)
            steps += [passed, *self._with_consent(act, "head", by="undertaker", same_day=True), again]
        else:
            steps.append(passed)
        if "review" in self.life.bound.actions:
            review = Step(
                act="review",
                by="reviewer",
                days=review_days,
                seconds=0 if review_days else rng.randint(900, 7200),
                words=("opinion",),
                latest=review_days if not step_late else None,
            )
            steps.append(review)
        if self._chance(REFUSED):
            act = Step(act="refuse", by="approver", seconds=900, words=("reason",), latest=0)
            served = Step(act="serve", by="issuer", days=self._days(0, 2), latest=3, find=_paper("refusal_decision"))
            return [
                *steps,
                *self._with_consent(act, "superior", by="undertaker", same_day=True),
                served,
                Step(act="hand_over_refusal", by="issuer", seconds=200),
            ]
        return [*steps, *self._approved("grant"), *self._licence_ends()]

    def _beside(self) -> list[Step]:
        """Opinions asked, an extension, a special procedure: what goes on while the case officer works."""
        steps: list[Step] = []
        if self._is(Kind.OPINION_SILENT) or self._chance(ASKS_OPINION):
            ask = Step(
                act="ask_opinion",
                by="undertaker",
                seconds=900,
                inputs={"branches": [{"to": self.asked_unit}]},
                words=("question",),
                latest=0,
            )
            if self._is(Kind.OPINION_SILENT):
                return [ask, Step(act="opinion", by=LAW)]
            give = Step(
                act="give_opinion",
                by="@unit",
                unit=self.asked_unit,
                days=self._days(1, 3),
                latest=3,
                find=_asked("agree"),
                words=("opinion",),
            )
            return [ask, give]
        if self._chance(EXTENDED):
            act = Step(act="extend", by="undertaker", days=1, latest=1, inputs={"term": "5 wd"}, words=("reason",))
            return self._with_consent(act, "head", by="undertaker", same_day=True)
        planted = self._is(Kind.SPECIAL_REPEATED, Kind.SPECIAL_UNSERVED, Kind.SPECIAL_OVERRUN, Kind.HELD_AT_THE_LIMIT)
        if self.life.item.is_special and (planted or self._chance(SPECIAL)):
            steps = self._special_once()
            if self._is(Kind.SPECIAL_REPEATED):
                again = self._special_once()
                next(step for step in again if step.act == "begin_special").told = self.plant
                steps += again
        return steps

    def _special_once(self) -> list[Step]:
        begin = Step(
            act="begin_special",
            by="undertaker",
            days=1,
            latest=1,
            inputs={"branches": [{"kind": "testing"}]},
            words=("reason",),
        )
        if self._is(Kind.HELD_AT_THE_LIMIT):
            begin.days = begin.latest = self._term("promised") - self._days(0, 1)
            begin.told = self.plant
        if self._is(Kind.SPECIAL_UNSERVED):
            begin.told = self.plant
        days = 31 if self._is(Kind.SPECIAL_OVERRUN) else self._days(2, 8)
        serve = Step(act="serve", by="undertaker", seconds=900, find=_paper("special_notice"), latest=0)
        end = Step(
            act="end_special",
            by="undertaker",
            days=days,
            latest=None if self._is(Kind.SPECIAL_OVERRUN) else days + 2,
            inputs={"verdict": "passed"},
            words=("finding",),
        )
        begun = self._with_consent(begin, "head", by="undertaker", same_day=True)
        return [*begun, end] if self._is(Kind.SPECIAL_UNSERVED) else [*begun, serve, end]

    def _licence_ends(self) -> list[Step]:
        """Paid, made, published, handed over."""
        made_after = self._days(11, 13) if self._is(Kind.DELIVERY_LATE) else self._days(0, 2)
        told_after = self._days(8, 10) if self._is(Kind.PUBLICITY_LATE) else self._days(0, 1)
        make = Step(
            act="make",
            by="issuer",
            days=made_after,
            seconds=1200,
            latest=None if self._is(Kind.DELIVERY_LATE) else made_after + 2,
        )
        publish = Step(
            act="publish",
            by="issuer",
            days=told_after,
            seconds=600,
            service=30,
            latest=None if self._is(Kind.PUBLICITY_LATE) else told_after + 1,
        )
        pair = [publish, make] if self._is(Kind.DELIVERY_LATE) else [make, publish]
        if self.life.item.is_instant and not self.told.back_office and self.plant is None:
            make.days, make.latest, publish.days, publish.latest = 0, 1, 0, 1
            make.seconds = publish.seconds = self.rng.randint(60, 300)
        return [*self._fee(), *pair, *self._hand_over("issuer", 6), *self._rating()]

    # ---- hotline and information requests ------------------------------------------------------------------

    def _hotline_order(self) -> list[Step]:
        rng, by = self.rng, PARTY if self.life.is_online else "operator"
        category = rng.choice(("enquiry", "help", "complaint", "complaint", "report", "suggestion", "praise"))
        steps = [
            Step(act="file", by=by, inputs={"secret": rng.random() < 0.1}, words=("citizen", "content")),
            Step(
                act="classify",
                by="operator",
                seconds=rng.randint(60, 400),
                service=30,
                exact=True,
                inputs={"urgency": "normal", "category": category},
            ),
        ]
        close = Step(
            act="close",
            by="operator",
            seconds=rng.randint(1800, 10_000),
            service=60,
            latest=1,
            inputs={
                "solved": rng.choice(("solved", "solved", "explained", "unsolved")),
                "satisfaction": rng.choice(("s5", "s4", "s4", "s3", "s2", "none")),
            },
        )
        if self._chance(0.25):
            return [*steps, Step(act="answer_at_once", by="operator", seconds=120, exact=True, words=("reply",)), close]
        unit = self.asked_unit
        steps.append(
            Step(act="dispatch", by="dispatcher", seconds=rng.randint(60, 900), exact=True, inputs={"unit": unit})
        )
        late_sign = self._is(Kind.HOTLINE_SIGNED_LATE)
        sign = Step(
            act="sign_for",
            by="@unit",
            unit=unit,
            days=2 if late_sign else 0,
            seconds=rng.randint(600, 7000),
            service=20,
            exact=not late_sign,
            latest=0,
        )
        days = self._days(6, 8) if self._is(Kind.HOTLINE_LATE) else self._days(1, 3)
        reply = Step(
            act="reply",
            by="@unit",
            unit=unit,
            days=days,
            latest=None if self._is(Kind.HOTLINE_LATE) else days,
            inputs={"contacted": True},
            words=("reply",),
        )
        if self._is(Kind.CALLER_NOT_CONTACTED):
            reply.inputs, reply.told = {"contacted": False}, self.plant
        if late_sign:
            reply.days = reply.latest = 1
        return [*steps, sign, reply, close]

    def _information_request(self) -> list[Step]:
        rng = self.rng
        if self.life.is_online:
            steps = [
                Step(
                    act="apply",
                    by=PARTY,
                    inputs={"provide": "electronic", "channel": "internet"},
                    words=("applicant", "wanted"),
                ),
                Step(act="confirm_receipt", by="clerk", seconds=rng.randint(600, 3000), latest=1),
            ]
        else:
            steps = [
                Step(
                    act="receive_at_once",
                    by="clerk",
                    inputs={"provide": "paper", "channel": "in_person"},
                    words=("applicant", "wanted"),
                )
            ]
        days = 21 + self._days(0, 2) if self._is(Kind.DISCLOSURE_LATE) else self._days(1, 4)
        steps.append(Step(act="take_up", by="clerk", seconds=rng.randint(600, 3000), latest=1))
        steps.append(
            Step(
                act="disclose",
                by="officer",
                days=days,
                latest=None if self._is(Kind.DISCLOSURE_LATE) else days + 1,
                words=("reply",),
            )
        )
        return [
            *steps,
            Step(
                act="deliver",
                by="clerk",
                days=self._days(0, 1),
                latest=2,
                inputs={"manner": "electronic" if self.life.is_online else "direct"},
            ),
        ]


def _at_once(steps: list[Step]) -> list[Step]:
    """The same steps, one minute after the other, past every queue."""
    return [steps[0], *(replace(step, seconds=50, days=0, exact=True) for step in steps[1:])]


# ---- what has to be looked up in the case when its time comes ----------------------------------------------


def _consent(life: Life) -> Mapping[str, Json]:
    assert life.state is not None
    waiting = [
        each
        for each in life.state.branches.values()
        if each.group == CONSENT and each.status is not BranchStatus.SETTLED
    ]
    return {"branch": waiting[-1].branch, "verdict": "granted"}


def _asked(verdict: str) -> Finder:
    def find(life: Life) -> Mapping[str, Json]:
        assert life.state is not None
        waiting = [
            each
            for each in life.state.branches.values()
            if each.group != CONSENT and each.status is not BranchStatus.SETTLED
        ]
        return {"branch": waiting[-1].branch, "verdict": verdict}

    return find


def _paper(code: str) -> Finder:
    def find(life: Life) -> Mapping[str, Json]:
        assert life.state is not None
        number = next(
            paper.number for paper in reversed(tuple(life.state.documents.values())) if paper.document == code
        )
        return {"number": number, "manner": "direct"}

    return find


def _fee_due(receipt: Mapping[str, Json]) -> Finder:
    def find(life: Life) -> Mapping[str, Json]:
        assert life.state is not None
        fee = next(fee for fee in life.state.fees.values() if not fee.how)
        return {"fee": fee.fee, "how": "paid", "amount": fee.amount, **receipt}

    return find


def _earlier(mark: str) -> Finder:
    def find(life: Life) -> Mapping[str, Json]:
        assert life.state is not None
        value = life.state.marks[mark] - timedelta(hours=20)
        return {"target": 2, "path": f"mark:{mark}", "value": value.isoformat()}

    return find


def _latest(act: str) -> Finder:
    def find(life: Life) -> Mapping[str, Json]:
        assert life.state is not None
        return {"target": next(done.seq for done in reversed(life.state.done) if done.act == act)}

    return find
