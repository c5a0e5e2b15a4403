"""The public API: it keeps its own description under thousands of strange requests, and tells what the pages tell."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from zhengtong.law.calendar_files import load_calendar
from zhengtong.site.wsgi import application


@pytest.fixture
def ask(lived: Path) -> Any:
    def ask_one(address: str, **query: str) -> Any:
        return Client().get(f"/api/v1{address}", query)

    return ask_one


def test_items_are_those_of_the_search_page(ask: Any) -> None:
    found = ask("/items", q="卫生许可").json()
    page = Client().get("/search", {"q": "卫生许可"}).content.decode()
    assert found["total"] >= 1
    assert all(line["name"] in page or line["code"] in page for line in found["items"][:3])


def test_a_guide_follows_the_answers(ask: Any) -> None:
    bare = ask("/items/qy-wj-0001").json()
    answered = ask("/items/qy-wj-0001", trade="inn", air="yes", area="large").json()
    assert bare["legal_limit"] == "20 wd" and "行政复议" in bare["remedy"]
    assert {one["code"] for one in answered["materials"]} > {one["code"] for one in bare["materials"]}
    assert ask("/items/qy-wj-0001", lang="en").json()["name"].startswith("Hygiene")


def test_working_days_are_the_calendars(ask: Any) -> None:
    said = ask("/days/due", after="2026-02-12", working_days="20").json()
    assert said["due"] == "2026-03-18" and said["provisional"] == []
    lines = ask("/days", since="2026-02-10", until="2026-02-28").json()
    assert [line["working"] for line in lines] == [
        load_calendar().is_working(date.fromisoformat(line["date"])) for line in lines
    ]
    assert ask("/days/due", after="2027-12-01", working_days="5").json()["provisional"] == [2027]


@pytest.mark.parametrize(
    ("address", "query", "status", "code"),
    [
        ("/items/no-such-item", {}, 404, "not_found"),
        ("/nothing", {}, 404, "not_found"),
        ("/papers", {"number": "x", "code": "y"}, 404, "not_found"),
        ("/papers", {"number": "x"}, 422, "invalid"),
        ("/days", {"since": "2026-02-10", "until": "2029-02-10"}, 409, "refused"),
        ("/days/due", {"after": "1949-10-01", "working_days": "3"}, 409, "refused"),
        ("/items", {"page": "0"}, 422, "invalid"),
    ],
)
def test_what_is_wrong_is_said_as_json(ask: Any, address: str, query: dict[str, str], status: int, code: str) -> None:
    answer = ask(address, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_only_reads(lived: Path) -> None:
    answers = [Client().generic(method, "/api/v1/items") for method in ("POST", "PUT", "DELETE", "PATCH")]
    assert {answer.status_code for answer in answers} == {405}
    assert all(answer["Content-Type"].startswith("application/json") for answer in answers)


def _conforms(examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an error raises

        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            case.call_and_validate()

        one()


def test_keeps_its_description(lived: Path) -> None:
    _conforms(15)


@pytest.mark.long
def test_keeps_its_description_at_length(lived: Path) -> None:
    _conforms(1_500)
