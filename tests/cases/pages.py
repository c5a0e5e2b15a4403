"""What a person does at the pages of the desk, without script: read the page, fill its form, press its button."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.cases.town import IDENTITY, ITEM

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
PARTY = {"kind": "natural", "name": "欧阳晓雯", "certificate": "identity", "number": IDENTITY, "phone": "13800003210"}


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode()).replace("<wbr>", "")


def hidden_in(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in HIDDEN.findall(page) if name != "csrfmiddlewaretoken"}


def party(prefix: str, **changes: str) -> dict[str, str]:
    return {f"{prefix}-{name}": value for name, value in {**PARTY, **changes}.items()}


def form_of_premises() -> dict[str, str]:
    return {
        "form-premises_name": "栖云里", "form-premises_address-region": "清源区",
        "form-premises_address-detail": "文昌路8号", "form-person_in_charge": "欧阳晓雯", "form-staff": "3",
        "form-floor_area": "120",
    }  # fmt: skip


def take_in(clerk: Client, materials: Mapping[str, str], item: str = ITEM, **changes: Any) -> str:
    """A walk-in at the window; the number of the case."""
    url = reverse("cases:take", args=[item])
    page = text_of(clerk.get(url))
    answers = {"s-trade": "inn", "s-air": "no", "s-area": "small"}
    strip = {f"m-{code}": verdict for code, verdict in materials.items()}
    data = {**hidden_in(page), **answers, **strip, **party("applicant"), **form_of_premises(), "submit": "1", **changes}
    answer = clerk.post(url, data)
    assert answer.status_code == 303, re.findall(
        r'zt-field__error[^>]*>([^<]*)<|role="alert".*?</div>', text_of(answer)
    )
    return str(answer["Location"]).split("/cases/")[1].split("/")[0]


def do(client: Client, number: str, act: str, values: Mapping[str, Any] | None = None, **more: Any) -> HttpResponse:
    """Press one act on the page of the case."""
    page = text_of(client.get(reverse("cases:case", args=[number])))
    data = {**hidden_in(page), **{f"{act}-{name}": value for name, value in (values or {}).items()}, **more}
    return client.post(reverse("cases:act", args=[number, act]), data)  # type: ignore[return-value]


def done(answer: Any) -> None:
    assert answer.status_code == 303, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(answer)))[:3000]
