"""三员分立: nobody grants to themselves, two of the three stand behind a change, a duty stands beside no post."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from tests.accounts.cast import AT, TODAY, City
from tests.administration.conftest import admin
from zhengtong.accounts import authority, duties
from zhengtong.accounts.actions import delegate, hold_post
from zhengtong.accounts.authority import Basis
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Account, Delegation, Person, PostHolding
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.administration.actions import confirm, decline, propose, withdraw
from zhengtong.administration.labels import ProposalKind
from zhengtong.trail.models import Entry

DOCUMENT = "清政办〔2026〕2号"


def free_account(number: str = "9009") -> Account:
    person = Person.objects.create(number=number, name="新来的")
    return open_staff_account(person=person, password="坚固的-Passphrase-7")


def ask(duty: Duty, whom: Account, *, by: Duty = Duty.SYSTEM, kind: str = ProposalKind.DUTY_GIVE) -> int:
    row = propose(
        kind=kind, person=f"p-{whom.person_id}", asked={"duty": duty.value}, document=DOCUMENT, by=admin(by), at=AT
    )
    return int(row.pk)


class TestGiving:
    def test_needs_two_of_different_duties(self, bureau: City) -> None:
        whom = free_account()
        row = ask(Duty.AUDIT, whom)
        whom.refresh_from_db()
        assert whom.duty == "", "a proposal changes nothing"
        with pytest.raises(NotPossible, match="two_needed"):
            confirm(row, by=admin(Duty.SYSTEM), at=AT)
        confirm(row, by=admin(Duty.SECURITY), at=AT)
        whom.refresh_from_db()
        assert (whom.duty, whom.duty_since) == ("audit", TODAY)
        entry = Entry.objects.filter(book="authority", what="duty.give").get()
        assert (entry.login, entry.duty, entry.about) == ("9001", "system", f"p-{whom.person_id}")
        assert '"confirmed_by":"9002"' in entry.said and DOCUMENT in entry.said and '"before":""' in entry.said

    def test_a_second_of_the_same_duty_is_no_second_pair_of_eyes(self, bureau: City) -> None:
        second = free_account("9010")
        confirm(ask(Duty.SYSTEM, second), by=admin(Duty.SECURITY), at=AT)
        row = ask(Duty.AUDIT, free_account("9011"), by=Duty.SECURITY)
        other = free_account("9012")
        confirm(ask(Duty.SECURITY, other, by=Duty.AUDIT), by=Account.objects.get(login="9001"), at=AT)
        other.refresh_from_db()
        with pytest.raises(NotPossible, match="two_needed"):
            confirm(row, by=other, at=AT)

    def test_two_security_administrators_are_one_pair_of_eyes_for_a_post(self, bureau: City) -> None:
        second = free_account("9010")
        confirm(ask(Duty.SECURITY, second), by=admin(Duty.SECURITY), at=AT)
        second.refresh_from_db()
        row = propose(
            kind=ProposalKind.HOLDING, person=bureau.people["何静"].ref, document=DOCUMENT, at=AT,
            by=Account.objects.get(login="9002"),
            asked={"posts": [{"post": "wj-sp-approve", "role": "B"}], "from_on": "2026-04-01"},
        )  # fmt: skip
        with pytest.raises(NotPossible, match="two_needed"):
            confirm(row.pk, by=second, at=AT)
        confirm(row.pk, by=admin(Duty.SYSTEM), at=AT)
        assert PostHolding.objects.filter(person__number="1001", post__code="wj-sp-approve").exists()

    def test_nobody_gives_to_themselves(self, bureau: City) -> None:
        own = admin(Duty.SECURITY)
        with pytest.raises(NotPossible, match="not_yourself"):
            ask(Duty.AUDIT, own, by=Duty.SECURITY)
        refused = Entry.objects.get(book="refusal", what="self_grant")
        assert (refused.login, refused.outcome) == (own.login, "refused")

    def test_nor_confirms_what_concerns_themselves(self, bureau: City) -> None:
        second = free_account("9010")
        confirm(ask(Duty.SECURITY, second), by=admin(Duty.SECURITY), at=AT)
        second.refresh_from_db()
        row = ask(Duty.SECURITY, second, kind=ProposalKind.DUTY_TAKE)
        with pytest.raises(NotPossible, match="not_yourself"):
            confirm(row, by=second, at=AT)
        with pytest.raises(NotPossible, match="not_yourself"):
            duties.take(
                second, proposed_by=admin(Duty.SYSTEM), confirmed_by=second, document=DOCUMENT, at=AT
            )  # also where no page is asked

    def test_is_one_duty_for_one_account(self, bureau: City) -> None:
        with pytest.raises(NotPossible, match="has_a_duty"):
            ask(Duty.AUDIT, admin(Duty.SYSTEM), by=Duty.SECURITY)
        with pytest.raises(DatabaseError), transaction.atomic():
            Account.objects.filter(duty="system").update(duty="superuser")
        with pytest.raises(DatabaseError), transaction.atomic():
            Account.objects.filter(duty="system").update(duty_since=None)

    def test_is_refused_without_a_document(self, bureau: City) -> None:
        whom = free_account()
        with pytest.raises(NotPossible, match="document_needed"):
            propose(
                kind="duty_give", person=f"p-{whom.person_id}", asked={"duty": "audit"}, document=" ",
                by=admin(Duty.SYSTEM), at=AT,
            )  # fmt: skip

    def test_staff_without_a_duty_propose_and_confirm_nothing(self, bureau: City) -> None:
        clerk, whom = bureau.accounts["何静"], free_account()
        with pytest.raises(NotPossible, match="not_your_duty"):
            propose(kind="duty_give", person=f"p-{whom.person_id}", asked={"duty": "audit"}, document="文",
                    by=clerk, at=AT)  # fmt: skip
        with pytest.raises(NotPossible, match="two_needed"):
            confirm(ask(Duty.AUDIT, whom), by=clerk, at=AT)

    def test_is_decided_once(self, bureau: City) -> None:
        row = ask(Duty.AUDIT, free_account())
        decline(row, by=admin(Duty.AUDIT), at=AT)
        with pytest.raises(NotPossible, match="already_decided"):
            confirm(row, by=admin(Duty.SECURITY), at=AT)
        row = ask(Duty.AUDIT, Account.objects.get(login="9009"))
        with pytest.raises(NotPossible, match="not_your_duty"):
            withdraw(row, by=admin(Duty.SECURITY), at=AT)
        withdraw(row, by=admin(Duty.SYSTEM), at=AT)


class TestTaking:
    def test_leaves_no_duty_empty(self, bureau: City) -> None:
        with pytest.raises(NotPossible, match="last_of_its_duty"):
            ask(Duty.AUDIT, admin(Duty.AUDIT), kind=ProposalKind.DUTY_TAKE)
        follows = free_account()
        confirm(ask(Duty.AUDIT, follows), by=admin(Duty.SECURITY), at=AT)
        first = Account.objects.get(login="9003")
        confirm(ask(Duty.AUDIT, first, kind=ProposalKind.DUTY_TAKE), by=admin(Duty.SECURITY), at=AT)
        first.refresh_from_db()
        assert (first.duty, first.duty_since) == ("", None)

    def test_the_first_three_are_appointed_once(self, bureau: City) -> None:
        holders = dict(zip(Duty, (free_account(f"80{n}") for n in range(3)), strict=True))
        with pytest.raises(NotPossible, match="administrators_exist"):
            duties.appoint_first(holders, document=DOCUMENT, at=AT)


class TestBesideAPost:
    def test_no_duty_for_who_holds_a_post(self, bureau: City) -> None:
        with pytest.raises(NotPossible, match="holds_posts"):
            ask(Duty.AUDIT, bureau.accounts["何静"])
        with pytest.raises(DatabaseError), transaction.atomic():  # nor behind the pages' back
            Account.objects.filter(login="1001").update(duty="audit", duty_since=TODAY)

    def test_no_post_for_who_has_a_duty(self, bureau: City) -> None:
        person, post = admin(Duty.SECURITY).person, bureau.posts["wj-sp-window"]
        assert person is not None
        basis = Basis(who=duties.who_is(admin(Duty.SECURITY)), at=AT, document=DOCUMENT)
        with pytest.raises(NotPossible, match="is_administrator"):
            authority.appoint(person=person, post=post, role="A", from_on=TODAY, until_on=None, basis=basis)
        with pytest.raises(DatabaseError), transaction.atomic():
            hold_post(person=person, post=post, role="B", from_on=TODAY)
        with pytest.raises(DatabaseError), transaction.atomic():  # nor by moving a row of somebody else
            PostHolding.objects.filter(person__number="1001").update(person=person)
        assert not PostHolding.objects.filter(person=person).exists()

    def test_no_delegation_to_who_has_a_duty(self, bureau: City) -> None:
        person = admin(Duty.SYSTEM).person
        assert person is not None
        with pytest.raises(DatabaseError), transaction.atomic():
            delegate(
                from_person=bureau.people["周岚"], post=bureau.posts["wj-sp-approve"], to_person=person, from_on=TODAY,
                until_on=TODAY + timedelta(days=3), document=DOCUMENT, at=AT,
            )  # fmt: skip
        assert not Delegation.objects.exists()

    def test_a_post_that_ended_before_is_no_hindrance(self, bureau: City) -> None:
        PostHolding.objects.filter(person__number="1001").update(until_on=TODAY - timedelta(days=1))
        row = ask(Duty.AUDIT, bureau.accounts["何静"])
        confirm(row, by=admin(Duty.SECURITY), at=AT)
        assert Account.objects.get(login="1001").duty == "audit"
