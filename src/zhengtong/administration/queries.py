"""What administrators see: people and what they held, what waits for a second pair of eyes, who is to leave and which
cases that leaves behind. Numbers of cases are counted here, never shown in content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.accounts.authority import empty_posts
from zhengtong.accounts.labels import DELEGATED_WORDS, Duty, HoldingRole, LetterPower
from zhengtong.accounts.queries import Account, Person, Post, name_of
from zhengtong.administration.eyes import may_decide
from zhengtong.administration.labels import Decision, ProposalKind
from zhengtong.administration.models import Departure, Proposal
from zhengtong.ledger.queries import Case

PAGE = 50


# ---- people ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    ref: str
    number: str
    name: str
    posts: tuple[str, ...]
    duty: str
    account: str
    left_on: date | None


def persons_page(text: str, page: int, at: datetime) -> Page[Any]:
    """People by number or name, fifty a page, with where they stand today."""
    rows = people.persons_named(text)
    found: Page[Any] = Paginator(rows, PAGE).get_page(page)
    held = people.posts_on([row.pk for row in found.object_list], people.day_of(at))
    lines = [
        PersonLine(
            ref=row.ref, number=row.number, name=name_of(row), posts=held.get(row.pk, ()), duty=_duty(row),
            account=_account_words(row, at), left_on=row.left_on,
        )
        for row in found.object_list
    ]  # fmt: skip
    found.object_list = lines
    return found


def _duty(row: Person) -> str:
    account = getattr(row, "account", None)
    return str(Duty(account.duty).label) if account is not None and account.duty else ""


def _account_words(row: Person, at: datetime) -> str:
    account = getattr(row, "account", None)
    if account is None:
        return _("未开通")
    if not account.is_active:
        return _("账号停用")
    if row.left_on is not None and row.left_on < people.day_of(at):
        return _("已随离任关闭")
    return _("锁定中") if account.locked_until is not None and account.locked_until > at else _("可用")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """One dated row of where somebody stood: what, on what basis, from when to when."""

    what: str
    where: str
    basis: str
    from_on: date
    until_on: date | None
    state: str
    row: int = 0
    kind: str = ""
    may_end: bool = False


def standing_of(person: Person, at: datetime) -> tuple[StandingLine, ...]:
    """谁在何时凭何依据站在哪里: every holding, letter and delegation there ever was, the newest first."""
    on = people.day_of(at)
    lines = [*_holdings(person, on), *_letters(person, on), *_delegations(person, on, at)]
    return tuple(sorted(lines, key=lambda line: (line.from_on, line.row), reverse=True))


def _state(from_on: date, until_on: date | None, on: date, *, ended: bool) -> str:
    if ended:
        return _("已撤销")
    if from_on > on:
        return _("未开始")
    return _("已结束") if until_on is not None and until_on < on else _("在任")


def _holdings(person: Person, on: date) -> list[StandingLine]:
    return [
        StandingLine(
            what=_("任职 %(role)s") % {"role": HoldingRole(row.role).label},
            where=people.place_of(row.post), basis=row.document, from_on=row.from_on,
            until_on=row.until_on, state=_state(row.from_on, row.until_on, on, ended=row.voided_at is not None),
            row=row.pk, kind="holding",
            may_end=row.voided_at is None and (row.until_on is None or row.until_on >= on),
        )
        for row in person.holdings.select_related("post__unit__parent")
    ]  # fmt: skip


def _letters(person: Person, on: date) -> list[StandingLine]:
    return [
        StandingLine(
            what=_("授权书 %(powers)s") % {"powers": "、".join(str(LetterPower(one).label) for one in row.powers)},
            where=f"{people.place_of(row.post)} {row.item}", basis=row.number, from_on=row.from_on,
            until_on=row.revoked_on or row.until_on,
            state=_state(row.from_on, row.until_on, on, ended=row.revoked_on is not None and row.revoked_on <= on),
            row=row.pk, kind="letter", may_end=row.revoked_on is None,
        )
        for row in person.letters.select_related("post__unit__parent")
    ]  # fmt: skip


def _delegations(person: Person, on: date, at: datetime) -> list[StandingLine]:
    rows = people.delegations_about(person)
    return [
        StandingLine(
            what=str(DELEGATED_WORDS) if row.to_person_id == person.pk else _("委托他人"),
            where=f"{people.place_of(row.post)}{_('：')}{name_of(row.from_person)} → {name_of(row.to_person)}",
            basis=row.document, from_on=row.from_on, until_on=row.until_on,
            state=_state(row.from_on, row.until_on, on, ended=row.revoked_at is not None and row.revoked_at <= at),
            row=row.pk, kind="delegation", may_end=row.revoked_at is None and row.until_on >= on,
        )
        for row in rows
    ]  # fmt: skip


# ---- what waits --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLine:
    row: int
    kind: str
    person: str
    person_ref: str
    says: tuple[str, ...]
    document: str
    proposed_by: str
    proposed_at: datetime
    decision: str
    decided_by: str
    decided_at: datetime | None
    may_decide: bool
    may_withdraw: bool


def waiting(by: Account, at: datetime) -> tuple[ProposalLine, ...]:
    """What is not decided yet and of this administrator's business, the oldest first."""
    rows = _proposals().filter(decision="").order_by("pk")
    return tuple(_line(row, by) for row in rows if may_decide(row, by) or row.proposed_by_id == by.pk)


def count_waiting(by: Account) -> int:
    rows = Proposal.objects.filter(decision="").select_related("person", "proposed_by")
    return sum(1 for row in rows if may_decide(row, by))


def decided(by: Account, page: int) -> Page[Any]:
    rows = _proposals().exclude(decision="").order_by("-pk")
    if by.duty == Duty.AUDIT:
        rows = rows.filter(kind__in=(ProposalKind.DUTY_GIVE, ProposalKind.DUTY_TAKE))
    found: Page[Any] = Paginator(rows, PAGE).get_page(page)
    found.object_list = [_line(row, by) for row in found.object_list]
    return found


def proposals_about(person: Person, by: Account) -> tuple[ProposalLine, ...]:
    rows = _proposals().filter(person=person).order_by("-pk")[:PAGE]
    return tuple(_line(row, by) for row in rows)


def proposal_line(row: int, by: Account) -> ProposalLine | None:
    found = _proposals().filter(pk=row).first()
    return _line(found, by) if found else None


def _proposals() -> QuerySet[Proposal]:
    return Proposal.objects.select_related("person", "proposed_by__person", "decided_by__person")


def _words(person: Person) -> str:
    return people.with_number(name_of(person), person.number)


def _line(row: Proposal, by: Account) -> ProposalLine:
    return ProposalLine(
        row=row.pk, kind=str(ProposalKind(row.kind).label), person=_words(row.person),
        person_ref=row.person.ref, says=tuple(_say(row)), document=row.document,
        proposed_by=people.with_number(name_of(row.proposed_by), str(Duty(row.proposed_duty).label)),
        proposed_at=row.proposed_at,
        decision=str(Decision(row.decision).label) if row.decision else "",
        decided_by=name_of(row.decided_by) if row.decided_by else "", decided_at=row.decided_at,
        may_decide=may_decide(row, by), may_withdraw=not row.decision and row.proposed_by_id == by.pk,
    )  # fmt: skip


def _say(row: Proposal) -> Sequence[str]:
    """What is asked for, in words."""
    asked = row.asked
    match row.kind:
        case ProposalKind.DUTY_GIVE:
            return [str(Duty(asked["duty"]).label)]
        case ProposalKind.LEAVING:
            posts, names = people.post_places(asked.get("successors", {})), people.person_names_of(asked)
            followed = [
                _("%(post)s由%(person)s接任") % {"post": posts.get(post, post), "person": names.get(whom, whom)}
                for post, whom in asked.get("successors", {}).items()
            ]
            return [_("最后一天 %(day)s") % {"day": asked["last_day"]}, *followed]
        case ProposalKind.LETTER:
            powers = _("、").join(str(LetterPower(one).label) for one in asked["powers"])
            where = people.post_places([asked["post"]])[asked["post"]]
            return [f"{where}{_('、')}{asked['item']}{_('：')}{powers}", _span(asked)]
        case ProposalKind.JOINING | ProposalKind.HOLDING:
            names = people.post_places([each["post"] for each in asked["posts"]])
            seats = [f"{names[each['post']]} {HoldingRole(each['role']).label}" for each in asked["posts"]]
            ends = people.held_posts(asked.get("ends", []))
            return [*seats, *(_("离开：%(post)s") % {"post": post} for post in ends), _span(asked)]
        case _:
            return []


def _span(asked: dict[str, str]) -> str:
    if asked.get("until_on"):
        return _("%(first)s 至 %(last)s") % {"first": asked["from_on"], "last": asked["until_on"]}
    return _("自 %(first)s 起") % {"first": asked["from_on"]}


# ---- leaving -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """Open cases that a leaver was last at, counted by post; the cases themselves are their unit's business."""

    post: str
    cases: int


def left_behind(person: Person) -> tuple[LeftBehind, ...]:
    found: dict[str, int] = {}
    for post in Case.objects.open().filter(assignee=person.ref).order_by().values_list("post", flat=True):
        found[post] = found.get(post, 0) + 1
    names = people.post_places(found)
    return tuple(LeftBehind(post=names.get(post, post), cases=count) for post, count in sorted(found.items()))


def posts_to_fill(person: Person, last_day: date) -> tuple[Post, ...]:
    """The posts for which somebody must be named."""
    return empty_posts(person, last_day)


def departure_of(person: Person) -> Departure | None:
    return Departure.objects.filter(person=person, undone_at__isnull=True).order_by("-pk").first()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaverLine:
    ref: str
    name: str
    last_day: date
    cases: int


def leavers(on: date) -> tuple[LeaverLine, ...]:
    """Everybody who leaves or has left, with how many open cases still bear the name."""
    rows = Departure.objects.filter(undone_at__isnull=True).select_related("person").order_by("-last_day", "-pk")[:200]
    counted = _open_by_assignee([row.person.ref for row in rows])
    return tuple(
        LeaverLine(ref=row.person.ref, name=_words(row.person), last_day=row.last_day,
                   cases=counted.get(row.person.ref, 0))
        for row in rows
    )  # fmt: skip


def _open_by_assignee(refs: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for ref in Case.objects.open().filter(assignee__in=refs).order_by().values_list("assignee", flat=True):
        found[str(ref)] = found.get(str(ref), 0) + 1
    return found


# ---- duties -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    duty: str
    code: str
    name: str
    ref: str
    since: date | None


def duty_holders() -> tuple[DutyLine, ...]:
    rows = Account.objects.exclude(duty="").filter(is_active=True).select_related("person").order_by("duty", "login")
    order = {duty.value: n for n, duty in enumerate(Duty)}
    lines = [
        DutyLine(
            duty=str(Duty(row.duty).label), code=row.duty, name=people.with_number(name_of(row), row.login),
            ref=f"p-{row.person_id}", since=row.duty_since,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: order[line.code]))


def free_for_duty(at: datetime) -> list[tuple[str, str]]:
    """People with an account and without a post, as choices."""
    held = people.holders_from(people.day_of(at))
    rows = Account.objects.filter(Q(person__left_on__isnull=True), kind="staff", is_active=True, duty="")
    return [
        (f"p-{row.person_id}", people.with_number(name_of(row), row.login))
        for row in rows.exclude(person_id__in=held).select_related("person").order_by("login")
    ]
