"""The keys in a backup have a lock of their own: whoever knows its words still writes nowhere but among the keys."""

import io
import tarfile
from pathlib import Path

import pytest

from zhengtong.operating import restoring
from zhengtong.operating.envelopes import Lock, Opener, Sealing
from zhengtong.operating.restoring import CannotRestore

WORDS = "the words for the keys"


def sealed(folder: Path, member: tarfile.TarInfo) -> None:
    """keys.sealed with one member."""
    member.size = 4 if member.isfile() else 0
    with (folder / "keys.sealed").open("wb") as out:
        sealing = Sealing(out, Lock(passphrase=WORDS))
        with tarfile.open(fileobj=sealing, mode="w|") as tar:  # type: ignore[call-overload]  # it writes
            tar.addfile(member, io.BytesIO(b"evil"))
        sealing.close()


@pytest.mark.parametrize("where", ["absolute", "../out", "keys/../../out", "files/out", "database", "keys", "."])
def test_a_member_elsewhere_is_refused(where: str, tmp_path: Path) -> None:
    staged, out = tmp_path / "staged", tmp_path / "out"
    staged.mkdir()
    out.write_text("ours")
    sealed(staged, tarfile.TarInfo(str(out) if where == "absolute" else where))
    with pytest.raises(CannotRestore, match="no place among the keys"):
        restoring._unpack_keys(staged, Opener(passphrase=WORDS))
    assert out.read_text() == "ours"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    member = tarfile.TarInfo("keys/master")
    member.type, member.linkname = kind, "/etc/passwd"
    sealed(tmp_path, member)
    with pytest.raises(CannotRestore, match="no place among the keys"):
        restoring._unpack_keys(tmp_path, Opener(passphrase=WORDS))


def test_a_member_of_the_backup_without_a_name_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("")
    with pytest.raises(CannotRestore, match="no place"):
        restoring._take(tarfile.open(fileobj=io.BytesIO(), mode="w"), member, tmp_path)  # noqa: SIM115 - in memory
