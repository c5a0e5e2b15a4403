"""The shape of a field list as JSON Schema (2020-12), for open interfaces and for checking what machines send."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from zhengtong.ui.forms import CERTIFICATES, PARTY_KINDS, REASON_MOST, TEXT_MOST, FieldSpec

Schema: TypeAlias = dict[str, Any]

PARTY: Schema = {
    "type": "object",
    "required": ["kind", "name", "certificate", "number"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": [code for code, _label in PARTY_KINDS]},
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "certificate": {"enum": [code for code, _label in CERTIFICATES]},
        "number": {"type": "string", "minLength": 1, "maxLength": 60},
        "phone": {"type": "string", "pattern": r"^(\+?[0-9]{7,15})?$"},
    },
}
ADDRESS: Schema = {
    "type": "object",
    "required": ["region", "detail"],
    "additionalProperties": False,
    "properties": {
        "region": {"type": "string", "minLength": 1, "maxLength": 100},
        "detail": {"type": "string", "minLength": 1, "maxLength": 200},
        "postcode": {"type": "string", "maxLength": 12},
    },
}


def schema_of(fields: Sequence[FieldSpec]) -> Schema:
    """An object schema with one property for each field.

    >>> schema_of([FieldSpec(name="area", label="面积", kind="number", required=False)])["properties"]["area"]["title"]
    '面积'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object(fields),
    }


def _object(fields: Sequence[FieldSpec]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {spec.name: _property(spec) for spec in fields},
        "required": [spec.name for spec in fields if spec.required and spec.shown_when is None],
    }


def _property(spec: FieldSpec) -> Schema:
    described = {"title": str(spec.label)} | ({"description": str(spec.help)} if spec.help else {})
    return described | SHAPES[spec.kind](spec)


def _text(spec: FieldSpec) -> Schema:
    return {"type": "string", "minLength": 1 if spec.required else 0, "maxLength": spec.max_length or TEXT_MOST}


def _reason(spec: FieldSpec) -> Schema:
    return {"type": "string", "minLength": 1 if spec.required else 0, "maxLength": spec.max_length or REASON_MOST}


def _one(spec: FieldSpec) -> Schema:
    one: Schema = {"enum": [code for code, _label in spec.choices]}
    return {"type": "array", "items": one, "uniqueItems": True} if spec.multiple else one


def _many(spec: FieldSpec) -> Schema:
    return {"type": "array", "items": {"enum": [code for code, _label in spec.choices]}, "uniqueItems": True}


def _papers(spec: FieldSpec) -> Schema:
    properties = {
        "material": {"enum": [code for code, _label in spec.choices]},
        "reason": {"type": "string", "minLength": 1, "maxLength": spec.max_length or 500},
    }
    row = {"type": "object", "properties": properties, "required": ["material", "reason"]}
    return {"type": "array", "items": row, "minItems": 1 if spec.required else 0}


def _table(spec: FieldSpec) -> Schema:
    return {"type": "array", "items": _object(spec.fields), "minItems": 1 if spec.required else 0}


def _tasks(spec: FieldSpec) -> Schema:
    if spec.fields:
        return _table(spec)
    properties = {
        "to": {"enum": [code for code, _label in spec.choices]},
        "text": {"type": "string", "minLength": 1, "maxLength": 500},
    }
    row = {"type": "object", "properties": properties, "required": ["to", "text"], "additionalProperties": False}
    return {"type": "array", "items": row, "minItems": 1 if spec.required else 0}


def _fixed(schema: Schema) -> Callable[[FieldSpec], Schema]:
    return lambda spec: schema


SHAPES: dict[str, Callable[[FieldSpec], Schema]] = {
    "text": _text,
    "reason": _reason,
    "choice": _one,
    "document": _one,
    "material": _one,
    "person": _one,
    "unit": _one,
    "post": _one,
    "people": _many,
    "materials": _papers,
    "yes_no": _fixed({"type": "boolean"}),
    "date": _fixed({"type": "string", "format": "date"}),
    "instant": _fixed({"type": "string", "format": "date-time"}),
    "term": _fixed({"type": "string", "pattern": "^(0|[1-9][0-9]{0,3}) (wd|cd|h|wh|month|year)$"}),
    "money": _fixed({"type": "integer", "minimum": 0, "description": "fen"}),
    "number": _fixed({"type": ["integer", "string"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
    "fields": lambda spec: _object(spec.fields),
    "table": _table,
    "tasks": _tasks,
    "attachment": _fixed({"type": "string", "description": "digest of a file handed in beforehand"}),
    "party": _fixed(PARTY),
    "address": _fixed(ADDRESS),
    "identity": _fixed({"type": "string", "pattern": "^[1-9][0-9]{16}[0-9X]$"}),
    "credit_code": _fixed({"type": "string", "pattern": "^[0-9A-HJ-NPQRTUWXY]{18}$"}),
}
