"""Form fields that answer plain values and speak in sentences: text, codes, terms, money, numbers, days, files."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.ui.codes import credit_code_fault, identity_fault, tidy_code
from zhengtong.ui.typed_text import check_length, clean_text, excerpt
from zhengtong.ui.wording import LAW_ZONE

REQUIRED = gettext_lazy("这一项还没有填。")
FILE = gettext_lazy("还没有选文件。手上没有的话，可以先存下来，以后再交。")
CHOOSE = gettext_lazy("请选一项。")
NO_CHOICE = gettext_lazy("没有这个选项。请从列出的里面选。")
EMPTY_FILE = gettext_lazy("这个文件是空的。请打开看一看，再重新选。")
MOST_NUMBER = Decimal(10) ** 12
MOST_TILES = 5
MOST_FILE = 20 * 1024 * 1024
TERM_UNITS = (
    ("wd", gettext_lazy("个工作日")),
    ("cd", gettext_lazy("天（自然日）")),
    ("wh", gettext_lazy("个工作小时")),
    ("h", gettext_lazy("小时")),
    ("month", gettext_lazy("个月")),
    ("year", gettext_lazy("年")),
)


class PlainText(forms.CharField):
    """One line or several; cleaned before it is measured."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, *, lines: bool = False, most: int = 4000, **kwargs: Any) -> None:
        self.lines = lines
        self.most = most
        attrs = {"class": "form-control"} | ({"rows": 4} if lines else {})
        kwargs.setdefault("widget", forms.Textarea(attrs) if lines else forms.TextInput(attrs))
        super().__init__(strip=False, **kwargs)
        self.validators = []  # Django's own refuse NUL in English; clean_text says it in words

    def to_python(self, value: Any) -> str:
        text = clean_text(str(value), lines=self.lines) if value not in self.empty_values else ""
        check_length(text, self.most)
        return text


class CodeText(forms.CharField):
    """An identity number or credit code: tidied, then checked digit by digit."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, *, fault: Callable[[str], str | None], check: str, **kwargs: Any) -> None:
        self.fault = fault
        attrs = {"class": "form-control zt-code", "data-check": check, "maxlength": 40, "spellcheck": "false"}
        kwargs.setdefault("widget", forms.TextInput(attrs | {"autocomplete": "off", "autocapitalize": "characters"}))
        super().__init__(**kwargs)
        self.validators = []

    def to_python(self, value: Any) -> str:
        if value in self.empty_values:
            return ""
        code = tidy_code(clean_text(str(value)))
        check_length(code, 100)
        if code and (sentence := self.fault(code)):
            raise ValidationError(sentence, code="check")
        return code


def identity_field(**kwargs: Any) -> CodeText:
    """居民身份证号码."""
    return CodeText(fault=identity_fault, check="identity", **kwargs)


def credit_code_field(**kwargs: Any) -> CodeText:
    """统一社会信用代码."""
    return CodeText(fault=credit_code_fault, check="credit_code", **kwargs)


class CertificateText(PlainText):
    """A certificate number whose kind stands in another field: only its characters are checked here."""

    def to_python(self, value: Any) -> str:
        return tidy_code(super().to_python(value))


class PhoneText(PlainText):
    """A telephone number, as digits with an optional country sign."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "form-control", "inputmode": "tel", "autocomplete": "tel"}
        super().__init__(most=40, widget=forms.TextInput(attrs), **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        digits = re.sub(r"[\s\-()（）]", "", unicodedata.normalize("NFKC", text))
        if digits and not re.fullmatch(r"\+?[0-9]{7,15}", digits):
            words = _("电话只写数字，手机是 11 位，座机带区号，例如 13800000000。您写的是“%(given)s”。")
            raise ValidationError(words % {"given": excerpt(text)}, code="phone")
        return digits


class NumberField(forms.Field):
    """A number as people write it, commas allowed; whole numbers answer int, others a decimal string."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, *, places: int = 6, least: Decimal | None = None, **kwargs: Any) -> None:
        self.places = places
        self.least = least
        kwargs.setdefault("widget", forms.TextInput({"class": "form-control zt-input--short", "inputmode": "decimal"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | str | None:
        number = self.read(value)
        if number is None:
            return None
        return int(number) if number == number.to_integral_value() else format(number.normalize(), "f")

    def read(self, value: Any) -> Decimal | None:
        """The number typed.

        Raises:
            ValidationError: no number, too large, too many places, or below the least.
        """
        if value in self.empty_values:
            return None
        typed = unicodedata.normalize("NFKC", str(value)[:200]).strip().lstrip("¥￥")
        text = re.sub(r"[,\s]", "", typed)
        if not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?", text, re.ASCII):
            words = _("请只写数字，例如 320。您写的是“%(given)s”。")
            raise ValidationError(words % {"given": excerpt(str(value))}, code="number")
        try:
            number = Decimal(text)
        except InvalidOperation:  # pragma: no cover - the pattern above lets only decimals through
            raise ValidationError(_("请只写数字，例如 320。"), code="number") from None
        return self._within(number)

    def _within(self, number: Decimal) -> Decimal:
        if abs(number) > MOST_NUMBER:
            raise ValidationError(_("这个数太大了。请检查是不是多写了几位。"), code="too_large")
        if number != round(number, self.places):
            raise ValidationError(_("小数最多 %(places)s 位。") % {"places": self.places}, code="places")
        if self.least is not None and number < self.least:
            raise ValidationError(_("不能小于 %(least)s。") % {"least": self.least}, code="least")
        return number


class MoneyField(NumberField):
    """An amount typed in yuan, kept in fen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=2, least=Decimal(0), **kwargs)

    def to_python(self, value: Any) -> int | None:
        yuan = self.read(value)
        return None if yuan is None else int(yuan * 100)

    def prepare_value(self, value: Any) -> Any:
        return f"{value / 100:.2f}" if isinstance(value, int) else value


class DayField(forms.Field):
    """A civil day, from the date control or typed: 2026-03-16, 2026/3/16, 2026年3月16日."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput({"class": "form-control zt-input--short", "type": "date"}, format="%Y-%m-%d")
        kwargs.setdefault("widget", widget)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        return read_day(str(value))


def read_day(text: str) -> date:
    """A day written in figures.

    Raises:
        ValidationError: not a day of the calendar.

    >>> read_day("2026年3月16日")
    datetime.date(2026, 3, 16)
    """
    found = re.fullmatch(
        r"\s*([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?\s*",
        unicodedata.normalize("NFKC", text[:60]),
    )
    try:
        if found:
            day = date(int(found[1]), int(found[2]), int(found[3]))
            if 1800 <= day.year <= 2200:
                return day
    except ValueError:
        pass
    words = _("这不是日历上的一天。请写成 2026-03-16 的样子，您写的是“%(given)s”。")
    raise ValidationError(words % {"given": excerpt(text)}, code="day")


class InstantField(forms.Field):
    """A minute in the zone of law; answers an aware instant in UTC."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "form-control zt-input--short", "type": "datetime-local"}
        kwargs.setdefault("widget", forms.DateTimeInput(attrs, format="%Y-%m-%dT%H:%M"))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo:
            return value.astimezone(LAW_ZONE).strftime("%Y-%m-%dT%H:%M")
        return value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        text = unicodedata.normalize("NFKC", str(value)[:60])
        found = re.fullmatch(r"(.*?)[T\s日]*([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?\s*", text)
        if not found:
            words = _("请写到几点几分，例如 2026-03-16 09:30。您写的是“%(given)s”。")
            raise ValidationError(words % {"given": excerpt(text)}, code="instant")
        day = read_day(found[1])
        if int(found[2]) > 23 or int(found[3]) > 59:
            raise ValidationError(_("一天只有 0 点到 23 点 59 分。"), code="instant")
        local = datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=LAW_ZONE)
        return local.astimezone(UTC)


class TermWidget(forms.MultiWidget):
    """A number and its unit, side by side."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self, units: Sequence[tuple[str, Any]]) -> None:
        number = forms.TextInput({"class": "form-control zt-input--short", "inputmode": "numeric"})
        unit = forms.Select(
            {"class": "form-select zt-input--unit", "aria-label": gettext_lazy("期限的单位")}, choices=units
        )
        super().__init__({"n": number, "unit": unit})

    def decompress(self, value: Any) -> list[Any]:
        return str(value).split(" ") if value else [None, None]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"


class TermField(forms.Field):
    """A term such as "10 wd"."""

    default_error_messages = {"required": REQUIRED}

    def __init__(self, *, units: Sequence[tuple[str, Any]] = TERM_UNITS, **kwargs: Any) -> None:
        self.units = tuple(units)
        kwargs.setdefault("widget", TermWidget(self.units))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str | None:
        number, unit = (value if isinstance(value, list) else self.widget.decompress(value))[:2]
        text = unicodedata.normalize("NFKC", str(number or ""))[:40].strip()
        if not text:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if unit not in dict(self.units):
            raise ValidationError(_("请选期限的单位。"), code="unit")
        if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII):
            words = _("期限写一个整数，例如 10。您写的是“%(given)s”。")
            raise ValidationError(words % {"given": excerpt(str(number))}, code="term")
        return f"{int(text)} {unit}"

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and str(data[0] or "").strip()) or bool(initial)


class Choice(forms.ChoiceField):
    """One of a list. Up to five are drawn as tiles, more as a select."""

    default_error_messages = {"required": CHOOSE, "invalid_choice": NO_CHOICE}

    def __init__(self, *, choices: Sequence[tuple[str, Any]], tiles: bool | None = None, **kwargs: Any) -> None:
        self.options = tuple(choices)
        as_tiles = len(self.options) <= MOST_TILES if tiles is None else tiles
        super().__init__(choices=self.options, widget=forms.RadioSelect(), **kwargs)
        if not as_tiles:
            self.draw_as_select()

    def draw_as_select(self) -> None:
        """A select with an empty first line, as rows and long lists need."""
        blank = gettext_lazy("请选择") if self.required else gettext_lazy("不选")
        self.widget = forms.Select({"class": "form-select"})
        self.choices = (("", blank), *self.options)


class Choices(forms.MultipleChoiceField):
    """Several of a list; answers a list in the list's own order."""

    default_error_messages = {"required": CHOOSE, "invalid_choice": NO_CHOICE, "invalid_list": NO_CHOICE}

    def __init__(self, *, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple(), **kwargs)

    def clean(self, value: Any) -> list[str]:
        picked = set(super().clean(value))
        return [code for code, _label in self.choices if code in picked]  # type: ignore[union-attr, misc]  # choices are pairs here


class YesNo(forms.TypedChoiceField):
    """是 or 否; answers bool, or None when left open."""

    default_error_messages = {"required": CHOOSE, "invalid_choice": NO_CHOICE}

    def __init__(self, **kwargs: Any) -> None:
        choices = (("yes", gettext_lazy("是")), ("no", gettext_lazy("否")))
        super().__init__(
            choices=choices, coerce=lambda v: v == "yes", empty_value=None, widget=forms.RadioSelect(), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


class FilesWidget(forms.ClearableFileInput):
    """A file control that may take several."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """One file, or a list of them; kind and size are checked, contents are not (the documents room does that)."""

    default_error_messages = {"required": FILE, "empty": EMPTY_FILE, "invalid": FILE, "missing": FILE}

    def __init__(self, *, accept: Sequence[str] = (), many: bool = False, most: int = MOST_FILE, **kwargs: Any) -> None:
        self.accept = tuple(suffix.lower() for suffix in accept)
        self.many = many
        self.most = most
        attrs = {"class": "form-control"} | ({"accept": ",".join(self.accept)} if self.accept else {})
        widget = FilesWidget(attrs | {"multiple": True}) if many else forms.FileInput(attrs)
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any, initial: Any = None) -> Any:
        given = value if isinstance(value, list | tuple) else [value]
        files = [super(FilesField, self).clean(one, initial) for one in given] or [super().clean(None, initial)]
        for one in files:
            self._check(one)
        return [one for one in files if one] if self.many else files[0]

    def _check(self, one: Any) -> None:
        if not isinstance(one, UploadedFile):
            return
        name = clean_text(one.name or "")
        if (one.size or 0) > self.most:
            words = _("“%(name)s”有 %(size)s MB，每个文件最多 %(most)s MB。请压缩或分成几份。")
            size = round((one.size or 0) / 1024 / 1024, 1)
            raise ValidationError(words % {"name": excerpt(name), "size": size, "most": self.most // 1024 // 1024})
        if self.accept and not name.lower().endswith(self.accept):
            words = _("“%(name)s”的格式不对，请交 %(kinds)s 文件。")
            kinds = "/".join(suffix.lstrip(".").upper() for suffix in self.accept)
            raise ValidationError(words % {"name": excerpt(name), "kinds": kinds})
