"""Forms answer plain values, and meet hostile or careless input with sentences."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.template import Context, Template
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.ui.forms import KINDS, FieldSpec, TypedForm, build_form
from zhengtong.ui.schemas import SHAPES, schema_of

UNITS = (("u1", "甲局"), ("u2", "乙局"))
MANY = tuple((f"u{n}", f"单位 {n}") for n in range(9))


def bound(specs: list[FieldSpec], data: dict[str, Any], files: dict[str, Any] | None = None) -> TypedForm:
    query = QueryDict(mutable=True)
    for key, value in data.items():
        query.setlist(key, value if isinstance(value, list) else [value])
    return build_form(specs)(query, MultiValueDict({key: [value] for key, value in (files or {}).items()}))


def one(kind: str, value: Any, **more: Any) -> Any:
    form = bound([FieldSpec(name="x", label="题目", kind=kind, **more)], {"x": value})
    assert form.is_valid(), form.errors.as_data()
    return form.cleaned_data["x"]


def complaint(kind: str, value: Any, **more: Any) -> str:
    form = bound([FieldSpec(name="x", label="题目", kind=kind, **more)], {"x": value})
    assert not form.is_valid()
    return str(form.errors["x"][0])


class TestPlainValues:
    @pytest.mark.parametrize(
        ("kind", "typed", "value"),
        [
            ("text", "  甲\t乙 ", "甲 乙"),
            ("text", "e\u0301", "é"),
            ("reason", "一\r\n二", "一\n二"),
            ("yes_no", "no", False),
            ("date", "2026-03-16", date(2026, 3, 16)),
            ("date", "２０２６年３月１６日", date(2026, 3, 16)),
            ("instant", "2026-03-16T09:30", datetime(2026, 3, 16, 1, 30, tzinfo=UTC)),
            ("money", "1,234.5", 123450),
            ("money", "￥0.01", 1),
            ("number", "３２０", 320),
            ("number", "320.50", "320.5"),
            ("number", "-0", 0),
            ("identity", "11010519491231002x", "11010519491231002X"),
            ("credit_code", "９1350100M000100Y43", "91350100M000100Y43"),
        ],
    )
    def test_are_read_from_what_people_type(self, kind: str, typed: str, value: Any) -> None:
        assert one(kind, typed) == value

    def test_of_a_term_are_its_text(self) -> None:
        form = bound([FieldSpec(name="t", label="期限", kind="term")], {"t_n": "010", "t_unit": "wd"})
        assert form.is_valid()
        assert form.cleaned_data["t"] == "10 wd"

    def test_of_several_choices_keep_the_order_of_the_list(self) -> None:
        assert one("people", ["u2", "u1"], choices=UNITS) == ["u1", "u2"]

    def test_of_papers_carry_a_reason_each(self) -> None:
        specs = [FieldSpec(name="m", label="材料", kind="materials", choices=UNITS)]
        form = bound(specs, {"m": ["u2"], "m-u2-reason": " 没有签字 ", "m-u1-reason": "没有选"})
        assert form.is_valid()
        assert form.cleaned_data["m"] == [{"material": "u2", "reason": "没有签字"}]

    def test_of_rows_leave_out_the_empty_ones(self) -> None:
        specs = [FieldSpec(name="t", label="会办", kind="tasks", choices=MANY)]
        form = bound(specs, {"t-rows": "3", "t-1-to": "u4", "t-1-text": "看一看"})
        assert form.is_valid()
        assert form.cleaned_data["t"] == [{"to": "u4", "text": "看一看"}]

    def test_of_a_party_are_checked_by_the_kind_of_certificate(self) -> None:
        specs = [FieldSpec(name="p", label="申请人", kind="party")]
        data = {"p-kind": "natural", "p-name": "王示例", "p-certificate": "identity", "p-number": "11010519491231002x"}
        form = bound(specs, data)
        assert form.is_valid(), form.errors
        assert form.cleaned_data["p"]["number"] == "11010519491231002X"
        assert not bound(specs, data | {"p-number": "110105194912310021"}).is_valid()
        assert not bound(specs, data | {"p-kind": "organisation"}).is_valid()

    def test_of_what_is_not_required_may_be_absent(self) -> None:
        specs = [
            FieldSpec(
                name=kind,
                label=kind,
                kind=kind,
                required=False,
                choices=UNITS,
                fields=(FieldSpec(name="a", label="a"),),
            )
            for kind in KINDS
        ]
        form = bound(specs, {})
        assert form.is_valid(), form.errors
        assert not any(form.cleaned_data.values())


class TestHostileInput:
    @pytest.mark.parametrize("kind", ["text", "reason"])
    @pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x07", "\u202e", "\u2066", "\ud800"])
    def test_of_unseen_marks_is_refused_in_words(self, kind: str, mark: str) -> None:
        assert complaint(kind, f"甲{mark}乙").endswith("。")

    def test_of_a_hundred_thousand_characters_says_how_many_are_allowed(self) -> None:
        assert "4000" in complaint("text", "长" * 100_000)
        assert "2000" in complaint("reason", "长" * 100_000)

    @pytest.mark.parametrize(
        "kind", sorted(set(KINDS) - {"attachment", "fields", "table", "tasks", "party", "address"})
    )
    @pytest.mark.parametrize(
        "value", ["\x00", "'; drop table x; --", "<script>alert(1)</script>", "9" * 100_000, "١٢٣", "NaN", "1e9"]
    )
    def test_never_breaks_any_kind(self, kind: str, value: str) -> None:
        form = bound(
            [FieldSpec(name="x", label="题", kind=kind, choices=UNITS)], {"x": value, "x_n": value, "x_unit": value}
        )
        form.is_valid()
        html = Template("{% load ui %}{% error_summary form %}{% form_fields form %}").render(Context({"form": form}))
        assert "<script>" not in html

    @pytest.mark.parametrize("count", ["-1", "99999999999999999999", "x", "", "１２", "\x00"])
    def test_of_row_counts_is_bounded(self, count: str) -> None:
        form = bound([FieldSpec(name="t", label="表", kind="tasks", choices=MANY)], {"t-rows": count})
        assert not form.is_valid()

    def test_of_a_choice_not_offered_is_refused(self) -> None:
        for kind in ("choice", "unit", "people", "yes_no"):
            assert "选" in complaint(kind, "zzz", choices=UNITS)
        assert "清单" in complaint("materials", "zzz", choices=UNITS)

    @given(st.text(max_size=200))
    def test_of_any_text_gives_an_answer_or_a_sentence(self, typed: str) -> None:
        for kind in ("text", "number", "date", "instant", "money", "identity", "credit_code"):
            form = bound([FieldSpec(name="x", label="题", kind=kind, required=False)], {"x": typed})
            if not form.is_valid():
                assert str(form.errors["x"][0]).endswith(("。", ".")), form.errors

    def test_of_files_is_met_by_kind_and_size(self) -> None:
        specs = [FieldSpec(name="f", label="平面图", kind="attachment", accept=(".pdf",))]
        assert bound(specs, {}, {"f": SimpleUploadedFile("图.PDF", b"%PDF")}).is_valid()
        assert "PDF" in str(bound(specs, {}, {"f": SimpleUploadedFile("坏.exe", b"MZ")}).errors["f"][0])
        assert "空" in str(bound(specs, {}, {"f": SimpleUploadedFile("空.pdf", b"")}).errors["f"][0])
        assert bound(specs, {}).errors["f"]


class TestConditions:
    SPECS = [
        FieldSpec(name="air", label="空调", kind="yes_no"),
        FieldSpec(name="size", label="面积", kind="number", shown_when=("air", ("yes",))),
    ]

    def test_ask_only_when_the_answer_calls_for_it(self) -> None:
        assert "size" in bound(self.SPECS, {"air": "yes"}).errors
        assert bound(self.SPECS, {"air": "no"}).is_valid()

    def test_drop_what_was_answered_before(self) -> None:
        form = bound(self.SPECS, {"air": "no", "size": "三百二"})
        assert form.is_valid()
        assert form.cleaned_data["size"] is None


class TestAddingRows:
    def test_shows_one_more_row_without_complaints(self) -> None:
        specs = [FieldSpec(name="n", label="名称"), FieldSpec(name="t", label="会办", kind="tasks", choices=MANY)]
        form = bound(specs, {"t-rows": "2", "t-add": "1", "t-0-text": "已经写的"})
        assert form.is_adding
        assert not form.is_valid()
        assert not form.errors
        html = Template("{% load ui %}{% error_summary form %}{% form_fields form %}").render(Context({"form": form}))
        assert 'name="t-rows" value="3"' in html
        assert "t-2-text" in html
        assert "已经写的" in html
        assert "zt-errors" not in html


class TestErrors:
    def test_lead_to_each_inner_field_and_keep_what_was_typed(self) -> None:
        form = bound([FieldSpec(name="p", label="申请人", kind="party")], {"p-name": "<b>王</b>"})
        html = Template("{% load ui %}{% error_summary form %}{% form_fields form %}").render(Context({"form": form}))
        assert 'href="#id_p-number"' in html
        assert 'id="id_p-number"' in html
        assert "&lt;b&gt;王&lt;/b&gt;" in html

    def test_speak_english_to_an_english_reader(self) -> None:
        with translation.override("en"):
            form = bound([FieldSpec(name="n", label="Area", kind="number")], {"n": "abc"})
            assert "digits" in str(form.errors["n"][0])

    def test_of_a_wrong_field_list_are_raised_early(self) -> None:
        with pytest.raises(ValueError, match="unknown kind"):
            build_form([FieldSpec(name="a", label="a", kind="nonsense")])
        with pytest.raises(ValueError, match="two fields"):
            build_form([FieldSpec(name="a", label="a"), FieldSpec(name="a", label="b")])


class TestSchema:
    def test_knows_every_kind(self) -> None:
        assert SHAPES.keys() == KINDS.keys()

    def test_names_what_is_required(self) -> None:
        schema = schema_of(
            [FieldSpec(name="a", label="甲"), FieldSpec(name="b", label="乙", required=False, kind="money")]
        )
        assert schema["required"] == ["a"]
        assert schema["properties"]["b"]["type"] == "integer"
