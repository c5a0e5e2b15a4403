"""Forms built from typed field lists, so that a matter's questions are data and no room writes a form class for each.

Forms hold shape only: kind, length, required. What the answers mean is decided elsewhere. cleaned_data are plain:
text NFC, days as date, instants as aware UTC, terms as "10 wd", money as fen, numbers as int or decimal string.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.ui import fields as f
from zhengtong.ui.codes import credit_code_fault, identity_fault
from zhengtong.ui.composites import GroupField, InnerForm, PapersField, RowsField

Options: TypeAlias = Sequence[tuple[str, Any]]

TEXT_MOST = 4000
REASON_MOST = 2000
PARTY_KINDS: Options = (("natural", gettext_lazy("个人")), ("organisation", gettext_lazy("单位")))
CERTIFICATES: Options = (
    ("identity", gettext_lazy("居民身份证")),
    ("credit_code", gettext_lazy("统一社会信用代码")),
    ("passport", gettext_lazy("护照")),
    ("hk_macau_permit", gettext_lazy("港澳居民来往内地通行证")),
    ("taiwan_permit", gettext_lazy("台湾居民来往大陆通行证")),
    ("other", gettext_lazy("其他证件")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One question. `fields` are the inner questions of the kinds fields, table and tasks.

    `shown_when` is (name of another field, its values): otherwise the question is not asked and its answer is dropped.
    `folded` is the sentence under which a question that is seldom needed is folded away.
    """

    name: str
    label: Any
    kind: str = "text"
    required: bool = True
    help: Any = ""
    choices: Options = ()
    shown_when: tuple[str, tuple[str, ...]] | None = None
    max_length: int | None = None
    accept: tuple[str, ...] = ()
    multiple: bool = False
    fields: tuple["FieldSpec", ...] = ()
    initial: Any = None
    folded: Any = ""


class TypedForm(InnerForm):
    """A form from a field list. `is_adding` is true when the reader asked for one more row instead of submitting."""

    specs: tuple[FieldSpec, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if self._conditional(name) is not None:
                field.required = field.widget.is_required = False

    @property
    def is_adding(self) -> bool:
        """Whether "add a row" was pressed: show the form again, without complaints."""
        names = {self.add_prefix(spec.name) + "-add" for spec in self.specs if spec.kind in ROW_KINDS}
        return self.is_bound and not names.isdisjoint(self.data)

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.is_adding:
            self.hush()

    def is_valid(self) -> bool:
        return not self.is_adding and super().is_valid()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for spec in self.specs:
            if spec.shown_when is None:
                continue
            if not self._is_shown(spec, data):
                data[spec.name] = None
                self._errors.pop(spec.name, None)
            elif spec.required and spec.name not in self.errors and data.get(spec.name) in (None, "", [], {}):
                self.add_error(spec.name, ValidationError(f.REQUIRED, code="required"))
        return data

    def _conditional(self, name: str) -> FieldSpec | None:
        return next((spec for spec in self.specs if spec.name == name and spec.shown_when), None)

    def _is_shown(self, spec: FieldSpec, data: dict[str, Any]) -> bool:
        name, values = spec.shown_when or ("", ())
        answer = data.get(name)
        if isinstance(answer, bool):
            answer = "yes" if answer else "no"
        answers = answer if isinstance(answer, list) else [answer]
        return any(str(one) in values for one in answers if one is not None)


class PartyForm(InnerForm):
    """Who: a person or an organisation, a certificate with its number, a telephone."""

    kind = f.Choice(label=gettext_lazy("个人还是单位"), choices=PARTY_KINDS)
    name = f.PlainText(label=gettext_lazy("姓名或名称"), most=200)
    certificate = f.Choice(label=gettext_lazy("证件类型"), choices=CERTIFICATES)
    number = f.CertificateText(label=gettext_lazy("证件号码"), most=60)
    phone = f.PhoneText(label=gettext_lazy("联系电话"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        number, certificate = data.get("number"), data.get("certificate")
        if number and (fault := CERTIFICATE_CHECKS.get(str(certificate), _no_fault)(number)):
            self.add_error("number", ValidationError(fault, code="check"))
        if data.get("kind") == "organisation" and certificate not in (None, "credit_code", "other"):
            words = _("单位请用统一社会信用代码；没有的，选“其他证件”。")
            self.add_error("certificate", ValidationError(words, code="mismatch"))
        if data.get("kind") == "natural" and certificate == "credit_code":
            words = _("个人没有统一社会信用代码，请选身份证或别的证件。")
            self.add_error("certificate", ValidationError(words, code="mismatch"))
        return data


def _no_fault(number: str) -> str | None:
    return None


CERTIFICATE_CHECKS: dict[str, Callable[[str], str | None]] = {
    "identity": identity_fault,
    "credit_code": credit_code_fault,
}


class AddressForm(InnerForm):
    """Where: region, street and number."""

    region = f.PlainText(label=gettext_lazy("省、市、县（区）"), most=100)
    detail = f.PlainText(label=gettext_lazy("街道、门牌号"), most=200)
    postcode = f.PlainText(label=gettext_lazy("邮政编码"), most=12, required=False)


def build_form(specs: Sequence[FieldSpec], *, name: str = "BuiltForm") -> type[TypedForm]:
    """A form class for a field list.

    Raises:
        ValueError: two fields of one name, or a kind that is not known.
    """
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise ValueError(f"two fields of one name: {names}")
    made = {spec.name: build_field(spec) for spec in specs}
    return type(name, (TypedForm,), {"specs": tuple(specs), **made})


def build_field(spec: FieldSpec) -> forms.Field:
    """The field for one question.

    Raises:
        ValueError: a kind that is not known.
    """
    maker = KINDS.get(spec.kind)
    if maker is None:
        raise ValueError(f"unknown kind {spec.kind!r} of field {spec.name!r}; known: {', '.join(sorted(KINDS))}")
    shared: dict[str, Any] = {
        "label": spec.label,
        "required": spec.required,
        "help_text": spec.help,
        "initial": spec.initial,
    }
    field = maker(spec, shared)
    field.shown_when = spec.shown_when  # type: ignore[attr-defined]  # our own mark on a field of Django
    return field


Shared: TypeAlias = dict[str, Any]


def _text(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.PlainText(most=spec.max_length or TEXT_MOST, **shared)


def _reason(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.PlainText(lines=True, most=spec.max_length or REASON_MOST, **shared)


def _choice(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.Choices(choices=spec.choices, **shared) if spec.multiple else f.Choice(choices=spec.choices, **shared)


def _people(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.Choices(choices=spec.choices, **shared)


def _yes_no(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.YesNo(**shared)


def _day(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.DayField(**shared)


def _instant(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.InstantField(**shared)


def _term(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.TermField(units=spec.choices or f.TERM_UNITS, **shared)


def _money(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.MoneyField(**shared)


def _number(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.NumberField(**shared)


def _materials(spec: FieldSpec, shared: Shared) -> forms.Field:
    return PapersField(choices=spec.choices, most=spec.max_length or 500, **shared)


def _fields(spec: FieldSpec, shared: Shared) -> forms.Field:
    return GroupField(inner=build_form(spec.fields, name="Group"), **shared)


def _table(spec: FieldSpec, shared: Shared) -> forms.Field:
    return RowsField(inner=_row_form(spec.fields), **shared)


def _tasks(spec: FieldSpec, shared: Shared) -> forms.Field:
    """Rows of who is asked and what: `choices` are those who may be asked; inner `fields` replace the two questions."""
    to = FieldSpec(name="to", label=gettext_lazy("交给谁"), kind="unit", choices=spec.choices)
    text = FieldSpec(name="text", label=gettext_lazy("要办什么"), kind="text", max_length=500)
    return RowsField(inner=_row_form(spec.fields or (to, text)), **shared)


def _row_form(specs: Sequence[FieldSpec]) -> type[TypedForm]:
    """A form for one row: choices are selects, since tiles would make each row a page."""
    form = build_form(specs, name="Row")
    for field in form.base_fields.values():
        if isinstance(field, f.Choice):
            field.draw_as_select()
    return form


def _attachment(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.FilesField(accept=spec.accept, many=spec.multiple, **shared)


def _party(spec: FieldSpec, shared: Shared) -> forms.Field:
    return GroupField(inner=PartyForm, **shared)


def _address(spec: FieldSpec, shared: Shared) -> forms.Field:
    return GroupField(inner=AddressForm, **shared)


def _identity(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.identity_field(**shared)


def _credit_code(spec: FieldSpec, shared: Shared) -> forms.Field:
    return f.credit_code_field(**shared)


KINDS: dict[str, Callable[[FieldSpec, Shared], forms.Field]] = {
    "text": _text,
    "reason": _reason,
    "choice": _choice,
    "yes_no": _yes_no,
    "date": _day,
    "instant": _instant,
    "term": _term,
    "money": _money,
    "number": _number,
    "document": _choice,
    "material": _choice,
    "materials": _materials,
    "person": _choice,
    "people": _people,
    "unit": _choice,
    "post": _choice,
    "tasks": _tasks,
    "fields": _fields,
    "table": _table,
    "attachment": _attachment,
    "party": _party,
    "identity": _identity,
    "address": _address,
    "credit_code": _credit_code,
}
ROW_KINDS = frozenset({"tasks", "table"})
