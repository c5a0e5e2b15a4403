"""The import of item lists: what it takes, what it refuses and why, and that nothing is imported twice."""

import io
import json
import os
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from tests.catalogue import town
from tests.support.loud import skip_loudly
from zhengtong.accounts.queries import unit_names
from zhengtong.catalogue import importing, queries
from zhengtong.catalogue.models import ImportRun, Item

REAL: Final = Path(
    os.environ.get(
        "ZHENGTONG_REAL_ITEMS", Path(__file__).resolve().parents[3] / "shared/data/cn_service_items_511602.jsonl"
    )
)


def row(**changes: Any) -> dict[str, Any]:
    return {
        "department": "区示例局", "main_item": "未分类", "name": "示例事项核准", "item_code": "510A00001-510199-1",
        "task_type": "1", "area_code": "510199000000",
    } | changes  # fmt: skip


def write(path: Path, *rows: Any) -> Path:
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def run(path: Path, **options: Any) -> dict[str, Any]:
    return importing.import_file(path, at=town.AT, **options).as_json()


class TestRealList:
    def test_is_imported_whole_and_once(self, ledger_db: str) -> None:
        if not REAL.exists():
            skip_loudly("the list of a real district is not there: nothing real was imported")
        first = run(REAL)
        assert (first["imported"], first["unchanged"], first["refused"]) == (1135, 0, [])
        assert run(REAL) == {"imported": 0, "unchanged": 1135, "refused": []}
        assert Item.objects.filter(status="listed").count() == 1135
        assert len(queries.departments()) == 34
        name = Item.objects.order_by("pk")[0].name
        found = queries.search(name)
        assert found.rows[0].name == name
        guide = queries.guide(found.rows[0].code, on=town.DAY)
        assert guide is not None
        assert guide.is_listed and not guide.can_apply and guide.missing and guide.refusal_words


class TestImport:
    def test_makes_listed_items_and_their_departments(self, ledger_db: str, tmp_path: Path) -> None:
        assert run(write(tmp_path / "a.jsonl", row()))["imported"] == 1
        item = Item.objects.get()
        assert (item.kind, item.region, item.status) == ("01", "510199", "listed")
        assert unit_names([item.department]) == {item.department: "区示例局"}
        assert ImportRun.objects.get().imported == 1

    def test_writes_nothing_on_a_dry_run(self, city_db: Path, tmp_path: Path) -> None:
        assert run(write(tmp_path / "a.jsonl", row()), is_dry=True)["imported"] == 1
        assert not Item.objects.exists() and not ImportRun.objects.exists()

    @pytest.mark.parametrize(
        ("bad", "field"),
        [
            (row(name=""), "name"),
            ({"item_code": "A1"}, "name"),
            (row(item_code="9" * 65), "code"),
            (row(item_code="A B"), "code"),
            (row(name="有\u0007控制符"), "name"),
            (row(name="有\u0000空字符"), "name"),
            (row(name="倒\u202e序"), "name"),
            (row(name="半个\ud800字"), "name"),
            (row(name="长" * 100_000), "name"),
            (row(department="局" * 81), "department"),
            (row(task_type="77"), "kind"),
            (row(area_code="五一"), "region"),
            (row(name=["一", "二"]), "name"),
            (row(name=True), "name"),
            (row(targets=["x"]), "targets"),
            (b'{"name": "\xff\xfe"}', ""),
            (b'{"name": "x"', ""),
            (b"[1]", ""),
            (b"[" * 100_000, ""),
            (b'{"name": "' + b"x" * (1024 * 1024) + b'"}', ""),
            (row(procedure="licence"), "procedure_version"),
        ],
    )
    def test_refuses_a_row_with_its_field_and_takes_the_others(
        self, city_db: Path, tmp_path: Path, bad: Any, field: str
    ) -> None:
        got = run(write(tmp_path / "a.jsonl", row(), bad, row(item_code="510A00002")))
        assert got["imported"] == 2
        assert [(one["row"], one["field"]) for one in got["refused"]] == [(2, field)]
        assert got["refused"][0]["why"]

    def test_refuses_one_code_for_two_contents(self, city_db: Path, tmp_path: Path) -> None:
        first = write(tmp_path / "a.jsonl", row(), row(name="另一个名称"), row())
        got = run(first)
        assert (got["imported"], got["unchanged"]) == (1, 1)
        assert [(one["row"], one["field"]) for one in got["refused"]] == [(2, "code")]
        later = run(write(tmp_path / "b.jsonl", row(name="第三个名称")))
        assert [(one["row"], one["field"]) for one in later["refused"]] == [(1, "code")]
        assert Item.objects.get().name == "示例事项核准"

    def test_keeps_a_draft_of_a_row_in_our_own_shape(self, city_db: Path, tmp_path: Path) -> None:
        content = town.content(posts={})
        assert run(write(tmp_path / "a.jsonl", content))["imported"] == 1
        item = Item.objects.get()
        assert (item.status, item.versions.get().status, item.department) == ("listed", "draft", "wj")
        assert run(write(tmp_path / "a.jsonl", content))["unchanged"] == 1

    def test_reads_a_workbook_with_a_mapping(self, city_db: Path, tmp_path: Path) -> None:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["名目", "代码", "单位", "类"])
        sheet.append(["示例备案", 5101990001, "区示例局", "备案类"])
        sheet.append(["", "X2", "区示例局", "备案类"])
        sheet.append([None, None, None, None])
        book.save(tmp_path / "list.xlsx")
        (tmp_path / "map.toml").write_text(
            '[columns]\nname = "名目"\ncode = ["代码"]\ndepartment = "单位"\nkind = "类"\n'
            '[values.kind]\n"备案类" = "10"\n[defaults]\nregion = "510199"\n',
            encoding="utf-8",
        )
        out = io.StringIO()
        arguments = ["import", str(tmp_path / "list.xlsx"), "--map", str(tmp_path / "map.toml"), "--json"]
        with pytest.raises(SystemExit) as ended:
            call_command("catalogue", *arguments, stdout=out)
        assert ended.value.code == 1
        got = json.loads(out.getvalue())
        assert (got["imported"], [(one["row"], one["field"]) for one in got["refused"]]) == (1, [(3, "name")])
        assert Item.objects.get().code == "5101990001"

    @pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"not a workbook"])
    def test_cannot_read_a_broken_workbook(self, city_db: Path, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "list.xlsx"
        path.write_bytes(content)
        with pytest.raises(CommandError):
            call_command("catalogue", "import", str(path))

    def test_cannot_read_what_is_not_there(self, city_db: Path, tmp_path: Path) -> None:
        with pytest.raises(CommandError):
            call_command("catalogue", "import", str(tmp_path / "none.jsonl"))
        (tmp_path / "map.toml").write_text('[columns]\nnonsense = "x"\n', encoding="utf-8")
        with pytest.raises(CommandError, match="nonsense"):
            call_command("catalogue", "import", str(write(tmp_path / "a", row())), "--map", str(tmp_path / "map.toml"))
