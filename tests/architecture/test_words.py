"""Nothing is nameless: every refusal has its sentences in both languages, every document its template; and no room
knows a procedure that is only a file."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.utils import translation

from zhengtong.documents import composing
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.law.procedure_files import codes, load_common, load_procedure, versions
from zhengtong.law.refusal_words import SENTENCES, say

PACKAGE: Final = Path(__file__).resolve().parents[2] / "src" / "zhengtong"
CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
NOT_A_DOCUMENT: Final = {"layout", "certificate"}  # what all papers share; the result itself
ONLY_FILES: Final = ("hotline_order", "information_request", "supervised_task")
# Law may name its own files; the demonstration and the simulated city name the items they open.
MAY_NAME_THEM: Final = ("law/", "site/demo/", "simulation/")
TEXTS: Final = {".py", ".html", ".txt", ".typ", ".js", ".css", ".toml", ".svg", ".po", ".json", ".jsonl", ".xml"}


class TestRefusals:
    @pytest.mark.parametrize("code", RefusalCode)
    def test_have_words_in_both_languages(self, code: RefusalCode) -> None:
        for language in ("zh-hans", "en"):
            with translation.override(language):
                sentences = [str(part) for part in SENTENCES[code]]
            assert all(sentence.strip() for sentence in sentences)
            assert all(bool(CHINESE.search(sentence)) == (language == "zh-hans") for sentence in sentences), sentences

    def test_name_no_code_that_is_not_one(self) -> None:
        assert set(SENTENCES) == set(RefusalCode)

    @pytest.mark.parametrize("code", RefusalCode)
    def test_are_sentences_whatever_the_parameters(self, code: RefusalCode) -> None:
        given = dict.fromkeys(PLACEHOLDER.findall(str(SENTENCES[code][0])), "2026-03-02T09:00:00+08:00")
        for params in ({}, given):
            said = say(Refusal(code, params, "XKF 32"))
            assert not PLACEHOLDER.search(said.what + said.how)
            assert "%" not in PLACEHOLDER.sub("", said.what).replace("%（", "")
            assert said.article == "XKF 32"


def documents_named() -> Iterator[tuple[str, str]]:
    for code in codes():
        for version in versions(code):
            for document in load_procedure(code, version).documents.values():
                yield f"{code} {version}: {document.code}", document.template
    for path in (PACKAGE / "law" / "procedures" / "common").glob("*.toml"):
        if path.name.count(".") == 1:
            for document in load_common(path.stem).documents.values():
                yield f"common {path.stem}: {document.code}", document.template


def templates() -> set[str]:
    return {path.stem for path in (PACKAGE / "documents" / "typst").glob("*.typ")} - NOT_A_DOCUMENT


class TestDocuments:
    def test_of_every_procedure_have_a_template_and_a_writer(self) -> None:
        named = dict(documents_named())
        assert len(named) > 30
        assert {where: name for where, name in named.items() if name not in templates()} == {}
        assert {where: name for where, name in named.items() if name not in composing._WRITERS} == {}

    def test_leave_no_template_unused(self) -> None:
        assert templates() - {name for _where, name in documents_named()} == set()

    def test_issued_by_acts_are_documents_of_the_file(self) -> None:
        lacking = {
            f"{code}: {act.code}: {document}"
            for code in codes()
            for version in versions(code)
            for procedure in [load_procedure(code, version)]
            for act in procedure.actions.values()
            for document in (*act.issues, *act.serves)
            if document not in procedure.documents
        }
        assert lacking == set()


def texts_outside() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix in TEXTS and path.is_file() and not name.startswith(MAY_NAME_THEM):
            yield name, path.read_text(encoding="utf-8")


class TestProceduresThatAreOnlyFiles:
    def test_are_named_nowhere_else(self) -> None:
        assert [f"{name}: {code}" for name, text in texts_outside() for code in ONLY_FILES if code in text] == []

    def test_are_really_files(self) -> None:
        assert set(ONLY_FILES) <= set(codes())

    def test_have_no_python_in_law_either(self) -> None:
        named = {
            f"{path.relative_to(PACKAGE)}: {code}"
            for path in (PACKAGE / "law").rglob("*.py")
            for code in ONLY_FILES
            if code in path.read_text(encoding="utf-8")
        }
        assert named == set()

    def test_are_each_opened_by_an_item_we_ship(self) -> None:
        opened: set[str] = set()
        for path in (PACKAGE / "law" / "items").rglob("*.toml"):
            shipped: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            opened |= {str(value) for value in _values(shipped, "procedure")}
        assert set(ONLY_FILES) <= opened


def _values(table: object, key: str) -> Iterator[object]:
    if isinstance(table, dict):
        for name, value in table.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(table, list):
        for each in table:
            yield from _values(each, key)
