"""The audit page's six books (审计): acts on cases, sign-ins, authority, exports, readings of sealed data, refusals.

One shape of line for all; newest first, by key; the same lines go into an export. Sealed names and what stands in a
case are not read here at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.accounts.guards import GUARDS
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.queries import SignInLine
from zhengtong.administration.labels import ProposalKind
from zhengtong.kernel.terms import lapse_at
from zhengtong.law.procedure_files import versions, words
from zhengtong.law.rulebook_files import kept
from zhengtong.ledger import auditing
from zhengtong.trail import queries as trail
from zhengtong.trail.labels import Book, Outcome
from zhengtong.trail.triggers import TRAIL
from zhengtong.trail.verifying import TrailReport, verify_trail

SIZE: Final = 100
LONGEST_ID: Final = 18  # figures of a key that every database takes
MOST_EXPORTED: Final = 5_000
BOOKS: Final[Mapping[str, Promise]] = {
    "acts": gettext_lazy("办件操作"),
    "sign-ins": gettext_lazy("登录"),
    Book.AUTHORITY.value: gettext_lazy("权限变更"),
    Book.EXPORT.value: gettext_lazy("导出记录"),
    Book.READING.value: gettext_lazy("查看密封资料"),
    Book.REFUSAL.value: gettext_lazy("被拒访问"),
}
SAID_WORDS: Final[Mapping[str, Promise]] = {
    "before": gettext_lazy("原"), "after": gettext_lazy("现"), "document": gettext_lazy("依据文号"),
    "confirmed_by": gettext_lazy("复核人"), "post": gettext_lazy("岗位"), "role": gettext_lazy("角色"),
    "from_on": gettext_lazy("自"), "until_on": gettext_lazy("至"), "number": gettext_lazy("文号或工号"),
    "item": gettext_lazy("事项"), "powers": gettext_lazy("权限"), "giver": gettext_lazy("委托人"),
    "last_day": gettext_lazy("最后一天"), "login": gettext_lazy("登录名"), "rows": gettext_lazy("行数"),
    "form": gettext_lazy("格式"), "filters": gettext_lazy("筛选摘要"), "reason": gettext_lazy("用途"),
    "table": gettext_lazy("基础表"), "fields": gettext_lazy("栏目"), "kind": gettext_lazy("事由"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """How a book is narrowed, and where the page begins; kept in the address."""

    who: str = ""
    what: str = ""
    outcome: str = ""
    about: str = ""
    first: date | None = None
    last: date | None = None
    before: str = ""

    @property
    def since(self) -> datetime | None:
        return lapse_at(self.first - timedelta(days=1)) if self.first else None

    @property
    def until(self) -> datetime | None:
        return lapse_at(self.last) if self.last else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """`key`: where the next page begins."""

    key: str
    at: datetime
    who: str
    login: str
    standing: str
    what: str
    about: str
    outcome: str
    details: str
    address: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    book: str
    lines: tuple[AuditLine, ...]
    next_key: str
    whats: Sequence[tuple[str, str]] = ()
    outcomes: Sequence[tuple[str, str]] = ()


def read_book(book: str, filters: Filters, at: datetime, *, size: int = SIZE) -> AuditPage:
    """One page of a book; `size` lines and whether there are more."""
    lines, whats, outcomes = _READERS[book](filters, at, size + 1)
    more = lines[size - 1].key if len(lines) > size else ""
    return AuditPage(book=book, lines=tuple(lines[:size]), next_key=more, whats=whats, outcomes=outcomes)


Found = tuple[list[AuditLine], Sequence[tuple[str, str]], Sequence[tuple[str, str]]]


def _read_acts(filters: Filters, at: datetime, size: int) -> Found:
    """Of the ledger: without a day given, of the last thirty days, so that the page never reads everything."""
    since = filters.since or lapse_at(people.day_of(at) - timedelta(days=31))
    until = filters.until or lapse_at(people.day_of(at))
    who = people.person_ref_of(filters.who) if filters.who else ""
    if filters.who and not who:
        return [], (), ()
    rows = auditing.acts(
        since=since, until=until, person=who, number=filters.about, before=_act_key(filters.before), size=size
    )
    names, posts = _names(row.person for row in rows), people.post_places({row.post for row in rows if row.post})
    lines = [
        AuditLine(
            key=f"{row.at.isoformat()}_{row.case_id}_{row.seq}", at=row.at, who=names.get(row.person, _("办事人")),
            login=row.person if row.person in names else "", standing=posts.get(row.post, ""),
            what=act_words(row.procedure, row.act), about=row.number, outcome="", details=row.basis, address="",
        )
        for row in rows
    ]  # fmt: skip
    return lines, (), ()


def _act_key(written: str) -> auditing.Key | None:
    at, _sep, rest = written.partition("_")
    case_id, _sep, seq = rest.partition("_")
    if not (case_id.isdecimal() and seq.isdecimal() and len(case_id) <= LONGEST_ID and len(seq) <= LONGEST_ID):
        return None
    try:
        instant = datetime.fromisoformat(at).astimezone(UTC) if at[-6:-5] in {"+", "-"} else None
    except (ValueError, OverflowError):
        return None
    return (instant, int(case_id), int(seq)) if instant is not None else None


def act_words(procedure: str, act: str) -> str:
    """The name of an act in the newest version of its procedure."""
    known = versions(procedure)
    name = words(procedure, known[-1], "en" if get_language() == "en" else "zh") if known else {}
    return name.get(f"actions.{act}.name", act)


def _read_sign_ins(filters: Filters, at: datetime, size: int) -> Found:
    before = int(filters.before) if filters.before.isdecimal() else None
    rows = people.sign_ins(
        login=filters.who, outcome=filters.outcome, since=filters.since, until=filters.until, before=before, size=size
    )
    return [_sign_in_line(row) for row in rows], (), people.sign_in_outcomes()


def _sign_in_line(row: SignInLine) -> AuditLine:
    return AuditLine(
        key=str(row.row), at=row.at, who=row.name or _("没有这个账号"), login=row.login, standing=row.kind,
        what=row.outcome, about="", outcome=row.method, details=row.details, address=row.address,
    )  # fmt: skip


def _read_trail(book: Book) -> Callable[[Filters, datetime, int], Found]:
    def read(filters: Filters, at: datetime, size: int) -> Found:
        narrowed = trail.Narrowed(
            who=filters.who, what=filters.what, outcome=filters.outcome, about=filters.about, since=filters.since,
            until=filters.until,
        )  # fmt: skip
        before = int(filters.before) if filters.before.isdecimal() else None
        rows = trail.entries(book, narrowed, before=before, size=size)
        refs = [*(row.person for row in rows), *(row.about for row in rows)]
        names, posts = _names(refs), people.post_places({row.post for row in rows if row.post})
        lines = [_trail_line(row, names, posts) for row in rows]
        return lines, trail.kinds_in(book), [(code, str(label)) for code, label in Outcome.choices]

    return read


def _trail_line(row: trail.EntryLine, names: Mapping[str, str], posts: Mapping[str, str]) -> AuditLine:
    standing = str(Duty(row.duty).label) if row.duty else posts.get(row.post, "")
    return AuditLine(
        key=str(row.seq), at=row.at, who=names.get(row.person, row.login), login=row.login, standing=standing,
        what=row.what, about=names.get(row.about, row.about), outcome=row.outcome, details=_details(row.said),
        address=row.address, number=f"{row.seq}",
    )  # fmt: skip


def _details(said: Mapping[str, Any]) -> str:
    """What an entry says beside its columns, label by label."""
    return _("；").join(f"{SAID_WORDS.get(name, name)} {_said(name, value)}" for name, value in said.items() if value)


def _said(name: str, value: object) -> str:
    if isinstance(value, list):
        return _("、").join(str(one) for one in value)
    if name == "post":
        return people.post_places([str(value)])[str(value)]
    if name == "kind" and str(value) in ProposalKind.values:
        return str(ProposalKind(str(value)).label)
    return str(Duty(str(value)).label) if str(value) in Duty.values else str(value)


def _names(refs: Iterable[str]) -> dict[str, str]:
    return people.staff_names({ref for ref in refs if ref.startswith("p-")})


_READERS: Final[Mapping[str, Callable[[Filters, datetime, int], Found]]] = {
    "acts": _read_acts,
    "sign-ins": _read_sign_ins,
    **{book.value: _read_trail(book) for book in Book},
}


# ---- how it stands --------------------------------------------------------------------------------------


def kept_for() -> timedelta:
    """How long the trail is kept at least (ZHENGTONG_AUDIT_DAYS). Nothing in the system deletes it, before or after."""
    return timedelta(days=max(settings.ZHENGTONG_AUDIT_DAYS, kept("audit_trail").n))


def check_trail() -> TrailReport:
    """The chains of the trail, and the triggers that keep it and the dated rows."""
    return verify_trail((*TRAIL, *GUARDS))
