"""Matters with no page of their own: carried from opening to closing on the generic desk, named nowhere in Python."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.test import Client
from django.urls import reverse

import zhengtong
from tests.cases.pages import PARTY, do, done, hidden_in, party, text_of
from tests.cases.town import Town, publish_inner, sign_in
from zhengtong.ledger.queries import Case

INNER = ("hotline_order", "information_request", "supervised_task")


def open_inner(client: Client, item: str, values: Mapping[str, object], act: str = "") -> str:
    url = reverse("cases:open", args=[item]) + (f"?act={act}" if act else "")
    page = client.get(url)
    assert page.status_code == 200
    answer = client.post(url, {**hidden_in(text_of(page)), **values})
    done(answer)
    return str(answer["Location"]).split("/cases/")[1].split("/")[0]


class TestTask:
    def test_is_set_up_split_reported_and_struck_off(self, town: Town) -> None:
        publish_inner("supervised_task", {"office": "qy-office", "leader": "qy-leader"})
        office, leader, unit = sign_in(town, "黄莉"), sign_in(town, "马腾"), sign_in(town, "赵刚")
        assert "督办" in text_of(office.get(reverse("cases:openings")))
        number = open_inner(office, "supervised_task", {"subject": "整治占道经营"})
        done(do(office, number, "ask_consent", {"for": "establish", "draft": "拟立项"}))
        assert number in text_of(leader.get(reverse("cases:list", args=["consents"])))
        done(do(leader, number, "give_consent", {"verdict": "granted"}))
        rows = {"branches-rows": "1", "branches-0-to": "sc", "branches-0-kind": "lead", "branches-0-text": "三日内清理"}
        done(do(office, number, "establish", rows))
        assert number in text_of(unit.get(reverse("cases:list", args=["asked"])))
        assert "三日内清理" in text_of(unit.get(reverse("cases:case", args=[number])))
        done(do(unit, number, "sign_for"))
        done(do(unit, number, "report", {"report": "已经清理", "verdict": "done"}))
        done(do(office, number, "accept_report"))
        done(do(office, number, "ask_consent", {"for": "strike_off", "draft": "拟销号"}))
        done(do(leader, number, "give_consent", {"verdict": "granted"}))
        done(do(office, number, "strike_off"))
        assert Case.objects.get(number=number).outcome == "finished"


class TestHotline:
    def test_is_taken_down_dispatched_answered_and_closed(self, town: Town) -> None:
        roles = {"operator": "qy-office", "dispatcher": "qy-leader", "centre": "qy-head"}
        publish_inner("hotline_order", roles)
        operator, dispatcher, unit = sign_in(town, "黄莉"), sign_in(town, "马腾"), sign_in(town, "赵刚")
        values = {**party("citizen"), "secret": "no", "content": "路灯不亮"}
        number = open_inner(operator, "hotline_order", values)
        done(do(operator, number, "classify", {"urgency": "normal", "category": "help"}))
        done(do(dispatcher, number, "dispatch", {"unit": "sc"}))
        assert number in text_of(unit.get(reverse("cases:home")))
        done(do(unit, number, "sign_for"))
        done(do(unit, number, "reply", {"contacted": "yes", "reply": "已修好"}))
        done(do(operator, number, "close", {"solved": "solved", "satisfaction": "s5"}))
        assert Case.objects.get(number=number).phase == "closed"


class TestInformationRequest:
    def test_is_taken_down_and_answered(self, town: Town) -> None:
        roles = {"clerk": "wj-sp-window", "officer": "wj-sp-undertaker", "head": "wj-head"}
        publish_inner("information_request", known_roles(roles))
        clerk = sign_in(town, "何静")
        values = {**party("applicant"), "wanted": "2025年卫生许可清单", "provide": "electronic", "channel": "in_person"}
        number = open_inner(clerk, "information_request", values, act="receive_at_once")
        page = text_of(clerk.get(reverse("cases:case", args=[number])))
        assert "2025年卫生许可清单" in page
        assert PARTY["name"] in page
        done(do(clerk, number, "take_up"))
        done(do(clerk, number, "disclose", {"reply": "清单见附件"}))
        done(do(clerk, number, "deliver", {"manner": "electronic"}))
        assert Case.objects.get(number=number).phase == "closed"


def known_roles(roles: dict[str, str]) -> dict[str, str]:
    from zhengtong.kernel.procedures import RoleKind
    from zhengtong.law.procedure_files import load_procedure

    posts = [role.code for role in load_procedure(INNER[1], "2026-01-01").roles.values() if role.kind is RoleKind.POST]
    spare = iter(("wj-sp-window", "wj-sp-undertaker", "wj-sp-approver", "wj-sp-reviewer"))
    return {code: roles.get(code) or next(spare) for code in posts}


class TestNoPythonOfTheirOwn:
    def test_their_codes_stand_in_law_only(self) -> None:
        package = Path(zhengtong.__file__).parent
        words = re.compile("|".join(INNER))
        found = [
            f"{path.relative_to(package)}: {line.strip()}"
            for path in package.rglob("*")
            if path.suffix in {".py", ".html"}
            and "law" not in path.relative_to(package).parts
            and not {"demo", "simulation"} & set(path.relative_to(package).parts)  # invented cities have some of each
            for line in path.read_text(encoding="utf-8").splitlines()
            if words.search(line)
        ]
        assert found == []
