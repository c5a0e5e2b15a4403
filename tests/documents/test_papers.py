"""Papers of a real case: drawn once, signed, broken by one byte, and verified by anyone who holds one."""

import stat
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import which

import pytest

from tests.documents.town import AT, NAME, Town
from zhengtong.documents import proofs, queries, rendering, signing, verifying
from zhengtong.documents.models import Drawing, Paper
from zhengtong.kernel.states import fold
from zhengtong.ledger import history
from zhengtong.ledger.outbox import drain

TODAY = date(2026, 3, 20)
LATER = datetime(2026, 4, 1, tzinfo=UTC)


def text_of(pdf: bytes) -> str:
    run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return run.stdout.decode()


def first_paper(case_id: int) -> rendering.Found:
    row = Paper.objects.filter(case_id=case_id).order_by("seq").first()
    assert row is not None
    return rendering.find_at(case_id, row.seq)


class TestDrawing:
    def test_prints_who_what_and_when(self, town: Town) -> None:
        case, _digest = town.open()
        pdf = rendering.render(first_paper(case.case_id), at=AT)
        if which("pdftotext") is None:
            pytest.skip("POPPLER IS MISSING: pdftotext cannot read the paper back")
        said = "".join(text_of(pdf).split())
        for words in ("卫生健康局", "申请材料接收凭证", NAME, "公共场所卫生许可（新办）", "482913", "示例印章"):
            assert words in said
        assert case.number in said
        assert "2026年3月16日9时05分" in said
        assert "1个文件" in said

    def test_is_the_same_ever_after(self, town: Town) -> None:
        case, _digest = town.open()
        first = rendering.render(first_paper(case.case_id), at=AT)
        town.act(case, "pass_precheck", "何静")
        assert rendering.render(first_paper(case.case_id), at=LATER) == first
        assert Drawing.objects.count() == 1

    def test_lies_encrypted(self, town: Town, own_home: Path) -> None:
        case, _digest = town.open()
        rendering.render(first_paper(case.case_id), at=AT)
        for path in (own_home / "files").rglob("*"):
            assert path.is_dir() or b"%PDF" not in path.read_bytes()

    def test_follows_the_commit_by_the_outbox(self, town: Town) -> None:
        town.open()
        assert drain(LATER).sent == 1
        assert Drawing.objects.get().drawn_at == AT

    def test_public_face_hides_the_person(self, town: Town) -> None:
        case, _digest = town.open()
        pdf = rendering.render(first_paper(case.case_id), at=AT, face=rendering.PUBLIC)
        if which("pdftotext") is None:
            pytest.skip("POPPLER IS MISSING: pdftotext cannot read the paper back")
        said = "".join(text_of(pdf).split())
        assert "欧**之" in said
        for secret in (NAME, "482913", "示例理发店"):
            assert secret not in said

    def test_acceptance_prints_the_kernels_days(self, town: Town) -> None:
        case, _digest = town.open()
        case = town.act(case, "pass_precheck", "何静")
        state = fold(history.load(case.case_id))
        assert queries.papers_of(town.bound, state)[0].name == "申请材料接收凭证"


class TestSignature:
    def test_is_whole_and_ours(self, town: Town, own_home: Path) -> None:
        case, _digest = town.open()
        pdf = rendering.render(first_paper(case.case_id), at=AT)
        assert signing.check(pdf) == signing.Check(signed=True, ours=True, whole=True)
        assert stat.S_IMODE((own_home / "keys" / signing.FILE).stat().st_mode) == 0o600

    @pytest.mark.parametrize("where", [0.1, 0.5, 0.8])
    def test_breaks_with_one_byte(self, town: Town, where: float) -> None:
        case, _digest = town.open()
        pdf = bytearray(rendering.render(first_paper(case.case_id), at=AT))
        pdf[int(len(pdf) * where)] ^= 1
        assert not signing.check(bytes(pdf)).whole

    def test_breaks_with_something_added(self, town: Town) -> None:
        case, _digest = town.open()
        pdf = rendering.render(first_paper(case.case_id), at=AT)
        assert not signing.check(pdf + b"\n%more").whole

    def test_poppler_agrees(self, town: Town, tmp_path: Path) -> None:
        if which("pdfsig") is None:
            pytest.skip("POPPLER IS MISSING: pdfsig cannot check the signature")
        case, _digest = town.open()
        pdf = bytearray(rendering.render(first_paper(case.case_id), at=AT))
        for changed, said in ((False, "Signature is Valid"), (True, "Digest Mismatch")):
            if changed:
                pdf[500] ^= 1
            (tmp_path / "paper.pdf").write_bytes(pdf)
            run = subprocess.run(
                ["pdfsig", "-nocert", str(tmp_path / "paper.pdf")], capture_output=True, text=True, check=False
            )
            assert said in run.stdout

    @pytest.mark.parametrize("junk", [b"", b"%PDF-1.7\n%%EOF", b"%PDF-" + b"\xff" * 500])
    def test_junk_is_not_signed(self, town: Town, junk: bytes) -> None:
        assert not signing.check(junk).signed


class TestVerifying:
    def test_by_token(self, town: Town) -> None:
        case, _digest = town.open()
        found = first_paper(case.case_id)
        said = verifying.by_token(proofs.token_of(found.case_id, found.event.seq), TODAY)
        assert (said.name, said.party, said.standing) == ("申请材料接收凭证", "欧**之", "valid")
        assert said.head == history.load_case(case.case_id).ref.head_hash.hex()

    def test_by_number_needs_the_code(self, town: Town) -> None:
        case, _digest = town.open()
        found = first_paper(case.case_id)
        code = proofs.code_of(found.case_id, found.event.seq)
        typed = found.number.replace("〔", " [").replace("〕", "]")
        assert verifying.by_number(typed, code.lower().replace("-", " "), TODAY).number == found.number
        for number, said in ((found.number, "AAAA-AAAA"), (found.number, ""), ("清卫文〔2026〕99号", code)):
            with pytest.raises(rendering.UnknownPaper):
                verifying.by_number(number, said, TODAY)

    def test_by_file(self, town: Town) -> None:
        case, _digest = town.open()
        pdf = rendering.render(first_paper(case.case_id), at=AT)
        same, checked = verifying.by_file(pdf, TODAY)
        assert checked == verifying.FileCheck(is_same=True, is_signed=True, is_whole=True)
        changed, checked = verifying.by_file(pdf[:400] + bytes([pdf[400] ^ 1]) + pdf[401:], TODAY)
        assert checked == verifying.FileCheck(is_same=False, is_signed=True, is_whole=False)
        assert changed.number == same.number

    @pytest.mark.parametrize("token", ["", "1.1." + "0" * 24, "x", "9" * 40, "1.2.3.4", "1.1." + "é" * 24])
    def test_a_strange_token_is_unknown(self, town: Town, token: str) -> None:
        town.open()
        with pytest.raises(rendering.UnknownPaper):
            verifying.by_token(token, TODAY)
