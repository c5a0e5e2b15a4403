"""Items (事项) from JSON: the law-effective part of one item version, refused where it does not fit the schema."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zhengtong.kernel.binding import FeeLine, ItemVersion, MaterialRule, PostRef, ResultLine
from zhengtong.kernel.references import SEALED_ALWAYS
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.item_schema import ITEM_SCHEMA
from zhengtong.law.json_shapes import find_misfits
from zhengtong.law.procedure_files import UnknownProcedureError, load_procedure
from zhengtong.law.reading import read_toml

DEMO, INTERNAL = "items/demo", "items/internal"


def item_from(json: Mapping[str, Any]) -> ItemVersion:
    """One item version as the kernel reads it.

    Raises:
        Refusal: bad_item, with the path and what is wrong there; unknown_procedure.
    """
    misfit = next(iter(find_faults(json)), None)
    if misfit is not None:
        raise Refusal(RefusalCode.BAD_ITEM, {"path": misfit[0], "why": misfit[1]})
    return ItemVersion(
        code=json["code"],
        version=json["version"],
        procedure=json["procedure"],
        procedure_version=json["procedure_version"],
        name=json["name"],
        region=json["region"],
        options=tuple(json.get("options", ())),
        terms=_read_terms(json.get("terms", {})),
        terms_when=tuple((_read_when(each), _read_terms(each["terms"])) for each in json.get("terms_when", ())),
        posts={role: PostRef(**post) for role, post in json["posts"].items()},
        materials=tuple(_read_material(each) for each in json.get("materials", ())),
        fees=tuple(_read_fee(each) for each in json.get("fees", ())),
        results=_read_results(json),
        situations={each["code"]: _read_choices(each) for each in json.get("situations", ())},
        fields=tuple(json.get("fields", ())),
        nodes=tuple(json.get("nodes", ())),
    )


def find_faults(json: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything wrong with an item version: path and what is wrong there."""
    shape = list(find_misfits(ITEM_SCHEMA, json))
    yield from shape
    if shape:
        return
    for n, field in enumerate(json.get("fields", ())):
        if field["kind"] in SEALED_ALWAYS and not field.get("sealed", False):
            yield f"fields[{n}].sealed", "must be true: what is written there may name a person"
    questions = {each["code"]: set(_read_choices(each)) for each in json.get("situations", ())}
    for path, when in _each_when(json):
        for question, answers in when.items():
            if question not in questions:
                yield f"{path}.{question}", "is no situation of this item"
            elif not questions[question].issuperset(answers):
                yield f"{path}.{question}", f"must be of {', '.join(sorted(questions[question]))}"


def _each_when(json: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
    for key in ("situations", "materials", "fees", "terms_when", "fields", "nodes"):
        for n, each in enumerate(json.get(key, ())):
            for word in ("when", "shown_when"):
                if word in each:
                    yield f"{key}[{n}].{word}", each[word]


def _read_terms(terms: Mapping[str, str]) -> dict[str, Term]:
    return {name: Term.parse(text) for name, text in terms.items()}


def _read_when(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {question: tuple(answers) for question, answers in table.get("when", {}).items()}


def _read_choices(situation: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(choice["code"] for choice in situation["choices"])


def _read_material(table: Mapping[str, Any]) -> MaterialRule:
    return MaterialRule(
        code=table["code"],
        name=table["name"],
        required=table["required"],
        tolerable=table.get("tolerable", False),
        when=_read_when(table),
    )


def _read_fee(table: Mapping[str, Any]) -> FeeLine:
    return FeeLine(
        code=table["code"],
        name=table["name"],
        amount=table["amount"],
        basis=table["basis"],
        reducible=table.get("reducible", False),
        when=_read_when(table),
    )


def _read_results(json: Mapping[str, Any]) -> dict[str, ResultLine]:
    """The item's result under the code of the procedure's result kind; procedures have one at most."""
    result = json.get("result")
    try:
        kinds = load_procedure(json["procedure"], json["procedure_version"]).results
    except UnknownProcedureError as unknown:
        refusal = {"procedure": json["procedure"], "version": json["procedure_version"]}
        raise Refusal(RefusalCode.UNKNOWN_PROCEDURE, refusal) from unknown
    if result is None or result.get("kind") == "none":
        return {}
    valid = Term.parse(result["valid"]) if result.get("valid") else None
    return {code: ResultLine(code=code, name=result["name"], valid=valid) for code in kinds}


def read_items(folder: str) -> dict[str, dict[str, Any]]:
    """The item files of a folder by code, as they stand: without version, region and posts."""
    return {stem: _read_file(path) for stem, path in overlay.find_all(folder).items()}


def items_from_demo() -> dict[str, dict[str, Any]]:
    """The demonstration items; see items/demo/README.md."""
    return read_items(DEMO)


def items_from_internal() -> dict[str, dict[str, Any]]:
    """The internal items (cards, tasks, orders): one per procedure, for every region."""
    return read_items(INTERNAL)


def complete(
    item: Mapping[str, Any],
    *,
    version: int,
    region: str,
    posts: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """An item file made an item version: the JSON value `item_from` reads."""
    return {**item, "version": version, "region": region, "posts": dict(posts)}


def _read_file(path: Path) -> dict[str, Any]:
    return read_toml(path)
