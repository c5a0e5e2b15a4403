"""Keys renewed under load, killed in the middle, retired: everything opens, no event is touched."""

import hashlib
import os
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.management import CommandError, call_command
from django.db import connection

from tests.crashes import processes
from tests.crashes.acts import MONDAY, Writer
from tests.crashes.checking import check_whole
from tests.crashes.writers import Writers
from zhengtong.accounts import rekeying, sealed_fields
from zhengtong.accounts.models import Subject
from zhengtong.documents import vault
from zhengtong.ledger import keys, roots, rotating, sealing
from zhengtong.ledger.rotating import SealedRows, StillNeeded, rotate
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import find_unopenable, verify

HOLDERS = (SealedRows(), vault.Files())
READERS_LOOK = 40


def events_digest() -> str:
    """The event table, byte for byte."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_event ORDER BY case_id, seq")
        rows = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def some_cases(home: Path, n: int = 12) -> list[int]:
    writer = Writer(home / "told-before")
    cases = [writer.submit().case_id for _ in range(n)]
    for case_id in cases[: n // 2]:
        writer.act("note", case_id)
    return cases


def all_open() -> int:
    rows = list(sealing.iter_stored())
    assert not list(find_unopenable())
    return len(rows)


def seal_as_the_first_edition_did(case_id: int) -> None:
    """Rows of installations from before: their digest covers the wrapping."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, field, wrapped, nonce, ciphertext, salt FROM ledger_sealed WHERE case_id = %s", [case_id]
        )
        for seq, name, *parts in cursor.fetchall():
            digest = sealing.content_digest(*(bytes(part) for part in parts))
            cursor.execute(
                "UPDATE ledger_sealed SET digest = %s WHERE case_id = %s AND seq = %s AND field = %s",
                [digest, case_id, seq, name],
            )


def test_rotation_touches_no_event_and_everything_opens(crash_db: str, own_home: Path) -> None:
    cases = some_cases(own_home)
    seal_as_the_first_edition_did(cases[0])
    files = [vault.keep(f"扫描件 {n}".encode()) for n in range(5)]
    roots.run_root_of_day(MONDAY + timedelta(days=1))
    before, old, rows = events_digest(), keys.current().id, all_open()
    for _ in range(2):  # twice: what was wrapped anew is wrapped anew again
        key, wrapped = rotate(HOLDERS)
        assert (wrapped.done, wrapped.failed) == (rows + len(files), [])
        assert set(rotating.usage(HOLDERS)) == {key.id}
    assert key.id != old
    assert events_digest() == before
    for older in keys.older_masters():
        rotating.retire(older, HOLDERS)
    assert sorted(path.name for path in keys.directory().glob("master*")) == [f"master-{key.id}.key", "master.key"]
    assert all_open() == rows
    assert [vault.read(digest).decode() for digest in files] == [f"扫描件 {n}" for n in range(5)]
    check_whole()


def test_what_the_old_key_opens_is_nothing(crash_db: str, own_home: Path) -> None:
    some_cases(own_home, 3)
    old = keys.current().secret
    rotate(HOLDERS)
    for row in sealing.iter_stored():
        with pytest.raises(InvalidTag):
            AESGCM(old).decrypt(row.wrapped[:12], row.wrapped[12:], row.field.encode() + row.salt)


def test_rotation_under_load(crash_db: str, own_home: Path) -> None:
    """Three writers and a reader go on, each in a process of its own, while the key changes three times."""
    some_cases(own_home)
    writers = Writers(own_home, seed=5)
    for _ in range(3):
        writers.start()
    reader = processes.start(lambda: read_on(READERS_LOOK))
    for _ in range(3):
        time.sleep(0.1)
        key, wrapped = rotate(HOLDERS)
        assert wrapped.failed == []
    pending = [writers.kill(pid) for pid in writers.pids]
    assert processes.end(reader) == 0
    writers.finish(*pending)
    rotate_to_the_end(key.id)
    for older in keys.older_masters():
        rotating.retire(older, HOLDERS)
    assert all_open() > 12
    check_whole()


def rotate_to_the_end(current: str) -> None:
    """Who had read the old key may have written under it after the last pass: the same command finds it."""
    if rotating.is_unfinished(HOLDERS):
        assert rotate(HOLDERS)[0].id == current
    assert not rotating.is_unfinished(HOLDERS)


def read_on(times: int) -> None:
    for _ in range(times):
        assert not list(find_unopenable())


def test_killed_in_the_middle_and_gone_on(crash_db: str, own_home: Path) -> None:
    cases = some_cases(own_home, 60)
    rows, before, dice = all_open(), events_digest(), random.Random(4)
    rotating_pages = 7
    kills = halves = 0
    for _ in range(8):
        connection.close()
        pid = processes.start(lambda: rotate_slowly(rotating_pages))
        time.sleep(dice.uniform(0.005, 0.06))
        kills += processes.kill(pid)
        used = SealedRows().count()
        halves += len(used) > 1
        assert sum(used.values()) == rows
        assert all_open() == rows
    key, wrapped = rotate(HOLDERS)
    assert wrapped.failed == []
    assert set(SealedRows().count()) == {key.id}
    assert events_digest() == before
    for older in keys.older_masters():
        rotating.retire(older, HOLDERS)
    assert all_open() == rows
    check_whole()
    assert kills and halves, "no kill met a rotation half done"
    assert len(cases) == 60


def rotate_slowly(rows_at_once: int) -> None:
    rotating.ROWS_AT_ONCE = rows_at_once  # type: ignore[misc]  # in a child of its own
    rotate(HOLDERS)


class TestRetire:
    def test_a_key_that_wraps_something_stays(self, crash_db: str, own_home: Path) -> None:
        some_cases(own_home, 2)
        old = keys.current().id
        keys.draw_master()
        with pytest.raises(StillNeeded, match=r"still wraps \d+ sealed rows"):
            rotating.retire(old, HOLDERS)
        assert all_open()

    def test_a_missing_key_is_named(self, crash_db: str, own_home: Path) -> None:
        cases = some_cases(own_home, 2)
        old = keys.current().id
        keys.draw_master()
        (keys.directory() / f"master-{old}.key").unlink()
        with pytest.raises(keys.KeyMissing, match=f"master-{old}.key"):
            sealing.find_sealed(cases[0], "applicant")
        assert all(f"master-{old}.key" in fault.text for fault in find_unopenable())
        _, wrapped = rotate(HOLDERS)
        assert wrapped.done == 0
        assert all(f"master-{old}.key" in line for line in wrapped.failed)

    def test_a_wrong_key_is_said_to_be_wrong(self, crash_db: str, own_home: Path) -> None:
        cases = some_cases(own_home, 2)
        old = keys.current().id
        keys.draw_master()
        path = keys.directory() / f"master-{old}.key"
        path.write_text("ab" * 32)
        with pytest.raises(keys.KeyUnreadable, match="another key than its name says"):
            sealing.find_sealed(cases[0], "applicant")

    def test_lost_keys_are_never_drawn_anew(self, crash_db: str, own_home: Path) -> None:
        some_cases(own_home, 2)
        (keys.directory() / "master.key").unlink()
        with pytest.raises(keys.KeyMissing, match="holds sealed rows"):
            sealing.seal("words", "x")
        assert not (keys.directory() / "master.key").exists()


class TestErasedMeanwhile:
    def test_an_erased_row_stays_erased(self, crash_db: str, own_home: Path) -> None:
        cases = some_cases(own_home, 2)
        rows = next(iter(rotating._batches("another")))
        key = keys.draw_master()
        anew = [rotating._anew(row, key) for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ledger_sealed SET key_id = '', wrapped = %s, erased_at = %s WHERE case_id = %s",
                [b"", "2026-03-02 00:00:00+00:00", cases[0]],
            )
        gone = sum(row[0] == cases[0] for row in rows)
        assert rotating._write(anew) == len(rows) - gone

    def test_an_erased_file_stays_erased(self, crash_sqlite: Path) -> None:
        digest = vault.keep(b"%PDF")
        path = Path(vault._path(digest))
        vault.erase(digest)
        assert vault._wrap_anew(path, keys.draw_master()) is False
        assert not path.exists()


class TestAccounts:
    def test_every_sealed_column_is_sealed_anew(self, crash_db: str) -> None:
        rows = [Subject.objects.create(**subject(n)) for n in range(30)]
        old = sealed_fields.current()
        assert set(rekeying.usage()) == {old.id}
        new = sealed_fields.draw_key()
        assert new.index == old.index
        assert Subject.objects.get(pk=rows[3].pk).name == "人员3"
        done, failed = rekeying.seal_anew(lambda count: None)
        assert failed == []
        assert done >= len(rows)
        assert set(rekeying.usage()) == {new.id}
        sealed_fields.retire_key(old.id)
        assert [each.name for each in Subject.objects.order_by("pk")] == [f"人员{n}" for n in range(30)]
        assert rekeying.seal_anew(lambda count: None) == (0, [])

    def test_the_first_edition_is_still_read(self, crash_sqlite: Path) -> None:
        row = Subject.objects.create(**subject(1))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_subject SET name = '1:' || substr(name, 20)")
        assert Subject.objects.get(pk=row.pk).name == "人员1"
        sealed_fields.draw_key()
        assert Subject.objects.get(pk=row.pk).name == "人员1"
        rekeying.seal_anew(lambda count: None)
        assert Subject.objects.get(pk=row.pk).name == "人员1"


def subject(n: int) -> dict[str, object]:
    said = {"kind": "person", "name": f"人员{n}", "number": f"{n:018d}", "phone": f"139{n:08d}"}
    return {**said, "created_at": MONDAY}


class TestRootKey:
    def test_trust_goes_from_key_to_key(self, crash_db: str, own_home: Path) -> None:
        some_cases(own_home, 2)
        first = keys.root().public_key()
        roots.run_root_of_day(MONDAY + timedelta(days=1))
        drawn = keys.draw_next_root().public_key()
        roots.run_root_of_day(MONDAY + timedelta(days=4))
        signed_by = [line.said["key"] for line in roots.read_roots()]
        assert signed_by == [keys.public_raw(key).hex() for key in (first, first, drawn, drawn)]
        report = verify(DatabaseSource(), trusted=[first])
        assert report.faults == ()
        assert keys.load_public(keys.directory() / "root.pub") == (first, drawn)
        assert not verify(DatabaseSource()).faults

    def test_a_key_nobody_announced_is_found(self, crash_sqlite: Path, own_home: Path) -> None:
        some_cases(own_home, 2)
        first = keys.root().public_key()
        roots.run_root_of_day(MONDAY + timedelta(days=1))
        keys.draw_next_root()
        keys.hand_over_root()  # without a line that says so
        roots.run_root_of_day(MONDAY + timedelta(days=2))
        assert [fault.code for fault in verify(DatabaseSource(), trusted=[first]).faults] == ["root_resigned"]

    def test_an_old_key_that_signs_on_is_found(self, crash_sqlite: Path, own_home: Path) -> None:
        some_cases(own_home, 2)
        first = keys.root().public_key()
        stolen = (keys.directory() / "root.pem").read_bytes()
        keys.draw_next_root()
        roots.run_root_of_day(MONDAY + timedelta(days=1))
        (keys.directory() / "root.pem").write_bytes(stolen)
        roots.run_root_of_day(MONDAY + timedelta(days=2))
        assert [fault.code for fault in verify(DatabaseSource(), trusted=[first]).faults] == ["root_resigned"]

    def test_killed_between_announcing_and_handing_over(self, crash_sqlite: Path, own_home: Path) -> None:
        some_cases(own_home, 2)
        first = keys.root().public_key()
        kept = (keys.directory() / "root.pem").read_bytes()
        keys.draw_next_root()
        following = (keys.directory() / "root-next.pem").read_bytes()
        roots.run_root_of_day(MONDAY + timedelta(days=1))
        (keys.directory() / "root.pem").write_bytes(kept)  # as it lay before the handing over
        (keys.directory() / "root-next.pem").write_bytes(following)
        roots.run_root_of_day(MONDAY + timedelta(days=3))
        assert verify(DatabaseSource(), trusted=[first]).faults == ()
        assert not (keys.directory() / "root-next.pem").exists()

    def test_a_lost_root_key_is_not_drawn_anew(self, crash_sqlite: Path) -> None:
        keys.root()
        (keys.directory() / "root.pem").unlink()
        with pytest.raises(keys.KeyMissing, match=r"root\.pem"):
            keys.root()


class TestCommand:
    def test_list_rotate_retire(self, crash_db: str, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        some_cases(own_home, 3)
        old = keys.current().id
        call_command("keys", "rotate")
        assert "no event was touched" in capsys.readouterr().out
        with pytest.raises(CommandError, match="rotated a moment ago"):
            call_command("keys", "retire")
        call_command("keys", "list")
        shown = capsys.readouterr().out
        assert f"{old}  older     nothing" in shown
        assert "sealed rows" in shown
        call_command("keys", "retire", "--now")
        assert f"master key {old} removed" in capsys.readouterr().out
        call_command("keys", "rotate", "--root")
        assert all_open()

    def test_two_rotations_at_once_are_refused(self, crash_sqlite: Path, own_home: Path) -> None:
        some_cases(own_home, 1)
        with keys.alone(), pytest.raises(CommandError, match="under way"):
            call_command("keys", "rotate")

    def test_keys_are_for_their_owner_only(self, crash_sqlite: Path, own_home: Path) -> None:
        some_cases(own_home, 1)
        call_command("keys", "rotate")
        for path in keys.directory().glob("*.key"):
            assert path.stat().st_mode & 0o777 == 0o600
        assert not [name for name in os.listdir(keys.directory()) if name.startswith(".")]
