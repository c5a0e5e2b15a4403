"""离任 in the small city: what ends, who follows, whose cases go where, and what stays to be read."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.architecture.addresses import signed_in
from tests.cast import NOW
from tests.support.databases import copy_template
from zhengtong.accounts import clock
from zhengtong.accounts.actions import delegate
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Account, Delegation, Person, PostHolding
from zhengtong.accounts.queries import actor_of_person
from zhengtong.administration.actions import propose
from zhengtong.administration.handing_over import find_to_hand_over
from zhengtong.administration.models import Departure, Proposal
from zhengtong.kernel.events import Assigned
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger import history
from zhengtong.ledger.installed import installed, put_back
from zhengtong.ledger.models.cases import Case
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire
from zhengtong.trail.models import Entry
from zhengtong.trail.verifying import verify_trail

LAST: date = NOW.date() + timedelta(days=3)
AFTER = NOW + timedelta(days=4)
SYSTEM, SECURITY = "zx03", "zx13"


@pytest.fixture
def city(small_city: Path, own_home: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    before = installed()
    path = copy_template(small_city, own_home)
    with django_db_blocker.unblock(), default_database(sqlite_url(path)), clock.fixed(NOW):
        wire()
        yield own_home
        put_back(before)


def person(login: str) -> Person:
    return Person.objects.get(number=login)


def busy() -> Person:
    """Somebody of the health bureau with open cases in hand, and a B role beside."""
    for login in (cast.OFFICER, cast.WINDOW_CLERK, cast.REVIEWER, cast.ISSUER):
        if Case.objects.open().filter(assignee=person(login).ref).exists():
            return person(login)
    raise AssertionError("nobody in the small city has an open case in hand")


def fields(whom: Person) -> dict[str, str]:
    """The form as somebody fills it: for each post the first who could follow."""
    page = signed_in(cast.account_of(SYSTEM)).get(reverse("administration:leave", args=[whom.ref]))
    named = {
        f"post:{name.removeprefix('post:')}": next(value for value, _words in field.options if value)
        for name, field in page.context["form"].fields.items()
        if name.startswith("post:")
    }
    return {"last_day": LAST.isoformat(), "document": "清卫人〔2026〕31号", **named}


def leave(whom: Person) -> None:
    page = reverse("administration:leave", args=[whom.ref])
    answer = signed_in(cast.account_of(SYSTEM)).post(page, fields(whom))
    assert answer.status_code == 302, answer.content.decode()
    row = Proposal.objects.get(kind="leaving", person=whom, decision="")
    signed_in(cast.account_of(SECURITY)).post(reverse("administration:decide", args=[row.pk]), {"decision": "confirm"})
    assert Proposal.objects.get(pk=row.pk).decision == "confirmed"


def holdings(whom: Person) -> list[tuple[object, ...]]:
    return list(
        PostHolding.objects.filter(person=whom).order_by("pk").values_list("pk", "post", "until_on", "voided_at")
    )


class TestLeaving:
    def test_needs_somebody_to_follow_at_every_post(self, city: Path) -> None:
        whom = busy()
        client = signed_in(cast.account_of(SYSTEM))
        bare = {"last_day": LAST.isoformat(), "document": "文"}
        assert client.post(reverse("administration:leave", args=[whom.ref]), bare).status_code == 400
        with pytest.raises(NotPossible, match="post_left_empty"):
            propose(kind="leaving", person=whom.ref, asked={"last_day": LAST.isoformat(), "successors": {}},
                    document="文", by=cast.account_of(SYSTEM), at=NOW)  # fmt: skip
        assert not Proposal.objects.filter(kind="leaving").exists()

    def test_ends_everything_after_the_last_day_and_deletes_nothing(self, city: Path) -> None:
        whom = busy()
        account, posts = Account.objects.get(person=whom), [row[1] for row in holdings(whom)]
        theirs = signed_in(account)
        stand_in = person("wj08")
        a_post = PostHolding.objects.select_related("post").filter(person=whom, role="A")[0].post
        delegate(from_person=whom, post=a_post, to_person=stand_in, from_on=NOW.date(),
                 until_on=NOW.date() + timedelta(days=30), document="清卫委〔2026〕3号", at=NOW)  # fmt: skip
        leave(whom)
        assert theirs.get("/desk/").status_code == 200, "until the last day is over the person serves"
        with clock.fixed(AFTER):
            assert actor_of_person(whom.pk, AFTER).seats == ()
            assert [row[1] for row in holdings(whom)] == posts, "history is gone"
            assert {row[2] for row in holdings(whom)} == {LAST}
            assert Delegation.objects.get(document="清卫委〔2026〕3号").until_on == LAST
            assert a_post.code not in {s.post for s in actor_of_person(stand_in.pk, AFTER).seats if s.basis}
            for post in posts:
                assert PostHolding.objects.on(AFTER.date()).filter(post=post, role="A").exists()
            page = signed_in(cast.account_of(SECURITY)).get(reverse("administration:person", args=[whom.ref]))
            assert "2026-01-01" in page.content.decode() and "清人社任" in page.content.decode()
        whats = set(Entry.objects.filter(book="authority", about=whom.ref).values_list("what", flat=True))
        assert whats >= {"departure.enter"}
        assert verify_trail().is_whole

    def test_closes_session_account_and_acts(self, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from zhengtong.accounts import requests, signing_in
        from zhengtong.cases.actions import Wish, perform
        from zhengtong.ledger.record import new_key

        whom = busy()
        case = Case.objects.open().filter(assignee=whom.ref).first()
        assert case is not None
        theirs = signed_in(Account.objects.get(person=whom))
        leave(whom)
        account = Account.objects.get(person=whom)
        assert signing_in.may_sign_in(account, NOW)
        assert not signing_in.may_sign_in(account, AFTER)
        monkeypatch.setattr(requests, "real_now", lambda: AFTER)  # sessions age by the real clock
        assert theirs.get("/desk/").status_code == 302
        with pytest.raises(Refusal):
            perform(actor=actor_of_person(whom.pk, AFTER), at=AFTER, case_id=case.pk, wish=Wish(act="note"),
                    key=new_key(AFTER))  # fmt: skip

    def test_can_be_undone_until_the_day_is_over(self, city: Path) -> None:
        whom = busy()
        before, all_before = holdings(whom), PostHolding.objects.on(AFTER.date()).count()
        leave(whom)
        undo = reverse("administration:undo", args=[whom.ref])
        assert signed_in(cast.account_of(SYSTEM)).post(undo, {"document": "文"}).status_code == 403
        answer = signed_in(cast.account_of(SECURITY)).post(undo, {"document": "清卫人〔2026〕32号"})
        assert answer.status_code == 302, answer.content.decode()
        whom.refresh_from_db()
        assert (whom.left_on, holdings(whom)) == (None, before)
        assert PostHolding.objects.on(AFTER.date()).count() == all_before
        leave(whom)
        with clock.fixed(AFTER):
            answer = signed_in(cast.account_of(SECURITY)).post(undo, {"document": "文"})
            assert answer.status_code == 400
        assert Departure.objects.filter(undone_at__isnull=True).count() == 1


class TestHandingOver:
    def test_the_head_hands_the_cases_to_who_is_there_by_an_act(self, city: Path) -> None:
        whom = busy()
        mine = list(Case.objects.open().filter(assignee=whom.ref).values_list("pk", flat=True))
        leave(whom)
        shown = signed_in(cast.account_of(SECURITY)).get(reverse("administration:leavers")).content.decode()
        assert re.search(rf'<td class="n"[^>]*>{len(mine)}</td>', shown)
        head = signed_in(cast.account_of(cast.HEAD))
        page = head.get(reverse("administration:hand_over"))
        lines = page.context["leavers"][0].lines
        assert {line.number for line in lines} <= set(Case.objects.filter(pk__in=mine).values_list("number", flat=True))
        ready = [line for line in lines if not line.refusal]
        posts = dict(Case.objects.filter(pk__in=mine).values_list("number", "post"))
        assert {line.choices[0][0] == posts[line.number] for line in ready} == {True}, "the same post comes first"
        assert ready, [line.refusal for line in lines]
        data: dict[str, object] = {"number": [line.number for line in ready]}
        data |= {f"to-{line.number}": line.choices[0][0] for line in ready}
        answer = head.post(reverse("administration:hand_over"), data)
        assert [line.said for line in answer.context["done"] if not line.is_done] == []
        for line in ready:
            case = Case.objects.get(number=line.number)
            last = [event for event in history.load(case.pk) if isinstance(event.body, Assigned)][-1]
            assert (last.person, last.body.manner) == (person(cast.HEAD).ref, "ordinary")  # type: ignore[union-attr]
        left = find_to_hand_over(cast.staff(cast.HEAD), NOW)
        assert {line.number for leaver in left for line in leaver.lines}.isdisjoint(line.number for line in ready)

    def test_administrators_and_other_bureaus_are_shown_no_case(self, city: Path) -> None:
        whom = busy()
        leave(whom)
        numbers = set(Case.objects.open().filter(assignee=whom.ref).values_list("number", flat=True))
        for login in (SYSTEM, SECURITY, cast.OTHER_CLERK):
            client = signed_in(cast.account_of(login))
            for page in ("administration:hand_over", "administration:leavers"):
                text = client.get(reverse(page)).content.decode()
                assert not any(number in text for number in numbers), (login, page)
        number = next(iter(numbers))
        other = signed_in(cast.account_of(cast.OTHER_CLERK))
        answer = other.post(reverse("administration:hand_over"), {"number": [number], f"to-{number}": "wj-sp-window"})
        assert answer.context["done"] == ()
