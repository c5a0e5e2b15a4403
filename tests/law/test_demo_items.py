"""The demonstration items keep the shape that their README describes; read with plain tomllib, no product code."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2] / "src" / "zhengtong" / "law"
ITEMS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "items" / "demo").glob("*.toml"))}
KINDS = {"licence": "01", "confirmation": "07", "filing": "10", "public_service": "20"}


def split(*lines: str) -> set[str]:
    return {word for line in lines for word in line.split()}


DEPARTMENTS = split("sc wj zj jt jy rs mz zr ny wl yj ga hb sw cg yb yc sf fg sp")
THEMES = split(
    "生育收养 户籍办理 民族宗教 教育科研 入伍服役 就业创业 设立变更 准营准办 职业资格 行政缴费 婚姻登记 优待抚恤",
    "规划建设 住房保障 社会保障 证件办理 交通出行 旅游观光 出境入境 消费维权 公共安全 司法公证 知识产权 环保绿化",
    "文化体育 公用事业 医疗卫生 离职退休 死亡殡葬 其他 资质认证 年检年审 税收财务 人力资源 投资审批 融资信贷",
    "抵押质押 招标拍卖 海关口岸 涉外服务 农林牧渔 国土和规划建设 交通运输 水务气象 科技创新 文体教育 质量技术",
    "检验检疫 安全生产 公安消防 法人注销 档案文物",
)
KEYS: dict[str, tuple[str, str]] = {
    "": (
        """basis case_type channels code conditions department fields guide keywords kind level materials name name_en
        national_code options power_source procedure procedure_version result short short_en targets terms
        terms_source themes visits""",
        "situations fees terms_when",
    ),
    "basis": ("title number article confirmed", ""),
    "conditions": ("text text_en", ""),
    "situations": ("code question question_en help choices", "shown_when"),
    "choices": ("code name name_en", ""),
    "materials": ("code name name_en required tolerable kind form source copies note note_en", "when basis"),
    "fees": ("code name name_en amount basis confirmed reducible", "when"),
    "terms_when": ("when terms", ""),
    "fields": ("name label label_en kind required help help_en sealed", "choices shown_when"),
    "result": ("name name_en kind valid", ""),
    "guide": (
        "place place_en hours hours_en phone complaint quantity quantity_en flow_note flow_note_en faq",
        "",
    ),
    "faq": ("q q_en a a_en", ""),
    "source": ("instrument article confirmed", ""),
}
WORDS = {
    "material kind": {"certificate", "form", "other"},
    "material form": {"paper", "electronic", "either"},
    "material source": {"self", "government", "other"},
    "field kind": split("text choice date number money yes_no address credit_code identity"),
    "result kind": {"licence", "approval", "certificate", "record", "none"},
}
TERM = re.compile(r"(\d+) (wd|cd)")
HAN = re.compile("[一-鿿]")

Item = dict[str, Any]
each_item = pytest.mark.parametrize("code", sorted(ITEMS))


def has_keys(row: Item, shape: str) -> bool:
    required, optional = (set(words.split()) for words in KEYS[shape])
    return required <= row.keys() <= required | optional


def read_term(text: str) -> tuple[int, str]:
    found = TERM.fullmatch(text)
    assert found, text
    return int(found[1]), found[2]


def rows(item: Item, table: str) -> list[Item]:
    found: list[Item] = item.get(table, [])
    return found


def find_texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from find_texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from find_texts(part, key)
    elif isinstance(value, str):
        yield key, value


@each_item
def test_every_table_has_the_keys_of_the_readme(code: str) -> None:
    item = ITEMS[code]
    assert has_keys(item, "")
    for table in ("basis", "conditions", "situations", "materials", "fees", "terms_when", "fields"):
        assert all(has_keys(row, table) for row in rows(item, table)), table
    choices = [
        choice for table in ("situations", "fields") for row in rows(item, table) for choice in row.get("choices", [])
    ]
    assert all(has_keys(choice, "choices") for choice in choices)
    assert has_keys(item["result"], "result")
    assert has_keys(item["guide"], "guide")
    assert all(has_keys(row, "faq") for row in item["guide"]["faq"])
    assert set(item["terms_source"]) == {"legal", "promised"}
    assert all(has_keys(row, "source") for row in item["terms_source"].values())


@each_item
def test_codes_come_from_the_closed_lists(code: str) -> None:
    item = ITEMS[code]
    assert item["code"] == code
    assert re.fullmatch(r"qy-[a-z]{2}-\d{4}", code)
    assert item["department"] == code[3:5] in DEPARTMENTS
    assert item["kind"] == KINDS[item["procedure"]]
    assert item["themes"]
    assert set(item["themes"]) <= THEMES
    assert item["targets"]
    assert set(item["targets"]) <= set("1234569")
    assert item["case_type"] in {"1", "2"}
    assert set(item["channels"]) <= set("12349")
    assert all(row[key] in WORDS[f"material {key}"] for row in item["materials"] for key in ("kind", "form", "source"))
    assert all(row["kind"] in WORDS["field kind"] for row in item["fields"])
    assert item["result"]["kind"] in WORDS["result kind"]
    assert re.fullmatch(r"(\d+ year)?", item["result"]["valid"])


@each_item
def test_options_are_known_to_the_procedure(code: str) -> None:
    item = ITEMS[code]
    path = ROOT / "procedures" / item["procedure"] / f"{item['procedure_version']}.toml"
    known = tomllib.loads(path.read_text("utf-8"))["options"]
    assert set(item["options"]) <= set(known)
    assert not ("on_spot" in item["options"] and {"preliminary", "joint"} & set(item["options"]))
    if item["procedure"] == "licence":
        assert ("on_spot" in item["options"]) == (item["case_type"] == "1")


@each_item
def test_promise_keeps_within_the_law_and_holds_the_steps(code: str) -> None:
    item = ITEMS[code]
    for terms in (item["terms"], *(item["terms"] | row["terms"] for row in rows(item, "terms_when"))):
        legal, promised = read_term(terms["legal"]), read_term(terms["promised"])
        assert promised[1] == legal[1]
        assert promised[0] <= legal[0]
        if item["procedure"] != "licence":
            assert set(terms) == {"legal", "promised"}
            continue
        defaults = {"window_step": "1 wd", "approve_step": "2 wd"}
        if "three_step" in item["options"]:
            defaults["review_step"] = "2 wd"
        steps = {name: read_term(term) for name, term in (defaults | terms).items() if name.endswith("_step")}
        assert "undertake_step" in steps
        assert {unit for _, unit in steps.values()} == {"wd"} == {promised[1]}
        assert sum(length for length, _ in steps.values()) <= promised[0]


@each_item
def test_confirmed_figures_name_their_article(code: str) -> None:
    item = ITEMS[code]
    assert rows(item, "basis")
    cited = [*item["basis"], *item["terms_source"].values()]
    assert all(row["article"] for row in cited if row["confirmed"])
    assert not item["terms_source"]["promised"]["confirmed"]
    assert all(isinstance(fee["amount"], int) and fee["amount"] > 0 and fee["basis"] for fee in rows(item, "fees"))


@each_item
def test_answers_asked_for_are_answers_offered(code: str) -> None:
    item = ITEMS[code]
    offered = {row["code"]: {choice["code"] for choice in row["choices"]} for row in rows(item, "situations")}
    assert len(offered) == len(rows(item, "situations")) <= 3
    asked = [
        row[key] for table in KEYS for row in _dependent(item, table) for key in ("when", "shown_when") if key in row
    ]
    for when in asked:
        assert when
        assert all(set(answers) <= offered[question] for question, answers in when.items())


def _dependent(item: Item, table: str) -> list[Item]:
    return rows(item, table) if table in {"situations", "materials", "fees", "terms_when", "fields"} else []


@each_item
def test_forms_are_short_and_personal_data_is_sealed(code: str) -> None:
    item = ITEMS[code]
    assert 2 <= len(item["fields"]) <= 8
    assert len({row["name"] for row in item["fields"]}) == len(item["fields"])
    assert len({row["code"] for row in item["materials"]}) == len(item["materials"]) > 0
    for row in item["fields"]:
        assert row["sealed"] == (row["kind"] in {"text", "address", "credit_code", "identity"})
        assert ("choices" in row) == (row["kind"] == "choice")


@each_item
def test_english_is_complete(code: str) -> None:
    for key, text in find_texts(ITEMS[code]):
        if key.endswith("_en"):
            assert not HAN.search(text), text
            assert text or key in {"note_en", "help_en"}, key
    for row in (*ITEMS[code]["materials"], *ITEMS[code]["fields"]):
        for key in ("note", "help"):
            assert bool(row.get(key)) == bool(row.get(f"{key}_en")), row


def test_the_catalogue_is_broad_enough() -> None:
    count = Counter(item["procedure"] for item in ITEMS.values())
    options = Counter(option for item in ITEMS.values() for option in item["options"])
    assert len(ITEMS) >= 64
    assert count["licence"] >= 34
    assert count["filing"] >= 12
    assert count["confirmation"] >= 12
    assert count["public_service"] >= 10
    assert options["on_spot"] >= 5
    assert options["special"] >= 6
    assert options["hearing"] >= 3
    assert options["renewal"] and options["upward"] and options["preliminary"]
    assert sum(bool(item.get("fees")) for item in ITEMS.values()) >= 4
    assert sum(any("when" in row for row in item["materials"]) for item in ITEMS.values()) >= 10
    assert len({item["name"] for item in ITEMS.values()}) == len(ITEMS)
