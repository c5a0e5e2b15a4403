"""Health, metrics and logs: what they say, to whom, and that no person is in them."""

import io
import json
import logging
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from tests.cast import ADMINISTRATOR, CITIZEN, NOW, OFFICER, account_of, staff
from zhengtong.accounts import clock
from zhengtong.accounts.requests import begin_session
from zhengtong.cases.actions import Wish, perform
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.record import StaleHistory, new_key
from zhengtong.ledger.working import Worker
from zhengtong.operating import logs, metrics, pulses
from zhengtong.operating.wellness import Level, examine

FAR = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}
TOKEN = "a token for the monitor alone"


def levels(**minutes: int) -> dict[str, Level]:
    return {check.name: check.level for check in examine(NOW + timedelta(**minutes)).checks}


@pytest.fixture
def at_work(city_db: Path) -> None:
    """The background process has just gone round, and a backup was made."""
    Worker().round(NOW)
    pulses.beat(pulses.BACKUP, NOW)


class TestHealth:
    def test_all_is_well_when_everybody_works(self, at_work: None) -> None:
        assert {name for name, level in levels().items() if level != Level.WELL} == set()

    def test_a_worker_that_stopped(self, at_work: None) -> None:
        assert levels(minutes=3)["worker"] == Level.WARNING
        assert levels(minutes=20)["worker"] == Level.FAILING
        assert not examine(NOW + timedelta(minutes=20)).is_ready

    def test_days_without_a_root_messages_that_wait_and_cases_that_are_due(self, at_work: None) -> None:
        later = levels(days=3)
        assert (later["roots"], later["backup"]) == (Level.WARNING, Level.WARNING)
        Case.objects.filter(closed_at__isnull=True).update(wake_at=NOW - timedelta(hours=1))
        case = Case.objects.order_by("opened_at")[0]
        Outgoing.objects.create(case=case, seq=1, topic="nobody's", body={})
        found = levels()
        assert (found["sweep"], found["outbox"]) == (Level.WARNING, Level.WARNING)
        Outgoing.objects.update(parked_at=NOW)
        assert levels()["outbox"] == Level.WARNING

    def test_a_schema_that_is_behind_and_a_trigger_that_is_gone(self, at_work: None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'operating'")
            cursor.execute("DROP TRIGGER event_no_delete")
        assert {name for name, level in levels().items() if level == Level.FAILING} == {"migrations", "triggers"}

    def test_a_disk_that_is_full(self, at_work: None, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = namedtuple("usage", "total used free")
        for free, level in ((100 << 20, Level.FAILING), (1 << 30, Level.WARNING), (400 << 30, Level.WELL)):
            monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(500 << 30, 0, free))
            assert levels()["disk"] == level

    def test_a_database_that_is_away(self, city_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        city_db.write_bytes(b"not a database any more" * 100)
        connection.close()
        answer = Client().get(reverse("operating:ready"))
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"]["level"] == "failing"
        assert Client().get(reverse("site:health")).status_code == 200, "the process itself is alive"


class TestDoors:
    def test_from_afar_only_whether(self, at_work: None) -> None:
        with clock.fixed(NOW):
            assert Client(**FAR).get(reverse("operating:ready")).json() == {"ready": True}  # type: ignore[arg-type]
            assert Client(REMOTE_ADDR="203.0.113.7").get(reverse("operating:ready")).json() == {"ready": True}
            assert Client(**FAR).get(reverse("operating:metrics")).status_code == 404  # type: ignore[arg-type]

    def test_with_the_token_everything(self, at_work: None, settings: Settings) -> None:
        settings.ZHENGTONG_METRICS_TOKEN = TOKEN
        with clock.fixed(NOW):
            client = Client(**FAR, headers={"authorization": f"Bearer {TOKEN}"})  # type: ignore[arg-type]
            assert "checks" in client.get(reverse("operating:ready")).json()
            assert client.get(reverse("operating:metrics")).status_code == 200
            for wrong in (f"Bearer {TOKEN}x", "Bearer ", TOKEN, f"Basic {TOKEN}"):
                other = Client(**FAR, headers={"authorization": wrong})  # type: ignore[arg-type]
                assert other.get(reverse("operating:metrics")).status_code == 404

    def test_an_empty_token_opens_nothing(self, at_work: None) -> None:
        client = Client(**FAR, headers={"authorization": "Bearer "})  # type: ignore[arg-type]
        assert client.get(reverse("operating:metrics")).status_code == 404

    def test_a_person_reads_it_as_a_page(self, at_work: None) -> None:
        with clock.fixed(NOW):
            page = Client(headers={"accept": "text/html"}).get(reverse("operating:ready"))
            assert "可以正常提供服务" in page.content.decode()
            english = Client(headers={"accept": "text/html"})
            english.cookies["language"] = "en"
            assert "People can be served" in english.get(reverse("operating:ready")).content.decode()


def samples() -> dict[tuple[str, ...], float]:
    page = Client().get(reverse("operating:metrics")).content.decode()
    return {
        (sample.name, *(value for _name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


class TestMetrics:
    def test_count_requests_by_the_name_of_the_address(self, at_work: None) -> None:
        with clock.fixed(NOW):
            before = samples()
            number = Case.objects.values_list("number", flat=True)[0]
            Client().get(reverse("cases:case", args=[number]))
            Client().get("/no/such/page?phone=13900001111")
            after = samples()
        for key in (("zhengtong_requests_total", "cases:case", "302"), ("zhengtong_requests_total", "none", "404")):
            assert after[key] - before.get(key, 0) == 1
        assert not [key for key in after if any(number in part or "139" in part for part in key)]

    def test_count_what_came_of_acts(self, at_work: None) -> None:
        def act(seq: int | None = None, key: str = "") -> str:
            case = Case.objects.visible_to(staff(OFFICER)).open().filter(procedure="licence").order_by("id")[0]
            key = key or new_key(NOW)
            wish = Wish(act="note", private={"text": "看过"})
            perform(actor=staff(OFFICER), at=NOW, case_id=case.pk, wish=wish, key=key, expected_seq=seq)
            return key

        before = {what: _acts(what) for what in ("recorded", "replayed", "conflict")}
        act()
        act()
        assert _acts("recorded") - before["recorded"] == 2
        with pytest.raises(StaleHistory):
            act(seq=1)

    def test_say_how_the_installation_is(self, at_work: None) -> None:
        with clock.fixed(NOW + timedelta(minutes=5)):
            found = samples()
            Client().post(reverse("accounts:sign_in"), {"typed": "13900001111", "password": "nobody"})
            failed = samples()[("zhengtong_sign_in_failures_15m",)]
        assert found[("zhengtong_worker_age_seconds",)] == 300
        assert failed >= found[("zhengtong_sign_in_failures_15m",)]
        assert found[("zhengtong_disk_free_bytes",)] > 0

    def test_counters_of_a_run_before_are_gone(self, tmp_path: Path) -> None:
        folder = metrics.make_folder(tmp_path)
        (folder / "counter_12.db").write_bytes(b"old")
        assert list(metrics.make_folder(tmp_path).iterdir()) == []


def _acts(what: str) -> float:
    return float(metrics.ACTS.labels(what)._value.get())


# ---- logs --------------------------------------------------------------------------------------------


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """What every logger says, as JSON lines, at every level that any setting could ask for."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Lines())
    names = ["", "zhengtong", "zhengtong.requests", "django", "django.request", "django.security"]
    before = {name: logging.getLogger(name).level for name in names}
    roots = [logging.getLogger(name) for name in ("", "django")]
    for logger in roots:
        logger.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield out
    finally:
        for logger in roots:
            logger.removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


SECRETS = (
    "13912345678", "11010519491231002X", "Passw0rd-of-mine", "赵玉珍", "我的住址.pdf", "secret-query", "135791",
    "x-session",
)  # fmt: skip


class TestLogs:
    def test_no_person_and_no_secret_is_in_them(self, at_work: None) -> None:
        assert CITIZEN in SECRETS
        case = Case.objects.order_by("id")[0]
        with clock.fixed(NOW), heard() as out:
            client = Client(raise_request_exception=False, headers={"cookie": "sessionid=x-session"})
            upload = SimpleUploadedFile("我的住址.pdf", "%PDF 赵玉珍".encode(), content_type="application/pdf")
            for address, data in (
                ("accounts:sign_in", {"typed": "13912345678", "password": "Passw0rd-of-mine"}),
                ("accounts:staff_sign_in", {"typed": "赵玉珍", "password": "Passw0rd-of-mine"}),
                ("accounts:register", {"name": "赵玉珍", "number": "11010519491231002X", "phone": "13912345678"}),
                ("portal:query", {"number": case.number, "password": "135791"}),
                ("documents:verify", {"number": "secret-query", "file": upload}),
            ):
                client.post(reverse(address), data)
            client.get(reverse("portal:search"), {"q": "secret-query 赵玉珍"})
            client.get(f"/t/{case.number}.secret-query")
            client.get("/赵玉珍/13912345678")
            client.get("/", headers={"host": "赵玉珍.example"})
            client.get("/", headers={"x-request-id": "13912345678\n赵玉珍"})
            self._raise("赵玉珍 13912345678")
        text = out.getvalue()
        assert [secret for secret in SECRETS if secret in text or json.dumps(secret)[1:-1] in text] == []
        lines = [json.loads(line) for line in text.splitlines()]
        assert {line["route"] for line in lines if "route" in line} >= {"accounts:sign_in", "portal:search", "none"}
        told = [line for line in lines if line["logger"] == "zhengtong.requests"]
        assert all({"at", "request", "route", "method", "status", "ms"} <= line.keys() for line in told)

    def _raise(self, words: str) -> None:
        try:
            try:
                raise KeyError(words)
            except KeyError as cause:
                raise ValueError(f"no row for {words}") from cause
        except ValueError:
            logging.getLogger("zhengtong.site").exception("something broke")
            logging.getLogger("django.request").exception("Internal Server Error: %s", f"/t/{words}")
            logging.getLogger("django.db").warning("(0.1) SELECT %s", words)

    def test_an_exception_is_told_by_kind_and_place(self) -> None:
        with heard() as out:
            self._raise("x-session")
        first = json.loads(out.getvalue().splitlines()[0])
        assert first["error"]["kind"] == "ValueError"
        assert first["error"]["at"][0] == "after KeyError"
        assert first["error"]["at"][-1].endswith("_raise")

    def test_who_is_signed_in_is_a_number(self, at_work: None) -> None:
        account = account_of(ADMINISTRATOR)
        with clock.fixed(NOW), heard() as out:
            client = Client()
            request = client.request().wsgi_request
            begin_session(request, account)
            request.session.save()
            client.cookies["sessionid"] = str(request.session.session_key)
            client.get(reverse("cases:home"))
        told = [json.loads(line) for line in out.getvalue().splitlines()]
        assert told[-1].get("account", account.pk) == account.pk
        assert account.login not in out.getvalue()

    def test_a_request_keeps_the_number_the_proxy_gave_it(self, at_work: None) -> None:
        with clock.fixed(NOW), heard() as out:
            answer = Client().get("/", headers={"x-request-id": "0123456789abcdef"})
            drawn = Client().get("/", headers={"x-request-id": "bad one\n"})["X-Request-ID"]
        assert answer["X-Request-ID"] == "0123456789abcdef"
        assert logs.REQUEST_ID.fullmatch(drawn)
        assert [json.loads(line)["request"] for line in out.getvalue().splitlines()] == ["0123456789abcdef", drawn]

    def test_words_for_a_terminal_say_the_same(self) -> None:
        record = logging.LogRecord("zhengtong.x", logging.WARNING, "x.py", 1, "case %s stays", ("20260101",), None)
        assert logs.Words().format(record).endswith("WARNING zhengtong.x: case 20260101 stays")
