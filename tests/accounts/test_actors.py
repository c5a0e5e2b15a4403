"""Who an account is: own posts, B roles while A is away, delegations, ranks read off the trees."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.cast import AT, BEGAN, TODAY, City
from zhengtong.accounts import actions
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Post, Unit
from zhengtong.accounts.queries import (
    actor_for,
    actor_of_person,
    dept_of,
    has_post_kind,
    is_authorised,
    staff_directory,
    with_letters,
)
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing


def actor(city: City, name: str, *, days: int = 0) -> Actor:
    return actor_for(city.accounts[name], AT + timedelta(days=days))


def seat(city: City, name: str, post: str, *, days: int = 0) -> Seat | None:
    return next((seat for seat in actor(city, name, days=days).seats if seat.post == post), None)


class TestSeat:
    def test_stands_in_its_unit_and_all_above(self, city: City) -> None:
        found = seat(city, "何静", "wj-sp-window")
        assert found is not None
        assert (found.unit, found.dept, found.units) == ("wj-sp", "wj", ("wj-sp", "wj", "qy"))
        assert (found.standing, found.basis) == (Standing.OWN, "")
        assert not found.head_of and not found.superior_of and not found.government_of and not found.supervises

    def test_of_a_department_head_heads_the_organ_and_is_next_up_for_its_sections(self, city: City) -> None:
        found = seat(city, "秦卫东", "wj-head")
        assert found is not None
        assert found.head_of == {"wj", "wj-sp"}
        assert found.superior_of == {"wj-sp"}

    def test_of_the_government_head_reaches_departments_and_the_region(self, city: City) -> None:
        found = seat(city, "陆长河", "qy-head")
        assert found is not None
        assert found.head_of == {"qy"}
        assert found.superior_of == {"wj", "sc"}
        assert found.government_of == {"510199"}

    def test_of_a_supervisor_watches_the_region_and_all_within(self, city: City) -> None:
        found = seat(city, "方正", "qy-watch")
        assert found is not None
        assert found.supervises == {"510199", "510199001"}

    def test_is_gone_after_the_last_day(self, city: City) -> None:
        holding = city.people["何静"].holdings.get()
        actions.end_holding(holding, until_on=TODAY)
        assert seat(city, "何静", "wj-sp-window") is not None
        assert seat(city, "何静", "wj-sp-window", days=1) is None


class TestSubstitution:
    @pytest.fixture(autouse=True)
    def second(self, city: City) -> None:
        actions.hold_post(person=city.people["李伟"], post=city.posts["wj-sp-window"], role="B", from_on=BEGAN)

    def away(self, city: City, name: str, first: int, last: int) -> str:
        return actions.register_absence(
            person=city.people[name],
            from_on=TODAY + timedelta(days=first),
            until_on=TODAY + timedelta(days=last),
            reason="leave",
            registered_by="p-1",
            at=AT,
        ).ref

    def test_lasts_exactly_as_long_as_the_absence(self, city: City) -> None:
        ref = self.away(city, "何静", 1, 2)
        seats = [seat(city, "李伟", "wj-sp-window", days=day) for day in range(4)]
        assert [found is not None for found in seats] == [False, True, True, False]
        assert seats[1] is not None
        assert (seats[1].standing, seats[1].basis) == (Standing.B_ROLE, ref)

    def test_ends_when_a_is_back_early(self, city: City) -> None:
        self.away(city, "何静", 0, 5)
        absence = city.people["何静"].absences.get()
        actions.end_absence(absence, on=TODAY + timedelta(days=2))
        assert seat(city, "李伟", "wj-sp-window", days=1) is not None
        assert seat(city, "李伟", "wj-sp-window", days=2) is None

    def test_refuses_that_both_are_away(self, city: City) -> None:
        self.away(city, "何静", 1, 3)
        with pytest.raises(NotPossible, match="both_absent"):
            self.away(city, "李伟", 3, 4)
        self.away(city, "李伟", 4, 5)

    def test_shows_in_the_directory(self, city: City) -> None:
        self.away(city, "何静", 0, 1)
        line = next(line for line in staff_directory(TODAY) if line.code == "wj-sp-window")
        assert (line.a_role, line.b_role) == (("何静",), ("李伟",))
        assert line.absent_until == date(2026, 3, 17)

    def test_counts_as_the_kind_of_post(self, city: City) -> None:
        assert not has_post_kind(city.accounts["李伟"], AT, {"window"})
        self.away(city, "何静", 0, 0)
        assert has_post_kind(city.accounts["李伟"], AT, {"window"})


class TestHolding:
    def test_is_never_a_and_b_in_one_person(self, city: City) -> None:
        with pytest.raises(NotPossible, match="same_person_both_roles"):
            actions.hold_post(person=city.people["何静"], post=city.posts["wj-sp-window"], role="B", from_on=TODAY)

    def test_does_not_end_before_it_begins(self, city: City) -> None:
        with pytest.raises(NotPossible, match="dates_reversed"):
            actions.hold_post(
                person=city.people["何静"],
                post=city.posts["wj-head"],
                role="B",
                from_on=TODAY,
                until_on=BEGAN,
            )


class TestDelegation:
    def give(self, city: City, **changes: object) -> None:
        values: dict[str, object] = {
            "from_person": city.people["周岚"],
            "post": city.posts["wj-sp-approve"],
            "to_person": city.people["何静"],
            "from_on": TODAY,
            "until_on": TODAY + timedelta(days=3),
            "document": "清卫委〔2026〕1号",
            "at": AT,
        }
        actions.delegate(**{**values, **changes})  # type: ignore[arg-type]

    def test_expires(self, city: City) -> None:
        self.give(city)
        found = seat(city, "何静", "wj-sp-approve", days=3)
        assert found is not None
        assert (found.standing, found.basis) == (Standing.DELEGATED, "清卫委〔2026〕1号")
        assert seat(city, "何静", "wj-sp-approve", days=4) is None

    def test_ends_when_revoked(self, city: City) -> None:
        self.give(city)
        given = city.people["周岚"].delegations_given.get()
        actions.revoke_delegation(given, at=AT + timedelta(hours=1))
        assert seat(city, "何静", "wj-sp-approve") is not None
        assert actor_for(city.accounts["何静"], AT + timedelta(hours=2)).seats[-1].post == "wj-sp-window"

    def test_does_not_outlast_the_holding(self, city: City) -> None:
        self.give(city)
        actions.end_holding(city.people["周岚"].holdings.get(), until_on=TODAY)
        assert seat(city, "何静", "wj-sp-approve", days=1) is None

    def test_needs_the_post(self, city: City) -> None:
        with pytest.raises(NotPossible, match="not_your_post"):
            self.give(city, from_person=city.people["李伟"])
        with pytest.raises(NotPossible, match="not_to_yourself"):
            self.give(city, to_person=city.people["周岚"])


class TestLetter:
    def test_authorises_a_post_for_an_item_until_revoked(self, city: City) -> None:
        letter = actions.issue_letter(
            number="清卫授〔2026〕1号",
            item="gg-ws",
            organ=city.units["wj"],
            post=city.posts["wj-sp-window"],
            powers=["receive", "approve"],
            from_on=TODAY,
        )
        asked = {"item": "gg-ws", "post": "wj-sp-window", "person": "p-1", "on": TODAY}
        assert is_authorised(**asked, power="approve")  # type: ignore[arg-type]
        assert not is_authorised(**asked, power="issue")  # type: ignore[arg-type]
        actions.revoke_letter(letter, on=TODAY)
        assert not is_authorised(**asked, power="approve")  # type: ignore[arg-type]

    def test_names_the_posts_a_power_may_be_used_at(self, city: City) -> None:
        actions.issue_letter(
            number="清卫授〔2026〕2号", item="gg-ws", organ=city.units["wj"], post=city.posts["wj-sp-window"],
            powers=["receive"], from_on=TODAY, person=city.people["何静"],
        )  # fmt: skip
        mine = actor_of_person(city.people["何静"].pk, AT)
        other = actor_of_person(city.people["周岚"].pk, AT)
        assert with_letters(mine, "gg-ws", TODAY).letters == {"receive": frozenset({"wj-sp-window"})}
        assert with_letters(other, "gg-ws", TODAY).letters == {"receive": frozenset()}
        assert with_letters(mine, "other", TODAY).letters == {}


class TestActorFor:
    def test_asks_a_constant_number_of_queries(self, city: City) -> None:
        counts = []
        for round_ in range(2):
            account = city.accounts["何静"]
            with CaptureQueriesContext(
                connection,
            ) as asked:
                actor_for(account, AT)
            counts.append(len(asked))
            for number in range(8):
                unit = Unit.objects.create(
                    code=f"u{round_}{number}",
                    name="科",
                    kind="section",
                    parent=city.units["wj"],
                    territory=city.units["wj"].territory,
                )
                post = Post.objects.create(code=f"x{round_}{number}", name="岗", unit=unit, kind="undertake")
                actions.hold_post(person=city.people["何静"], post=post, role="A", from_on=BEGAN)
        assert counts[0] == counts[1] <= 8

    def test_knows_the_department_of_a_unit(self, city: City) -> None:
        assert [dept_of(unit) for unit in ("wj-sp", "wj", "qy", "elsewhere")] == ["wj", "wj", "qy", "elsewhere"]
