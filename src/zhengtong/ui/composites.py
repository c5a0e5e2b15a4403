"""Fields made of fields: a group (a party, a set of questions), rows (a table, tasks), papers each with a reason.

A composite's value from the browser is its bound inner form or forms; clean() answers their plain values.
Rows work without script: "add a row" submits the form, which comes back with one more row and no complaints.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.ui.typed_text import check_length, clean_text

MOST_ROWS = 200
FIRST_ROWS = 2


class InnerForm(forms.Form):
    """A form inside a field: fields that are not shown are not asked for."""

    use_required_attribute = False

    def plain(self) -> dict[str, Any]:
        """What was typed, as plain values."""
        return dict(self.cleaned_data)

    def hush(self) -> None:
        """Be drawn with what was typed and without complaints, to the innermost form: nothing was handed in yet."""
        self._errors = forms.utils.ErrorDict()
        self.cleaned_data = {}
        for field in self.fields.values():
            if isinstance(field.widget, GroupWidget | RowsWidget):
                field.widget.is_hushed = True


class GroupWidget(forms.Widget):
    """Draws one inner form inside its field."""

    draws_itself = True
    is_hushed = False
    template_name = "ui/widgets/group.html"

    def __init__(self, inner: type[InnerForm]) -> None:
        super().__init__()
        self.inner = inner
        self.needs_multipart_form = inner().is_multipart()

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> InnerForm:
        made = self.inner(data=data, files=files, prefix=name, empty_permitted=not self.is_required)
        if self.is_hushed:
            made.hush()
        return made

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        form = value if isinstance(value, InnerForm) else self.inner(initial=value or {}, prefix=name)
        return render_to_string(self.template_name, {"inner": form})

    def id_for_label(self, id_: str) -> str:
        return ""


class GroupField(forms.Field):
    """One inner form; answers a dict, or None when nothing was filled in and nothing had to be."""

    def __init__(self, *, inner: type[InnerForm], **kwargs: Any) -> None:
        super().__init__(widget=GroupWidget(inner), **kwargs)
        self.inner = inner

    def clean(self, value: Any) -> dict[str, Any] | None:
        form = value if isinstance(value, InnerForm) else self.inner(data=_flat("g", value or {}), prefix="g")
        if not self.required and not form.has_changed():
            return None
        if not form.is_valid():
            raise ValidationError(_first_sentences([form]), code="inner")
        return form.plain()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return isinstance(data, InnerForm) and data.has_changed()

    def inner_forms(self, bound: BoundField) -> Sequence[InnerForm]:
        return [form for form in [bound.value()] if isinstance(form, InnerForm)]

    def has_inner_errors(self, bound: BoundField) -> bool:
        return any(form.errors for form in self.inner_forms(bound))


class RowsWidget(forms.Widget):
    """Draws rows of one inner form, and the button that asks for one more."""

    draws_itself = True
    is_hushed = False
    template_name = "ui/widgets/rows.html"

    def __init__(self, inner: type[InnerForm], first: int = FIRST_ROWS) -> None:
        super().__init__()
        self.inner = inner
        self.first = first
        self.needs_multipart_form = inner().is_multipart()

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[InnerForm]:
        made = [
            self.inner(data=data, files=files, prefix=f"{name}-{i}", empty_permitted=True)
            for i in range(self._count(data, name))
        ]
        if self.is_hushed:
            for row in made:
                row.hush()
        return made

    def _count(self, data: Mapping[str, Any], name: str) -> int:
        typed = str(data.get(f"{name}-rows", ""))
        count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else self.first
        return min(count + (1 if f"{name}-add" in data else 0), MOST_ROWS)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-rows" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        rows = value if value and _are_forms(value) else self._blank(name, value or [])
        shown = self.inner().visible_fields()
        context = {"rows": rows, "heads": shown, "name": name, "count": len(rows), "full": len(rows) >= MOST_ROWS}
        return render_to_string(self.template_name, context)

    def _blank(self, name: str, values: Sequence[Mapping[str, Any]]) -> list[InnerForm]:
        count = max(len(values), self.first)
        return [
            self.inner(initial=dict(values[i]) if i < len(values) else {}, prefix=f"{name}-{i}") for i in range(count)
        ]

    def id_for_label(self, id_: str) -> str:
        return ""


class RowsField(forms.Field):
    """Rows of one inner form; answers a list of dicts, empty rows left out."""

    def __init__(self, *, inner: type[InnerForm], **kwargs: Any) -> None:
        super().__init__(widget=RowsWidget(inner), **kwargs)
        self.inner = inner

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = value if _are_forms(value) else []
        filled = [row for row in rows if row.has_changed()]
        if any([not row.is_valid() for row in filled]):  # noqa: C419 - every row is checked, so that all faults show
            raise ValidationError(_first_sentences(filled), code="inner")
        if self.required and not filled:
            raise ValidationError(_("至少要填一行。"), code="required")
        return [row.plain() for row in filled]

    def inner_forms(self, bound: BoundField) -> Sequence[InnerForm]:
        value = bound.value()
        return [row for row in value if row.has_changed()] if _are_forms(value) else []

    def has_inner_errors(self, bound: BoundField) -> bool:
        return any(row.errors for row in self.inner_forms(bound))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _are_forms(data) and any(row.has_changed() for row in data)


class PapersWidget(forms.Widget):
    """A check box for each paper, with a line for what to tell the reader."""

    draws_itself = True
    template_name = "ui/widgets/papers.html"

    def __init__(self, choices: Sequence[tuple[str, Any]], reason_label: Any) -> None:
        super().__init__()
        self.choices = choices
        self.reason_label = reason_label

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        picked = set(data.getlist(name) if hasattr(data, "getlist") else data.get(name, ()))
        known = [code for code, _label in self.choices if code in picked]
        rows = [{"material": code, "reason": str(data.get(f"{name}-{code}-reason", ""))} for code in known]
        unknown = sorted(picked - set(known))
        return rows + [{"material": code, "reason": ""} for code in unknown[:1]]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        given = {row["material"]: row.get("reason", "") for row in value or ()}
        rows = [
            {
                "code": code,
                "label": label,
                "picked": code in given,
                "reason": given.get(code, ""),
                "id": f"id_{name}_{i}",
            }
            for i, (code, label) in enumerate(self.choices)
        ]
        return render_to_string(self.template_name, {"name": name, "rows": rows, "reason_label": self.reason_label})

    def id_for_label(self, id_: str) -> str:
        return ""


class PapersField(forms.Field):
    """Papers picked from a list, each with its reason; answers [{"material": code, "reason": text}]."""

    def __init__(
        self, *, choices: Sequence[tuple[str, Any]], most: int = 500, reason_required: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(widget=PapersWidget(choices, gettext_lazy("告诉申请人的话")), **kwargs)
        self.choices = tuple(choices)
        self.most = most
        self.reason_required = reason_required

    def clean(self, value: Any) -> list[dict[str, str]]:
        names = dict(self.choices)
        rows = []
        for row in value or ():
            if row["material"] not in names:
                raise ValidationError(_("清单里没有这份材料。请刷新页面再选。"), code="invalid_choice")
            rows.append({"material": row["material"], "reason": self._reason(row, names[row["material"]])})
        if self.required and not rows:
            raise ValidationError(_("至少选一份材料。"), code="required")
        return rows

    def _reason(self, row: Mapping[str, str], name: Any) -> str:
        reason = clean_text(row.get("reason", ""), lines=True)
        check_length(reason, self.most)
        if self.reason_required and not reason:
            raise ValidationError(_("请写明“%(name)s”要怎样补正，让对方看一遍就懂。") % {"name": name}, code="reason")
        return reason

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def has_inner_errors(self, bound: BoundField) -> bool:
        return False


def _are_forms(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, InnerForm) for row in value)


def _first_sentences(rows: Sequence[InnerForm]) -> list[str]:
    out: list[str] = []
    for row in rows:
        for name, sentences in row.errors.items():
            label = row.fields[name].label if name in row.fields else ""
            sentence = str(sentences[0])
            out.append(_("%(label)s：%(sentence)s") % {"label": label, "sentence": sentence} if label else sentence)
    return out


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}-{key}": value for key, value in values.items()}
