"""The ground gives way: a law file is broken, the disk is full. The site answers, in sentences, and nothing is half
written."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.portal.town import ANSWERED, IDENTITY, apply_for, begin, make_citizen, pictures, ready, sign_in
from zhengtong.documents.models import Drawing, Upload
from zhengtong.documents.queries import papers_of
from zhengtong.kernel.states import fold
from zhengtong.law import overlay
from zhengtong.law.checking import check
from zhengtong.ledger import history
from zhengtong.ledger.queries import Case
from zhengtong.portal.models import Draft
from zhengtong.site.wiring import bound_for

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def client(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


@pytest.fixture
def no_place_for_files(settings: Settings, tmp_path: Path) -> None:
    """Where files should lie there is something that takes none (root writes into any read-only directory)."""
    place = tmp_path / "no-directory"
    place.write_bytes(b"")
    settings.MEDIA_ROOT = place


class TestDisk:
    def test_that_keeps_no_file_is_said_beside_it(self, client: Client, no_place_for_files: None) -> None:
        ref = begin(client)
        client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        answer = client.post(f"/apply/{ref}/materials", {**pictures("m2", "m3"), "go": "1"})
        assert answer.status_code == 400
        assert "写不进去" in answer.content.decode()
        assert Upload.objects.count() == 0

    def test_that_keeps_no_paper_is_said_on_a_page(self, client: Client, settings: Settings, tmp_path: Path) -> None:
        number = apply_for(client)
        place = tmp_path / "no-directory"
        place.write_bytes(b"")
        settings.MEDIA_ROOT = place
        state = fold(history.load(Case.objects.get(number=number).pk))
        paper = papers_of(bound_for(state), state)[0]
        answer = client.get(f"/documents/papers/{number}/{paper.number}.pdf")
        assert answer.status_code == 503
        assert "存不进去" in answer.content.decode()
        assert Drawing.objects.count() == 0

    def test_that_is_full_takes_no_half_case(self, client: Client) -> None:
        ref = ready(client)
        before = Case.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = 1")
        try:
            answer = client.post(f"/apply/{ref}/check", {"go": "1"})
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = 0")
        assert answer.status_code == 503
        assert "没有办" in answer.content.decode()
        assert Case.objects.count() == before
        assert Draft.objects.get(ref=ref).number == ""
        assert client.post(f"/apply/{ref}/check", {"go": "1"}).status_code == 302
        assert Case.objects.count() == before + 1


class TestLawFile:
    @pytest.fixture
    def law(self, tmp_path: Path) -> Iterator[Path]:
        before, place = overlay.local(), tmp_path / "law"
        (place / "procedures" / "licence").mkdir(parents=True)
        yield place
        overlay.use_local(before)

    @pytest.mark.parametrize("version", ["2026-09-01", "2026-01-01"])
    @pytest.mark.parametrize(
        "text",
        ["[procedure\n", "x = 1\n", "", "\0", "[states.a]\nphase = 3\n"],
        ids=["toml", "key", "no", "nul", "shape"],
    )
    def test_broken_is_named_with_line_and_mend_and_the_site_answers(
        self, client: Client, law: Path, version: str, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        number = apply_for(client)
        path = law / "procedures" / "licence" / f"{version}.toml"
        path.write_text(text, encoding="utf-8")
        overlay.use_local(law)
        faults = check(path)
        assert faults
        assert all(str(path) in str(fault) for fault in faults)
        assert all(fault.mend for fault in faults)
        caplog.set_level(logging.ERROR)
        pages = ("/", "/search?q=", "/law/", "/law/licence/", "/law/hotline_order/", f"/cases/{number}/", "/mine/",
                 "/items/qy-wj-0001/", "/health")  # fmt: skip
        said = {page: client.get(page).status_code for page in pages}
        assert set(said.values()) <= {200, 503}, said
        assert [said[page] for page in ("/", "/law/", "/law/hotline_order/", "/health")] == [200] * 4, said
        if version == "2026-09-01":
            assert said[f"/cases/{number}/"] == 200, "a case goes by the version it was opened under"
        else:
            assert said[f"/cases/{number}/"] == 503
            assert path.name in caplog.text
