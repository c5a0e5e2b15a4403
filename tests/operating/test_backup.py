"""Backup while people work, restore elsewhere: the same heads; and what was harmed is refused by name."""

import gzip
import hashlib
import io
import json
import sqlite3
import stat
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection
from django.test import override_settings

from tests.cast import NOW
from tests.operating.busy import people_at_work
from zhengtong.ledger import keys, roots
from zhengtong.ledger.models.cases import Case
from zhengtong.operating import backing_up
from zhengtong.operating.backing_up import Kept, back_up, rotate
from zhengtong.operating.envelopes import CannotOpen, Lock, Opener, Opening, Sealing
from zhengtong.operating.passphrases import Unfit, read_passphrase
from zhengtong.operating.restoring import CannotRestore, restore

IDENTITY = X25519PrivateKey.generate()
LOCK, KEY = Lock(recipient=IDENTITY.public_key()), Opener(identity=IDENTITY)
WORDS = "the words for the keys"


def kept_in(folder: Path, **options: object) -> Kept:
    folder.mkdir(exist_ok=True)
    return back_up(to=folder / "city.ztb", lock=LOCK, now=NOW, **options)  # type: ignore[arg-type]


class TestRestored:
    def test_while_people_work_the_heads_are_those_of_the_backup(self, city_db: Path, tmp_path: Path) -> None:
        before = Case.objects.count()
        with people_at_work(2):
            kept = kept_in(tmp_path / "out", keys_lock=Lock(passphrase=WORDS))
        assert kept.snapshot.figures.cases == before
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_event")
            assert cursor.fetchone()[0] > kept.snapshot.figures.events, "nobody was writing"
        done = restore(
            kept.path, into=tmp_path / "back", opener=KEY, keys_opener=Opener(passphrase=WORDS), now=NOW
        )  # fmt: skip
        assert done.wrong == ()
        assert done.figures["heads"] == kept.snapshot.figures.heads
        assert done.verified["whole"] is True
        assert done.verified["sealed_rows"] > 0
        self._is_private(tmp_path / "back")
        assert (tmp_path / "back" / "keys" / "master.key").read_bytes() == _key("master.key")

    def _is_private(self, home: Path) -> None:
        assert stat.S_IMODE((home / "keys").stat().st_mode) == 0o700
        open_to_others = [
            str(path.relative_to(home)) for path in home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077
        ]
        assert open_to_others in ([], ["keys/root.pub"])

    def test_no_secret_is_in_it(self, city_db: Path, tmp_path: Path) -> None:
        kept = kept_in(tmp_path / "out", keys_lock=Lock(passphrase=WORDS))
        inside = gathered(kept.path)
        assert {"about.json", "database", "manifest.json", "keys.sealed", "roots/roots.jsonl"} <= inside.keys()
        for name in ("master.key", "index.key", "root.pem"):
            secret = _key(name)
            assert not [member for member, content in inside.items() if secret.strip() in content], name


def _key(name: str) -> bytes:
    return (keys.directory() / name).read_bytes()


def gathered(path: Path) -> dict[str, bytes]:
    data = gzip.decompress(Opening(io.BytesIO(path.read_bytes()), KEY).read())
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def pack(members: dict[str, bytes], path: Path) -> Path:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with path.open("wb") as file:
        sealing = Sealing(file, LOCK)
        sealing.write(gzip.compress(out.getvalue(), 1))
        sealing.close()
    return path


@pytest.fixture
def backup(city_db: Path, tmp_path: Path) -> Path:
    return kept_in(tmp_path / "out").path


class TestRefused:
    """Nothing of what is refused stays at the place."""

    def test_what_was_harmed_is_named(self, backup: Path, tmp_path: Path) -> None:
        whole = backup.read_bytes()
        middle = len(whole) // 2
        harmed = {
            "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "cut off": whole[: len(whole) - 40],
            "no sealed stream": b"PK" + whole,
        }
        for said, content in harmed.items():
            (tmp_path / "harmed").write_bytes(content)
            with pytest.raises(CannotOpen, match=said):
                restore(tmp_path / "harmed", into=tmp_path / "back", opener=KEY, now=NOW)
            assert list((tmp_path / "back").iterdir()) == []

    def test_a_forged_content_is_named(self, backup: Path, tmp_path: Path) -> None:
        """By somebody who holds the public key, as the machine does that backs up."""
        inside = gathered(backup)
        file = next(name for name in inside if name.startswith("files/"))
        forged = {
            "is not what was kept": inside | {file: b"another"},
            "is missing": {name: content for name, content in inside.items() if name != file},
            "is not in the manifest": inside | {"files/aa/more": b"more"},
            "has no place": inside | {"../outside": b"out"},
            "has no manifest": {name: content for name, content in inside.items() if name != "manifest.json"},
        }
        for said, members in forged.items():
            pack(members, tmp_path / "forged")
            with pytest.raises(CannotRestore, match=said):
                restore(tmp_path / "forged", into=tmp_path / "back", opener=KEY, now=NOW)
            assert list((tmp_path / "back").iterdir()) == []
        assert not (tmp_path / "outside").exists()

    def test_a_place_that_is_taken(self, backup: Path, tmp_path: Path) -> None:
        place = tmp_path / "taken"
        place.mkdir()
        (place / "thesis.txt").write_text("years of work")
        with pytest.raises(CannotRestore, match=r"not empty \(thesis.txt"):
            restore(backup, into=place, opener=KEY, now=NOW)
        done = restore(backup, into=place, opener=KEY, now=NOW, force=True)
        assert done.moved_aside is not None
        assert (done.moved_aside / "thesis.txt").read_text() == "years of work"
        assert done.wrong == ()
        assert any("keys were not restored" in note for note in done.notes)
        assert [path.name for path in (place / "keys").iterdir()] == ["root.pub"]

    def test_of_a_later_release(self, backup: Path, tmp_path: Path) -> None:
        inside = gathered(backup)
        manifest = json.loads(inside["manifest.json"])
        manifest["migrations"].append(["ledger", "9999_of_the_future"])
        inside["manifest.json"] = json.dumps(manifest).encode()
        with pytest.raises(CannotRestore, match=r"later release than this one \(ledger.9999"):
            restore(pack(inside, tmp_path / "later"), into=tmp_path / "back", opener=KEY, now=NOW)

    def test_a_restored_database_that_differs_is_found(self, backup: Path, tmp_path: Path) -> None:
        inside = gathered(backup)
        (tmp_path / "db").write_bytes(inside["database"])
        with sqlite3.connect(tmp_path / "db") as database:
            database.execute(
                "UPDATE ledger_case SET due_at = NULL, unit = 'sc' WHERE id = (SELECT max(id) FROM ledger_case)"
            )
        database.close()
        inside["database"] = (tmp_path / "db").read_bytes()
        manifest = json.loads(inside["manifest.json"])
        manifest["members"]["database"] = hashlib.sha256(inside["database"]).hexdigest()
        inside["manifest.json"] = json.dumps(manifest).encode()
        done = restore(pack(inside, tmp_path / "forged"), into=tmp_path / "back", opener=KEY, now=NOW)
        assert "the docket differ" in done.wrong
        assert any("docket_differs" in line for line in done.wrong)


class TestKeeping:
    def test_the_newest_stay(self, city_db: Path, tmp_path: Path) -> None:
        for n in range(4):
            (tmp_path / f"zhengtong-2026010{n}T000000Z.ztb").write_text("")
        (tmp_path / "zhengtong-notes.ztb").write_text("not ours")
        assert rotate(tmp_path, 2) == ("zhengtong-20260100T000000Z.ztb", "zhengtong-20260101T000000Z.ztb")
        assert len(list(tmp_path.glob("*.ztb"))) == 3

    def test_a_failed_one_leaves_nothing_behind(
        self, city_db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backing_up, "_add_folders", full)
        out = tmp_path / "out"
        out.mkdir()
        with pytest.raises(OSError, match="No space"):
            back_up(to=out, lock=LOCK, now=NOW, keep=1)
        assert list(out.iterdir()) == []
        assert list((tmp_path / "home").glob("backup-*")) == []

    def test_roots_and_database_are_of_one_instant(self, city_db: Path, tmp_path: Path) -> None:
        """A root signed while the files are being copied is in neither."""
        later = NOW + timedelta(days=1)
        signed: list[tuple[roots.RootLine, ...]] = []

        def sign(what: str, done: int) -> None:
            if what == "files" and not signed:
                signed.append(roots.run_root_of_day(later))

        kept = kept_in(tmp_path / "out", tell=sign)
        assert signed
        assert signed[0]
        assert kept.snapshot.figures.last_root.split()[0] < signed[0][0].day.isoformat()
        assert signed[0][0].digest.encode() not in gathered(kept.path)["roots/roots.jsonl"]

    def test_a_passphrase_open_to_others_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "words"
        path.write_text("long enough to be one\n")
        path.chmod(0o644)
        with pytest.raises(Unfit, match="open to others"):
            read_passphrase(path)
        path.chmod(0o600)
        assert read_passphrase(path) == "long enough to be one"
        path.write_text("short")
        with pytest.raises(Unfit, match="shorter"):
            read_passphrase(path)


def test_settings_are_told_without_their_secrets(city_db: Path, tmp_path: Path) -> None:
    with override_settings(ZHENGTONG_SITE_NAME="一网通办", SECRET_KEY="not for anybody"):
        inside = gathered(kept_in(tmp_path / "out").path)
    assert "一网通办" in inside["about.json"].decode()
    assert not [name for name, content in inside.items() if b"not for anybody" in content]
