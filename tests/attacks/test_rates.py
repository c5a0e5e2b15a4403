"""Rate limits: guesses are counted in the database by all processes together, floods by each; a proxy is believed only
when it is named."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tests.cast import NOW
from zhengtong.accounts import throttling
from zhengtong.accounts.models import Tally
from zhengtong.accounts.throttling import Limit
from zhengtong.site import flood
from zhengtong.site.proxies import networks, true_address

THREE = Limit(name="test", most=3, minutes=10)


@pytest.mark.usefixtures("city_db")
class TestDoors:
    """Of one address, whoever is named: guesses at the sign-in, registrations, forgotten passwords."""

    HERE, ELSEWHERE = "203.0.113.9", "203.0.113.10"

    def answers(self, name: str, form: dict[str, str], times: int, **kept: str) -> list[str]:
        clients = [Client(REMOTE_ADDR=self.HERE) for _try in range(times)]
        pages = [client.post(reverse(name), {**form, **kept}) for client in clients]
        return ["too often" if "尝试太多" in page.content.decode() else str(page.status_code) for page in pages]

    @pytest.mark.parametrize("name", ["accounts:sign_in", "accounts:staff_sign_in"])
    def test_guesses_at_many_names_end(self, name: str) -> None:
        said = []
        for n in range(throttling.SIGN_IN.most + 2):
            said += self.answers(name, {"typed": f"9{n:04}", "password": "not the one"}, 1)
        assert said == ["400"] * throttling.SIGN_IN.most + ["too often"] * 2
        page = Client(REMOTE_ADDR=self.ELSEWHERE).post(reverse(name), {"typed": "90001", "password": "x"})
        assert "尝试太多" not in page.content.decode()

    def test_forgotten_passwords_end(self) -> None:
        said = self.answers("accounts:forgot", {"typed": "13800000000"}, throttling.RESET.most + 1)
        assert said == ["302"] * throttling.RESET.most + ["too often"]

    def test_registrations_end(self) -> None:
        form = {"name": "甲", "phone": "13800001234", "password": "坚固的-passphrase-7", "again": "坚固的-passphrase-7"}
        said = self.answers("accounts:register", form, throttling.REGISTER.most + 1)
        assert said == ["302"] * throttling.REGISTER.most + ["too often"]


@pytest.mark.usefixtures("ledger_db")
class TestTallies:
    def test_the_fourth_try_waits_until_the_window_ends(self) -> None:
        waits = [throttling.count(THREE, "a", NOW + timedelta(minutes=n)) for n in range(4)]
        assert waits == [0, 0, 0, 7 * 60]
        assert throttling.spent(THREE, "a", NOW + timedelta(minutes=4)) == 6 * 60
        assert throttling.spent(THREE, "b", NOW) == 0
        assert throttling.count(THREE, "a", NOW + timedelta(minutes=10)) == 0

    def test_a_success_forgets(self) -> None:
        for _try in range(4):
            throttling.count(THREE, "a", NOW)
        throttling.forget(THREE, "a")
        assert throttling.count(THREE, "a", NOW) == 0

    def test_no_address_stands_in_clear(self) -> None:
        throttling.count(THREE, "203.0.113.9", NOW)
        place = Tally.objects.get().place
        assert len(place) == 64 and "203.0" not in place

    def test_tries_at_once_all_count(self) -> None:
        def one(_n: int) -> int:
            try:
                return throttling.count(THREE, "a", NOW)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            waits = list(pool.map(one, range(24)))
        assert waits.count(0) == 3 and Tally.objects.get().n == 24

    def test_one_subscriber_is_one_place_whatever_address_is_taken(self) -> None:
        waits = [throttling.count(THREE, f"2001:db8:1:2::{n:x}", NOW) for n in range(5)]
        assert waits[:3] == [0, 0, 0] and waits[3] > 0
        assert throttling.spent(THREE, "2001:db8:1:3::1", NOW) == 0
        for _try in range(4):
            throttling.count(THREE, "::ffff:192.0.2.9", NOW)
        assert throttling.spent(THREE, "192.0.2.9", NOW) > 0

    def test_old_windows_are_cleared(self) -> None:
        throttling.count(THREE, "a", NOW)
        assert throttling.clear_old(NOW + timedelta(minutes=9)) == 0
        assert throttling.clear_old(NOW + timedelta(minutes=10)) == 1


class TestFlood:
    def test_a_meter_opens_again_after_a_minute(self) -> None:
        now = [0.0]
        meter = flood.Meter(lambda: now[0])
        assert [meter.over("a", 2) for _ in range(3)] == [0, 0, 60]
        now[0] = 61.0
        assert meter.over("a", 2) == 0

    def test_a_meter_is_bounded(self) -> None:
        meter = flood.Meter(lambda: 0.0)
        for n in range(flood.MOST_PLACES + 5):
            meter.over(f"{n}", 2)
        assert len(meter._known) <= flood.MOST_PLACES

    def test_pages_answer_429_and_say_when(self, city_db: object, settings: Settings) -> None:
        settings.ZHENGTONG_RATE_ANONYMOUS = 4
        client = Client(REMOTE_ADDR="192.0.2.7")
        answers = [client.get(reverse("portal:home")) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        assert 0 < int(answers[-1]["Retry-After"]) <= 60
        assert Client(REMOTE_ADDR="192.0.2.8").get(reverse("portal:home")).status_code == 200
        assert client.get(reverse("site:health")).status_code == 200
        assert client.get(reverse("operating:ready")).status_code == 429, "it asks the database"

    def test_an_address_of_one_ipv6_network_is_as_good_as_another(self, city_db: object, settings: Settings) -> None:
        settings.ZHENGTONG_RATE_ANONYMOUS = 3
        client, home = Client(), reverse("portal:home")
        assert [client.get(home, REMOTE_ADDR=f"2001:db8::{n}").status_code for n in range(5)] == [200] * 3 + [429] * 2
        assert client.get(home, REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


class TestProxies:
    def test_nobody_is_believed_unless_named(self) -> None:
        assert true_address("203.0.113.9", "10.1.1.1", ()) == "203.0.113.9"

    def test_what_a_person_writes_before_the_proxy_counts_for_nothing(self) -> None:
        assert true_address("127.0.0.1", "1.2.3.4, 198.51.100.7", networks("127.0.0.1, ::1")) == "198.51.100.7"

    def test_behind_what_is_no_address_nothing_is_believed(self) -> None:
        ours = networks("127.0.0.1, fe80::/10")
        for nearest in ("unknown", "fe80::1%x'y", "10.0.0.1:99", "\x00"):
            assert true_address("127.0.0.1", f"198.51.100.7, {nearest}", ours) == "127.0.0.1"

    @given(st.text(max_size=60))
    def test_any_header_yields_an_address(self, header: str) -> None:
        from ipaddress import ip_address

        ip_address(true_address("127.0.0.1", header, networks("127.0.0.0/8")))

    def test_the_middleware(self, settings: Settings) -> None:
        from django.http import HttpResponse

        from zhengtong.site.proxies import believed

        settings.ZHENGTONG_PROXIES = "127.0.0.1"
        seen: list[str] = []

        def view(request: object) -> HttpResponse:
            seen.append(request.META["REMOTE_ADDR"])  # type: ignore[attr-defined]  # a request of the factory
            return HttpResponse()

        believed(view)(RequestFactory().get("/", HTTP_X_FORWARDED_FOR="198.51.100.7"))
        assert seen == ["198.51.100.7"]
