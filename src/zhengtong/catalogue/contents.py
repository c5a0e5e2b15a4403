"""The content of an item version (一个事项版本的内容): its digest, its bound form, and what `bind` says against it.

The one home of what a situation asks for: materials, fees and time are read off the kernel's Bound, never recomputed.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeAlias

from zhengtong.catalogue.models import ItemVersion as VersionRow
from zhengtong.kernel.binding import Bound, ItemVersion, bind, canonical, check_posts
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.law import overlay
from zhengtong.law.items import find_faults, item_from
from zhengtong.law.procedure_files import UnknownProcedureError, load_procedure

Content: TypeAlias = Mapping[str, Any]
Answers: TypeAlias = Mapping[str, str]

KEPT: Final = 4096
MOST_COMPLAINTS: Final = 40


class UnknownItemVersion(LookupError):
    """There is no such item, or not in this version."""


def digest_of(content: Content) -> str:
    """What the daily root covers: of the canonical JSON, so that both databases give the same."""
    return hashlib.sha256(canonical(content)).hexdigest()


# ---- reading ------------------------------------------------------------------------------------


def content_of(code: str, version: int) -> dict[str, Any]:
    """The frozen JSON of one version, whatever its status.

    Raises:
        UnknownItemVersion
    """
    found = VersionRow.objects.filter(item__code=code, version=version).values_list("content", flat=True).first()
    if found is None:
        raise UnknownItemVersion(f"{code} version {version}")
    return dict(found)


def item_version(code: str, version: int) -> ItemVersion:
    """One version as the kernel reads it; the value is kept as long as its digest stands.

    Raises:
        UnknownItemVersion, Refusal (bad_item)
    """
    return _kernel_item(_digest_in_store(code, version), code, version)


def bound_for(item: str, version: int, answers: Answers) -> Bound:
    """The bound procedure of one version under these answers; kept by digest, so that a mended draft is bound anew.

    Raises:
        UnknownItemVersion, Refusal (as `bind`)
    """
    return _bound(_digest_in_store(item, version), item, version, tuple(sorted(answers.items())))


def bound_for_many(wanted: Sequence[tuple[str, int, Answers]]) -> list[Bound]:
    """`bound_for` for a page of cases, in one query.

    Raises:
        UnknownItemVersion, Refusal (as `bind`)
    """
    rows = VersionRow.objects.filter(item__code__in={item for item, _version, _answers in wanted})
    digests = {
        (code, version): str(digest) for code, version, digest in rows.values_list("item__code", "version", "digest")
    }
    for item, version, _answers in wanted:
        if (item, version) not in digests:
            raise UnknownItemVersion(f"{item} version {version}")
    return [
        _bound(digests[item, version], item, version, tuple(sorted(answers.items())))
        for item, version, answers in wanted
    ]


def _digest_in_store(code: str, version: int) -> str:
    found = VersionRow.objects.filter(item__code=code, version=version).values_list("digest", flat=True).first()
    if found is None:
        raise UnknownItemVersion(f"{code} version {version}")
    return str(found)


@lru_cache(maxsize=KEPT)
def _kernel_item(digest: str, code: str, version: int) -> ItemVersion:
    return item_from(content_of(code, version))


@lru_cache(maxsize=KEPT)
def _bound(digest: str, code: str, version: int, answers: tuple[tuple[str, str], ...]) -> Bound:
    item = _kernel_item(digest, code, version)
    return bind(load_procedure(item.procedure, item.procedure_version), item, dict(answers))


overlay.when_forgotten(_kernel_item.cache_clear)
overlay.when_forgotten(_bound.cache_clear)


def bind_content(content: Content, answers: Answers) -> Bound:
    """Bind content that may not be stored yet.

    Raises:
        Refusal: as `item_from` and `bind`.
    """
    item = item_from(content)
    return bind(load_procedure(item.procedure, item.procedure_version), item, answers)


# ---- complaints ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that stands against publishing: where (a path into the content), and a code with what it speaks of."""

    path: str
    code: str
    params: Mapping[str, Any]
    source: str = ""


def complaints_of(content: Content) -> tuple[Complaint, ...]:
    """All that `bind` and the checks before publishing say, in the order in which they can be said."""
    shape = [
        Complaint(path=path, code="shape", params={"why": why})
        for path, why in islice(find_faults(content), MOST_COMPLAINTS)
    ]
    return tuple(shape) if shape else tuple(_complaints_of_binding(content))


def _complaints_of_binding(content: Content) -> Iterator[Complaint]:
    """`bind` names one fault at a time: each is set right in a copy, so that the next is found too."""
    said: set[str] = set()
    copy: dict[str, Any] = dict(content)
    for _round in range(MOST_COMPLAINTS):
        try:
            _check(copy)
            return
        except UnknownProcedureError:
            version = str(content.get("procedure_version", ""))
            yield Complaint(path="procedure", code="unknown_procedure", params={"version": version})
            return
        except Refusal as refusal:
            place = _place_of(refusal)
            if f"{refusal.code} {place}" in said:
                return
            said.add(f"{refusal.code} {place}")
            yield Complaint(path=place, code=str(refusal.code), params=dict(refusal.params), source=refusal.source)
            copy |= _set_right(copy, refusal)


def _check(content: Content) -> None:
    """All that must hold before a version is published.

    Raises:
        Refusal, UnknownProcedureError
    """
    check_posts(bind_content(content, {}))
    for answers in telling_answers(content):
        bind_content(content, answers)


def _set_right(content: Content, refusal: Refusal) -> dict[str, Any]:
    """What of a content would have to change for this refusal to fall away; nothing where that cannot be said."""
    params = {name: str(value) for name, value in refusal.params.items()}
    terms, posts = dict(content.get("terms", {})), dict(content.get("posts", {}))
    options = [one for one in content.get("options", ()) if one != params.get("option")]
    match refusal.code:
        case RefusalCode.PARAMETER_MISSING:
            return {"terms": terms | {params["parameter"]: terms.get("legal", "1 wd")}}
        case RefusalCode.PARAMETER_TOO_LONG if terms.get(params["parameter"]) == params["term"]:
            return {"terms": terms | {params["parameter"]: params["at_most"]}}
        case RefusalCode.UNKNOWN_PARAMETER:
            return {"terms": {name: term for name, term in terms.items() if name != params["parameter"]}}
        case RefusalCode.UNKNOWN_OPTION | RefusalCode.OPTIONS_EXCLUDE | RefusalCode.OPTION_REQUIRES:
            return {"options": options}
        case RefusalCode.ROLE_WITHOUT_POST:
            return {"posts": posts | {params["role"]: {"post": "-", "unit": "-", "dept": "-"}}}
        case RefusalCode.UNKNOWN_ROLE:
            return {"posts": {role: post for role, post in posts.items() if role != params["role"]}}
    return {}


def telling_answers(content: Content) -> list[dict[str, str]]:
    """Answers under which other terms hold: a ceiling could be broken there alone. One set for each first answer."""
    return [
        {question: values[0] for question, values in row["when"].items() if values}
        for row in content.get("terms_when", ())
    ]


def _place_of(refusal: Refusal) -> str:
    for name, folder in (("parameter", "terms"), ("option", "options"), ("role", "posts")):
        if name in refusal.params:
            return f"{folder}.{refusal.params[name]}"
    return str(refusal.params.get("path", ""))


# ---- what a situation asks for ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLine:
    """One paper to hand in under the answers given; `because` are the (question, answer) codes that ask for it."""

    code: str
    name: str
    required: bool
    tolerable: bool
    kind: str
    form: str
    source: str
    copies: int
    note: str
    because: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRow:
    """Amount in fen; `confirmed` is false while nobody has checked the tariff."""

    code: str
    name: str
    amount: int
    basis: str
    reducible: bool
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Exactly what these answers ask for: papers, fees (fen), and the two limits as terms ("20 wd", or empty)."""

    materials: tuple[MaterialLine, ...]
    fees: tuple[FeeRow, ...]
    legal: str
    promised: str

    @property
    def total(self) -> int:
        return sum(fee.amount for fee in self.fees)

    @property
    def needed(self) -> tuple[MaterialLine, ...]:
        return tuple(line for line in self.materials if line.required)


def requirements(content: Content, answers: Answers, *, english: bool = False) -> Requirements:
    """What a person in this situation must bring, pay and wait, read off the bound procedure.

    Raises:
        Refusal: unknown_answer and all that `bind` refuses.
    """
    return requirements_of(bind_content(content, answers), content, english=english)


def requirements_of(bound: Bound, content: Content, *, english: bool = False) -> Requirements:
    papers = {row["code"]: row for row in content.get("materials", ())}
    tariff = {row["code"]: row for row in content.get("fees", ())}
    return Requirements(
        materials=tuple(
            MaterialLine(
                code=rule.code,
                name=said(papers[rule.code], "name", english=english),
                required=rule.required,
                tolerable=rule.tolerable,
                kind=papers[rule.code].get("kind", "other"),
                form=papers[rule.code].get("form", "either"),
                source=papers[rule.code].get("source", "self"),
                copies=papers[rule.code].get("copies", 1),
                note=said(papers[rule.code], "note", english=english),
                because=tuple((question, bound.answers[question]) for question in rule.when),
            )
            for rule in bound.materials
        ),
        fees=tuple(
            FeeRow(
                code=line.code,
                name=said(tariff[line.code], "name", english=english),
                amount=line.amount,
                basis=line.basis,
                reducible=line.reducible,
                confirmed=tariff[line.code].get("confirmed", False),
            )
            for line in bound.fees
        ),
        legal=str(bound.terms.get("legal", "")),
        promised=str(bound.terms.get("promised", "")),
    )


def said(row: Mapping[str, Any], key: str, *, english: bool) -> str:
    """A text of the content in the reader's language; Chinese where there is no English."""
    return str((english and row.get(f"{key}_en")) or row.get(key, ""))


def read_answers(content: Content, given: Mapping[str, str]) -> dict[str, str]:
    """Of what a page was asked, the answers to this item's questions; unknown ones are left out."""
    known: dict[str, set[str]] = {
        row["code"]: {choice["code"] for choice in row["choices"]} for row in content.get("situations", ())
    }
    return {code: given[code] for code, choices in known.items() if given.get(code) in choices}


def shown_situations(content: Content, answers: Answers) -> Sequence[Mapping[str, Any]]:
    """The questions of the tree that these answers lead to (`shown_when`)."""
    return [
        row
        for row in content.get("situations", ())
        if all(answers.get(question) in values for question, values in row.get("shown_when", {}).items())
    ]
