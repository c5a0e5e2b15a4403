"""The part of JSON Schema (2020-12) this room's schemas use, checked without a further package."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list | tuple),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def find_misfits(schema: Schema, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where a value does not fit: path and what is wrong there."""
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        yield path, f"must be {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield path, f"must be one of {', '.join(schema['enum'])}"
    if "pattern" in schema and re.fullmatch(schema["pattern"], value) is None:
        yield path, f"must look like {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield path, f"must be at least {schema['minimum']}"
    if kind == "object":
        yield from _misfits_of_object(schema, value, path)
    elif kind == "array":
        for n, each in enumerate(value):
            yield from find_misfits(schema.get("items", {}), each, f"{path}[{n}]")


def _misfits_of_object(schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield _join(path, name), "is missing"
    others = schema.get("additionalProperties", True)
    for name, each in value.items():
        if name in properties:
            yield from find_misfits(properties[name], each, _join(path, name))
        elif others is False:
            yield _join(path, name), "is unknown"
        elif isinstance(others, Mapping):
            yield from find_misfits(others, each, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
