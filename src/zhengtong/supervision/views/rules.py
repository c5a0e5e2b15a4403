"""监察规则 on a screen: the edition in force, one rule over its editions, drafts and trying them, putting in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts import queries as people
from zhengtong.accounts.traces import who_of
from zhengtong.kernel.supervision.metrics import METRICS, Metric
from zhengtong.kernel.supervision.rules import Family, Rule, Stream, rank_of
from zhengtong.kernel.terms import law_day
from zhengtong.law import overlay
from zhengtong.law.reading import LawFileError
from zhengtong.law.supervision_rules import Edition, editions, read_rules, words_of
from zhengtong.supervision import drafting
from zhengtong.supervision.drafting import NotPut, RuleBook, read_book
from zhengtong.supervision.frame import Watcher, context, supervisor_required, watcher_of
from zhengtong.supervision.models import RuleDraft, Signal
from zhengtong.supervision.names import FAMILIES, LEVELS
from zhengtong.supervision.narrowing import days_before
from zhengtong.supervision.rule_forms import (
    SECTIONS,
    check_form,
    form_for,
    initial_of,
    metric_of,
    read_rule,
    specs_for,
)
from zhengtong.supervision.rule_words import (
    CLEARS,
    FOLLOWS,
    KEYS,
    NOT_PUT,
    PERIODS,
    RECEIVERS,
    STREAMS,
    WHOSE,
    Complaint,
    complaint_of,
    condition_words,
    metric_name,
    read_vocabulary,
    repeat_words,
    scope_words,
    source_words,
)
from zhengtong.supervision.trying import Wanted, ask, examples_of, lines_by
from zhengtong.supervision.wording import quantity_words
from zhengtong.ui.fields import Choice
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

SAMPLES: Final = (300, 2_000, 0)
ALL: Final = "*"
MOST_SHOWN: Final = 20
FURTHEST: Final = 1_096  # days; beyond them nothing is tried


# ---- the edition in force -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in a list."""

    rule: Rule
    name: str
    level: str
    condition: str
    follow: str
    source: str
    open: int = 0

    @property
    def code(self) -> str:
        return self.rule.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The rules of one family and stream."""

    family: str
    stream: str
    lines: tuple[RuleLine, ...]


def _shelves(
    rules: tuple[Rule, ...], names: Mapping[str, str], titles: Mapping[str, str], regions: tuple[str, ...]
) -> Iterator[Shelf]:
    mine = Signal.objects.open().filter(region__in=regions)
    found = dict(mine.values_list("rule").annotate(n=Count("key")).order_by())
    for family in Family:
        for stream in Stream:
            these = [rule for rule in rules if rule.family is family and rule.stream is stream]
            if these:
                lines = tuple(_rule_line(rule, names, titles, found.get(rule.code, 0)) for rule in these)
                yield Shelf(family=str(FAMILIES[family]), stream=str(STREAMS[stream]), lines=lines)


def _rule_line(rule: Rule, names: Mapping[str, str], titles: Mapping[str, str], open_: int = 0) -> RuleLine:
    return RuleLine(
        rule=rule, name=names.get(rule.code, rule.name), level=str(LEVELS[rule.level]),
        condition=condition_words(rule), follow=str(FOLLOWS[rule.follow]), source=source_words(rule.source, titles),
        open=open_,
    )  # fmt: skip


def _titles(book: RuleBook) -> dict[str, str]:
    return {key: str(table.get("title", key)) for key, table in book.sources.items()}


def _edition(version: str, at: datetime) -> Edition:
    found = drafting.find_edition(version) if version else drafting.edition_in_force(law_day(at))
    if found is None:
        raise Http404
    return found


@never_cache
@require_safe
@supervisor_required
def rules(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    edition = _edition(request.GET.get("edition", "")[:20], at)
    in_force = drafting.edition_in_force(law_day(at))
    book, found = drafting.book_of(edition), read_rules(edition.path)
    names = words_of(edition, get_language() or "zh-hans")
    watcher = watcher_of(request, at)
    shelves = tuple(_shelves(found, names, _titles(book), watcher.regions))
    shown = context(
        request, at, edition=edition, is_in_force=in_force is not None and edition.version == in_force.version,
        is_changed=overlay.is_changed(edition.path), shelves=shelves, count=len(found),
        editions=tuple(reversed(editions())), drafts=_draft_lines(),
        sample=sum(not rule.confirmed for rule in found), me=watcher.actor.person,
    )  # fmt: skip
    return render(request, "supervision/rules/rules.html", shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    row: int
    author: str
    base: str
    changed_at: datetime
    edition: str


def _draft_lines() -> tuple[DraftLine, ...]:
    rows = list(RuleDraft.objects.order_by("-changed_at")[:MOST_SHOWN])
    names = people.person_names({row.author for row in rows})
    return tuple(
        DraftLine(
            row=row.pk, author=names.get(row.author, row.author), base=row.base, changed_at=row.changed_at,
            edition=row.edition,
        )
        for row in rows
    )  # fmt: skip


# ---- one rule -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One edition of a rule: what it said, and what differed from the one before."""

    version: str
    condition: str
    level: str
    level_code: str
    changed: tuple[str, ...]
    is_here: bool


@never_cache
@require_safe
@supervisor_required
def rule(request: HttpRequest, edition: str, code: str) -> HttpResponse:
    at = clock.now()
    here = _edition(edition, at)
    found = next((each for each in read_rules(here.path) if each.code == code), None)
    if found is None:
        raise Http404
    book = drafting.book_of(here)
    names = words_of(here, get_language() or "zh-hans")
    watcher = watcher_of(request, at)
    signals = Signal.objects.open().filter(rule=code, region__in=watcher.regions)
    shown = context(
        request, at, rule=found, line=_rule_line(found, names, _titles(book)), edition=here,
        facts=tuple(_facts(found)), history=tuple(_history(code, here)), standing=signals.count(),
        signals=_signal_lines(signals.order_by("-since", "key")[:MOST_SHOWN]), metric=METRICS.get(found.metric),
    )  # fmt: skip
    return render(request, "supervision/rules/rule.html", shown)


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    """(label, value) of everything a rule says beside its condition."""
    yield str(KEYS["follow"]), str(FOLLOWS[rule.follow])
    yield str(KEYS["receivers"]), _("、").join(str(RECEIVERS[each]) for each in rule.receivers) or _("没有人")
    yield str(KEYS["repeat"]), repeat_words(rule.repeat)
    yield str(KEYS["clears"]), str(CLEARS[rule.clears])
    if rule.period is not None:
        yield str(KEYS["whose"]), str(WHOSE[rule.whose])
        yield str(KEYS["period"]), str(PERIODS[rule.period])
        yield str(KEYS["least"]), _("%(n)s 件") % {"n": rule.least}
    if rule.points is not None:
        yield str(KEYS["points"]), str(rule.points)
    narrowed = tuple(scope_words(rule, read_vocabulary(rule.scope.procedures)))
    yield from narrowed or ((str(KEYS["scope"]), _("全部")),)


def _history(code: str, here: Edition) -> Iterator[EditionLine]:
    """Newest first."""
    before: Mapping[str, Any] | None = None
    lines = []
    for edition in editions():
        table = drafting.book_of(edition).rules.get(code)
        found = next((each for each in read_rules(edition.path) if each.code == code), None)
        if found is not None and table is not None and table != before:
            keys = [key for key in drafting.ORDER if before is not None and before.get(key) != table.get(key)]
            lines.append(
                EditionLine(
                    version=edition.version, condition=condition_words(found), level=str(LEVELS[found.level]),
                    level_code=str(found.level), changed=tuple(str(KEYS[key]) for key in keys),
                    is_here=edition.version == here.version,
                )
            )  # fmt: skip
        before = table
    yield from reversed(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    key: str
    about: str
    number: str
    unit: str
    measured: str
    since: datetime
    level: str
    level_words: str


def _signal_lines(rows: Any) -> tuple[SignalLine, ...]:
    rows = list(rows)
    units = people.unit_names({row.dept for row in rows if row.dept})
    return tuple(
        SignalLine(
            key=row.key, about=row.number or row.subject, number=row.number, unit=units.get(row.dept, row.dept),
            measured=quantity_words(row.measured), since=row.since, level=row.level,
            level_words=str(LEVELS[row.level]),
        )
        for row in rows
    )  # fmt: skip


# ---- drafts ---------------------------------------------------------------------------------------------


@require_POST
@supervisor_required
def begin(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    try:
        draft = drafting.begin_draft(author=watcher_of(request, at).actor.person, at=at)
    except NotPut as fault:
        messages.warning(request, str(NOT_PUT[fault.code]))
        return redirect("supervision:rules")
    return redirect("supervision:draft", draft.pk)


def _draft(row: int) -> RuleDraft:
    return get_object_or_404(RuleDraft, pk=row)


def _own(request: HttpRequest, row: int) -> tuple[RuleDraft, RuleBook]:
    """A draft for its author to change."""
    draft = _draft(row)
    if draft.put_in_force_at is not None:
        raise Http404
    if draft.author != watcher_of(request, clock.now()).actor.person:
        raise PermissionDenied
    return draft, read_book(draft.toml)


@never_cache
@require_safe
@supervisor_required
def draft(request: HttpRequest, row: int) -> HttpResponse:
    return _draft_page(request, _draft(row))


def _draft_page(
    request: HttpRequest, draft: RuleDraft, *, try_form: TypedForm | None = None, put_form: TypedForm | None = None
) -> HttpResponse:
    at = clock.now()
    watcher, book = watcher_of(request, at), read_book(draft.toml)
    base = drafting.find_edition(draft.base)
    changes = drafting.changes_between(drafting.book_of(base), book) if base is not None else ()
    complaints = _complaints(book)
    is_own, is_open = draft.author == watcher.actor.person, draft.put_in_force_at is None
    shown = context(
        request, at, draft=draft, author=people.person_names({draft.author}).get(draft.author, draft.author),
        is_own=is_own and is_open, is_open=is_open, complaints=complaints,
        changes=tuple(_change(each, _english_or(book)) for each in changes),
        shelves=() if complaints else _draft_shelves(book, watcher.regions),
        rules=tuple(book.rules.items()), try_form=try_form or _try_form(book, at)(),
        put_form=put_form or _put_form()(initial={"on": law_day(at)}), tried=_tried_view(draft, book, watcher.regions),
        may_put=is_open and not is_own and drafting.is_chief(watcher.actor, at) and not complaints,
    )  # fmt: skip
    bad = (try_form is not None and try_form.errors) or (put_form is not None and put_form.errors)
    return render(request, "supervision/rules/draft.html", shown, status=400 if bad else 200)


def _draft_shelves(book: RuleBook, regions: tuple[str, ...]) -> tuple[Shelf, ...]:
    return tuple(_shelves(drafting.rules_of(book), _english_or(book), _titles(book), regions))


def _english_or(book: RuleBook) -> dict[str, str]:
    in_english = (get_language() or "").startswith("en")
    names = {code: str(table.get("name", code)) for code, table in book.rules.items()}
    return {code: (in_english and book.english.get(code)) or name for code, name in names.items()}


def _complaints(book: RuleBook) -> tuple[Complaint, ...]:
    return tuple(map(complaint_of, drafting.faults_of(book)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One rule of a draft that is not as in the base: what it was and is, word by word of the file."""

    code: str
    name: str
    kind: str
    rows: tuple[tuple[str, str, str], ...]


def _change(change: drafting.Change, names: Mapping[str, str]) -> ChangeLine:
    kind = "new" if change.was is None else "gone" if change.now is None else "changed"
    keys = change.keys if kind == "changed" else ()
    was, now = change.was or {}, change.now or {}
    return ChangeLine(
        code=change.code, name=names.get(change.code, change.name), kind=kind,
        rows=tuple((str(KEYS[key]), _plain(key, was.get(key)), _plain(key, now.get(key))) for key in keys),
    )  # fmt: skip


def _plain(key: str, value: Any) -> str:
    """A value of a rule's table in words."""
    if value in (None, "", [], {}):
        return "–"
    known = {"level": LEVELS, "follow": FOLLOWS, "clears": CLEARS, "stream": STREAMS, "whose": WHOSE, "period": PERIODS}
    if key == "threshold":
        return quantity_words(str(value))
    if key == "metric":
        return metric_name(METRICS.get(str(value)), str(value))
    if key == "receivers":
        return _("、").join(str(RECEIVERS.get(str(each), each)) for each in value)
    if key == "confirmed":
        return _("是") if value else _("否")
    if isinstance(value, Mapping):
        said = read_vocabulary()
        return _("；").join(
            _("、").join(said.say(name, str(each)) for each in inner) if isinstance(inner, list) else str(inner)
            for name, inner in value.items()
        )
    return str(known.get(key, {}).get(str(value), value))


@require_POST
@supervisor_required
def drop(request: HttpRequest, row: int) -> HttpResponse:
    draft, _book = _own(request, row)
    drafting.drop_draft(draft)
    messages.success(request, _("草稿已删除。"))
    return redirect("supervision:rules")


# ---- a rule of a draft ----------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def metrics(request: HttpRequest, row: int) -> HttpResponse:
    """What a new rule is to measure: the closed list."""
    draft, _book = _own(request, row)
    groups = [
        (FAMILIES[family], tuple((each.code, metric_name(each)) for each in METRICS.values() if each.family is family))
        for family in Family
    ]
    return render(request, "supervision/rules/metrics.html", context(request, clock.now(), draft=draft, groups=groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of the form: each field with the sentence it is folded away under, if it is."""

    anchor: str
    heading: str
    fields: tuple[tuple[forms.BoundField, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """A rule of a draft as it is being changed; `code` is empty for a new one."""

    draft: RuleDraft
    book: RuleBook
    metric: Metric
    code: str
    form: TypedForm
    groups: Mapping[str, tuple[FieldSpec, ...]]

    @property
    def is_new(self) -> bool:
        return not self.code

    @property
    def sections(self) -> tuple[Section, ...]:
        return tuple(
            Section(
                anchor=anchor, heading=str(heading),
                fields=tuple((self.form[spec.name], str(spec.folded)) for spec in self.groups[anchor]),
            )
            for anchor, heading in SECTIONS
        )  # fmt: skip


def _editing(request: HttpRequest, row: int, code: str) -> Editing:
    draft, book = _own(request, row)
    if code and code not in book.rules:
        raise Http404
    said = str(book.rules[code].get("metric", "")) if code else request.GET.get("metric", "")
    metric = metric_of(request.GET.get("metric", "") or said)
    if metric is None:
        raise Http404
    scope = book.rules.get(code, {}).get("scope", {})
    groups = specs_for(
        metric, book=book, vocabulary=read_vocabulary(scope.get("procedures", ())), kept=scope, is_new=not code
    )
    posted = request.POST if request.method == "POST" else None
    form = form_for(groups)(posted, initial=initial_of(book, code, metric))
    return Editing(draft=draft, book=book, metric=metric, code=code, form=form, groups=groups)


def _changed(editing: Editing) -> tuple[RuleBook, str] | None:
    """The book with the rule as the form says it; None while the form itself is wrong."""
    form = editing.form
    if form.is_valid():
        check_form(form, editing.book, is_new=editing.is_new)
    if form.errors:
        return None
    book, table, english = read_rule(form, editing.book, editing.metric)
    code = editing.code or str(form.cleaned_data["code"])
    return book.with_rule(code, table, english), code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_required
def edit_rule(request: HttpRequest, row: int, code: str = "") -> HttpResponse:
    editing = _editing(request, row, code)
    if request.method != "POST":
        mine = _of_rule(_complaints(editing.book), editing.code) if editing.code else ()
        return _rule_page(request, editing, mine, is_checked=bool(editing.code))
    changed = _changed(editing)
    if changed is None:
        return _rule_page(request, editing, (), is_checked=False)
    try:
        drafting.save_draft(editing.draft, changed[0], at=clock.now())
    except NotPut as fault:
        editing.form.add_error(None, str(NOT_PUT[fault.code]))
        return _rule_page(request, editing, (), is_checked=False)
    mine = _of_rule(_complaints(changed[0]), changed[1])
    if mine:
        messages.warning(request, _("已保存，还有 %(n)s 处要改。") % {"n": len(mine)})
        return redirect("supervision:draft_rule", row, changed[1])
    messages.success(request, _("规则 %(code)s 已保存在草稿里。") % {"code": changed[1]})
    return redirect("supervision:draft", row)


def _of_rule(complaints: tuple[Complaint, ...], code: str) -> tuple[Complaint, ...]:
    return tuple(each for each in complaints if each.rule == code)


def _rule_page(
    request: HttpRequest, editing: Editing, complaints: tuple[Complaint, ...], *, is_checked: bool
) -> HttpResponse:
    shown = context(
        request, clock.now(), editing=editing, draft=editing.draft, form=editing.form, complaints=complaints,
        sections=editing.sections, is_checked=is_checked, metric=metric_name(editing.metric),
        family=FAMILIES[editing.metric.family], query=f"?metric={editing.metric.code}",
    )  # fmt: skip
    bad = editing.form.is_bound and editing.form.errors
    return render(request, "supervision/rules/edit.html", shown, status=400 if bad else 200)


@require_POST
@supervisor_required
def complaints(request: HttpRequest, row: int, code: str = "") -> HttpResponse:
    """What the reader of the law says of the rule as the form stands; nothing is kept."""
    editing = _editing(request, row, code)
    changed = _changed(editing)
    found = _of_rule(_complaints(changed[0]), changed[1]) if changed is not None else ()
    said = _said(changed) if changed is not None and not found else ""
    shown = {"complaints": found, "is_checked": changed is not None, "form": editing.form, "said": said}
    return render(request, "supervision/rules/_complaints.html", shown)


def _said(changed: tuple[RuleBook, str]) -> str:
    """The rule in one sentence, so that whoever writes it sees what it says."""
    try:
        rule = next(each for each in drafting.rules_of(changed[0]) if each.code == changed[1])
    except (LawFileError, StopIteration):
        return ""
    said = {"condition": condition_words(rule), "level": LEVELS[rule.level], "follow": FOLLOWS[rule.follow]}
    return _("%(condition)s：%(level)s，%(follow)s。") % said


@require_POST
@supervisor_required
def remove_rule(request: HttpRequest, row: int, code: str) -> HttpResponse:
    draft, book = _own(request, row)
    if code not in book.rules:
        raise Http404
    try:
        drafting.save_draft(draft, book.without_rule(code), at=clock.now())
    except NotPut as fault:
        messages.warning(request, str(NOT_PUT[fault.code]))
    else:
        messages.success(request, _("规则 %(code)s 已从草稿里删去。") % {"code": code})
    return redirect("supervision:draft", row)


# ---- trying ---------------------------------------------------------------------------------------------


def _try_form(book: RuleBook, at: datetime) -> type[TypedForm]:
    codes = [(ALL, _("全部规则")), *((code, f"{code} {name}") for code, name in _english_or(book).items())]
    sizes = [(str(n), _("抽 %(n)s 件") % {"n": n} if n else _("全部办件，在后台算")) for n in SAMPLES]
    today = law_day(at)
    form = build_form(
        (
            FieldSpec(name="rule", label=_("试哪一条"), kind="choice", choices=codes, initial=ALL),
            FieldSpec(name="since", label=_("自"), kind="date", initial=days_before(today, 30)),
            FieldSpec(name="until", label=_("至"), kind="date", initial=today),
            FieldSpec(name="sample", label=_("办件"), kind="choice", choices=sizes, initial=str(SAMPLES[0])),
        ),
        name="TryForm",
    )  # fmt: skip
    sample = form.base_fields["sample"]
    assert isinstance(sample, Choice)
    sample.draw_as_select()
    return form


def _check_period(form: TypedForm, today: date) -> None:
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    if until < since:
        form.add_error("until", _("期间的末日不能早于首日。"))
    elif since < days_before(today, FURTHEST) or until > days_before(today, -FURTHEST):
        form.add_error("since", _("期间要在今天前后三年以内。"))


@require_POST
@supervisor_required
def try_draft(request: HttpRequest, row: int) -> HttpResponse:
    """Try the draft, or one rule of it, on history; only the result is kept."""
    draft, at = _draft(row), clock.now()
    watcher, book = watcher_of(request, at), read_book(draft.toml)
    form = _try_form(book, at)(request.POST)
    if form.is_valid():
        _check_period(form, law_day(at))
    if form.errors:
        return _draft_page(request, draft, try_form=form)
    if draft.put_in_force_at is not None or drafting.faults_of(book):
        messages.warning(request, str(NOT_PUT["faulty"]))
        return redirect("supervision:draft", row)
    said = form.cleaned_data
    wanted = Wanted(
        rule="" if said["rule"] == ALL else str(said["rule"]),
        since=said["since"],
        until=said["until"],
        sample=int(said["sample"]),
    )
    ask(draft, wanted, watcher.regions, at=at)
    return HttpResponse(status=303, headers={"Location": f"{reverse('supervision:draft', args=[row])}#tried"})


@never_cache
@require_safe
@supervisor_required
def tried(request: HttpRequest, row: int) -> HttpResponse:
    """The result of a try as it stands: what the page asks for while the background process is at it."""
    draft = _draft(row)
    regions = watcher_of(request, clock.now()).regions
    shown = {"tried": _tried_view(draft, read_book(draft.toml), regions), "draft": draft}
    return render(request, "supervision/rules/_tried.html", shown)


def _tried_view(draft: RuleDraft, book: RuleBook, regions: tuple[str, ...]) -> dict[str, Any] | None:
    """What a try found, for whoever watches over every territory it was tried on."""
    tried = draft.tried
    if not tried or not set(tried["regions"]) <= set(regions):
        return None
    names, in_words = _english_or(book), Wanted.of(tried)
    by_rule, by_dept = lines_by(tried, "rule"), lines_by(tried, "dept")
    examples = [("new", _examples(tried, "new")), ("gone", _examples(tried, "gone"))]
    return {
        **{key: tried[key] for key in ("status", "of", "done", "total", "is_sample")}, "wanted": in_words,
        "patterns": tried.get("pattern_cases"), "rules": [(line, names.get(line.code, line.code)) for line in by_rule],
        "depts": [(line, name) for line, name in zip(by_dept, _units(line.code for line in by_dept), strict=True)],
        "new": sum(line.new for line in by_rule), "gone": sum(line.gone for line in by_rule),
        "same": sum(line.same for line in by_rule), "examples": examples, "is_all": not in_words.rule,
    }  # fmt: skip


def _units(codes: Any) -> list[str]:
    codes = list(codes)
    names = people.unit_names({code for code in codes if code})
    return [names.get(code, code) if code else _("未归口") for code in codes]


def _examples(tried: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    found = examples_of(tried, side)
    units = _units(each["dept"] for each in found)
    return sorted(
        (
            {
                **each, "unit": unit, "since": datetime.fromisoformat(each["since"]),
                "measured": quantity_words(each["measured"]), "level_words": LEVELS[each["level"]],
            }
            for each, unit in zip(found, units, strict=True)
        ),
        key=lambda each: -rank_of(each["level"]),
    )  # fmt: skip


# ---- putting in force -----------------------------------------------------------------------------------


def _put_form() -> type[TypedForm]:
    return build_form(
        (FieldSpec(name="on", label=_("从哪天起生效"), kind="date", help=_("今天或以后的一天；启用以后不能再改。")),),
        name="PutForm",
    )


@require_POST
@supervisor_required
def put(request: HttpRequest, row: int) -> HttpResponse:
    draft, at = _draft(row), clock.now()
    watcher: Watcher = watcher_of(request, at)
    form = _put_form()(request.POST)
    if not form.is_valid():
        return _draft_page(request, draft, put_form=form)
    try:
        version = drafting.put_in_force(
            draft, on=form.cleaned_data["on"], actor=watcher.actor, who=who_of(request, at), at=at
        )
    except NotPut as fault:
        form.add_error(None, str(NOT_PUT[fault.code]))
        return _draft_page(request, draft, put_form=form)
    messages.success(request, _("规则集 %(version)s 已启用，在办件由下一轮巡查按新规则重算。") % {"version": version})
    return redirect(f"{reverse('supervision:rules')}?edition={version}")
