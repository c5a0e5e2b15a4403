"""The remedies and their one home: what a person is told is what the file, or the item's special law, says."""

import re
from pathlib import Path

import pytest

from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.items import find_faults
from zhengtong.law.remedies import find_remedies, in_characters
from zhengtong.law.rulebook_files import kept

SRC = Path(overlay.PACKAGE).parent


def test_the_general_law() -> None:
    assert find_remedies({}).words() == (
        "收到决定之日起六十日内，可以申请行政复议；六个月内，可以向人民法院提起行政诉讼。"
    )
    assert "60 days" in find_remedies({}).words(english=True) and "6 months" in find_remedies({}).words(english=True)


def test_a_special_law_says_otherwise() -> None:
    said = find_remedies({"remedies": {"lawsuit": "15 cd"}})
    assert said.lawsuit == Term.parse("15 cd") and said.reconsideration == Term.parse("60 cd")
    assert "十五日内依法向有管辖权的人民法院" in said.notice("清源区人民政府")


@pytest.mark.parametrize("wrong", [{"lawsuit": "two weeks"}, {"appeal": "15 cd"}])
def test_an_item_cannot_write_it_wrongly(wrong: dict[str, str]) -> None:
    from zhengtong.law.items import complete, items_from_demo

    item = complete(items_from_demo()["qy-wj-0001"], version=1, region="510199", posts={})
    assert not [path for path, _ in find_faults(item) if path.startswith("remedies")]
    assert [path for path, _ in find_faults({**item, "remedies": wrong}) if path.startswith("remedies")]


@pytest.mark.parametrize(
    ("text", "said"),
    [("5 wd", "五个工作日"), ("10 cd", "十日"), ("12 month", "十二个月"), ("20 cd", "二十日"), ("101 cd", "一百〇一日"),
     ("111 cd", "一百一十一日"), ("200 cd", "二百日"), ("1500 cd", "1500日"), ("0 wd", "〇个工作日")],
)  # fmt: skip
def test_terms_in_characters(text: str, said: str) -> None:
    assert in_characters(Term.parse(text)) == said


def test_an_installation_lays_its_own_file_over(tmp_path: Path) -> None:
    before = overlay.local()
    place = tmp_path / "rulebooks" / "retention"
    place.mkdir(parents=True)
    (place / "2027-01-01.toml").write_text('[kept.draft]\nterm = "30 cd"\n', encoding="utf-8")
    try:
        overlay.use_local(tmp_path)
        assert kept("draft") == Term.parse("30 cd")
    finally:
        overlay.use_local(before)
    assert kept("draft") == Term.parse("90 cd")


def test_no_room_writes_these_terms_itself() -> None:
    written = re.compile("六十日内|六个月内|90 天")
    places = [
        path.relative_to(SRC) for kind in ("py", "html", "po", "typ") for path in SRC.rglob(f"*.{kind}")
        if written.search(path.read_text(encoding="utf-8")) and path.name != "remedies.py"
    ]  # fmt: skip
    assert not places
