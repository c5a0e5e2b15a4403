"""Uploads: what is taken, what is refused and why, and that nothing readable lies on the disk."""

import shutil
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from pytest_django import Settings

from tests.documents import files
from zhengtong.documents import actions, quarantine, queries, vault
from zhengtong.documents.kinds import MOST_BYTES
from zhengtong.documents.labels import upload_words
from zhengtong.documents.models import MaterialFile, Upload
from zhengtong.documents.naming import MOST_CHARACTERS, clean_name
from zhengtong.documents.refusing import UploadFault, UploadHeld, UploadRefused

AT: Final = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
F: Final = UploadFault

TAKEN: Final = [
    ("租赁合同.pdf", "application/pdf", files.pdf()),
    ("照片.jpg", "image/jpeg", files.jpeg()),
    ("照片.JPEG", "image/jpeg", files.jpeg()),
    ("照片.jpg", "image/jpeg", files.jpeg() + b"trailing bytes of a phone"),
    ("平面图.png", "image/png; charset=binary", files.png()),
    ("证照.ofd", "application/octet-stream", files.ofd()),
    ("证照.ofd", "", files.ofd()),
    ("制度.docx", DOCX, files.docx()),
    ("名单.xlsx", XLSX, files.xlsx()),
]
REFUSED: Final = [
    ("空.pdf", "application/pdf", b"", F.EMPTY),
    ("大.pdf", "application/pdf", files.pdf(b"0" * MOST_BYTES), F.TOO_LARGE),
    ("网页.html", "text/html", b"<html><script>alert(1)</script>", F.KIND_NOT_TAKEN),
    ("程序.exe", "application/x-msdownload", b"MZ\x90\0" + b"\0" * 60, F.KIND_NOT_TAKEN),
    ("程序.pdf", "application/pdf", b"MZ\x90\0" + b"\0" * 60, F.KIND_NOT_TAKEN),
    ("图.svg", "image/svg+xml", b"<svg onload='x'/>", F.KIND_NOT_TAKEN),
    ("动图.gif", "image/gif", b"GIF89a\1\0\1\0", F.KIND_NOT_TAKEN),
    ("压缩.zip", "application/zip", files.packed("a.txt"), F.KIND_NOT_TAKEN),
    ("旧.doc", "application/msword", b"\xd0\xcf\x11\xe0" + b"\0" * 600, F.KIND_NOT_TAKEN),
    ("合同.pdf.exe", "application/pdf", files.pdf(), F.NAME_DISAGREES),
    ("合同", "application/pdf", files.pdf(), F.NAME_DISAGREES),
    ("照片.png", "image/png", files.jpeg(), F.NAME_DISAGREES),
    ("图\u202egnp.exe", "image/png", files.png(), F.NAME_DISAGREES),
    ("表.docx", DOCX, files.xlsx(), F.NAME_DISAGREES),
    ("照片.jpg", "text/html", files.jpeg(), F.TYPE_DISAGREES),
    ("合同.pdf", "image/png", files.pdf(), F.TYPE_DISAGREES),
    ("合同.pdf", "", files.pdf(), F.TYPE_DISAGREES),
    ("半截.pdf", "application/pdf", files.pdf()[:-20], F.DAMAGED),
    ("半截.png", "image/png", files.png()[:-15], F.DAMAGED),
    ("只有头.png", "image/png", files.png()[:8], F.DAMAGED),
    ("改过.png", "image/png", files.png().replace(b"IDATx", b"IDATy"), F.DAMAGED),
    ("零.png", "image/png", files.png(0, 0), F.DAMAGED),
    ("大图.png", "image/png", files.png(30_000, 2), F.TOO_MANY_PIXELS),
    ("大图.jpg", "image/jpeg", files.jpeg(19_000, 19_000), F.TOO_MANY_PIXELS),
    ("半截.jpg", "image/jpeg", files.jpeg()[:-2], F.DAMAGED),
    ("只有头.jpg", "image/jpeg", files.jpeg()[:3], F.DAMAGED),
    ("网页.jpg", "image/jpeg", b"\xff\xd8\xff<script>alert(1)</script>", F.DAMAGED),
    ("密.pdf", "application/pdf", files.pdf(b"<< /Encrypt 5 0 R >>\n"), F.LOCKED),
    ("宏.docx", DOCX, files.packed("word/document.xml", "word/vbaProject.bin"), F.MACROS),
    ("胀.docx", DOCX, files.packed("word/document.xml", content=b"0" * (101 * 1024 * 1024)), F.SWOLLEN),
    ("爬.docx", DOCX, files.packed("word/document.xml", "../../etc/x"), F.DAMAGED),
    ("坏.docx", DOCX, files.docx()[:40], F.DAMAGED),
]  # fmt: skip


def store(name: str, declared: str, data: bytes, uploader: str = "s-1") -> actions.Stored:
    return actions.store_upload(data=data, name=name, declared_type=declared, uploader=uploader, at=AT)


class TestTaken:
    @pytest.mark.parametrize(("name", "declared", "data"), TAKEN)
    def test_comes_back_as_it_was(self, city_db: Path, name: str, declared: str, data: bytes) -> None:
        stored = store(name, declared, data)
        assert queries.open_upload(stored.digest) == data
        assert (stored.size, stored.name, stored.renamed, stored.scan) == (len(data), name, False, "not_scanned")
        assert Upload.objects.get().name == name

    def test_is_stored_once_for_each_person(self, city_db: Path) -> None:
        digests = {store("合同.pdf", "application/pdf", files.pdf(), who).digest for who in ("s-1", "s-1", "s-2")}
        assert len(digests) == 1
        assert Upload.objects.count() == 2


class TestRefused:
    @pytest.mark.parametrize(("name", "declared", "data", "fault"), REFUSED, ids=[f"{r[0]}-{r[3]}" for r in REFUSED])
    def test_says_what_was_wrong_and_keeps_nothing(
        self, city_db: Path, own_home: Path, name: str, declared: str, data: bytes, fault: UploadFault
    ) -> None:
        with pytest.raises(UploadRefused) as refused:
            store(name, declared, data)
        assert refused.value.code == fault
        words = upload_words(refused.value)
        assert clean_name(name) in words.wrong
        assert words.why and words.remedy
        assert "%(" not in str(words)
        assert not Upload.objects.exists()
        assert not (own_home / "files").exists()

    def test_has_words_for_every_fault(self) -> None:
        params = dict.fromkeys(("name", "size", "most", "said", "found", "width", "height"), "1")
        for fault in UploadFault:
            assert "%" not in str(upload_words(UploadRefused(fault, params)))


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "clean"),
        [
            ("../../../etc/passwd.pdf", "passwd.pdf"),
            ("C:\\Users\\张三\\Desktop\\合同.pdf", "合同.pdf"),
            ("合\x00同\r\n.pdf", "合同.pdf"),
            ("合同\u200b\u202e\u2066.pdf", "合同.pdf"),
            ("  合  同 .pdf", "合 同.pdf"),
            ("CON.pdf", "_CON.pdf"),
            ("nul", "_nul"),
            ("...", "未命名"),
            ("", "未命名"),
            (".pdf", "未命名.pdf"),
            ('a<b>:"|?*.pdf', "a_b______.pdf"),
            ("合同.pdf. . .", "合同.pdf"),
            ("合\ud800同.pdf", "合同.pdf"),
        ],
    )
    def test_are_made_harmless(self, typed: str, clean: str) -> None:
        assert clean_name(typed) == clean

    def test_are_cut_and_keep_their_ending(self) -> None:
        name = clean_name("长" * 300 + ".pdf")
        assert len(name) == MOST_CHARACTERS
        assert name.endswith(".pdf")

    def test_that_were_cleaned_are_said(self, city_db: Path) -> None:
        stored = store("../合同.pdf", "application/pdf", files.pdf())
        assert (stored.name, stored.renamed) == ("合同.pdf", True)


class TestAtRest:
    def test_nothing_readable_lies_on_the_disk(self, city_db: Path, own_home: Path) -> None:
        secret = "张三的病历".encode() * 40
        stored = store("病历.pdf", "application/pdf", files.pdf(secret))
        kept = own_home / "files" / stored.digest[:2] / stored.digest
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        for path in own_home.rglob("*"):
            if path.is_file():
                assert secret[:15] not in path.read_bytes()
                assert "病历.pdf".encode() not in path.read_bytes()

    def test_a_changed_file_does_not_open(self, city_db: Path, own_home: Path) -> None:
        stored = store("合同.pdf", "application/pdf", files.pdf())
        path = own_home / "files" / stored.digest[:2] / stored.digest
        whole = bytearray(path.read_bytes())
        whole[-1] ^= 1
        path.write_bytes(whole)
        with pytest.raises(vault.FileBroken):
            queries.open_upload(stored.digest)

    def test_a_file_in_anothers_place_does_not_open(self, city_db: Path, own_home: Path) -> None:
        one = store("一.pdf", "application/pdf", files.pdf(b"1\n")).digest
        two = store("二.pdf", "application/pdf", files.pdf(b"2\n")).digest
        folder = own_home / "files"
        (folder / one[:2] / one).write_bytes((folder / two[:2] / two).read_bytes())
        with pytest.raises(vault.FileBroken):
            queries.open_upload(one)

    @pytest.mark.parametrize("digest", ["../../secret-key", "0" * 63, "Z" * 64, "0" * 64])
    def test_a_strange_digest_is_not_kept(self, city_db: Path, digest: str) -> None:
        with pytest.raises(queries.UnknownUpload):
            queries.open_upload(digest)


class TestScan:
    def test_says_clean_when_the_command_does(self, city_db: Path, settings: Settings) -> None:
        settings.ZHENGTONG_SCANNER = f"{sys.executable} -c 'import sys; sys.exit(not sys.stdin.buffer.read())'"
        assert store("合同.pdf", "application/pdf", files.pdf()).scan == "clean"

    def test_that_finds_something_refuses(self, city_db: Path, settings: Settings) -> None:
        settings.ZHENGTONG_SCANNER = f"{sys.executable} -c 'raise SystemExit(1)'"
        with pytest.raises(UploadRefused) as refused:
            store("合同.pdf", "application/pdf", files.pdf())
        assert refused.value.code == F.INFECTED
        assert not Upload.objects.exists() and not list(Path(settings.MEDIA_ROOT).rglob("*"))

    @pytest.mark.parametrize("command", [f"{sys.executable} -c 'raise SystemExit(2)'", "/no/such/scanner"])
    def test_that_gives_no_answer_holds_the_file(self, city_db: Path, settings: Settings, command: str) -> None:
        settings.ZHENGTONG_SCANNER = command
        stored = store("合同.pdf", "application/pdf", files.pdf())
        assert stored.scan == "waiting"
        with pytest.raises(UploadHeld):
            queries.open_upload(stored.digest)
        assert quarantine.rescan(AT) == 0

    def test_what_waited_is_let_out_once_it_is_clean(self, city_db: Path, settings: Settings) -> None:
        settings.ZHENGTONG_SCANNER = "/no/such/scanner"
        digest = store("合同.pdf", "application/pdf", files.pdf()).digest
        settings.ZHENGTONG_SCANNER = "/bin/true"
        assert quarantine.rescan(AT) == 1
        assert queries.open_upload(digest) == files.pdf()

    def test_what_waited_and_is_infected_is_destroyed(self, city_db: Path, settings: Settings) -> None:
        settings.ZHENGTONG_SCANNER = "/no/such/scanner"
        digest = store("合同.pdf", "application/pdf", files.pdf()).digest
        settings.ZHENGTONG_SCANNER = "/bin/false"
        assert quarantine.rescan(AT) == 1
        with pytest.raises(UploadHeld) as held:
            queries.open_upload(digest)
        assert held.value.scan == "infected" and not list(Path(settings.MEDIA_ROOT).rglob("?" * 64))


@pytest.mark.skipif(shutil.which("clamscan") is None, reason="no clamscan (apt-get install clamav)")
class TestRealScanner:
    """ClamAV with a signature of our own: the test virus of the trade is a harmless file every scanner must name."""

    @pytest.fixture(autouse=True)
    def scanner(self, tmp_path: Path, settings: Settings) -> None:
        base = tmp_path / "signatures"
        base.mkdir()
        (base / "test.ndb").write_text(f"Zhengtong.Test:0:*:{b'ZHENGTONG-TEST-VIRUS'.hex()}\n", encoding="ascii")
        settings.ZHENGTONG_SCANNER = f"clamscan --no-summary --database={base} -"

    def test_finds_a_virus_inside_a_pdf(self, city_db: Path) -> None:
        with pytest.raises(UploadRefused) as refused:
            store("合同.pdf", "application/pdf", files.pdf(b"ZHENGTONG-TEST-VIRUS"))
        assert refused.value.code == F.INFECTED

    def test_lets_a_clean_file_pass(self, city_db: Path) -> None:
        assert store("合同.pdf", "application/pdf", files.pdf()).scan == "clean"


class TestMaterial:
    def test_ties_own_uploads_together(self, city_db: Path) -> None:
        digests = [store(f"{n}.pdf", "application/pdf", files.pdf(b"%d\n" % n)).digest for n in range(3)]
        commitment = actions.commit_material(digests=[digests[2], *digests], uploader="s-1")
        lines = queries.material_files([commitment])[commitment]
        assert [line.name for line in lines] == ["2.pdf", "0.pdf", "1.pdf"]

    def test_tells_nothing_of_its_files(self, city_db: Path) -> None:
        digest = store("合同.pdf", "application/pdf", files.pdf()).digest
        made = {actions.commit_material(digests=[digest], uploader="s-1") for _ in range(2)}
        assert len(made) == 2
        assert digest not in made

    def test_refuses_the_upload_of_somebody_else(self, city_db: Path) -> None:
        digest = store("合同.pdf", "application/pdf", files.pdf()).digest
        with pytest.raises(queries.UnknownUpload):
            actions.commit_material(digests=[digest], uploader="s-2")
        assert not MaterialFile.objects.exists()
