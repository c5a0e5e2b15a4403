"""Every word of every procedure stands in Chinese and in English."""

import pytest

from zhengtong.law.procedure_files import codes, common_path, load_procedure, path_of, versions, words
from zhengtong.law.words import find_english, find_missing, find_words

SHIPPED = [(code, version) for code in codes() for version in versions(code)]


@pytest.mark.parametrize(("code", "version"), SHIPPED)
class TestWords:
    def test_are_complete_in_english(self, code: str, version: str) -> None:
        procedure, path = load_procedure(code, version), path_of(code, version)
        english = find_english(path, common_path(procedure))
        assert [str(fault) for fault in find_missing(find_words(procedure), english, path)] == []

    def test_of_the_mirror_all_belong_to_something(self, code: str, version: str) -> None:
        procedure = load_procedure(code, version)
        english = find_english(path_of(code, version), None)
        assert sorted(set(english) - set(find_words(procedure))) == []


class TestKeys:
    def test_name_tables_as_the_file_does(self) -> None:
        said = words("licence", "2026-01-01", "zh-hans")
        assert said["actions.accept.name"] == "受理"
        assert said["states.received.public"].startswith("已收件")
        assert said["actions.notify_supplement.inputs.manner.choices.direct"] == "当面交付"
        assert said["branches.opinion.verdicts.agree"] == "同意"

    def test_are_the_same_in_english(self) -> None:
        chinese, english = words("licence", "2026-01-01", "zh-hans"), words("licence", "2026-01-01", "en")
        assert chinese.keys() == english.keys()
        assert english["procedure.name"] == "Administrative licence"
