"""Supervision against the truth file: what was planted is found, nothing else is; in a clean city no card follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.simulation.conftest import Town, at_home, build_in
from zhengtong.kernel.supervision.rules import Family, Rule
from zhengtong.law.supervision_rules import load_rules
from zhengtong.simulation import truth
from zhengtong.simulation.irregularities import Kind
from zhengtong.site.bench.supervision import (
    AIMS,
    MONTH,
    RULES_OF,
    Watched,
    family_scores,
    find_all,
    leading_to_cards,
    read_truth,
    score_of,
)


def watch(town: Town, rules: tuple[Rule, ...], folder: Path) -> Watched:
    path = folder / "truth.jsonl"
    truth.write(path, town.lived.truths)
    assert town.lived.until is not None
    watched = Watched(cases=town.lived.cases)
    watched.told.update(read_truth(path))
    for finding in find_all(rules, town.size, town.lived.until):
        watched.saw(finding)
    return watched


class TestATown:
    def test_keeps_the_aims(self, in_town: Town, tmp_path: Path) -> None:
        watched = watch(in_town, load_rules(), tmp_path)
        for family, score in family_scores(watched).items():
            assert score.planted, family
            assert score.recall >= AIMS[family], (family, score)
            assert score.precision >= AIMS[family], (family, score)

    def test_is_found_out_by_every_rule_that_is_named(self, in_town: Town, tmp_path: Path) -> None:
        watched = watch(in_town, load_rules(), tmp_path)
        assert [kind for kind in Kind if not score_of(watched, kind).hit] == []

    def test_hides_what_no_rule_looks_for(self, in_town: Town, tmp_path: Path) -> None:
        blind = tuple(rule for rule in load_rules() if rule.code not in RULES_OF[Kind.SAME_PERSON])
        watched = watch(in_town, blind, tmp_path)
        assert score_of(watched, Kind.SAME_PERSON).recall == 0
        assert family_scores(watched)[Family.CONDUCT].recall < AIMS[Family.CONDUCT]

    def test_shows_a_rule_that_sees_too_much(self, in_town: Town, tmp_path: Path) -> None:
        watched = watch(in_town, load_rules(), tmp_path)
        watched.found["MS-08"].add("sc-sp-issue")
        watched.found["XW-28"].add("510199")
        scores = family_scores(watched)
        assert scores[Family.PATTERN].precision < AIMS[Family.PATTERN]
        assert scores[Family.CONDUCT].precision < AIMS[Family.CONDUCT]


class TestACleanTown:
    def test_gets_no_card(self, in_clean_town: Town, tmp_path: Path) -> None:
        assert leading_to_cards(watch(in_clean_town, load_rules(), tmp_path).found) == {}


@pytest.fixture(scope="module", params=["planted", "clean"])
def month(
    request: pytest.FixtureRequest,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[tuple[str, Town]]:
    size = MONTH if request.param == "planted" else MONTH.clean()
    with django_db_blocker.unblock():
        town = build_in(tmp_path_factory.mktemp(request.param), sqlite_template, size, workers=2)
        with at_home(town.home, town.url):
            yield request.param, town


@pytest.mark.long
def test_a_month_keeps_the_aims(month: tuple[str, Town], tmp_path: Path) -> None:
    which, town = month
    watched = watch(town, load_rules(), tmp_path)
    if which == "clean":
        assert leading_to_cards(watched.found) == {}
        return
    for family, score in family_scores(watched).items():
        assert min(score.recall, score.precision) >= AIMS[family], (family, score)
