"""Procedure files become frozen values; what does not fit is refused with file, line and mend."""

from datetime import date
from pathlib import Path

import pytest

from tests.law.shelf import BASE, Shelf
from zhengtong.kernel.procedures import ByFact, Phase, Ref, RoleKind
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.checking import put
from zhengtong.law.items import complete, find_faults, item_from, items_from_demo, items_from_internal
from zhengtong.law.parsing import parse
from zhengtong.law.positions import Positions
from zhengtong.law.procedure_files import (
    UnknownProcedureError,
    codes,
    latest,
    load_procedure,
    read_text,
    versions,
)
from zhengtong.law.reading import LawFileError

SHIPPED = [(code, version) for code in codes() for version in versions(code)]


class TestLoad:
    @pytest.mark.parametrize(("code", "version"), SHIPPED)
    def test_reads_every_shipped_file(self, code: str, version: str) -> None:
        procedure = load_procedure(code, version)
        assert (procedure.code, procedure.version) == (code, version)
        assert load_procedure(code, version) is procedure

    def test_reads_the_language(self) -> None:
        procedure = read_text(BASE, "base.toml")
        assert procedure.states["granted"].limit == Term.parse("3 wd")
        assert procedure.clocks["decision"].legal == Ref("legal")
        urgent = procedure.clocks["urgent"].legal
        assert isinstance(urgent, ByFact)
        assert urgent.cases == {"high": Term.parse("1 cd"), "low": Term.parse("9 cd")}
        assert procedure.roles["unit"].kind is RoleKind.TARGET
        assert procedure.actions["submit"].opening
        assert procedure.actions["ask_supplement"].by == ("window",)
        assert [guard.word for guard in procedure.actions["grant"].needs] == ["other_person_than", "done"]
        assert procedure.clocks["notice"].whose == "organ"
        assert procedure.takes_over == {"2025-01-01": {"waiting": "received"}}

    def test_folds_the_common_acts_in(self) -> None:
        note = read_text(BASE, "base.toml").actions["note"]
        assert note.is_common
        assert Phase.CLOSED in note.phases

    def test_digests_both_texts(self) -> None:
        one, other = read_text(BASE, "base.toml"), read_text(BASE.replace("common =", "common  ="), "base.toml")
        assert one.digest != other.digest
        assert one.digest != parse(BASE, "base.toml").digest

    def test_keeps_what_a_term_says_of_itself(self) -> None:
        text = BASE.replace('legal = "7 wd"', 'legal = { term = "7 wd", source = "LAW 99", confirmed = false }')
        clock = read_text(text, "base.toml").clocks["publicity"]
        assert (clock.legal, clock.source, clock.confirmed) == (Term.parse("7 wd"), "LAW 5; LAW 99", False)

    def test_reports_every_fault_at_once(self) -> None:
        text = BASE.replace('limit = "10 wd"', 'limit = "half a day"').replace("pubic", "").replace("[sets]", "[set]")
        with pytest.raises(LawFileError) as refused:
            read_text(text, "base.toml")
        assert {fault.code for fault in refused.value.faults} == {"bad_term", "unknown_key"}

    def test_knows_the_version_of_a_day(self) -> None:
        assert latest("licence", date(2026, 6, 1)) == "2026-01-01"
        with pytest.raises(UnknownProcedureError):
            latest("licence", date(2025, 12, 31))

    def test_refuses_what_is_not_there(self) -> None:
        with pytest.raises(UnknownProcedureError):
            load_procedure("licence", "1999-01-01")


class TestPositions:
    def test_find_headers_and_dotted_keys(self) -> None:
        lines = Positions('[a]\nx = 1\n[actions.extend]\nneeds.at_most = 1\n[takes_over."2025-01-01"]\n')
        assert lines.line_of(("a", "x")) == 2
        assert lines.line_of(("actions", "extend", "needs", "at_most")) == 4
        assert lines.line_of(("actions", "extend", "needs", "within")) == 4
        assert lines.line_of(("actions", "extend", "by")) == 3
        assert lines.line_of(("takes_over", "2025-01-01")) == 5
        assert lines.line_of(("nowhere",)) == 1


class TestOverlay:
    def test_lays_local_law_over_the_packages(self, shelf: Shelf) -> None:
        shelf.lay(BASE)
        assert "base" in codes()
        assert load_procedure("base", "2026-01-01").name == "样例"

    def test_puts_a_proved_file_in_force_and_keeps_it(self, shelf: Shelf, tmp_path: Path) -> None:
        target = tmp_path / "elsewhere"
        source = Shelf(tmp_path / "draft").lay(BASE)
        refused = put(source, target)
        assert refused.path is None
        assert {fault.code for fault in refused.faults} == {"missing_words"}
        _write_english(source)
        done = put(source, target)
        assert done.path is not None
        assert done.path.read_text(encoding="utf-8") == BASE
        assert put(source, target).path == done.path
        source.write_text(BASE.replace("样例法", "另一样例法"), encoding="utf-8")
        with pytest.raises(ValueError, match="in force with another content"):
            put(source, target)

    def test_refuses_to_load_what_was_changed_in_force(self, shelf: Shelf) -> None:
        path = shelf.lay(BASE)
        overlay.record_digest(shelf.root, path)
        shelf.lay(BASE + "\n# changed\n")
        with pytest.raises(LawFileError):
            load_procedure("base", "2026-01-01")

    def test_released_files_are_what_they_were(self) -> None:
        digests = overlay.read_digests(overlay.PACKAGE)
        for name, digest in digests.items():
            assert overlay.digest_of(overlay.PACKAGE / "procedures" / f"{name}.toml") == digest, name


def _write_english(path: Path) -> None:
    from zhengtong.law.procedure_files import read_procedure
    from zhengtong.law.words import find_words

    words = find_words(read_procedure(path))
    lines = [f'{key} = "English"' for key in words]
    overlay.mirror_of(path).write_text("\n".join(lines), encoding="utf-8")


class TestItems:
    @pytest.mark.parametrize("code", sorted(items_from_demo()))
    def test_of_the_demonstration_are_item_versions(self, code: str) -> None:
        json = complete(items_from_demo()[code], version=1, region="510199", posts={})
        assert list(find_faults(json)) == []
        item = item_from(json)
        assert (item.code, item.version, item.region) == (code, 1, "510199")

    @pytest.mark.parametrize("code", sorted(items_from_internal()))
    def test_for_the_inside_are_item_versions(self, code: str) -> None:
        json = complete(items_from_internal()[code], version=1, region="510199", posts={})
        assert list(find_faults(json)) == []
        procedure = load_procedure(json["procedure"], json["procedure_version"])
        assert procedure.internal or item_from(json).code == code

    def test_carry_their_posts(self) -> None:
        post = {"post": "wj-sp-window", "unit": "wj-sp", "dept": "wj"}
        json = complete(items_from_demo()["qy-wj-0001"], version=3, region="510199", posts={"window": post})
        assert item_from(json).posts["window"].unit == "wj-sp"

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"terms": {"legal": "twenty days"}}, "terms.legal"),
            ({"colour": "red"}, "colour"),
            ({"version": "one"}, "version"),
            ({"materials": [{"code": "m1", "name": "表"}]}, "materials[0].required"),
            ({"terms_when": [{"when": {"nothing": ["yes"]}, "terms": {}}]}, "terms_when[0].when.nothing"),
            ({"fields": [{"name": "a", "label": "住址", "kind": "address"}]}, "fields[0].sealed"),
        ],
    )
    def test_are_refused_with_the_path(self, change: dict[str, object], path: str) -> None:
        json = complete(items_from_demo()["qy-sc-0001"], version=1, region="510199", posts={}) | change
        with pytest.raises(Refusal) as refused:
            item_from(json)
        assert refused.value.code is RefusalCode.BAD_ITEM
        assert refused.value.params["path"] == path
