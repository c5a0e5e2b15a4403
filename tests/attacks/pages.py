"""Pages as an attacker reads them: every form of a page with what it would send, and what may be sent instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus, urljoin

import lxml.html  # type: ignore[import-untyped]  # it has no stubs
from django.http import HttpResponse
from django.test import Client

URLENCODED: Final = "application/x-www-form-urlencoded"
KEPT: Final = frozenset({"csrfmiddlewaretoken", "key", "seq", "list"})
"""What a form carries of its own; attacked by tests of their own."""

BAD: Final[Mapping[str, bytes]] = {
    "a hundred thousand characters": ("长" * 100_000).encode(),
    "nul": b"a\0b",
    "reversed": "照片\u202egpj.exe\u2066".encode(),
    "invisible": "\u200b\ufeff\u00ad".encode(),
    "half a surrogate": b"\xed\xa0\x80\xed\xb0",
    "no utf-8": b"\xff\xfe\xc3(",
    "a very large number": b"9" * 5_000,
    "twenty figures": b"9" * 20,
    "a negative number": b"-0.01",
    "no number": b"NaN",
    "an infinite number": b"1e309",
    "figures of another script": "٣٤٥".encode(),
    "the last day": b"9999-12-31",
    "the first day": b"0001-01-01",
    "no day": b"2026-02-30",
    "the last minute": b"9999-12-31T23:59",
    "the first minute": b"0001-01-01T00:00",
    "a tag": b"<script>alert(1)</script>{{7*7}}{% now 'Y' %}",
    "a quote": b"' OR 1=1 --\" \\",
    "a percent sign": b"%(name)s %s {0} %",
    "a path": b"../../../../etc/passwd",
    "json": b'{"a": [1, {"b": null}]}',
    "an emoji": "👩‍👩‍👧‍👦🏴".encode(),
    "nothing": b"",
    "blanks": " \u3000\t\r\n ".encode(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that posts: where to, and its fields with the values it would send untouched."""

    page: str
    action: str
    fields: Mapping[str, tuple[str, ...]]
    files: tuple[str, ...]
    choices: frozenset[str]

    @property
    def open(self) -> tuple[str, ...]:
        """Fields that a person fills in."""
        return tuple(name for name in self.fields if name not in KEPT)


def forms_of(page: str, answer: HttpResponse) -> Iterator[Form]:
    if not answer.get("Content-Type", "").startswith("text/html") or not answer.content.strip():
        return
    for form in lxml.html.fromstring(answer.content.decode()).forms:
        if (form.get("method") or "get").lower() == "post":
            yield _read(page, form)


def _read(page: str, form: "lxml.html.FormElement") -> Form:
    fields: dict[str, tuple[str, ...]] = {}
    files, choices = [], set()
    for each in form.xpath(".//input|.//select|.//textarea|.//button"):
        name, kind = each.get("name"), (each.get("type") or "").lower()
        if not name:
            continue
        if kind == "file":
            files.append(name)
            continue
        if kind in {"radio", "checkbox"} or each.tag == "select":
            choices.add(name)
        fields[name] = (*fields.get(name, ()), *_value(each, kind))
    return Form(
        page=page, action=urljoin(page, form.get("action") or page), fields=fields, files=tuple(files),
        choices=frozenset(choices),
    )  # fmt: skip


def _value(each: "lxml.html.HtmlElement", kind: str) -> tuple[str, ...]:
    if each.tag == "select":
        options = [option.get("value") or "" for option in each.xpath(".//option")]
        return tuple(value for value in options if value)[:1]
    if each.tag == "textarea":
        return (each.text or "",)
    if kind in {"radio", "checkbox"} and each.get("checked") is None:
        return ()
    return (each.get("value") or "",)


def encoded(values: Mapping[str, tuple[bytes, ...]]) -> bytes:
    pairs = [(name, value) for name, each in values.items() for value in each]
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()


def send(client: Client, form: Form, values: Mapping[str, tuple[bytes, ...]]) -> HttpResponse:
    return client.post(form.action.partition("#")[0], encoded(values), content_type=URLENCODED)  # type: ignore[return-value]


def untouched(form: Form) -> dict[str, tuple[bytes, ...]]:
    return {name: tuple(value.encode() for value in values) for name, values in form.fields.items()}


def all_bad(form: Form, bad: bytes) -> dict[str, tuple[bytes, ...]]:
    """Every open field holds it; choices too."""
    return {**untouched(form), **dict.fromkeys(form.open, (bad,))}


def texts_bad(form: Form, bad: bytes) -> dict[str, tuple[bytes, ...]]:
    """Choices as they stand (the first where none is picked), everything written is bad: deeper checks are reached."""
    return {**untouched(form), **{name: (bad,) for name in form.open if name not in form.choices}}
