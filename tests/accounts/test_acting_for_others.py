"""Subjects at the window, levels, agents of firms, powers of attorney; and that the database file is sealed."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from tests.accounts.cast import AT, CREDIT_CODE, IDENTITY, OTHER_IDENTITY, PASSWORD, TODAY, City
from zhengtong.accounts import actions
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Account, Message, Power, Subject
from zhengtong.accounts.queries import (
    OWN,
    actor_for,
    find_subject,
    holds_number,
    mailbox_of,
    masked_subjects,
    scoped_powers,
    subject_details,
)
from zhengtong.accounts.signing_in import register_citizen
from zhengtong.kernel.authority import Actor

LATER = TODAY + timedelta(days=10)


@pytest.fixture
def clerk(city: City) -> Actor:
    return actor_for(city.accounts["何静"], AT)


@pytest.fixture
def citizen(city: City) -> Account:
    account = register_citizen(name="李小敏", phone="13800003210", password=PASSWORD, at=AT)
    assert account is not None
    return account


def own(account: Account) -> Subject:
    return Subject.objects.get(account=account)


def raised(clerk: Actor, account: Account, number: str = IDENTITY) -> Subject:
    return actions.raise_level_at_window(
        clerk=clerk, subject=own(account), certificate_kind="identity", number=number, level=2, at=AT
    )


def walk_in(number: str = OTHER_IDENTITY, kind: str = "identity", name: str = "王五") -> Subject:
    ref = actions.find_or_create_subject(
        kind="organisation" if kind == "credit_code" else "natural",
        name=name,
        certificate_kind=kind,
        number=number,
        phone="",
        by="p-1",
        at=AT,
    )
    return Subject.objects.get(ref=ref)


class TestSubject:
    def test_is_one_for_each_number_seen_at_a_window(self, city: City) -> None:
        assert walk_in().ref == walk_in(number=f" {OTHER_IDENTITY[:6]} {OTHER_IDENTITY[6:].lower()}").ref
        assert holds_number(walk_in().ref, OTHER_IDENTITY)
        assert not holds_number(walk_in().ref, IDENTITY)
        assert not holds_number(walk_in().ref, "")

    def test_is_shown_masked(self, city: City) -> None:
        shown = masked_subjects([walk_in(name="欧阳小敏").ref])[walk_in().ref]
        assert (shown.name, shown.number) == ("欧**敏", "440524********0014")
        assert subject_details(shown.ref).number == OTHER_IDENTITY

    def test_leaves_nothing_readable_in_the_database_file(self, city: City, city_db: Path, citizen: Account) -> None:
        subject = walk_in(name="独孤求败")
        actions.change_phone(subject, phone="13912345678")
        with connection.cursor() as cursor:
            cursor.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        files = b"".join(path.read_bytes() for path in city_db.parent.glob("zhengtong.sqlite3*"))
        assert subject.ref.encode() in files
        for secret in (OTHER_IDENTITY, "独孤求败", "13912345678", "13800003210", "李小敏"):
            assert secret.encode() not in files
        key = city_db.parent / "keys" / "accounts.key"
        assert key.stat().st_mode & 0o777 == 0o600

    def test_raised_at_a_window_takes_the_walk_in_along(self, city: City, clerk: Actor, citizen: Account) -> None:
        earlier = walk_in(IDENTITY)
        subject = raised(clerk, citizen)
        assert actor_for(citizen, AT).subjects == {subject.ref: OWN, earlier.ref: OWN}
        found = find_subject("identity", IDENTITY)
        assert found is not None
        assert found.ref == subject.ref

    def test_is_raised_by_window_posts_only_and_never_lowered(self, city: City, clerk: Actor, citizen: Account) -> None:
        with pytest.raises(NotPossible, match="not_at_a_window"):
            raised(actor_for(city.accounts["周岚"], AT), citizen)
        raised(clerk, citizen)
        with pytest.raises(NotPossible, match="level_not_higher"):
            raised(clerk, citizen)
        with pytest.raises(NotPossible, match="numbers_differ"):
            raised(clerk, citizen, OTHER_IDENTITY)


class TestAgency:
    def test_lets_an_agent_act_for_the_firm_until_its_day(self, city: City, clerk: Actor, citizen: Account) -> None:
        subject, firm = raised(clerk, citizen), walk_in(CREDIT_CODE, "credit_code", "清源茶社")
        agency = actions.add_agency(by=clerk, agent=subject, firm=firm, from_on=TODAY, until_on=LATER, at=AT)
        assert actor_for(citizen, AT).subjects[firm.ref] == agency.ref
        assert firm.ref in actor_for(citizen, AT + timedelta(days=10)).subjects
        assert firm.ref not in actor_for(citizen, AT + timedelta(days=11)).subjects
        actions.revoke_grant(agency, by=clerk, at=AT + timedelta(hours=1))
        assert firm.ref not in actor_for(citizen, AT + timedelta(hours=1)).subjects

    def test_is_given_by_the_legal_representative(self, city: City, clerk: Actor, citizen: Account) -> None:
        subject, firm, other = raised(clerk, citizen), walk_in(CREDIT_CODE, "credit_code"), walk_in()
        ask = {"agent": other, "firm": firm, "from_on": TODAY, "until_on": LATER, "at": AT}
        with pytest.raises(NotPossible, match="not_representative"):
            actions.add_agency(by=actor_for(citizen, AT), **ask)  # type: ignore[arg-type]
        actions.add_agency(
            by=clerk, agent=subject, firm=firm, from_on=TODAY, until_on=None, at=AT, is_representative=True
        )
        agency = actions.add_agency(by=actor_for(citizen, AT), **ask)  # type: ignore[arg-type]
        assert agency.accepted_by == subject.ref

    def test_needs_a_checked_person_and_a_firm(self, city: City, clerk: Actor, citizen: Account) -> None:
        firm = walk_in(CREDIT_CODE, "credit_code")
        with pytest.raises(NotPossible, match="agent_not_checked"):
            actions.add_agency(by=clerk, agent=own(citizen), firm=firm, from_on=TODAY, until_on=LATER, at=AT)
        with pytest.raises(NotPossible, match="not_an_organisation"):
            actions.add_agency(by=clerk, agent=firm, firm=walk_in(), from_on=TODAY, until_on=LATER, at=AT)


class TestPower:
    def accept(self, clerk: Actor, agent: Subject, scope: str = "all", ref: str = "") -> Power:
        return actions.accept_power(
            clerk=clerk, principal=walk_in(), agent=agent, scope=scope, scope_ref=ref, from_on=TODAY,
            until_on=LATER, at=AT,
        )  # fmt: skip

    def test_reaches_everything_until_it_expires(self, city: City, clerk: Actor, citizen: Account) -> None:
        power = self.accept(clerk, raised(clerk, citizen))
        principal = walk_in().ref
        assert actor_for(citizen, AT).subjects[principal] == power.ref
        assert principal not in actor_for(citizen, AT + timedelta(days=11)).subjects

    def test_ends_when_the_principal_revokes_it(self, city: City, clerk: Actor, citizen: Account) -> None:
        power = self.accept(clerk, raised(clerk, citizen))
        principal = Actor(person=walk_in().ref, seats=(), subjects={walk_in().ref: OWN})
        stranger = Actor(person="s-x", seats=(), subjects={"s-x": OWN})
        with pytest.raises(NotPossible):
            actions.revoke_power(power, by=stranger, at=AT)
        actions.revoke_power(power, by=principal, at=AT + timedelta(hours=1))
        assert walk_in().ref in actor_for(citizen, AT).subjects
        assert walk_in().ref not in actor_for(citizen, AT + timedelta(hours=2)).subjects
        with pytest.raises(NotPossible, match="already_ended"):
            actions.revoke_power(power, by=principal, at=AT)

    def test_limited_to_an_item_reaches_that_item_only(self, city: City, clerk: Actor, citizen: Account) -> None:
        self.accept(clerk, raised(clerk, citizen), "item", "gg-ws")
        principal = walk_in().ref
        assert principal not in actor_for(citizen, AT).subjects
        assert principal not in actor_for(citizen, AT, item="other").subjects
        assert principal in actor_for(citizen, AT, item="gg-ws").subjects
        assert [power.scope_ref for power in scoped_powers(citizen, AT)] == ["gg-ws"]

    def test_by_claim_reaches_the_one_case(self, city: City, citizen: Account) -> None:
        subject = walk_in()
        with pytest.raises(NotPossible, match="not_the_holder"):
            actions.claim_case(account=citizen, subject_ref=subject.ref, case="QY-1", number=IDENTITY, at=AT)
        actions.claim_case(account=citizen, subject_ref=subject.ref, case="QY-1", number=OTHER_IDENTITY, at=AT)
        assert subject.ref in actor_for(citizen, AT, case="QY-1").subjects
        assert subject.ref not in actor_for(citizen, AT, case="QY-2").subjects


class TestCitizenActor:
    def test_speaks_for_itself_alone(self, city: City, citizen: Account) -> None:
        actor = actor_for(citizen, AT)
        assert actor.seats == ()
        assert dict(actor.subjects) == {actor.person: OWN}
        assert actor.person == own(citizen).ref


class TestMailboxOfAnAgent:
    """Notices to a firm reach whoever acts for it, as long as that lasts; its codes do not."""

    def test_holds_the_letters_of_the_firm(self, clerk: Actor, citizen: Account) -> None:
        subject = raised(clerk, citizen)
        firm = walk_in(CREDIT_CODE, "credit_code", "清源示例公司")
        actions.send_notice(subject_ref=firm.ref, title="办件：等您补正", text="请补正材料", at=AT)
        Message.objects.create(subject=firm, title="注册验证码", text="123456", sent_at=AT, is_private=True)
        assert "办件：等您补正" not in titles(subject, AT)
        agency = actions.add_agency(by=clerk, agent=subject, firm=firm, from_on=TODAY, until_on=LATER, at=AT)
        letter = mailbox_of(subject, AT)[0]
        assert (letter.title, letter.to_firm) == ("办件：等您补正", "清源示例公司")
        assert all(each.to_firm == "" for each in mailbox_of(subject, AT)[1:])
        assert "办件：等您补正" not in titles(subject, AT + timedelta(days=30))
        actions.revoke_grant(agency, by=clerk, at=AT + timedelta(hours=1))
        assert "办件：等您补正" not in titles(subject, AT + timedelta(hours=2))


def titles(subject: Subject, at: datetime) -> set[str]:
    return {letter.title for letter in mailbox_of(subject, at)}
