"""Rules on a screen: read, drafted in the closed vocabulary, complained of, put in force by the chief."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cases.pages import text_of
from tests.supervision.bureau import Bureau, build_bureau, publish_card
from zhengtong.accounts import clock
from zhengtong.kernel.supervision.rules import Family
from zhengtong.law import overlay
from zhengtong.law.supervision_rules import check_rulebook, editions, load_rules, read_rules, read_text
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.wiring import wire
from zhengtong.supervision import drafting
from zhengtong.supervision.models import RuleDraft
from zhengtong.trail.models import Entry

CODE = "SJ-02"


@pytest.fixture
def bureau(city_db: Path, tmp_path: Path) -> Iterator[Bureau]:
    before, place = installed(), overlay.local()
    wire()
    overlay.use_local(tmp_path / "law")
    made = build_bureau()
    publish_card()
    yield made
    overlay.use_local(place)
    put_back(before)


def draft_of(client: Client) -> RuleDraft:
    answer = client.post(reverse("supervision:draft_begin"))
    assert answer.status_code == 302
    return RuleDraft.objects.latest("pk")


def typed(answer: Any) -> dict[str, Any]:
    """What a form would send as it stands: values, chosen options, ticked boxes."""
    page = answer.content.decode()
    return {name: _plain(value) for name, value in _typed(page[page.index('id="rule"') :]).items()}


def _plain(value: Any) -> Any:
    return [unescape(each) for each in value] if isinstance(value, list) else unescape(value)


def _typed(form: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if name is None or name[1] == "csrfmiddlewaretoken":
            continue
        if kind is not None and kind[1] in ("radio", "checkbox"):
            if "checked" in tag:
                found.setdefault(name[1], []).append(value[1] if value else "on")
        else:
            found[name[1]] = value[1] if value else ""
    for name_, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'<option value="([^"]*)"[^>]*selected', inner)
        found[name_] = chosen or [""]
    for name_, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name_] = inner.strip()
    return found


def change(client: Client, draft: RuleDraft, code: str, **changes: Any) -> Any:
    url = reverse("supervision:draft_rule", args=[draft.pk, code])
    return client.post(url, {**typed(client.get(url)), **changes})


def wrong_in(answer: Any) -> list[str]:
    return re.findall(r'zt-field__error"[^>]*>([^<]*)<', text_of(answer))


class TestReading:
    def test_every_rule_in_force_stands_on_the_page(self, bureau: Bureau) -> None:
        page = text_of(bureau.officer.get(reverse("supervision:rules")))
        rules = load_rules()
        assert len(rules) >= 40
        assert [rule.code for rule in rules if f">{rule.code}<" not in page] == []
        assert f"现行监察规则 {len(rules)} 条" in page

    def test_a_rule_has_a_page_of_its_edition(self, bureau: Bureau) -> None:
        version = editions()[-1].version
        for family in Family:
            rule = next(each for each in load_rules() if each.family is family)
            page = text_of(bureau.officer.get(reverse("supervision:rule", args=[version, rule.code])))
            assert rule.name in page
            assert "历次版本" in page
        assert bureau.officer.get(reverse("supervision:rule", args=[version, "none"])).status_code == 404
        assert bureau.officer.get(reverse("supervision:rule", args=["1999-01-01", CODE])).status_code == 404

    def test_is_for_supervisors(self, bureau: Bureau) -> None:
        assert bureau.clerk.get(reverse("supervision:rules")).status_code == 403


class TestWriting:
    def test_every_shipped_edition_survives_being_written_again(self) -> None:
        for edition in editions():
            book = drafting.book_of(edition)
            assert drafting.read_book(drafting.write_draft(book)) == book
            assert read_text(drafting.write_book(book), "again") == read_rules(edition.path)
            assert drafting.faults_of(book) == ()

    def test_words_cannot_break_out_of_their_line(self) -> None:
        book = drafting.book_of(editions()[-1])
        said = 'a"b\\c\n[rules.X]\x7f'
        table = {**book.rules[CODE], "name": said}
        again = drafting.read_book(drafting.write_draft(book.with_rule(CODE, table, said)))
        assert again.rules[CODE]["name"] == said
        assert again.english[CODE] == said
        assert again.rules.keys() == book.rules.keys()

    @pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.long)])
    def test_saving_a_form_as_it_stands_changes_nothing(self, bureau: Bureau, step: int) -> None:
        """Of every metric (or each ninth) one rule: what the form shows is what the rule says."""
        draft = draft_of(bureau.officer)
        before = drafting.read_book(draft.toml)
        metrics = {str(table["metric"]): code for code, table in before.rules.items()}
        for code in sorted(metrics.values())[::step]:
            answer = change(bureau.officer, draft, code)
            assert answer.status_code == 302, (code, wrong_in(answer))
            draft.refresh_from_db()
        after = drafting.read_book(draft.toml)
        assert drafting.rules_of(after) == drafting.rules_of(before)


class TestDraft:
    def test_shows_what_differs(self, bureau: Bureau) -> None:
        draft = draft_of(bureau.officer)
        assert change(bureau.officer, draft, CODE, amount="3", level="yellow").status_code == 302
        page = text_of(bureau.officer.get(reverse("supervision:draft", args=[draft.pk])))
        assert "草稿改了 1 条规则" in page
        assert "3 个工作日" in page
        rule = next(
            each for each in drafting.rules_of(drafting.read_book(RuleDraft.objects.get().toml)) if each.code == CODE
        )
        assert (str(rule.threshold), rule.level) == ("3 wd", "yellow")

    def test_a_new_rule_is_written_from_the_vocabulary(self, bureau: Bureau) -> None:
        draft = draft_of(bureau.officer)
        page = text_of(bureau.officer.get(reverse("supervision:draft_metrics", args=[draft.pk])))
        assert "metric=limit_left" in page
        url = reverse("supervision:draft_new_rule", args=[draft.pk]) + "?metric=limit_left"
        data = {
            **typed(bureau.officer.get(url)), "code": "BD-01", "operator": "<=", "amount": "2", "unit": "wd",
            "level": "red", "follow": "propose", "receivers": ["head"], "clears": "stopped", "name": "剩两天",
            "name_en": "Two days left", "stream": "cases", "instrument": "+", "title": "清源区监察细则（2026）",
            "article": "5", "confirmed": "yes",
        }  # fmt: skip
        answer = bureau.officer.post(url, data)
        assert answer.status_code == 302, wrong_in(answer)
        rule = drafting.rules_of(drafting.read_book(RuleDraft.objects.get().toml))[-1]
        assert (rule.code, str(rule.threshold), rule.source) == ("BD-01", "2 wd", "BD1 5")
        again = bureau.officer.post(url, data)
        assert "这个代码已经有了" in text_of(again)

    def test_complaints_are_said_while_it_is_written(self, bureau: Bureau) -> None:
        draft = draft_of(bureau.officer)
        url = reverse("supervision:draft_complaints", args=[draft.pk, CODE])
        data = typed(bureau.officer.get(reverse("supervision:draft_rule", args=[draft.pk, CODE])))
        assert "读得懂，可以保存" in text_of(bureau.officer.post(url, data))
        assert "界限要写成不小于零的数" in text_of(bureau.officer.post(url, {**data, "amount": "-1"}))
        assert "没有英文名称" in text_of(bureau.officer.post(url, {**data, "name_en": ""}))
        wrong = {**data, "scope_procedures": ["filing"], "scope_clocks": ["decision", "hearing_request"]}
        assert "所选程序里没有这个期限" in text_of(bureau.officer.post(url, wrong))
        assert "处要改" in text_of(bureau.officer.post(url, {**data, "unit": "people"}))
        draft.refresh_from_db()
        assert drafting.changes_between(drafting.book_of(editions()[-1]), drafting.read_book(draft.toml)) == ()

    def test_only_its_author_changes_it(self, bureau: Bureau) -> None:
        draft = draft_of(bureau.officer)
        assert bureau.chief.get(reverse("supervision:draft", args=[draft.pk])).status_code == 200
        for name, args in (("draft_rule", [draft.pk, CODE]), ("draft_metrics", [draft.pk])):
            assert bureau.chief.get(reverse(f"supervision:{name}", args=args)).status_code == 403
        assert bureau.chief.post(reverse("supervision:draft_drop", args=[draft.pk])).status_code == 403
        assert bureau.officer.post(reverse("supervision:draft_drop", args=[draft.pk])).status_code == 302
        assert not RuleDraft.objects.exists()


class TestPuttingInForce:
    def drafted(self, bureau: Bureau) -> RuleDraft:
        draft = draft_of(bureau.officer)
        change(bureau.officer, draft, CODE, amount="4")
        draft.refresh_from_db()
        return draft

    def put(self, client: Client, draft: RuleDraft, on: date) -> str:
        answer = client.post(reverse("supervision:draft_put", args=[draft.pk]), {"on": on.isoformat()})
        return "" if answer.status_code == 302 else text_of(answer)

    def test_takes_two_people_and_writes_an_edition_that_never_changes(self, bureau: Bureau) -> None:
        draft, today = self.drafted(bureau), clock.now().date()
        assert "要由监察主体负责人来办" in self.put(bureau.officer, draft, today)
        assert self.put(bureau.chief, draft, today) == ""
        version = RuleDraft.objects.get().edition
        edition = drafting.find_edition(version)
        assert edition is not None
        assert check_rulebook(edition.path) == ()
        assert next(str(rule.threshold) for rule in load_rules(today) if rule.code == CODE) == "4 wd"
        entry = Entry.objects.get(what="rulebook.put")
        assert (entry.about, overlay.digest_of(edition.path) in str(entry.said)) == (version, True)
        assert not overlay.is_changed(edition.path)
        edition.path.write_text(edition.path.read_text().replace('"4 wd"', '"9 wd"'))
        overlay.forget()
        assert overlay.is_changed(edition.path)
        page = text_of(bureau.officer.get(reverse("supervision:rules"), {"edition": version}))
        assert "被改过" in page

    def test_is_refused_to_who_drafted_it_though_chief(self, bureau: Bureau) -> None:
        draft = draft_of(bureau.chief)
        change(bureau.chief, draft, CODE, amount="4")
        draft.refresh_from_db()
        assert "起草的人不能自己启用" in self.put(bureau.chief, draft, clock.now().date())

    def test_needs_a_change_a_day_to_come_and_the_newest_base(self, bureau: Bureau) -> None:
        today = clock.now().date()
        assert "没有可启用的改动" in self.put(bureau.chief, draft_of(bureau.officer), today)
        first, second = self.drafted(bureau), self.drafted(bureau)
        assert "不能早于今天" in self.put(bureau.chief, first, today - timedelta(days=1))
        assert self.put(bureau.chief, first, today) == ""
        assert "已经有新的一版" in self.put(bureau.chief, second, today)
        assert bureau.officer.get(reverse("supervision:draft_rule", args=[first.pk, CODE])).status_code == 404

    def test_the_history_of_a_rule_names_what_changed(self, bureau: Bureau) -> None:
        draft = self.drafted(bureau)
        self.put(bureau.chief, draft, clock.now().date())
        version = RuleDraft.objects.get().edition
        page = text_of(bureau.officer.get(reverse("supervision:rule", args=[version, CODE])))
        assert page.count("新立") == 1
        assert "界限" in page
        other = text_of(bureau.officer.get(reverse("supervision:rule", args=[version, "SJ-01"])))
        assert other.count("<tr") == page.count("<tr") - 1
