"""The items outside the catalogue (orders, requests, tasks, cards) fit the schema, bind, and lack no English."""

import re
from typing import Any

import pytest

from zhengtong.kernel.binding import Bound, bind, check_posts
from zhengtong.kernel.procedures import RoleKind
from zhengtong.law.items import complete, find_faults, item_from, items_from_demo, items_from_internal
from zhengtong.law.procedure_files import load_procedure

ITEMS = items_from_internal()
POST = {"post": "p", "unit": "u", "dept": "d"}
HAN = re.compile("[一-鿿]")
HEAD = set(next(iter(items_from_demo().values()))) - {"situations", "fees", "terms_when"}
INTERNAL = {"supervised_task", "card", "spot_check", "supervision_advice"}
each_item = pytest.mark.parametrize("code", sorted(ITEMS))


def make_version(code: str) -> dict[str, Any]:
    """The item with one placeholder post for every post role of its procedure."""
    procedure = load_procedure(ITEMS[code]["procedure"], ITEMS[code]["procedure_version"])
    posts = {role.code: POST for role in procedure.roles.values() if role.kind is RoleKind.POST}
    return complete(ITEMS[code], version=1, region="510199", posts=posts)


def make_bound(code: str) -> Bound:
    version = make_version(code)
    return bind(load_procedure(version["procedure"], version["procedure_version"]), item_from(version))


def test_every_procedure_outside_the_catalogue_has_its_item() -> None:
    assert {item["procedure"] for item in ITEMS.values()} == {
        "hotline_order",
        "information_request",
        "supervised_task",
        "card",
        "spot_check",
        "supervision_advice",
    }
    assert not ITEMS.keys() & items_from_demo().keys()


@each_item
def test_it_has_the_shape_of_an_item(code: str) -> None:
    item = ITEMS[code]
    assert item["code"] == code
    assert item.keys() >= HEAD
    assert list(find_faults(make_version(code))) == []
    assert item["internal"] == (item["procedure"] in INTERNAL)
    assert item["internal"] == load_procedure(item["procedure"], item["procedure_version"]).internal
    assert item["fields"] == []
    assert item["result"]["kind"] == "none"


@each_item
def test_it_binds_with_a_post_for_every_role(code: str) -> None:
    bound = make_bound(code)
    check_posts(bound)
    assert bound.results == {}
    assert {name: str(bound.terms[name]) for name in ITEMS[code]["terms"]} == ITEMS[code]["terms"]


@each_item
def test_every_figure_says_where_it_comes_from(code: str) -> None:
    item = ITEMS[code]
    assert item["terms_source"].keys() == item["terms"].keys()
    cited = [*item["basis"], *item["terms_source"].values()]
    assert cited
    assert all(row["article"] for row in cited if row["confirmed"])


@each_item
def test_english_is_complete(code: str) -> None:
    item = ITEMS[code]
    rows = (item, *item["conditions"], *item["materials"], *item.get("fees", ()), item["result"], item["guide"])
    for row in (*rows, *item["guide"]["faq"]):
        for key in [key for key in row if key.endswith("_en")]:
            assert bool(row[key]) == bool(row[key.removesuffix("_en")]), key
            assert not HAN.search(row[key]), row[key]


def test_a_photo_with_an_order_is_never_asked_for() -> None:
    (photo,) = make_bound("hotline_order").materials
    assert (photo.code, photo.required) == ("photo", False)


def test_a_request_is_charged_only_where_the_organ_may_charge() -> None:
    charging, free = make_bound("information_request"), make_bound("information_request_free")
    assert charging.fees
    assert "demand_fee" in charging.actions
    assert not free.fees
    assert "payment" not in free.states
    assert not {"demand_fee", "fee_paid", "never_paid"} & free.actions.keys()
