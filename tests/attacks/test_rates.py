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


class TestProxies:
    def test_nobody_is_believed_unless_named(self) -> None:
        assert true_address("203.0.113.9", "10.1.1.1", ()) == "203.0.113.9"

    def test_what_a_person_writes_before_the_proxy_counts_for_nothing(self) -> None:
        assert true_address("127.0.0.1", "1.2.3.4, 198.51.100.7", networks("127.0.0.1, ::1")) == "198.51.100.7"

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
