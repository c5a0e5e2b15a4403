"""What the desk does with bad input, with two people at once, and with whoever has no business there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cases.pages import do, done, hidden_in, take_in, text_of
from tests.cases.town import Town, sign_in
from zhengtong.accounts import clock
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.ledger.history import load
from zhengtong.ledger.queries import Case

FIVE = dict.fromkeys(("m1", "m2", "m3", "m4", "m5"), "received")


def case_page(client: Client, number: str) -> str:
    return text_of(client.get(reverse("cases:case", args=[number])))


def events(number: str) -> int:
    return len(load(Case.objects.get(number=number).pk))


class TestTwoPeople:
    def test_the_second_sees_what_changed_and_keeps_what_was_typed(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        stale = hidden_in(case_page(sign_in(licence, "李伟"), number))
        done(do(clerk, number, "pass_precheck"))
        undertaker = sign_in(licence, "李伟")
        url = reverse("cases:act", args=[number, "note"])
        answer = undertaker.post(url, {**stale, "note-text": "电话已经问过申请人"})
        page = text_of(answer)
        assert answer.status_code == 409
        assert "刚刚有人先办了一步" in page
        assert "预审通过" in page
        assert "电话已经问过申请人" in page
        before = events(number)
        again = undertaker.post(url, {**hidden_in(page), "note-text": "电话已经问过申请人"})
        assert again.status_code == 303
        assert events(number) == before + 1

    def test_what_one_did_oneself_is_no_surprise(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        stale = hidden_in(case_page(clerk, number))
        done(do(clerk, number, "note", {"text": "记一笔"}))
        assert clerk.post(reverse("cases:act", args=[number, "pass_precheck"]), stale).status_code == 303

    def test_a_replayed_post_does_nothing_twice(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        form = hidden_in(case_page(clerk, number))
        url = reverse("cases:act", args=[number, "pass_precheck"])
        assert clerk.post(url, form).status_code == 303
        after = events(number)
        assert clerk.post(url, form).status_code == 303
        assert events(number) == after

    def test_a_replayed_intake_opens_one_case(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        page = text_of(clerk.get(reverse("cases:take", args=["qy-wj-0001"])))
        key = hidden_in(page)["key"]
        first = take_in(clerk, FIVE, key=key)
        assert take_in(clerk, FIVE, key=key) == first
        assert Case.objects.count() == 1


class TestStrangers:
    def test_absent_and_not_yours_read_the_same(self, licence: Town) -> None:
        number = take_in(sign_in(licence, "何静"), FIVE)
        other = sign_in(licence, "孙悦")
        theirs = other.get(reverse("cases:case", args=[number]))
        nobodys = other.get(reverse("cases:case", args=["510199999999999999999"]))
        assert theirs.status_code == nobodys.status_code == 404
        assert other.post(reverse("cases:act", args=[number, "accept"])).status_code == 404
        assert other.get(reverse("cases:receipt", args=[number])).status_code == 404
        assert other.post(reverse("cases:check", args=[number])).status_code == 404

    def test_nobody_is_led_to_the_sign_in(self, licence: Town) -> None:
        for url in (reverse("cases:home"), reverse("cases:case", args=["1"]), reverse("cases:intake")):
            assert reverse("accounts:staff_sign_in") in Client().get(url)["Location"]

    def test_a_watcher_over_the_region_reads_no_sealed_words(self, licence: Town) -> None:
        clerk, undertaker = sign_in(licence, "何静"), sign_in(licence, "李伟")
        number = take_in(clerk, FIVE)
        done(do(clerk, number, "pass_precheck"))
        done(do(clerk, number, "accept"))
        done(do(undertaker, number, "pass", {"opinion": "只给办件人看的话"}))
        page = case_page(sign_in(licence, "方正"), number)
        assert "只给办件人看的话" not in page
        assert "欧阳晓雯" not in page
        assert "只给办件人看的话" in case_page(undertaker, number)

    def test_an_act_of_another_role_is_refused_in_words(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        form = hidden_in(case_page(clerk, number))
        answer = clerk.post(reverse("cases:act", args=[number, "grant"]), form)
        assert answer.status_code == 409
        assert "没有提交，您填的都还在" in text_of(answer)


HOSTILE: list[Mapping[str, Any]] = [
    {"text": "字" * 100_000},
    {"text": "\0"},
    {"text": ""},
]


class TestBadInput:
    @pytest.mark.parametrize("values", HOSTILE)
    def test_is_answered_in_words_and_writes_nothing(self, licence: Town, values: Mapping[str, Any]) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        before = events(number)
        assert do(clerk, number, "note", values).status_code == 400
        assert events(number) == before

    def test_a_choice_that_is_none(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        answer = do(clerk, number, "link", {"relation": "nonsense", "other": "<script>"})
        assert answer.status_code == 400
        assert "<script>" not in answer.content.decode().split("</head>")[1].replace("&lt;script&gt;", "")

    @pytest.mark.parametrize("key", ["", "x" * 500, "\0", "00000000-0000-0000-0000-000000000000"])
    def test_a_key_we_never_made_is_replaced(self, licence: Town, key: str) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        assert do(clerk, number, "note", {"text": "好"}, key=key, seq="nonsense").status_code == 303

    def test_an_unknown_verdict_is_refused(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, {"m1": "received"})
        answer = clerk.post(reverse("cases:check", args=[number]), {"verdict-m1": "nonsense"})
        assert answer.status_code == 409

    def test_hostile_searches(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        for text in ("\0", "字" * 100_000, "%", "' or 1=1 --", "＃" * 50):
            assert clerk.get(reverse("cases:search"), {"q": text}).status_code == 200
            assert clerk.get(reverse("cases:home"), {"q": text, "page": "99999999999", "item": "\0"}).status_code == 200
            assert clerk.get(reverse("cases:intake"), {"q": text}).status_code == 200


class TestSupplement:
    def test_returns_once_with_everything_missing(self, licence: Town) -> None:
        """The notice is filled with what is missing or wrong; one press sends it."""
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, {"m1": "received", "m2": "defective", "m3": "missing"}, **{"why-m2": "合同已过期"})
        page = case_page(clerk, number)
        assert "合同已过期" in page
        form = notice_form(page)
        assert set(form["notify_supplement-missing"]) == {"m2", "m3", "m4", "m5"}
        answer = clerk.post(reverse("cases:act", args=[number, "notify_supplement"]), form)
        done(answer)
        page = case_page(clerk, number)
        assert "待补正" in page
        assert "经营场所使用证明：合同已过期" in page
        done(do(clerk, number, "supply", {"given": ["m2", "m3", "m4", "m5"]}))
        clerk.post(reverse("cases:check", args=[number]), {**hidden_in(case_page(clerk, number)), "all": "accepted",
                                                           "verdict-m2": "accepted"})  # fmt: skip
        done(do(clerk, number, "accept"))
        assert Case.objects.get(number=number).phase == "examining"


def notice_form(page: str) -> dict[str, Any]:
    """The form of the notice exactly as the page draws it."""
    import re
    from html import unescape

    part = page.split("/notify_supplement/")[1].split("</form>")[0]
    picked = re.findall(r'<input type="checkbox" name="notify_supplement-missing"[^>]*value="([^"]+)" checked', part)
    reasons = re.findall(r'name="(notify_supplement-missing-\w+-reason)"[^>]*value="([^"]*)"', part)
    chosen = re.findall(r'name="(notify_supplement-manner)" value="(\w+)"[^>]*checked', part)
    return {
        **hidden_in(part), "notify_supplement-missing": picked, **{name: unescape(said) for name, said in reasons},
        **dict(chosen),
    }  # fmt: skip


class TestConsents:
    def test_are_asked_for_found_in_the_list_and_given(self, licence: Town) -> None:
        clerk, head = sign_in(licence, "何静"), sign_in(licence, "秦卫东")
        number = take_in(clerk, FIVE)
        refused = do(clerk, number, "void", {"reason": "重复录入"})
        assert refused.status_code == 409
        done(do(clerk, number, "ask_consent", {"for": "void", "draft": "重复录入，拟作废"}))
        waiting = text_of(head.get(reverse("cases:list", args=["consents"])))
        assert number in waiting
        assert number not in text_of(sign_in(licence, "陆长河").get(reverse("cases:list", args=["consents"])))
        assert "重复录入，拟作废" in case_page(head, number)
        done(do(head, number, "give_consent", {"verdict": "granted", "reason": "同意"}))
        assert number not in text_of(head.get(reverse("cases:list", args=["consents"])))
        done(do(clerk, number, "void", {"reason": "重复录入"}))
        assert Case.objects.get(number=number).outcome == "void"


class TestLateEntry:
    """补录: what happened earlier is entered with its own time, by staff alone."""

    def press(self, client: Client, number: str, when: str) -> Any:
        return do(client, number, "note", {"text": "上午到现场看过", "happened_at": when})

    def late_town(self, licence: Town) -> tuple[Client, str, datetime]:
        """A case taken in yesterday, looked at today."""
        now = clock.now()
        with clock.fixed(now - timedelta(days=1)):
            number = take_in(sign_in(licence, "何静"), FIVE)
        return sign_in(licence, "何静"), number, now

    def test_is_folded_away_and_never_asked_of_a_party(self, licence: Town) -> None:
        clerk, number, _now = self.late_town(licence)
        page = case_page(clerk, number)
        assert "补录：不是刚刚发生的" in page
        assert '<details class="zt-fold zt-fold--field">' in page

    def test_stands_at_its_own_time_and_says_so(self, licence: Town) -> None:
        clerk, number, now = self.late_town(licence)
        then = now - timedelta(hours=2)
        done(self.press(clerk, number, then.astimezone(LAW_ZONE).strftime("%Y-%m-%d %H:%M")))
        last = load(Case.objects.get(number=number).pk)[-1]
        assert last.at == then.replace(second=0, microsecond=0)
        assert last.recorded_at >= now
        assert "（补录）" in case_page(clerk, number)

    @pytest.mark.parametrize(("days", "said"), [(-30, "早于上一条记录"), (2, "在将来")])
    def test_is_refused_beside_the_field(self, licence: Town, days: int, said: str) -> None:
        clerk, number, now = self.late_town(licence)
        before = events(number)
        when = (now + timedelta(days=days)).astimezone(LAW_ZONE).strftime("%Y-%m-%d %H:%M")
        answer = self.press(clerk, number, when)
        page = text_of(answer)
        assert answer.status_code == 409
        assert said in page and "上午到现场看过" in page and when.replace(" ", "T") in page.replace(" ", "T")
        assert 'id="id_note-happened_at_error"' in page
        assert events(number) == before
