"""What people do about posts and agency: hold, be away, delegate, authorise; be known at a window, act for others.

One function per act; each takes plain values and the instant, writes in an order in which a crash leaves no half right,
and raises NotPossible with a code when the facts say no. Sign-in and registration stand in `signing_in.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from zhengtong.accounts.certificates import CertificateKind, is_certificate_number, is_mobile
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import (
    HoldingRole,
    LetterPower,
    PostKind,
    PowerScope,
    RealNameLevel,
    SubjectKind,
    UnitKind,
)
from zhengtong.accounts.models import (
    Absence,
    Account,
    Agency,
    AuthorisationLetter,
    Delegation,
    Message,
    Person,
    Post,
    PostHolding,
    Power,
    Subject,
    Territory,
    Unit,
)
from zhengtong.accounts.queries import OWN, day_of, find_subject, number_index, phone_index
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.ui.codes import tidy_code

# ---- posts --------------------------------------------------------------------------------------


def hold_post(
    *, person: Person, post: Post, role: str, from_on: date, until_on: date | None = None, document: str = ""
) -> PostHolding:
    """A person takes a post. B roles may be several; nobody is A and B of one post at once."""
    _in_order(from_on, until_on)
    overlapping = PostHolding.objects.overlapping(from_on, until_on).filter(post=post)
    if overlapping.filter(person=person).exclude(role=role).exists():
        raise NotPossible("same_person_both_roles")
    if overlapping.filter(person=person, role=role).exists():
        raise NotPossible("holding_overlaps")
    return PostHolding.objects.create(
        person=person, post=post, role=role, from_on=from_on, until_on=until_on, document=document
    )


def end_holding(holding: PostHolding, *, until_on: date) -> PostHolding:
    """The last day of a holding; the row stays."""
    if holding.until_on is not None and holding.until_on < until_on:
        raise NotPossible("already_ended")
    _in_order(holding.from_on, until_on)
    holding.until_on = until_on
    holding.save(update_fields=["until_on"])
    return holding


def register_absence(
    *, person: Person, from_on: date, until_on: date, reason: str, registered_by: str, at: datetime
) -> Absence:
    """A person is away; B roles stand in by themselves. Refused when A and B of a post would be away together."""
    _in_order(from_on, until_on)
    if until_on < day_of(at):
        raise NotPossible("already_past")
    if _leaves_a_post_empty(person, from_on, until_on):
        raise NotPossible("both_absent")
    return Absence.objects.create(
        person=person,
        from_on=from_on,
        until_on=until_on,
        reason=reason,
        registered_at=at,
        registered_by=registered_by,
    )


def _leaves_a_post_empty(person: Person, from_on: date, until_on: date) -> bool:
    """AB角 both away: whether at some post shared with others each of them is away on some of these days."""
    rows = PostHolding.objects.overlapping(from_on, until_on)
    posts = set(rows.filter(person=person).values_list("post_id", flat=True))
    others = list(rows.filter(post_id__in=posts).exclude(person=person).values_list("post_id", "person_id"))
    away = Absence.objects.overlapping(from_on, until_on).filter(person_id__in={who for _, who in others})
    gone = set(away.values_list("person_id", flat=True))
    shared = {post for post, _ in others}
    return any(all(who in gone for where, who in others if where == post) for post in shared)


def end_absence(absence: Absence, *, on: date) -> Absence | None:
    """销假: back at work on this day. An absence that has not begun is cut to nothing and so removed."""
    if absence.until_on < on:
        raise NotPossible("already_ended")
    if absence.from_on >= on:
        absence.delete()  # it never took effect: nobody acted on its basis
        return None
    absence.until_on = on - timedelta(days=1)
    absence.save(update_fields=["until_on"])
    return absence


def delegate(  # noqa: PLR0913 - the columns of one row, all named
    *, from_person: Person, post: Post, to_person: Person, from_on: date, until_on: date, document: str, at: datetime
) -> Delegation:
    """The A role of a post lets another act there. Only a post one holds through all these days can be delegated."""
    _in_order(from_on, until_on)
    if until_on < day_of(at):
        raise NotPossible("already_past")
    if from_person.pk == to_person.pk:
        raise NotPossible("not_to_yourself")
    held = PostHolding.objects.on(from_on).filter(person=from_person, post=post, role=HoldingRole.A)
    if not held.filter(Q(until_on__isnull=True) | Q(until_on__gte=until_on)).exists():
        raise NotPossible("not_your_post")
    return Delegation.objects.create(
        from_person=from_person,
        post=post,
        to_person=to_person,
        from_on=from_on,
        until_on=until_on,
        document=document,
    )


def delegate_by_code(  # noqa: PLR0913 - the columns of one row, all named
    *, from_person: Person, post: str, to_person: str, from_on: date, until_on: date, document: str, at: datetime
) -> Delegation:
    """As `delegate`, with a post code and a person's reference (`p-<id>`)."""
    return delegate(
        from_person=from_person,
        post=Post.objects.get(code=post),
        to_person=Person.objects.get(pk=int(to_person.removeprefix("p-"))),
        from_on=from_on,
        until_on=until_on,
        document=document,
        at=at,
    )


def revoke_delegation(delegation: Delegation, *, at: datetime) -> None:
    if not Delegation.objects.filter(pk=delegation.pk, revoked_at__isnull=True).update(revoked_at=at):
        raise NotPossible("already_ended")


def issue_letter(  # noqa: PLR0913 - the columns of one row, all named
    *,
    number: str,
    item: str,
    organ: Unit,
    post: Post,
    powers: Sequence[str],
    from_on: date,
    until_on: date | None = None,
    person: Person | None = None,
) -> AuthorisationLetter:
    """授权书: the organ says what a post may do for an item."""
    _in_order(from_on, until_on)
    if AuthorisationLetter.objects.filter(number=number).exists():
        raise NotPossible("letter_number_taken")
    return AuthorisationLetter.objects.create(
        number=number,
        item=item,
        organ=organ,
        post=post,
        person=person,
        powers=[LetterPower(power).value for power in powers],
        from_on=from_on,
        until_on=until_on,
    )


def revoke_letter(letter: AuthorisationLetter, *, on: date) -> None:
    if not AuthorisationLetter.objects.filter(pk=letter.pk, revoked_on__isnull=True).update(revoked_on=on):
        raise NotPossible("already_ended")


# ---- subjects -----------------------------------------------------------------------------------


def find_or_create_subject(  # noqa: PLR0913 - the columns of one row, all named
    *, kind: str, name: str, certificate_kind: str, number: str, phone: str, by: str, at: datetime
) -> str:
    """The reference of the subject whose certificate the window holds in hand; a new one when it is not known yet.

    Two windows that register the same number at once meet at the unique constraint: the second reads the first's row.
    """
    plain, telephone = tidy_code(number), tidy_code(phone)
    if not is_certificate_number(certificate_kind, plain):
        raise NotPossible("number_not_valid")
    subject, created = Subject.objects.get_or_create(
        certificate_kind=certificate_kind,
        number_index=number_index(plain),
        is_checked=True,
        merged_into=None,
        defaults={
            "kind": kind,
            "name": name.strip(),
            "number": plain,
            "phone": telephone,
            "phone_index": phone_index(telephone),
            "real_name_level": RealNameLevel.CHECKED,
            "created_at": at,
            "created_by": by,
        },
    )
    if not created and telephone and not subject.phone:
        Subject.objects.filter(pk=subject.pk).update(phone=telephone, phone_index=phone_index(telephone))
    return subject.ref


def raise_level_at_window(  # noqa: PLR0913 - the columns of one row, all named
    *, clerk: Actor, subject: Subject, certificate_kind: str, number: str, level: int, name: str = "", at: datetime
) -> Subject:
    """A window has compared person and certificate. What a walk-in did under the same number becomes this subject's.

    Merged before it is marked, so that the unique constraint holds at every moment.
    """
    window_of(clerk)
    plain = tidy_code(number)
    if not is_certificate_number(certificate_kind, plain):
        raise NotPossible("number_not_valid")
    if subject.is_checked and subject.number and subject.number != plain:
        raise NotPossible("numbers_differ")
    if level <= subject.real_name_level:
        raise NotPossible("level_not_higher")
    earlier = find_subject(certificate_kind, plain)
    if earlier is not None and earlier.pk != subject.pk:
        _merge(earlier, into=subject)
    subject.name = name.strip() or subject.name
    subject.certificate_kind = certificate_kind
    subject.number, subject.number_index = plain, number_index(plain)
    subject.real_name_level, subject.is_checked = level, True
    subject.save()
    return subject


def _merge(earlier: Subject, *, into: Subject) -> None:
    """An earlier row that has an account of its own is somebody's sign-in: the window must sort that out by hand."""
    if Account.objects.filter(subject=earlier).exists():
        raise NotPossible("numbers_differ")
    Subject.objects.filter(merged_into=earlier).update(merged_into=into)
    Subject.objects.filter(pk=earlier.pk).update(merged_into=into)


def choose_language(account: Account, *, language: str) -> None:
    account.language = language
    account.save(update_fields=["language"])


def change_phone(subject: Subject, *, phone: str) -> None:
    plain = tidy_code(phone)
    if not is_mobile(plain):
        raise NotPossible("phone_not_valid")
    subject.phone, subject.phone_index = plain, phone_index(plain)
    subject.save(update_fields=["phone", "phone_index"])


# ---- acting for others --------------------------------------------------------------------------


def add_agency(  # noqa: PLR0913 - the columns of one row, all named
    *,
    by: Actor,
    agent: Subject,
    firm: Subject,
    from_on: date,
    until_on: date | None,
    at: datetime,
    is_representative: bool = False,
) -> Agency:
    """经办人: accepted at a window, or by the firm's legal representative. Only a window enters a representative."""
    _in_order(from_on, until_on)
    if firm.kind != SubjectKind.ORGANISATION or agent.kind != SubjectKind.NATURAL:
        raise NotPossible("not_an_organisation")
    if until_on is not None and until_on < day_of(at):
        raise NotPossible("already_past")
    if agent.real_name_level < RealNameLevel.CHECKED:
        raise NotPossible("agent_not_checked")
    seat = _window_seat(by)
    if seat is None and (is_representative or not _represents(by, firm, at)):
        raise NotPossible("not_representative")
    return Agency.objects.create(
        agent=agent,
        firm=firm,
        is_representative=is_representative,
        from_on=from_on,
        until_on=until_on,
        accepted_at=at,
        accepted_by=by.person,
        accepted_post=seat.post if seat else "",
    )


def add_agency_at_window(  # noqa: PLR0913 - the columns of one row, all named
    *,
    clerk: Actor,
    agent: Subject,
    firm_name: str,
    firm_number: str,
    is_representative: bool,
    until_on: date | None,
    at: datetime,
) -> Agency:
    """The firm is known by its licence, which the window has in hand; it is entered when it is new."""
    window_of(clerk)
    firm = find_or_create_subject(
        kind=SubjectKind.ORGANISATION,
        name=firm_name,
        certificate_kind=CertificateKind.CREDIT_CODE,
        number=firm_number,
        phone="",
        by=clerk.person,
        at=at,
    )
    return add_agency(
        by=clerk,
        agent=agent,
        firm=Subject.objects.get(ref=firm),
        from_on=day_of(at),
        until_on=until_on,
        at=at,
        is_representative=is_representative,
    )


def revoke_grant(grant: Agency | Power, *, by: Actor, at: datetime) -> None:
    if isinstance(grant, Agency):
        revoke_agency(grant, by=by, at=at)
    else:
        revoke_power(grant, by=by, at=at)


def revoke_agency(agency: Agency, *, by: Actor, at: datetime) -> None:
    """By a window, the firm's representative or the agent."""
    if not (_window_seat(by) or agency.agent.ref in _own(by) or _represents(by, agency.firm, at)):
        raise NotPossible("not_representative")
    if not Agency.objects.filter(pk=agency.pk, revoked_at__isnull=True).update(revoked_at=at):
        raise NotPossible("already_ended")


def accept_power(  # noqa: PLR0913 - the columns of one row, all named
    *,
    clerk: Actor,
    principal: Subject,
    agent: Subject,
    scope: str,
    scope_ref: str = "",
    from_on: date,
    until_on: date,
    at: datetime,
) -> Power:
    """授权委托书 shown at a window."""
    seat = window_of(clerk)
    _in_order(from_on, until_on)
    if until_on < day_of(at):
        raise NotPossible("already_past")
    if principal.pk == agent.pk:
        raise NotPossible("not_to_yourself")
    if agent.real_name_level < RealNameLevel.CHECKED:
        raise NotPossible("agent_not_checked")
    if scope != PowerScope.ALL and not scope_ref.strip():
        raise NotPossible("scope_needed")
    return Power.objects.create(
        principal=principal,
        agent=agent,
        scope=scope,
        scope_ref="" if scope == PowerScope.ALL else scope_ref.strip(),
        from_on=from_on,
        until_on=until_on,
        accepted_at=at,
        accepted_by=clerk.person,
        accepted_post=seat.post,
    )


def revoke_power(power: Power, *, by: Actor, at: datetime) -> None:
    """By a window, the principal or the agent."""
    if not (_window_seat(by) or {power.principal.ref, power.agent.ref} & _own(by)):
        raise NotPossible("not_at_a_window")
    if not Power.objects.filter(pk=power.pk, revoked_at__isnull=True).update(revoked_at=at):
        raise NotPossible("already_ended")


def claim_case(*, account: Account, subject_ref: str, case: str, number: str, at: datetime) -> Power | None:
    """A walk-in who signs in later takes the own case along; the query password was checked by the caller.

    The claim reaches this one case only: whoever holds a receipt and a number need not be the walk-in.
    """
    holder = Subject.objects.filter(ref=subject_ref, number_index=number_index(number)).exclude(number_index="").first()
    if holder is None or account.subject is None:
        raise NotPossible("not_the_holder")
    if account.subject in (holder, holder.merged_into):
        return None
    power, _ = Power.objects.get_or_create(
        principal=holder,
        agent=account.subject,
        scope=PowerScope.CASE,
        scope_ref=case,
        revoked_at=None,
        defaults={
            "from_on": day_of(at),
            "until_on": None,
            "accepted_at": at,
            "accepted_by": account.subject.ref,
        },
    )
    return power


def send_notice(*, subject_ref: str, title: str, text: str, at: datetime) -> None:
    """A notice into the subject's mailbox; to the subject it was merged into, when it was."""
    subject = Subject.objects.select_related("merged_into").get(ref=subject_ref)
    Message.objects.create(subject=subject.merged_into or subject, title=title, text=text, sent_at=at)


# ---- who may ------------------------------------------------------------------------------------


def window_of(clerk: Actor) -> Seat:
    """The window seat of this actor."""
    seat = _window_seat(clerk)
    if seat is None:
        raise NotPossible("not_at_a_window")
    return seat


def _window_seat(actor: Actor) -> Seat | None:
    held = [seat.post for seat in actor.seats]
    windows = set(Post.objects.filter(code__in=held, kind=PostKind.WINDOW).values_list("code", flat=True))
    return next((seat for seat in actor.seats if seat.post in windows), None)


def _own(actor: Actor) -> set[str]:
    return {ref for ref, basis in actor.subjects.items() if basis == OWN}


def _represents(actor: Actor, firm: Subject, at: datetime) -> bool:
    """The legal representative, or the firm's own account."""
    own = _own(actor)
    representing = Agency.objects.valid_at(at, day_of(at)).filter(firm=firm, agent__ref__in=own, is_representative=True)
    return firm.ref in own or representing.exists()


def _in_order(from_on: date, until_on: date | None) -> None:
    if until_on is not None and until_on < from_on:
        raise NotPossible("dates_reversed")


# ---- units that an import names ------------------------------------------------------------------


def find_or_create_unit(*, name: str, code: str, region: str) -> Unit:
    """The department of this name in this territory; made, with its territory, when a list names it first."""
    known = Unit.objects.filter(name=name, territory__code=region).first() or Unit.objects.filter(code=code).first()
    if known is not None and known.name == name:
        return known
    if known is not None:  # another department has the code: the next free one
        taken = set(Unit.objects.filter(code__startswith=code).values_list("code", flat=True))
        code = next(f"{code}{number}" for number in range(2, len(taken) + 3) if f"{code}{number}" not in taken)
    territory, _made = Territory.objects.get_or_create(code=region, defaults={"name": region})
    return Unit.objects.create(code=code, name=name, kind=UnitKind.DEPARTMENT, territory=territory)
