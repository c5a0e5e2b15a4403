"""A draft tried on history: what it would have found against the rules in force, and nothing written but the try."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cases.pages import text_of
from tests.cases.town import REGION, Town, sign_in
from tests.supervision.watched import MONDAY, actor, tasks
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.queries import Case
from zhengtong.supervision import drafting, trying
from zhengtong.supervision.models import Card, RuleDraft, Run, Signal, Watched
from zhengtong.supervision.sweeping import sweep
from zhengtong.supervision.trying import Wanted, ask, lines_by, try_waiting

LATE = MONDAY + timedelta(days=4)
RULE = {
    "name": "拟立项超时", "stream": "internal", "metric": "limit_over", "operator": ">", "threshold": "0 wd",
    "level": "yellow", "follow": "propose", "receivers": ["head"], "clears": "stopped", "source": "JC 7",
    "scope": {"procedures": ["supervised_task"], "clocks": ["step:proposed"]},
}  # fmt: skip


@pytest.fixture
def draft(under_watch_here: Town) -> RuleDraft:
    """Five tasks past the limit of their first step, watched, and a draft with a rule that sees them."""
    tasks(5)
    sweep(LATE)
    made = drafting.begin_draft(author=actor("方正", LATE).person, at=LATE)
    return saved(made, drafting.read_book(made.toml).with_rule("BD-01", RULE, "Proposal late"))


def saved(draft: RuleDraft, book: drafting.RuleBook) -> RuleDraft:
    drafting.save_draft(draft, book, at=draft.changed_at + timedelta(seconds=1))
    draft.refresh_from_db()
    return draft


def wanted(rule: str = "", sample: int = 0) -> Wanted:
    return Wanted(rule=rule, since=law_day(MONDAY), until=law_day(LATE), sample=sample)


def tried(draft: RuleDraft, **how: Any) -> dict[str, Any]:
    ask(draft, wanted(**how), (REGION,), at=LATE)
    draft.refresh_from_db()
    return dict(draft.tried or {})


def sums(found: dict[str, Any], code: str) -> tuple[int, int, int]:
    line = next((each for each in lines_by(found, "rule") if each.code == code), None)
    return (line.new, line.gone, line.same) if line else (0, 0, 0)


class TestOneRule:
    def test_counts_what_it_would_have_found_by_department_with_examples(self, draft: RuleDraft) -> None:
        found = tried(draft, rule="BD-01")
        assert (found["status"], found["of"], found["total"], found["is_sample"]) == ("done", 5, 5, False)
        assert sums(found, "BD-01") == (5, 0, 0)
        assert [(line.code, line.new) for line in lines_by(found, "dept")] == [("qy", 5)]
        examples = trying.examples_of(found, "new")
        assert {each["number"] for each in examples} == set(Case.objects.values_list("number", flat=True))

    def test_out_of_the_period_nothing_is_found(self, draft: RuleDraft) -> None:
        ask(draft, Wanted(rule="BD-01", since=law_day(MONDAY), until=law_day(MONDAY), sample=0), (REGION,), at=LATE)
        assert draft.tried is not None
        assert sums(draft.tried, "BD-01") == (0, 0, 0)

    def test_of_another_territory_nothing_is_read(self, draft: RuleDraft) -> None:
        ask(draft, wanted(rule="BD-01"), ("000000",), at=LATE)
        assert draft.tried is not None
        assert (draft.tried["total"], draft.tried["status"]) == (0, "done")


class TestAgainstTheRulesInForce:
    def standing(self) -> str:
        """A shipped rule that sees the tasks."""
        return str(Signal.objects.order_by("rule").values_list("rule", flat=True).first())

    def test_the_same_rule_finds_the_same(self, draft: RuleDraft) -> None:
        code = self.standing()
        found = tried(draft, rule=code)
        assert sums(found, code) == (0, 0, Signal.objects.filter(rule=code).count())

    def test_a_rule_left_out_finds_nothing_more(self, draft: RuleDraft) -> None:
        code = self.standing()
        saved(draft, drafting.read_book(draft.toml).without_rule(code))
        assert sums(tried(draft, rule=code), code) == (0, Signal.objects.filter(rule=code).count(), 0)

    def test_another_level_is_new_and_gone(self, draft: RuleDraft) -> None:
        code, book = self.standing(), drafting.read_book(draft.toml)
        level = "red" if book.rules[code]["level"] != "red" else "yellow"
        saved(draft, book.with_rule(code, {**book.rules[code], "level": level}, book.english[code]))
        n = Signal.objects.filter(rule=code).count()
        assert sums(tried(draft, rule=code), code) == (n, n, 0)

    def test_all_rules_with_patterns_over_every_case(self, draft: RuleDraft) -> None:
        found = tried(draft)
        assert found["pattern_cases"] == 5
        assert sums(found, "BD-01") == (5, 0, 0)
        assert all(line.new == line.gone == 0 for line in lines_by(found, "rule") if line.code != "BD-01")


class TestWritesNothing:
    def test_but_the_try(self, draft: RuleDraft) -> None:
        before = [model.objects.count() for model in (Case, Signal, Card, Run, Watched)]
        rows = list(Signal.objects.order_by("key").values())
        tried(draft)
        assert [model.objects.count() for model in (Case, Signal, Card, Run, Watched)] == before
        assert list(Signal.objects.order_by("key").values()) == rows


class TestMany:
    @pytest.fixture
    def rounds(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(trying, "AT_ONCE", 2)
        monkeypatch.setattr(trying, "A_ROUND", 2)
        yield

    def test_are_tried_in_rounds_and_come_to_the_same(
        self, draft: RuleDraft, rounds: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = tried(draft)
        assert (found["status"], found["done"]) == ("waiting", 0)
        assert [try_waiting(LATE) for _round in range(4)] == [2, 2, 1, 0]
        draft.refresh_from_db()
        slowly = draft.tried
        assert slowly is not None
        monkeypatch.setattr(trying, "AT_ONCE", 100)
        assert slowly == {**tried(draft), "after": slowly["after"]}

    def test_a_sample_is_the_same_each_time_and_says_so(self, draft: RuleDraft) -> None:
        first, second = (tried(draft, rule="BD-01", sample=3) for _n in range(2))
        assert first == second
        assert (first["of"], first["total"], first["is_sample"]) == (3, 5, True)
        assert sums(first, "BD-01") == (3, 0, 0)

    def test_a_draft_changed_meanwhile_is_tried_no_further(self, draft: RuleDraft, rounds: None) -> None:
        tried(draft)
        saved(draft, drafting.read_book(draft.toml).without_rule("BD-01"))
        assert try_waiting(LATE) == 0
        assert RuleDraft.objects.get().tried is None


class TestPage:
    def test_shows_the_numbers_and_leads_to_the_cases(self, draft: RuleDraft, under_watch_here: Town) -> None:
        officer: Client = sign_in(under_watch_here, "方正")
        tried(draft, rule="BD-01", sample=3)
        page = text_of(officer.get(reverse("supervision:draft", args=[draft.pk])))
        assert "新增 3 条判断，减少 0 条，不变 0 条" in page
        assert "单件规则只试了随机抽的 3 件，这段期间共 5 件" in page
        number = trying.examples_of(draft.tried or {}, "new")[0]["number"]
        assert reverse("cases:case", args=[number]) in page
        url = reverse("supervision:draft_try", args=[draft.pk])
        bad = officer.post(url, {"rule": "*", "since": "2026-03-05", "until": "2026-03-01", "sample": "0"})
        assert "期间的末日不能早于首日" in text_of(bad)
        good = officer.post(url, {"rule": "BD-01", "since": "2026-03-01", "until": "2026-03-31", "sample": "0"})
        assert good.status_code == 303
        draft.refresh_from_db()
        assert (draft.tried or {})["total"] == 5
