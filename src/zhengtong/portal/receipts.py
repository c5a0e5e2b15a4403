"""The receipt (收件凭证): number, query password, digest of the record, QR, what was received to the minute."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from zhengtong.cases import access
from zhengtong.cases.case_view import CaseRead
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import queries as documents
from zhengtong.documents.queries import FileLine
from zhengtong.portal.story import guide_of, material_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    name: str
    form: str
    at: datetime
    files: tuple[FileLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`address` is what the QR holds; `seq` says up to which record the digest goes."""

    number: str
    spaced: str
    password: str
    digest: str
    seq: int
    address: str
    item: str
    opened_at: datetime
    materials: tuple[Received, ...]
    sentence: str


def read_receipt(case: CaseRead) -> Receipt:
    number = case.state.number
    files = documents.files_of_case(case.state)
    names = material_names(case, guide_of(case))
    received = tuple(
        Received(
            name=names.get(code, code), form=case.word(f"actions.receive_material.inputs.form.choices.{known.form}"),
            at=known.received_at, files=files.get(code, ()),
        )
        for code, known in case.state.materials.items()
        if known.received_at is not None
    )  # fmt: skip
    return Receipt(
        number=number,
        spaced=" ".join(number[start : start + 4] for start in range(0, len(number), 4)),
        password=access.password_of(number),
        digest=case.ref.head_hash.hex(),
        seq=case.ref.last_seq,
        address=token_address(number),
        item=catalogue.item_names([case.state.item])[case.state.item],
        opened_at=case.state.opened_at,
        materials=received,
        sentence=first_words(case),
    )


def token_address(number: str) -> str:
    return f"{settings.ZHENGTONG_BASE_URL}{reverse('portal:token', args=[access.token_of(number)])}"


def first_words(case: CaseRead) -> str:
    """What the law promises on receipt: the public words of the state the case was opened into."""
    first = case.state.visits[0].state if case.state.visits else case.state.state
    return case.words.get(f"states.{first}.public", "")
