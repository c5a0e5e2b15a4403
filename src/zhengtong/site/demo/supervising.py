"""Supervision in the demonstration (演示监察): each night the sweep, each afternoon what units and supervisors do about
cards and orders. Who answers when follows from the number of a card, so the same city lives the same life."""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from zhengtong.accounts import clock
from zhengtong.cases.actions import Wish, perform
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Json
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.states import BranchStatus
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.ledger.current import load_current
from zhengtong.ledger.record import new_key
from zhengtong.site.demo.staffing import Staffing
from zhengtong.supervision import actions as supervision
from zhengtong.supervision.models import Card
from zhengtong.supervision.surveying import survey_of_the_night
from zhengtong.supervision.sweeping import watch_round

AFTERNOON: Final = time(16, 31)
SUPERVISOR, REVIEWER, CHIEF = "zx-jc-supervisor", "zx-jc-reviewer", "zx-jc-chief"
OBJECTS, WAITS, SILENT = 0, 1, 2
KINDS: Final = 8
GROUNDS: Final = ("special_not_recorded", "applicant_cause", "system_fault", "force_majeure")
Step = tuple[str, str, Mapping[str, Json], Mapping[str, Json]]


@dataclass(slots=True, kw_only=True)
class Supervising:
    """What happens to the cards that follow from findings."""

    staffing: Staffing
    calendar: Calendar
    ordered: bool = False

    def sweep(self, at: datetime) -> None:
        """The night's watch."""
        watch_round(at)

    def survey(self, at: datetime) -> None:
        """Patterns, once the last day is lived."""
        survey_of_the_night(at)

    def live(self, day: date, now: datetime) -> None:
        """One afternoon: every open card that came of a finding is looked at once."""
        at = datetime.combine(day, AFTERNOON, LAW_ZONE)
        if not self.calendar.is_working(day) or at > now:
            return
        for n, card in enumerate(Card.objects.filter(closed_at=None, by_law=True).order_by("number")):
            moment = at + timedelta(seconds=n)
            with clock.fixed(moment):
                for post, act, inputs, words in self._next(card, moment):
                    self._do(card.case_id, post, act, inputs, words, moment)
        if not self.ordered and (now - at).days <= ORDERED_BEFORE:
            self.ordered = self._order(at + timedelta(minutes=10))

    def _next(self, card: Card, at: datetime) -> Iterator[Step]:
        """What is done about it today, if anything."""
        kind = hashlib.sha256(card.number.encode()).digest()[0] % KINDS
        days = self.calendar.count(law_day(card.issued_at or card.opened_at), law_day(at))
        unit = f"{card.unit}-undertake"
        match card.state:
            case "issuing" if days >= 1 and kind % 3 == 0:
                yield SUPERVISOR, "drop", {}, {"reason": "经核对，事出有因，不发牌。"}
            case "issuing" if days >= 1:
                yield SUPERVISOR, "issue", {}, {}
            case "issued" if kind in (OBJECTS, WAITS) and days == 1:
                said = {"ground": GROUNDS[len(card.number) % len(GROUNDS)]}
                yield unit, "appeal", said, {"reason": "当时在等现场核查的结果，没有及时录入特别程序，请予复核。"}
            case "issued" if days >= 1 and (kind != SILENT or days >= 5):
                yield unit, "acknowledge", {}, {}
            case "acknowledged" if days >= 2 + kind % 3:
                yield unit, "report", {}, {"measures": "已经补办，增派人员，每天下班前核对到期的办件。"}
            case "appealed" if kind == OBJECTS and days >= 3:
                yield REVIEWER, "revoke", {}, {"reason": "经复核，延误由申请人原因造成，撤销。"}
            case "appealed" if days >= 5:
                yield REVIEWER, "uphold", {}, {"reason": "经复核，理由不成立，维持。"}
            case "reported" if days >= 3 + kind % 3:
                yield SUPERVISOR, "close", {}, {}

    def _do(
        self, case_id: int, post: str, act: str, inputs: Mapping[str, Json], words: Mapping[str, Json], at: datetime
    ) -> bool:
        """False where nobody sits there or the law says no: such a card simply goes on hanging."""
        if post not in self.staffing.holders:
            return False
        try:
            wish = Wish(act=act, inputs=inputs, private=words)
            perform(actor=self._actor(post, at), at=at, case_id=case_id, wish=wish, key=f"demo:{act}:{case_id}")
        except Refusal:
            return False
        return True

    def _actor(self, post: str, at: datetime) -> Actor:
        return self.staffing.actor_at(post, at)

    # ---- orders --------------------------------------------------------------------------------------

    def _order(self, at: datetime) -> bool:
        """Of the gravest cards one gets an order that was agreed to and sent, one an order that waits for the chief,
        one written advice."""
        wanted = Card.objects.issued().open().filter(level=Level.RED, by_law=True).order_by("issued_at", "number")
        found = list(wanted[:3])
        if len(found) < len(ORDER_WORDS):
            return False
        for n, card in enumerate(found):
            moment = at + timedelta(minutes=n)
            with clock.fixed(moment):
                self._order_about(card, n, moment)
        return True

    def _order_about(self, card: Card, n: int, at: datetime) -> None:
        actor = self._actor(SUPERVISOR, at)
        if n == len(ORDER_WORDS) - 1:
            supervision.advise(
                actor=actor, at=at, kind="advice", unit=card.unit, words=ORDER_WORDS[n], key=_key(card, at),
                about=card.number,
            )  # fmt: skip
            return
        made = supervision.issue_order(
            actor=actor, at=at, words=ORDER_WORDS[n], key=_key(card, at), about=card.number, term="3 个工作日"
        )
        supervision.ask_leader(
            actor=actor, at=at, order=made.case_id, draft=ORDER_WORDS[n], key=f"demo:ask:{made.case_id}"
        )
        if n == 0:
            self._agree(made.case_id, card.unit, at)

    def _agree(self, order: int, unit: str, at: datetime) -> None:
        branches = load_current(order).state.branches.values()
        asked = next(branch.branch for branch in branches if branch.status is not BranchStatus.SETTLED)
        later = at + timedelta(seconds=20)
        with clock.fixed(later):
            said: dict[str, Json] = {"branch": asked, "verdict": "granted"}
            wish = Wish(act="give_consent", inputs=said, private={"reason": "同意。"}, branch=asked)
            perform(actor=self._actor(CHIEF, later), at=later, case_id=order, wish=wish, key=f"demo:consent:{order}")
            supervision.assign_order(
                actor=self._actor(SUPERVISOR, later), at=later, order=order, unit=unit, words=ORDER_WORDS[0],
                key=f"demo:assign:{order}",
            )  # fmt: skip


ORDERED_BEFORE: Final = 3
ORDER_WORDS: Final = (
    "请在三个工作日内对超期办件作出决定，并书面说明原因。", "请查明环节超时的原因，列出同类在办件的处理安排。",
    "建议每天下班前核对次日到期的办件，指定专人提醒。",
)  # fmt: skip


def _key(card: Card, at: datetime) -> str:
    return new_key(at, zlib.crc32(f"order:{card.number}".encode()).to_bytes(4) + b"demo.1")
