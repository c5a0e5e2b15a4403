"""Following a case: its party, a stranger, a token, a walk-in; answering a notice; withdrawing; a race."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.portal.town import (
    AT,
    IDENTITY,
    MATTER,
    OTHER_IDENTITY,
    OTHER_PHONE,
    accept,
    apply_for,
    at_the_window,
    carry_to_the_end,
    draft_ref,
    form_of,
    make_citizen,
    notify,
    picture,
    pictures,
    sign_in,
    subject_of,
)
from zhengtong.cases import access
from zhengtong.cases.actions import Wish
from zhengtong.ledger.queries import Case

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def client(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


@pytest.fixture
def number(client: Client) -> str:
    return apply_for(client)


class TestACase:
    def test_is_absent_for_strangers_and_for_nobody(self, client: Client, number: str) -> None:
        make_citizen("王五", OTHER_PHONE)
        other = sign_in(OTHER_PHONE)
        for place in ("", "receipt", "receipt/print", "act/withdraw", f"file/{'0' * 64}"):
            assert other.get(f"/cases/{number}/{place}").status_code == 404
            assert client.get(f"/cases/5101990000/{place}").status_code == 404
            assert Client().get(f"/cases/{number}/{place}").status_code == 302
        assert other.post(f"/cases/{number}/act/withdraw", {}).status_code == 404

    @pytest.mark.parametrize("strange", ["%00", "x" * 500, "１２３", "'--", "..%2f"])
    def test_with_a_strange_number_is_absent(self, client: Client, strange: str) -> None:
        assert client.get(f"/cases/{strange}/").status_code == 404

    def test_shows_posts_and_never_names_of_staff(self, client: Client, number: str) -> None:
        at_the_window(number, Wish(act="pass_precheck"))
        page = client.get(f"/cases/{number}/").content.decode()
        assert "预审通过" in page
        assert "窗口岗" in page
        assert "何静" not in page

    def test_asks_the_database_alike_however_many_cases_there_are(self, client: Client, number: str) -> None:
        def asked(url: str) -> int:
            client.get(url)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(url).status_code == 200
            return len(queries)

        urls = ("/", "/mine/", f"/cases/{number}/", "/search?q=卫生")
        before = [asked(url) for url in urls]
        apply_for(client)
        apply_for(client)
        assert [asked(url) for url in urls] == before


class TestANotice:
    def test_lists_what_was_asked_and_is_answered_with_two_files(self, client: Client, number: str) -> None:
        notify(number)
        page = client.get(f"/cases/{number}/").content.decode()
        assert "超过一年，请换新的。" in page
        assert "没有写消毒间" in page
        url = re.search(rf'class="btn btn-primary btn-big" href="(/cases/{number}/act/[a-z_]+)"', page)
        assert url is not None
        page = client.get(url[1]).content.decode()
        assert "file-m4" in page and "file-m5" in page and "file-m2" not in page
        done = client.post(url[1], {**form_of(page), **pictures("m4", "m5")})
        assert done["Location"] == f"/cases/{number}/"
        assert Case.objects.get(number=number).state == "received"

    def test_is_answered_whole(self, client: Client, number: str) -> None:
        notify(number)
        url = f"/cases/{number}/act/supply"
        page = client.get(url).content.decode()
        half = client.post(url, {**form_of(page), **pictures("m4")})
        assert half.status_code == 400
        page = half.content.decode()
        assert "补正要一次交齐" in page
        kept = re.findall(r'name="kept" value="([^"]+)"', page)
        assert len(kept) == 1  # what was sent need not be sent again
        done = client.post(url, {**form_of(page), "kept": kept, "file-m5": picture("制度.png", 6)})
        assert done.status_code == 302

    def test_files_of_others_cannot_be_named(self, client: Client, number: str) -> None:
        notify(number)
        url = f"/cases/{number}/act/supply"
        page = client.get(url).content.decode()
        answer = client.post(url, {**form_of(page), "kept": [f"m4:{'a' * 64}", f"m5:{'b' * 64}"]})
        assert answer.status_code == 400

    def test_a_second_post_is_a_replay(self, client: Client, number: str) -> None:
        notify(number)
        url = f"/cases/{number}/act/supply"
        typed = form_of(client.get(url).content.decode())
        assert client.post(url, {**typed, **pictures("m4", "m5")}).status_code == 302
        last = Case.objects.get(number=number).last_seq
        assert client.post(url, {**typed, **pictures("m4", "m5")}).status_code == 302
        assert Case.objects.get(number=number).last_seq == last


class TestAnAct:
    def test_withdraws_with_the_consequence_said_before(self, client: Client, number: str) -> None:
        url = f"/cases/{number}/act/withdraw"
        page = client.get(url).content.decode()
        assert "不能恢复" in page
        assert client.post(url, form_of(page)).status_code == 302
        page = client.get(f"/cases/{number}/").content.decode()
        assert "申请人撤回" in page
        assert "/act/withdraw" not in page

    def test_outrun_by_the_window_says_what_changed(self, client: Client, number: str) -> None:
        url = f"/cases/{number}/act/withdraw"
        typed = form_of(client.get(url).content.decode())
        at_the_window(number, Wish(act="pass_precheck"))
        answer = client.post(url, typed)
        assert answer.status_code == 409
        assert "预审通过" in answer.content.decode()

    def test_of_the_service_is_refused_in_words(self, client: Client, number: str) -> None:
        answer = client.post(
            f"/cases/{number}/act/pass_precheck", form_of(client.get(f"/cases/{number}/act/withdraw").content.decode())
        )
        assert answer.status_code == 409
        assert "不由您" in answer.content.decode()
        assert client.get(f"/cases/{number}/act/pass_precheck").status_code == 302
        assert client.get(f"/cases/{number}/act/nonsense").status_code == 404

    def test_too_long_keeps_what_was_typed(self, client: Client, number: str) -> None:
        url = f"/cases/{number}/act/withdraw"
        typed = form_of(client.get(url).content.decode())
        answer = client.post(url, {**typed, "reason": "因" * 100_000})
        assert answer.status_code == 400
        assert "因因因" in answer.content.decode()


class TestTheWholeLife:
    def test_can_be_followed_to_the_result_and_rated(self, client: Client, number: str) -> None:
        carry_to_the_end(number)
        page = client.get(f"/cases/{number}/").content.decode()
        assert "准予许可" in page
        assert page.count(">核对材料<") == 1  # five documents compared in a row are one line
        assert "许可证件" in page
        assert f"/documents/papers/{number}/" in page
        assert "/act/rate" in page
        url = f"/cases/{number}/act/rate"
        typed = form_of(client.get(url).content.decode())
        assert client.post(url, {**typed, "level": ""}).status_code == 400
        assert client.post(url, {**typed, "level": "5", "text": "很快"}).status_code == 302
        assert "评价" in client.get(f"/cases/{number}/").content.decode()
        mine = client.get("/mine/?show=closed").content.decode()
        assert number in mine
        assert "看结果" in mine

    def test_states_views_while_it_is_examined(self, client: Client, number: str) -> None:
        accept(number)
        page = client.get(f"/cases/{number}/").content.decode()
        assert "法律规定最长" in page
        url = f"/cases/{number}/act/state_views"
        typed = form_of(client.get(url).content.decode())
        assert client.post(url, {**typed, "views": "隔壁的检测报告也可以用。"}).status_code == 302
        assert "陈述申辩" in client.get(f"/cases/{number}/").content.decode()

    def test_takes_more_documents_before_the_decision(self, client: Client, number: str) -> None:
        url = f"/cases/{number}/act/receive_material"
        page = client.get(url).content.decode()
        assert "补充材料" in page
        assert client.post(url, form_of(page)).status_code == 400
        assert client.post(url, {**form_of(page), "file-m3": picture("新图.png", 9)}).status_code == 302
        assert "新图.png" in client.get(f"/cases/{number}/").content.decode()


class TestAToken:
    def test_shows_state_and_clock_and_nobody(self, client: Client, number: str) -> None:
        page = Client().get(f"/t/{access.token_of(number)}").content.decode()
        assert "zt-clock" in page
        assert "收到材料 5 份" in page
        for secret in ("李小敏", "李*敏", IDENTITY, "栖云里", "m4.png", access.password_of(number)):
            assert secret not in page

    @pytest.mark.parametrize("token", ["x", "510199.aaaa", "a" * 300, "%00.1"])
    def test_we_did_not_write_is_absent(self, client: Client, token: str) -> None:
        assert Client().get(f"/t/{token}").status_code == 404


class TestAWalkIn:
    def typed(self, number: str, **more: str) -> dict[str, str]:
        return {"number": number, "password": access.password_of(number), "certificate": IDENTITY, **more}

    def test_sees_the_case_in_this_session_and_cannot_act(self, client: Client, number: str) -> None:
        visitor = Client()
        answer = visitor.post("/query", {**self.typed(number), "number": " ".join(number)})
        assert answer["Location"] == "/query/case"
        page = visitor.get("/query/case").content.decode()
        assert number in page
        assert "/act/" not in page
        assert Client().get("/query/case")["Location"] == "/query"

    def test_gets_the_same_answer_whatever_is_wrong(self, client: Client, number: str) -> None:
        wrong = [
            self.typed(number, certificate=OTHER_IDENTITY),
            self.typed(number, password="000000"),
            self.typed("5101990000"),
            self.typed("１２'--"),
        ]
        said = {
            re.sub(r'value="[^"]*"|csrf\S+', "", Client().post("/query", typed).content.decode()) for typed in wrong
        }
        assert len(said) == 1

    def test_waits_after_too_many_tries(self, client: Client, number: str) -> None:
        for _time in range(5):
            assert Client().post("/query", self.typed(number, password="000000")).status_code == 400
        answer = Client().post("/query", self.typed(number))
        assert answer.status_code == 429
        assert "10 分钟" in answer.content.decode()

    def test_who_signs_in_takes_the_case_along(self, client: Client, number: str) -> None:
        make_citizen("王五", OTHER_PHONE)
        other = sign_in(OTHER_PHONE)
        assert other.post("/query", self.typed(number))["Location"] == f"/cases/{number}/"
        assert other.get(f"/cases/{number}/").status_code == 200
        assert number in other.get("/mine/").content.decode()


class TestAMatter:
    def test_outside_the_list_is_opened_from_its_act_alone(self, client: Client) -> None:
        begun = client.post(f"/new/{MATTER}/", {"applicant": subject_of(client)})
        ref = draft_ref(begun["Location"])
        lacking = client.post(f"/apply/{ref}/questions", {"content": "", "go": "1"})
        assert lacking.status_code == 400
        onward = client.post(f"/apply/{ref}/questions", {"secret": "yes", "content": "路灯不亮", "go": "1"})
        assert onward["Location"] == f"/apply/{ref}/materials"
        assert client.post(f"/apply/{ref}/materials", {"go": "1"})["Location"] == f"/apply/{ref}/check"
        done = client.post(f"/apply/{ref}/check", {"go": "1"})
        number = done["Location"].split("/")[2]
        assert client.get(f"/cases/{number}/").status_code == 200

    def test_that_is_internal_cannot_be_opened(self, client: Client) -> None:
        assert client.get("/new/card/").status_code == 404
        assert AT.year == 2026
