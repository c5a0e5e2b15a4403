"""Rulebooks: each fault has a mutant file, named with line and mend; the shelf is whole in both languages."""

from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from zhengtong.kernel.supervision.metrics import METRICS
from zhengtong.kernel.supervision.rules import Family, Follow, Level, Operator, Quantity, Unit
from zhengtong.law import overlay
from zhengtong.law.checking import check
from zhengtong.law.checking import put as put_in_force
from zhengtong.law.items import items_from_demo
from zhengtong.law.reading import LawFileError
from zhengtong.law.rulebook_files import threshold
from zhengtong.law.supervision_rules import (
    FOLDER,
    RULE_CODES,
    SHAPES,
    check_rulebook,
    check_rulebooks,
    editions,
    load_rules,
    read_rules,
    words_of,
)

WHOLE = """\
[rulebook]
code = "supervision"
version = "2030-01-01"

[sources]
JC = { title = "办法", kind = "local_sample", confirmed = false }

[thresholds.due_soon]
name = "临近到期"
term = "2 wd"
source = "JC 7"

[rules."A-1"]
name = "超过法定时限"
stream = "cases"
metric = "limit_over"
operator = ">"
threshold = "0 wd"
level = "red"
follow = "issue"
receivers = ["undertaker", "head"]
repeat = "5 wd"
clears = "stopped"
scope = { procedures = ["licence"], clocks = ["decision", "!step:*"] }
source = "JC 8"
confirmed = false

[rules."A-2"]
name = "未送达"
stream = "cases"
metric = "papers_unserved"
operator = ">="
threshold = "1 times"
level = "yellow"
follow = "propose"
receivers = ["head"]
clears = "mended"
scope = { documents = ["special_notice"] }
source = "JC 8"

[rules."A-3"]
name = "零受理"
stream = "windows"
metric = "accepted_cases"
operator = "<="
threshold = "0 cases"
level = "yellow"
follow = "propose"
receivers = ["head"]
whose = "window"
period = "month"
clears = "never"
source = "JC 10"
"""
ENGLISH = """\
[rules."A-1"]
name = "Over"
[rules."A-2"]
name = "Not served"
[rules."A-3"]
name = "Nothing accepted"
"""
# What is wrong, what stands instead of what, and the line it is found in.
MUTANTS = {
    "not_toml": ('version = "2030-01-01"', "version = 2030-01-01-01", 3),
    "unknown_key": ('repeat = "5 wd"', 'repeats = "5 wd"', 22),
    "missing_key": ('follow = "issue"\n', "", 13),
    "wrong_shape": ('name = "超过法定时限"', "name = 3", 14),
    "unknown_word": ('level = "red"', 'level = "purple"', 19),
    "bad_term": ('repeat = "5 wd"', 'repeat = "5 days"', 22),
    "unknown_metric": ('metric = "limit_over"', 'metric = "limit_above"', 16),
    "wrong_unit": ('threshold = "0 wd"', 'threshold = "0 cases"', 18),
    "wrong_operator": ('operator = ">"\n', 'operator = "="\n', 17),
    "bad_threshold": ('threshold = "0 wd"', 'threshold = "no days"', 18),
    "unused_scope": ('clocks = ["decision", "!step:*"]', 'acts = ["accept"]', 24),
    "unknown_procedure": ('procedures = ["licence"]', 'procedures = ["license"]', 24),
    "unknown_clock": ('"decision", ', '"descision", ', 24),
    "unknown_document": ('documents = ["special_notice"]', 'documents = ["special"]', 38),
    "unknown_source": ('source = "JC 8"\nconfirmed', 'source = "XX 8"\nconfirmed', 25),
    "rule_twice": ('[rules."A-2"]', '[rules."A-1"]', 28),
    "bad_period": ('period = "month"\n', "", 41),
    "bad_whose": ('whose = "window"', 'whose = "case"', 50),
}
CASES = {
    "unknown_act": 'metric = "times_done"\noperator = ">"\nthreshold = "1 times"\nscope = { acts = ["acept"] }',
    "unknown_outcome": 'metric = "outcomes"\noperator = ">"\nthreshold = "1 times"\nscope = { outcomes = ["gone"] }',
}


def put(folder: Path, text: str, name: str = "2030-01-01.toml", english: str = ENGLISH) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    overlay.mirror_of(path).write_text(english, encoding="utf-8")
    return path


class TestMutants:
    def test_the_whole_file_is_taken(self, tmp_path: Path) -> None:
        path = put(tmp_path, WHOLE)
        assert check_rulebook(path) == ()
        first, second, third = read_rules(path)
        assert (first.code, first.version, first.family, first.level) == ("A-1", "2030-01-01", Family.CLOCK, Level.RED)
        assert (first.operator, first.threshold) == (Operator.ABOVE, Quantity.of(0, Unit.WORKING_DAYS))
        assert first.scope.clocks == {"decision", "!step:*"} and not first.confirmed
        assert (second.family, second.follow) == (Family.CONDUCT, Follow.PROPOSE)
        assert (third.family, str(third.whose), str(third.period)) == (Family.PATTERN, "window", "month")

    @pytest.mark.parametrize("code", MUTANTS)
    def test_each_fault_is_named_with_its_line_and_mend(self, code: str, tmp_path: Path) -> None:
        old, new, line = MUTANTS[code]
        assert WHOLE.count(old) >= 1
        path = put(tmp_path, WHOLE.replace(old, new, 1))
        faults = check_rulebook(path)
        assert code in {fault.code for fault in faults}, faults
        fault = next(fault for fault in faults if fault.code == code)
        assert (fault.line, fault.file) == (line, str(path)) and fault.mend
        assert str(fault).startswith(f"{path}:{line}: {code}: ")
        with pytest.raises(LawFileError):
            read_rules(path)

    @pytest.mark.parametrize("code", CASES)
    def test_names_that_stand_nowhere(self, code: str, tmp_path: Path) -> None:
        start, end = WHOLE.index('metric = "papers_unserved"'), WHOLE.index('level = "yellow"\nfollow = "propose"')
        text = (
            WHOLE[:start] + CASES[code] + "\n" + WHOLE[end:].replace('scope = { documents = ["special_notice"] }\n', "")
        )
        (fault,) = check_rulebook(put(tmp_path, text))
        assert fault.code == code

    def test_misnamed(self, tmp_path: Path) -> None:
        (fault,) = check_rulebook(put(tmp_path, WHOLE, "2031-01-01.toml"))
        assert fault.code == "misnamed_rulebook"

    def test_without_english(self, tmp_path: Path) -> None:
        (fault,) = check_rulebook(put(tmp_path, WHOLE, english=ENGLISH.replace('name = "Over"', 'name = ""')))
        assert (fault.code, fault.table) == ("missing_words", "rules.A-1.name")

    def test_every_code_has_its_mutant(self) -> None:
        assert {*MUTANTS, *CASES, "misnamed_rulebook", "missing_words"} == {*SHAPES, *RULE_CODES}

    def test_one_case_has_no_period(self, tmp_path: Path) -> None:
        text = WHOLE.replace('repeat = "5 wd"', 'period = "month"\nleast = 3')
        assert [fault.code for fault in check_rulebook(put(tmp_path, text))] == ["bad_period", "bad_period"]


class TestEditions:
    def test_in_force_on_a_day(self, tmp_path: Path) -> None:
        newest = load_rules()
        folder = tmp_path / FOLDER
        folder.mkdir(parents=True)
        put(folder, WHOLE)
        try:
            overlay.use_local(tmp_path)
            assert [each.version for each in editions()][-1] == "2030-01-01"
            assert len(load_rules()) == len(load_rules(date(2030, 1, 1))) == 3
            assert load_rules(date(2029, 12, 31)) == newest
            assert load_rules(date(2019, 1, 1)) == ()
            assert words_of(editions()[-1], "en") == {"A-1": "Over", "A-2": "Not served", "A-3": "Nothing accepted"}
            assert words_of(editions()[-1], "zh-hans")["A-1"] == "超过法定时限"
        finally:
            overlay.use_local(None)
        assert load_rules() == newest

    def test_is_the_same_value_each_time(self) -> None:
        assert load_rules() is load_rules(date(2026, 6, 1))


class TestCommand:
    def test_law_check_reads_rulebooks_too(self, tmp_path: Path) -> None:
        folder = tmp_path / "supervision"
        folder.mkdir()
        assert check(put(folder, WHOLE)) == ()
        (fault,) = check(put(folder, WHOLE.replace('level = "red"', 'level = "purple"')))
        assert fault.code == "unknown_word"

    def test_law_put_lays_it_where_it_is_found_and_it_may_not_change(self, tmp_path: Path) -> None:
        (tmp_path / "drafts" / "supervision").mkdir(parents=True)
        home = tmp_path / "law"
        try:
            overlay.use_local(home)
            done = put_in_force(put(tmp_path / "drafts" / "supervision", WHOLE), home)
            assert done.path == home / FOLDER / "2030-01-01.toml" and len(load_rules()) == 3
            assert done.path is not None
            done.path.write_text(WHOLE.replace("0 wd", "1 wd"), encoding="utf-8")
            assert "changed_in_force" in {fault.code for fault in check_rulebook(done.path)}
        finally:
            overlay.use_local(None)


class TestShelf:
    def test_is_whole(self) -> None:
        assert check_rulebooks() == ()
        assert threshold("due_soon").n == 2

    def test_holds_what_is_asked_for(self) -> None:
        rules = load_rules()
        families = Counter(each.family for each in rules)
        assert families[Family.CLOCK] >= 35 and families[Family.CONDUCT] >= 35 and families[Family.PATTERN] >= 11
        assert len({each.name for each in rules}) == len(rules)

    def test_prompts_are_told_and_never_carded(self) -> None:
        """In a city where nothing is wrong cases come near their limits: nobody gets a card for that."""
        for each in load_rules():
            if each.family is not Family.PATTERN:
                assert each.level is not Level.PROMPT or each.follow is Follow.SHOW, each.code
            assert each.receivers and each.source and METRICS[each.metric].family is each.family

    def test_local_rules_are_marked(self) -> None:
        assert all(not each.confirmed for each in load_rules() if each.source.startswith("JC"))
        assert all(each.confirmed for each in load_rules() if each.source.startswith(("XKF", "TL")))


def test_quantities_are_exact() -> None:
    assert Quantity.parse("12.5 %").value == Fraction(25, 2)


def test_on_the_spot_is_what_the_item_says() -> None:
    """The law needs no mark of its own: an item decided on the spot (即办件) shows it by its option or its promise."""
    for code, content in items_from_demo().items():
        if content["procedure"] in ("licence", "confirmation", "filing", "public_service"):
            is_quick = "on_spot" in content["options"] or content["terms"].get("promised") in ("0 wd", "1 wd")
            assert is_quick == (content["case_type"] == "1"), code


class TestBounds:
    """An amount beyond the calendar would keep every case from being judged."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('threshold = "0 wd"', 'threshold = "251 wd"'),
            ('threshold = "0 wd"', 'threshold = "1000000000000 wd"'),
            ('threshold = "1 times"', 'threshold = "1e400 times"'),
            ('repeat = "5 wd"', 'repeat = "0 wd"'),
            ('repeat = "5 wd"', 'repeat = "9999 wd"'),
            ('repeat = "5 wd"', 'repeat = "5 wd"\npoints = -1000'),
            ('repeat = "5 wd"', 'repeat = "5 wd"\npoints = 101'),
        ],
    )
    def test_amounts_beyond_reason_are_refused(self, old: str, new: str, tmp_path: Path) -> None:
        faults = check_rulebook(put(tmp_path, WHOLE.replace(old, new, 1)))
        assert [fault.code for fault in faults] == ["bad_threshold"]

    def test_amounts_are_written_as_they_are(self) -> None:
        assert str(Quantity.parse("1234567 times")) == "1234567 times"
        assert str(Quantity.parse("1e400 times")).startswith("1000000")
