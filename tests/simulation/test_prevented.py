"""What cannot be planted: the kernel is asked for each kind that is called prevented, and refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.simulation.conftest import Town
from zhengtong.kernel.commands import Command, MaterialGiven
from zhengtong.kernel.deciding import decide, decide_opening
from zhengtong.kernel.events import Json
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.chain import hex_digest
from zhengtong.simulation.irregularities import IMPOSSIBLE, MEANINGS, PREVENTED, WAITING, Kind
from zhengtong.simulation.matters import ItemPlan

NINE: Final = datetime(2026, 3, 10, 9, 0, tzinfo=LAW_ZONE)
SERIALS: Final = {
    key: tuple(f"{key}-{n}" for n in range(9))
    for key in (
        "case",
        "document:material_receipt",
        "document:supplement_notice",
        "document:supplement_receipt",
        "document:acceptance_notice",
        "document:special_notice",
        "document:extension_notice",
        "document:grant_decision",
        "document:refusal_decision",
        "document:delivery_record",
        "result:licence",
        "document:termination_notice",
    )
}


@dataclass
class Desk:
    """A licence on its way, act by act, as the simulation does them."""

    town: Town
    item: ItemPlan
    at: datetime = NINE
    state: State | None = None
    used: dict[str, int] = field(default_factory=dict)

    def do(self, act: str, by: str, *, after: timedelta = timedelta(minutes=5), happened: datetime | None = None,
           words: tuple[str, ...] = (), papers: tuple[str, ...] = (), **inputs: Json) -> None:  # fmt: skip
        bound = self.town.ground.bounds[self.item.code]
        self.at += after
        post = bound.posts[by].post if by in bound.posts else by
        party = self.town.ground.parties[0]
        actor = self.town.ground.staffing.actor_at(post, self.at.date())
        command = Command(
            act=act,
            actor=actor,
            inputs=inputs,
            key=None,
            hash=hex_digest,
            sealed=dict.fromkeys(words, "c"),
            parties={"applicant": party.ref} if "applicant" in words else {},
            happened_at=happened,
            materials=tuple(
                MaterialGiven(material=code, form="paper", commitment=f"{code}{self.at}") for code in papers
            ),
            serials={key: numbers[self.used.get(key, 0) :] for key, numbers in SERIALS.items()},
            channel="window",
        )
        calendar = load_calendar()
        if self.state is None:
            events = decide_opening(bound, command, calendar, self.at)
            self.state = fold(events)
        else:
            events = decide(bound, self.state, command, calendar, self.at)
            self.state = fold((*self.state.history, *events))
        for event in events:
            code = getattr(event.body, "document", None)
            if event.kind == "DocumentIssued":
                self.used[f"document:{code}"] = self.used.get(f"document:{code}", 0) + 1

    @property
    def papers(self) -> tuple[str, ...]:
        return tuple(row.code for row in self.town.ground.bounds[self.item.code].materials)

    @property
    def head(self) -> str:
        return f"{self.item.department}-head"

    def submitted(self) -> "Desk":
        self.do("submit", "window", words=("applicant",), papers=self.papers)
        return self

    def checked(self) -> "Desk":
        self.submitted()
        for code in self.papers:
            self.do("check_material", "window", material=code, verdict="accepted")
        return self

    def accepted(self) -> "Desk":
        self.checked().do("accept", "window")
        return self

    def approving(self) -> "Desk":
        self.accepted().do("pass", "undertaker", words=("opinion",))
        self.do("review", "reviewer", words=("opinion",))
        return self

    def granted(self) -> "Desk":
        self.approving().do("grant", "approver", words=("opinion",))
        return self

    def consent(self, act: str, by: str, *, asked_by: str = "undertaker") -> None:
        asked: dict[str, Any] = {"for": act}
        self.do("ask_consent", asked_by, words=("draft",), **asked)
        assert self.state is not None
        branch = next(each.branch for each in self.state.branches.values() if each.verdict is None)
        self.do("give_consent", by, branch=branch, verdict="granted")

    def fee(self) -> None:
        assert self.state is not None
        assert self.state.fees, "the item of this test has a fee"


def _extended(desk: Desk) -> Desk:
    desk.accepted()
    desk.consent("extend", desk.head)
    desk.do("extend", "undertaker", words=("reason",), term="5 wd")
    return desk


def _step_skipped(desk: Desk) -> None:
    desk.accepted().do("grant", "approver", words=("opinion",))


def _same_person(desk: Desk) -> None:
    desk.approving().do("assign", "approver", role="approver", post=desk.item.window, manner="ordinary")
    desk.do("grant", desk.item.window, words=("opinion",))


def _extended_twice(desk: Desk) -> None:
    _extended(desk)
    desk.consent("extend", desk.head)
    desk.do("extend", "undertaker", words=("reason",), term="5 wd")


def _extended_after_expiry(desk: Desk) -> None:
    desk.accepted().consent("extend", desk.head)
    desk.do("extend", "undertaker", after=timedelta(days=60), words=("reason",), term="5 wd")


def _supplement_twice(desk: Desk) -> None:
    desk.checked()
    for _ in range(2):
        desk.do("notify_supplement", "window", words=("explanation",), missing=[desk.papers[0]], manner="direct")
        desk.do("supply", "window", papers=desk.papers[:1])


def _material_not_collected(desk: Desk) -> None:
    desk.submitted().do("accept", "window")


def _waived(desk: Desk) -> None:
    desk.accepted().fee()
    assert desk.state is not None
    fee = next(iter(desk.state.fees.values()))
    desk.do("settle_fee", "window", fee=fee.fee, how="waived", amount=fee.amount)


def _own_consent(desk: Desk) -> None:
    desk.approving()
    desk.do("assign", "approver", role="approver", post=desk.head, manner="ordinary")
    desk.consent("refuse", desk.head)
    desk.do("refuse", desk.head, words=("reason",))


def _closed(desk: Desk) -> None:
    desk.accepted().do("withdraw", "window", words=("reason",))
    desk.do("pass", "undertaker", words=("opinion",))


def _decided_before(desk: Desk) -> None:
    desk.approving().do("grant", "approver", words=("opinion",), happened=NINE)


ASKED: Final[Mapping[str, Callable[[Desk], None]]] = {
    "step_skipped": _step_skipped,
    "same_person_licence": _same_person,
    "extended_twice": _extended_twice,
    "extended_unapproved": lambda desk: desk.accepted().do("extend", "undertaker", words=("reason",), term="5 wd"),
    "extended_after_expiry": _extended_after_expiry,
    "supplement_twice": _supplement_twice,
    "refused_unreasoned": lambda desk: desk.approving().do("refuse", "approver"),
    "refused_unreported": lambda desk: desk.approving().do("refuse", "approver", words=("reason",)),
    "material_not_collected": _material_not_collected,
    "material_beyond_list": lambda desk: desk.submitted().do("receive_material", "window", papers=("m99",)),
    "over_scope": lambda desk: desk.approving().do("grant", "undertaker", words=("opinion",)),
    "fee_off_catalogue": lambda desk: desk.accepted().do("settle_fee", "window", fee="f9", how="paid", amount=1000),
    "fee_amount": lambda desk: desk.accepted().do("settle_fee", "window", fee="f1", how="paid", amount=9999),
    "fee_waived_unapproved": _waived,
    "result_before_fee": lambda desk: desk.granted().do("make", "issuer"),
    "decided_before_accepted": _decided_before,
    "future_dated": lambda desk: desk.checked().do("accept", "window", happened=NINE + timedelta(days=1)),
    "own_consent": _own_consent,
    "accepted_after_closing": _closed,
    "notice_after_limit": lambda desk: desk.submitted().do(
        "notify_supplement", "window", after=timedelta(days=20), words=("explanation",), missing=["m1"], manner="direct"
    ),
}


class TestThePreventedKinds:
    def test_are_all_asked_for(self) -> None:
        assert set(ASKED) == {each.code for each in PREVENTED}

    @pytest.mark.parametrize("prevented", PREVENTED, ids=lambda each: str(each.code))
    def test_are_refused(self, prevented, in_town: Town) -> None:  # type: ignore[no-untyped-def]
        item = next(
            each for each in in_town.ground.items
            if each.procedure == "licence" and not each.is_instant and not each.is_preliminary and each.has_fee
        )  # fmt: skip
        with pytest.raises(Refusal) as refused:
            ASKED[prevented.code](Desk(in_town, item))
        assert refused.value.code is prevented.refusal


def test_every_kind_stands_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
    codes = [*(kind.value for kind in Kind), *(each.code for each in PREVENTED), *IMPOSSIBLE, *WAITING]
    assert [code for code in codes if f"`{code}`" not in text] == []
    assert set(MEANINGS) == set(Kind)
