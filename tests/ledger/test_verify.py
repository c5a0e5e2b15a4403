"""What `verify` finds after somebody with full write access to the database was at it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from tests.ledger.stories import NOON, note, open_case
from zhengtong.ledger import chain, keys, roots
from zhengtong.ledger.chain import link_hash
from zhengtong.ledger.history import SELECT, read_link
from zhengtong.ledger.record import Recorded, new_key
from zhengtong.ledger.roots import run_root_of_day
from zhengtong.ledger.sources import BundleSource, DatabaseSource, export_bundle
from zhengtong.ledger.verify import Fault, find_unopenable, verify

DAY = timedelta(days=1)


@pytest.fixture
def city(ledger_db: str) -> list[Recorded]:
    """Three cases, moved on two days, both days signed; the triggers are gone, as an attacker would have it."""
    cases = [note(open_case(f"n-{n}", at=NOON, key=new_key(NOON, bytes([n] * 10))), at=NOON) for n in range(3)]
    cases[0] = note(cases[0], at=NOON + DAY)
    assert len(run_root_of_day(NOON + 2 * DAY)) == 2
    return cases


def execute(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))


@pytest.fixture
def attack(ledger_db: str) -> Callable[..., None]:
    def run(sql: str, *params: object) -> None:
        if ledger_db == "sqlite":
            execute("PRAGMA foreign_keys = OFF")
            for name in ("event_no_update", "event_no_delete"):
                execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            execute("ALTER TABLE ledger_event DISABLE TRIGGER USER")
        execute(sql, *params)

    return run


def faults(**options: object) -> list[Fault]:
    report = verify(DatabaseSource(), **options)  # type: ignore[arg-type]
    assert report.is_whole == (not report.faults)
    return [fault for fault in report.faults if fault.code != "trigger_missing"]


def rechain(case: Recorded) -> None:
    """Reckon every hash of a case again, docket included: the best an attacker can do without the key."""
    with connection.cursor() as cursor:
        cursor.execute(f"{SELECT} WHERE case_id = %s ORDER BY seq", [case.case_id])
        links = [read_link(row) for row in cursor.fetchall()]
    prev = chain.GENESIS
    for link in links:
        execute("UPDATE ledger_event SET prev = %s WHERE case_id = %s AND seq = %s", prev, case.case_id, link.seq)
        with connection.cursor() as cursor:
            cursor.execute(f"{SELECT} WHERE case_id = %s AND seq = %s", [case.case_id, link.seq])
            (row,) = cursor.fetchall()
        prev = link_hash(read_link(row), chain.hasher("sm3"))
        execute("UPDATE ledger_event SET hash = %s WHERE case_id = %s AND seq = %s", prev, case.case_id, link.seq)
    execute(
        "UPDATE ledger_case SET last_seq = %s, head_hash = %s WHERE id = %s", links[-1].seq, prev, case.case_id
    )  # fmt: skip


class TestVerify:
    def test_is_content_with_what_record_wrote(self, city: list[Recorded]) -> None:
        report = verify(DatabaseSource())
        assert report.faults == ()
        assert (report.cases, report.events, report.sealed_rows, report.roots) == (3, 10, 4, 2)
        assert list(find_unopenable()) == []

    def test_names_a_changed_byte_in_a_body(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        cast = "::jsonb" if connection.vendor == "postgresql" else ""
        old = "body::text" if connection.vendor == "postgresql" else "body"
        changed = f"replace({old}, 'window', 'windov'){cast}"
        attack(f"UPDATE ledger_event SET body = {changed} WHERE seq = 2 AND case_id = %s", city[1].case_id)
        (fault,) = faults()
        assert (fault.code, fault.where) == ("event_changed", "case n-1 seq 2")

    def test_names_a_swapped_pair(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        for old, new in ((3, 30), (4, 3), (30, 4)):
            attack("UPDATE ledger_event SET seq = %s WHERE case_id = %s AND seq = %s", new, city[0].case_id, old)
        assert faults()[0].where == "case n-0 seq 3"
        assert faults()[0].code == "event_changed"

    def test_names_a_missing_event_in_the_middle(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("DELETE FROM ledger_event WHERE case_id = %s AND seq = 2", city[2].case_id)
        assert (faults()[0].code, faults()[0].where) == ("event_missing", "case n-2 seq 3")

    def test_names_a_dropped_last_event(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("DELETE FROM ledger_event WHERE case_id = %s AND seq = 4", city[0].case_id)
        codes = {fault.code: fault for fault in faults()}
        assert codes["last_event_missing"].where == "case n-0 seq 4"
        assert "root_differs" in codes

    def test_names_a_dropped_last_event_though_the_docket_was_set_back(
        self, city: list[Recorded], attack: Callable[..., None]
    ) -> None:
        attack("DELETE FROM ledger_sealed WHERE case_id = %s AND seq = 4", city[0].case_id)
        attack("DELETE FROM ledger_event WHERE case_id = %s AND seq = 4", city[0].case_id)
        rechain(city[0])
        (fault,) = faults()
        assert (fault.code, fault.where) == ("root_differs", "root 2026-03-03")
        assert f"case id {city[0].case_id} seq 4 was removed" in fault.text

    def test_names_a_removed_case(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        for table in ("ledger_reader", "ledger_sealed", "ledger_sealed_index", "ledger_event"):
            attack(f"DELETE FROM {table} WHERE case_id = %s", city[1].case_id)
        attack("DELETE FROM ledger_case WHERE id = %s", city[1].case_id)
        (fault,) = faults()
        assert (fault.code, fault.where) == ("root_differs", "root 2026-03-02")
        assert f"case id {city[1].case_id} seq 3 was removed" in fault.text

    def test_names_the_day_without_the_leaves(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        self.test_names_a_removed_case(city, attack)
        roots.heads_file(roots.read_roots()[0].day).unlink()
        (fault,) = faults()
        assert fault.text.startswith("the day is not what was signed (signed: 3 cases, 9 events")

    def test_names_a_back_dated_event(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        case = note(city[1], at=NOON + 3 * DAY)
        early = str((NOON - 2 * DAY).replace(tzinfo=None)) if connection.vendor == "sqlite" else NOON - 2 * DAY
        attack("UPDATE ledger_event SET recorded_at = %s WHERE case_id = %s AND seq = 4", early, case.case_id)
        assert (faults()[0].code, faults()[0].where) == ("event_changed", "case n-1 seq 4")
        rechain(case)
        assert (faults()[0].code, faults()[0].where) == ("time_runs_back", "case n-1 seq 4")

    def test_names_a_case_slipped_into_a_signed_day(self, city: list[Recorded]) -> None:
        late = open_case("n-late", at=NOON)
        (fault,) = faults()
        assert (fault.code, fault.where) == ("root_differs", "root 2026-03-02")
        assert f"case id {late.case_id} was put in later" in fault.text

    def test_names_a_changed_sealed_row(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("UPDATE ledger_sealed SET ciphertext = %s WHERE case_id = %s AND seq = 3", b"x" * 24, city[2].case_id)
        (fault,) = faults()
        assert (fault.code, fault.where) == ("sealed_changed", "case n-2 seq 3")
        assert [fault.code for fault in find_unopenable()] == ["sealed_changed"]

    def test_names_a_sealed_row_nobody_erased(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("DELETE FROM ledger_sealed WHERE case_id = %s", city[2].case_id)
        assert (faults()[0].code, faults()[0].where) == ("sealed_missing", "case n-2 seq 3")

    def test_names_a_docket_that_is_not_the_history(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("UPDATE ledger_case SET head_hash = %s WHERE id = %s", bytes(32), city[2].case_id)
        assert [(fault.code, fault.where) for fault in faults()] == [("docket_differs", "case n-2 seq 3")]

    def test_names_missing_triggers(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("SELECT 1")
        missing = [fault.where for fault in verify(DatabaseSource()).faults]
        assert "trigger event_no_update" in missing
        assert "trigger event_no_delete" in missing


class TestParts:
    """However the cases are shared out, the same is found."""

    def test_one_by_one_and_by_two_processes(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        whole = verify(DatabaseSource())
        assert verify(DatabaseSource(cases_in_a_part=1)) == whole
        assert verify(DatabaseSource(cases_in_a_part=1), processes=2) == whole
        attack("UPDATE ledger_event SET person = 'p-2' WHERE case_id = %s AND seq = 2", city[1].case_id)
        broken = verify(DatabaseSource())
        assert "case n-1 seq 2" in {fault.where for fault in broken.faults}
        assert verify(DatabaseSource(cases_in_a_part=1), processes=2) == broken

    def test_every_row_is_in_a_part(self, city: list[Recorded], attack: Callable[..., None]) -> None:
        attack("DELETE FROM ledger_reader")
        if connection.vendor == "postgresql":
            attack("SET session_replication_role = replica")  # no foreign key is asked
        attack("DELETE FROM ledger_case WHERE id <> %s", city[1].case_id)
        report = verify(DatabaseSource(cases_in_a_part=1))
        assert (report.cases, report.events) == (3, 10)
        assert [fault.code for fault in report.faults].count("docket_missing") == 2


class TestRoots:
    def test_a_root_signed_with_another_key_is_named(self, city: list[Recorded], own_home: Path) -> None:
        pinned = keys.load_public(keys.directory() / "root.pub")
        other = Ed25519PrivateKey.generate()
        resigned, previous = [], roots.FIRST_PREVIOUS
        for line in roots.read_roots():
            said = {**line.said, "previous": previous, "key": keys.public_raw(other.public_key()).hex()}
            resigned.append(roots._sign(other, said))
            previous = resigned[-1].digest
        roots.roots_file().write_text("".join(f"{line.text}\n" for line in resigned), encoding="utf-8")
        found = faults(trusted=pinned)
        assert [(fault.code, fault.where) for fault in found] == [
            ("root_resigned", "root 2026-03-02"),
            ("root_resigned", "root 2026-03-03"),
        ]

    def test_a_changed_line_is_named(self, city: list[Recorded]) -> None:
        path = roots.roots_file()
        path.write_text(path.read_text(encoding="utf-8").replace('"cases":3', '"cases":4'), encoding="utf-8")
        assert {fault.code for fault in faults()} == {"root_changed", "root_chain_broken", "root_differs"}

    def test_a_lost_file_is_named(self, city: list[Recorded]) -> None:
        roots.roots_file().unlink()
        assert [fault.where for fault in faults()] == ["root 2026-03-02", "root 2026-03-03"]

    def test_a_day_without_events_has_a_root_too(self, city: list[Recorded]) -> None:
        assert [line.said["cases"] for line in run_root_of_day(NOON + 4 * DAY)] == [0, 0]
        assert run_root_of_day(NOON + 4 * DAY) == ()
        assert faults() == []

    def test_no_root_before_ten_past_midnight(self, ledger_db: str) -> None:
        open_case(at=NOON)
        midnight = NOON.replace(hour=16)
        assert run_root_of_day(midnight + timedelta(minutes=9)) == ()
        assert len(run_root_of_day(midnight + timedelta(minutes=10))) == 1

    def test_the_index_is_mended_from_the_file(self, city: list[Recorded]) -> None:
        execute("DELETE FROM ledger_root")
        run_root_of_day(NOON + 2 * DAY)
        assert len(DatabaseSource().indexed_roots()) == 2


class TestBundle:
    @pytest.mark.parametrize("name", ["city.jsonl", "city.jsonl.gz"])
    def test_is_verified_off_line(self, city: list[Recorded], tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        export_bundle(path, NOON + 2 * DAY)
        report = verify(BundleSource(path), is_database=False)
        assert report.faults == ()
        assert (report.cases, report.events, report.roots) == (3, 10, 2)

    def test_names_a_changed_event(self, city: list[Recorded], tmp_path: Path) -> None:
        path = tmp_path / "city.jsonl"
        export_bundle(path, NOON + 2 * DAY)
        path.write_text(
            path.read_text(encoding="utf-8").replace('"person":"p-1"', '"person":"p-2"', 1), encoding="utf-8"
        )
        report = verify(BundleSource(path), is_database=False)
        assert (report.faults[0].code, report.faults[0].where) == ("event_changed", "case n-0 seq 1")


class TestCommand:
    def test_exits_0_whole_1_broken_2_unreadable(
        self, city: list[Recorded], attack: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("verify", "--json")
        assert json.loads(capsys.readouterr().out)["whole"] is True
        attack("UPDATE ledger_event SET person = 'p-2' WHERE case_id = %s AND seq = 2", city[0].case_id)
        with pytest.raises(SystemExit) as broken:
            call_command("verify")
        assert broken.value.code == 1
        assert "case n-0 seq 2: event_changed" in capsys.readouterr().out
        from django.core.management import CommandError

        with pytest.raises(CommandError) as unreadable:
            call_command("verify", "--bundle", str(tmp_path / "none.jsonl"))
        assert unreadable.value.returncode == 2


def test_sha256_may_be_chosen(ledger_db: str, settings: Settings) -> None:
    settings.ZHENGTONG_HASH = "sha256"
    note(open_case())
    run_root_of_day(NOON + DAY)
    assert faults() == []
