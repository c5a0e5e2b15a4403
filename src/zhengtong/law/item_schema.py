"""The JSON Schema of an item version (事项版本): what a row of the catalogue and a file of items look like."""

from typing import Any, Final

from zhengtong.law.parsing import INPUT_KINDS

_TERM: Final = r"(0|[1-9][0-9]{0,3}) (wd|cd|h|wh|month|year)"
_CODE: Final = r"[a-z0-9][a-z0-9_-]*"


def _object(required: str, optional: str = "", /, **properties: Any) -> dict[str, Any]:
    """An object of text keys besides those given; `required` and `optional` list names."""
    names = [*required.split(), *optional.split()]
    text = {"type": "string"}
    return {
        "type": "object",
        "required": required.split(),
        "properties": {name: properties.get(name, text) for name in names},
        "additionalProperties": False,
    }


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _map(values: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


_TEXT: Final = {"type": "string"}
_YES_NO: Final = {"type": "boolean"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TEXTS: Final = _list(_TEXT)
_CODES: Final = _list({"type": "string", "pattern": _CODE})
_ONE_TERM: Final = {"type": "string", "pattern": _TERM}
_TERMS: Final = _map(_ONE_TERM)
_WHEN: Final = _map(_TEXTS)
_CHOICES: Final = _list(_object("code name", "name_en"))
_RESULT: Final = _object(
    "name",
    "name_en kind valid",
    kind={"type": "string", "enum": ["licence", "approval", "certificate", "record", "none"]},
    valid={"type": "string", "pattern": f"|{_TERM}"},
)
_POST: Final = _object("post unit dept")

ITEM_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "事项版本 item version",
    **_object(
        "code procedure procedure_version name version region posts",
        "national_code kind name_en short short_en keywords department themes targets case_type level power_source"
        " visits channels internal options terms terms_source basis conditions situations materials fees terms_when"
        " fields result nodes guide remedies",
        version={"type": "integer", "minimum": 1},
        region={"type": "string", "pattern": r"[0-9]{6}|"},
        posts=_map(_POST),
        internal=_YES_NO,
        keywords=_TEXTS,
        themes=_TEXTS,
        targets=_TEXTS,
        channels=_TEXTS,
        visits=_COUNT,
        options=_CODES,
        terms=_TERMS,
        terms_source=_map(_object("instrument", "article confirmed", confirmed=_YES_NO)),
        remedies=_object("", "reconsideration lawsuit", reconsideration=_ONE_TERM, lawsuit=_ONE_TERM),
        basis=_list(_object("title", "number article confirmed", confirmed=_YES_NO)),
        conditions=_list(_object("text", "text_en")),
        situations=_list(
            _object("code question choices", "question_en help help_en shown_when", choices=_CHOICES, shown_when=_WHEN),
        ),
        materials=_list(
            _object(
                "code name required",
                "name_en tolerable kind form source copies note note_en when",
                required=_YES_NO,
                tolerable=_YES_NO,
                copies=_COUNT,
                when=_WHEN,
            ),
        ),
        fees=_list(
            _object(
                "code name amount basis",
                "name_en confirmed reducible when",
                amount=_COUNT,
                confirmed=_YES_NO,
                reducible=_YES_NO,
                when=_WHEN,
            ),
        ),
        terms_when=_list(_object("when terms", when=_WHEN, terms=_TERMS)),
        fields=_list(
            _object(
                "name label kind",
                "label_en required help help_en sealed choices shown_when",
                kind={"type": "string", "enum": list(INPUT_KINDS)},
                required=_YES_NO,
                sealed=_YES_NO,
                choices=_CHOICES,
                shown_when=_WHEN,
            ),
        ),
        result=_RESULT,
        nodes=_list(_object("item", "name name_en to after when terms", after=_CODES, when=_WHEN, terms=_TERMS)),
        guide={"type": "object"},
    ),
}
"""An item version as JSON. A file of items lacks version, region and posts; they are added where it is used."""
