"""A third party (利害关系人) of a licence is told where it stands and what is for them, nothing of the applicant's."""

import pytest
from django.test import Client

from tests.portal.town import (
    IDENTITY,
    NOTICE,
    OTHER_IDENTITY,
    OTHER_PHONE,
    accept,
    apply_for,
    form_of,
    make_citizen,
    notify,
    pictures,
    sign_in,
    subject_of,
)
from zhengtong.accounts import clock
from zhengtong.cases.access import password_of
from zhengtong.cases.actions import Wish, perform
from zhengtong.documents.models import MaterialFile
from zhengtong.documents.queries import papers_of
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing
from zhengtong.kernel.states import State, fold
from zhengtong.ledger import history
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import new_key
from zhengtong.site.wiring import bound_for

pytestmark = pytest.mark.usefixtures("town")
INTEREST = "相邻住户，涉及采光。"


@pytest.fixture
def applicant(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


@pytest.fixture
def third(applicant: Client) -> Client:
    make_citizen("王五", OTHER_PHONE, OTHER_IDENTITY)
    return sign_in(OTHER_PHONE)


@pytest.fixture
def number(applicant: Client, third: Client) -> str:
    found = apply_for(applicant)
    accept(found)
    _tell(found, subject_of(third))
    return found


def _tell(number: str, third: str) -> None:
    nothing: frozenset[str] = frozenset()
    seat = Seat(
        post="wj-sp-undertaker", unit="wj-sp", dept="wj", units=("wj-sp", "wj", "qy"), standing=Standing.OWN, basis="",
        head_of=nothing, superior_of=nothing, government_of=nothing, supervises=nothing,
    )  # fmt: skip
    at = clock.now()
    perform(
        actor=Actor(person="p-77", seats=(seat,), subjects={}), at=at, case_id=Case.objects.get(number=number).pk,
        key=new_key(at), wish=Wish(
            act="tell_third_party", parties={"third_party": third}, private={
                "third_party": {"kind": "natural", "name": "王五", "certificate": "identity", "number": OTHER_IDENTITY,
                                "phone": OTHER_PHONE},
                "interest": INTEREST,
            }),
    )  # fmt: skip


def _state(number: str) -> State:
    return fold(history.load(Case.objects.get(number=number).pk))


class TestThirdParty:
    def test_reads_where_it_stands_and_nothing_the_applicant_gave(
        self, third: Client, applicant: Client, number: str
    ) -> None:
        page = third.get(f"/cases/{number}/").content.decode()
        assert number in page and "审查" in page
        for secret in (
            "栖云里民宿",
            "李小敏",
            "李*敏",
            IDENTITY[-4:],
            "m2.png",
            "受理通知书",
            "/receipt",
            password_of(number),
        ):
            assert secret not in page, secret
        assert "m2.png" in applicant.get(f"/cases/{number}/").content.decode()

    def test_has_the_paper_that_is_for_them_and_no_other(self, third: Client, applicant: Client, number: str) -> None:
        state = _state(number)
        papers = papers_of(bound_for(state), state)
        assert {"third_party_notice", "acceptance_notice"} <= {paper.document for paper in papers}
        for paper in papers:
            address = f"/documents/papers/{number}/{paper.number}.pdf"
            own = paper.document == "third_party_notice"
            assert (paper.number in third.get(f"/cases/{number}/").content.decode()) is own
            assert third.get(address).status_code == (200 if own else 404), paper.document
        assert applicant.get(address).status_code == 200

    def test_cannot_fetch_receipt_or_files(self, third: Client, applicant: Client, number: str) -> None:
        digest = MaterialFile.objects.first().digest  # type: ignore[union-attr]
        for place in (f"/cases/{number}/receipt", f"/cases/{number}/receipt/print", f"/cases/{number}/file/{digest}",
                      f"/documents/files/{number}/{digest}"):  # fmt: skip
            assert third.get(place).status_code == 404, place
            assert applicant.get(place).status_code == 200, place

    def test_states_views_which_the_applicant_does_not_see_as_their_own(self, third: Client, number: str) -> None:
        page = third.get(f"/cases/{number}/act/state_views").content.decode()
        done = third.post(f"/cases/{number}/act/state_views", {**form_of(page), "views": "请不要夜间施工。"})
        assert done.status_code == 302
        assert _state(number).history[-1].person == subject_of(third)

    def test_does_not_withdraw_supplement_or_rate(self, third: Client, number: str) -> None:
        before = len(_state(number).history)
        for act in ("withdraw", "supply", "receive_material", "rate", "submit", "pass", "tell_third_party", "note"):
            page = third.get(f"/cases/{number}/act/{act}")
            assert page.status_code in (302, 404), act
            sent = third.post(f"/cases/{number}/act/{act}", {"level": "1", **pictures("m4"), "reason": "不办了"})
            assert sent.status_code in (302, 404), act
        assert len(_state(number).history) == before

    def test_who_proves_it_without_sign_in_sees_as_little(self, third: Client, number: str) -> None:
        walk_in = Client()
        typed = {"number": number, "password": password_of(number), "certificate": OTHER_IDENTITY}
        assert walk_in.post("/query", typed).status_code == 302
        page = walk_in.get("/query/case").content.decode()
        assert number in page
        for secret in ("栖云里民宿", "李小敏", "m2.png", "受理通知书"):
            assert secret not in page, secret


def test_a_notice_is_for_whoever_is_asked(applicant: Client, third: Client) -> None:
    number = apply_for(applicant)
    notify(number)
    assert NOTICE[5:12] in applicant.get(f"/cases/{number}/").content.decode()
    assert third.get(f"/cases/{number}/").status_code == 404
