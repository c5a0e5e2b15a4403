"""Every document of every shipped procedure prints, small and large, for its party and for the public."""

import subprocess
from pathlib import Path
from shutil import which

import pytest
from pytest_django import Settings

from tests.documents import samples
from tests.documents.samples import Sample
from zhengtong.documents import composing, rendering
from zhengtong.documents.matters import Matter
from zhengtong.ui.drawing import qr_path
from zhengtong.ui.typesetting import FontsMissing, NotTypeset, compile_pdf

ADDRESS = "http://localhost:8000/documents/v/1.9.abc"
VERIFY = {**samples.VERIFY, "svg": rendering.qr_svg(ADDRESS)}


def printed(matter: Matter) -> bytes:
    template, data = composing.compose(matter, verify=VERIFY)
    return compile_pdf(rendering.TEMPLATES / f"{template}.typ", data, at=samples.AT)


def read(pdf: bytes) -> tuple[str, int]:
    """The words without spaces, and how many pages."""
    if which("pdftotext") is None:
        pytest.skip("POPPLER IS MISSING: pdftotext cannot read the papers back")
    run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    text = run.stdout.decode()
    return "".join(text.split()), text.count("\f")


@pytest.mark.parametrize("sample", tuple(samples.every()), ids=lambda sample: sample.of)
class TestEveryDocument:
    def test_prints_small(self, sample: Sample) -> None:
        matter = samples.matter(sample)
        said, pages = read(printed(matter))
        assert pages == 1
        document = matter.bound.documents[sample.document]
        for words in (matter.organ, document.name, "清卫受〔2026〕12号", matter.state.number, "示例印章", "K7QM-2XPD"):
            assert words in said
        assert "None" not in said
        if matter.state.parties:
            assert samples.RARE in said

    def test_prints_large(self, sample: Sample) -> None:
        matter = samples.matter(sample, large=True)
        said, pages = read(printed(matter))
        if samples.matter(sample).batch and any(row.code == "m40" for row in matter.bound.materials):
            listed = composing.compose(matter, verify=VERIFY)[1]["materials"]
            assert not listed or (pages > 1 and "第40项材料" in said)

    def test_public_face_shows_no_person(self, sample: Sample) -> None:
        said, _pages = read(printed(samples.matter(sample, public=True)))
        for secret in (samples.RARE, "第3项材料没有盖章", "何静", "482913"):
            assert secret not in said


class TestCertificate:
    @pytest.mark.parametrize("large", [False, True])
    def test_prints_on_one_sheet(self, large: bool) -> None:
        said, pages = read(printed(samples.certificate(large=large)))
        assert pages == 1
        assert "自2026年3月16日至2030年3月15日" in said


FIELDS = {
    ("submit", "material_receipt"): "收件时间 收件人 递交人 查询码 即为受理 原件/复印件 份数",
    ("notify_supplement", "supplement_notice"): "逐项理由 形式要求 补正期限 补正方式和地点 逾期 签收",
    ("accept", "acceptance_notice"): "受理日期 法定办结期限 承诺办结期限 收费 查询方式 监督电话 联系人",
    ("decline_no_jurisdiction", "non_acceptance"): "应向哪个机关申请 理由 行政复议 六十日 六个月",
    ("begin_special", "special_notice"): "程序种类 启动理由 开始日期 所需时间 预计 恢复计算 批准人",
    ("extend", "extension_notice"): "原届满日期 延长期限 新届满日期 延期理由 批准人 批准日期",
    ("offer_hearing", "hearing_offer"): "有权要求听证 要求听证期限 受理机构",
    ("call_hearing", "hearing_notice"): "听证日期 地点 回避",
    ("grant", "grant_decision"): "决定内容 有效期 证照名称 公开属性 决定日期 领取方式",
    ("refuse", "refusal_decision"): "事实、理由和依据 第三十八条 行政复议 六十日 人民法院 六个月",
    ("hand_over", "delivery_record"): "受送达人 文号 送达方式 送达地点 送达时间 拒收事由 见证人 送达人",
}


class TestFields:
    """What DOMAIN 1.4 demands beyond the common head."""

    @pytest.mark.parametrize(("act", "document"), FIELDS)
    def test_stand_on_the_paper(self, act: str, document: str) -> None:
        matter = samples.matter(Sample("licence", act, document))
        said, _pages = read(printed(matter))
        said += str(composing.compose(matter, verify=VERIFY)[1])  # words a narrow column broke across lines
        assert [word for word in FIELDS[act, document].split() if word not in said] == []

    def test_extension_gives_both_days(self) -> None:
        matter = samples.matter(Sample("licence", "extend", "extension_notice"))
        rows = dict(composing.compose(matter, verify=VERIFY)[1]["rows"])
        assert (rows["原届满日期"], rows["新届满日期"]) == ("2026年4月14日", "2026年4月28日")
        assert rows["延长期限"] == "10个工作日"


class TestFaces:
    def test_are_embedded_and_chinese(self, tmp_path: Path) -> None:
        if which("pdffonts") is None:
            pytest.skip("POPPLER IS MISSING: pdffonts cannot list the faces")
        (tmp_path / "paper.pdf").write_bytes(printed(samples.matter(Sample("licence", "accept", "acceptance_notice"))))
        lines = subprocess.run(
            ["pdffonts", str(tmp_path / "paper.pdf")], capture_output=True, text=True, check=True
        ).stdout.splitlines()[2:]
        assert lines
        for line in lines:
            assert any(face in line for face in ("NotoSerif", "NotoSans", "FangSong", "Fandol", "XiaoBiaoSong")), line
            assert line.split()[-5:-2] == ["yes", "yes", "yes"]  # embedded, a subset, with its letters

    def test_missing_are_said_loudly(self, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zhengtong.ui.typesetting.SONG", ("No Such Song",))
        settings.ZHENGTONG_FONTS = tmp_path  # nothing kept from before counts for another folder
        with pytest.raises(FontsMissing, match="zhengtong assets"):
            compile_pdf("x", {})

    def test_a_wrong_source_says_where(self) -> None:
        with pytest.raises(NotTypeset, match="nowhere"):
            compile_pdf("#nowhere", {})


class TestQr:
    def test_carries_the_address(self) -> None:
        import segno

        matrix = segno.make(ADDRESS, error="m", micro=False).matrix
        path, width = qr_path(ADDRESS)
        assert width == len(matrix)
        dark = sum(int(part.split("h")[1].split("v")[0]) for part in path.split("M")[1:])
        assert dark == sum(sum(row) for row in matrix)
        assert path in VERIFY["svg"]
