"""Who an account is at an instant, as the kernel's Actor; where a unit stands; what people, posts and units are called.

`actor_for` asks the database a number of queries that depends on nothing but the kind of account.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts.clock import LAW_ZONE
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import (
    DELEGATED_WORDS,
    STANDING_IN_WORDS,
    UNUSUAL_WORDS,
    AbsenceReason,
    AccountKind,
    Duty,
    HoldingRole,
    LetterPower,
    PostKind,
    PowerScope,
    SignInMethod,
    SignInOutcome,
    UnitKind,
)
from zhengtong.accounts.masking import mask_name, mask_number, mask_phone
from zhengtong.accounts.models import (
    Absence,
    Agency,
    AuthorisationLetter,
    DatedQuerySet,
    Delegation,
    Message,
    PostHolding,
    Power,
    SignIn,
    Subject,
    Territory,
    Unit,
)
from zhengtong.accounts.models import (
    Account as Account,
)
from zhengtong.accounts.models import (
    Person as Person,
)
from zhengtong.accounts.models import (
    Post as Post,
)
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing
from zhengtong.ui.codes import tidy_code

OWN: Final = "own"
ORGANS: Final = frozenset({UnitKind.DEPARTMENT, UnitKind.CENTRE, UnitKind.GOVERNMENT})
NUMBER: Final = "accounts.number"
PHONE: Final = "accounts.phone"


def day_of(at: datetime) -> date:
    """The day in the zone of the law."""
    return at.astimezone(LAW_ZONE).date()


# ---- the two trees ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Organisation:
    """Both trees in memory: a few hundred rows, read by three queries."""

    units: Mapping[str, Unit]
    parents: Mapping[str, str]
    heads: frozenset[str]
    regions: Mapping[str, str]
    subregions: Mapping[str, tuple[str, ...]]

    def line(self, unit: str) -> tuple[str, ...]:
        """The unit, then its ancestors, nearest first."""
        found = [unit]
        while (above := self.parents.get(found[-1])) and above not in found:
            found.append(above)
        return tuple(found)

    def dept(self, unit: str) -> str:
        """The organ a unit belongs to: itself or its nearest ancestor that is one; else the top of its line."""
        line = self.line(unit)
        return next((code for code in line if self.units[code].kind in ORGANS), line[-1])

    def superior(self, unit: str) -> str:
        """The next unit up that has a head post, or nothing."""
        return next((code for code in self.line(unit)[1:] if code in self.heads), "")

    def headed_by(self, unit: str) -> frozenset[str]:
        """The units of the organ that the head of this unit heads; a section's head heads no organ."""
        if self.dept(unit) != unit:
            return frozenset()
        return frozenset(code for code in self.units if self.dept(code) == unit)

    def under(self, unit: str) -> frozenset[str]:
        return frozenset(code for code in self.units if self.superior(code) == unit)

    def regions_within(self, region: str) -> frozenset[str]:
        found, todo = {region}, [region]
        while todo:
            new = [code for code in self.subregions.get(todo.pop(), ()) if code not in found]
            found.update(new)
            todo.extend(new)
        return frozenset(found)


def organisation() -> Organisation:
    units = {unit.pk: unit for unit in Unit.objects.all()}
    territories = {row.pk: row for row in Territory.objects.all()}
    heads = Post.objects.filter(is_head=True).values_list("unit__code", flat=True)
    subregions: dict[str, list[str]] = defaultdict(list)
    for territory in territories.values():
        if territory.parent_id is not None:
            subregions[territories[territory.parent_id].code].append(territory.code)
    return Organisation(
        units={unit.code: unit for unit in units.values()},
        parents={u.code: units[u.parent_id].code for u in units.values() if u.parent_id is not None},
        heads=frozenset(heads),
        regions={unit.code: territories[unit.territory_id].code for unit in units.values()},
        subregions={code: tuple(children) for code, children in subregions.items()},
    )


def dept_of(unit: str) -> str:
    """The department code of a unit code; the code itself when no such unit is known."""
    known = organisation()
    return known.dept(unit) if unit in known.units else unit


def region_of(unit: str) -> str:
    return Unit.objects.values_list("territory__code", flat=True).get(code=unit)


def territory_names() -> tuple[str, str]:
    """The Chinese and English name of the territory this installation serves: that of its government, or its centre.

    Empty where no unit has been entered yet, or where there are several and none is the top.
    """
    kinds = (UnitKind.GOVERNMENT, UnitKind.CENTRE)
    tops = Unit.objects.filter(kind__in=kinds, closed_on__isnull=True, parent__isnull=True)
    rows = list(tops.values_list("territory__name", "territory__name_en").distinct()[:2])
    return (rows[0][0], rows[0][1]) if len(rows) == 1 else ("", "")


# ---- the actor ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sitting:
    """A post somebody may act at today, in what standing, on what basis."""

    post: Post
    standing: Standing
    basis: str


def actor_for(account: Account, at: datetime, *, item: str = "", case: str = "") -> Actor:
    """What this account may act as. A power limited to an item or a case counts only when that one is named."""
    if account.kind == AccountKind.STAFF and account.person_id is not None:
        return actor_of_person(account.person_id, at)
    subject = account.subject
    if subject is None:
        raise ValueError("an account belongs to a person or to a subject")
    return Actor(person=subject.ref, seats=(), subjects=subjects_of(subject, at, item=item, case=case))


def actor_of_person(person_id: int, at: datetime) -> Actor:
    """The Actor of a member of staff; for the demo builder and tests too."""
    return actor_sitting(person_id, sittings_of(person_id, day_of(at), at))


def actor_sitting(person_id: int, sittings: tuple[Sitting, ...]) -> Actor:
    """The Actor of a member of staff whose posts of the day are known already."""
    return Actor(person=f"p-{person_id}", seats=_seats(sittings), subjects={})


def sittings_of(person_id: int, on: date, at: datetime) -> tuple[Sitting, ...]:
    """Own posts, posts of absent A roles, delegated posts: in this order, each post once."""
    found: dict[int, Sitting] = {}
    for sitting in (*_held(person_id, on), *_delegated(person_id, on, at)):
        found.setdefault(sitting.post.pk, sitting)
    return tuple(found.values())


def _held(person_id: int, on: date) -> list[Sitting]:
    serves = Q(person__left_on__isnull=True) | Q(person__left_on__gte=on)
    rows = PostHolding.objects.on(on).filter(serves, person_id=person_id)
    holdings = rows.select_related("post__unit").order_by("pk")
    own = [Sitting(row.post, Standing.OWN, "") for row in holdings if row.role == HoldingRole.A]
    seconded = {row.post_id: row.post for row in holdings if row.role == HoldingRole.B}
    return own + _substituted(seconded, on)


def _substituted(seconded: Mapping[int, Post], on: date) -> list[Sitting]:
    """B stands in for a post when every A role of it is away; the basis is the absence of the first."""
    holders = PostHolding.objects.on(on).filter(post_id__in=seconded, role=HoldingRole.A).order_by("pk")
    people: dict[int, list[int]] = defaultdict(list)
    for row in holders:
        people[row.post_id].append(row.person_id)
    away: dict[int, str] = {}
    for absence in Absence.objects.on(on).filter(person__holdings__post_id__in=seconded).distinct().order_by("pk"):
        away.setdefault(absence.person_id, absence.ref)
    return [
        Sitting(seconded[post_id], Standing.B_ROLE, away[ids[0]])
        for post_id, ids in people.items()
        if all(person_id in away for person_id in ids)
    ]


def _delegated(person_id: int, on: date, at: datetime) -> list[Sitting]:
    """A delegation lasts no longer than the delegator holds the post."""
    still_held = PostHolding.objects.on(on).filter(person_id=OuterRef("from_person_id"), post_id=OuterRef("post_id"))
    serves = Q(to_person__left_on__isnull=True) | Q(to_person__left_on__gte=on)
    rows = (
        Delegation.objects.on(on)
        .filter(serves, Q(revoked_at__isnull=True) | Q(revoked_at__gt=at), Exists(still_held), to_person_id=person_id)
        .select_related("post__unit")
        .order_by("pk")
    )
    return [Sitting(row.post, Standing.DELEGATED, row.document) for row in rows]


def _seats(sittings: tuple[Sitting, ...]) -> tuple[Seat, ...]:
    known = organisation() if sittings else None
    return tuple(_seat(sitting, known) for sitting in sittings if known is not None)


def _seat(sitting: Sitting, known: Organisation) -> Seat:
    post, unit = sitting.post, sitting.post.unit.code
    nothing: frozenset[str] = frozenset()
    governs = post.is_head and post.unit.kind == UnitKind.GOVERNMENT
    return Seat(
        post=post.code,
        unit=unit,
        dept=known.dept(unit),
        units=known.line(unit),
        standing=sitting.standing,
        basis=sitting.basis,
        head_of=known.headed_by(unit) if post.is_head else nothing,
        superior_of=known.under(unit) if post.is_head else nothing,
        government_of=frozenset({known.regions[unit]}) if governs else nothing,
        supervises=known.regions_within(known.regions[unit]) if post.kind == PostKind.SUPERVISOR else nothing,
    )


def subjects_of(subject: Subject, at: datetime, *, item: str = "", case: str = "") -> dict[str, str]:
    """Own reference and those merged into it, firms by agency, principals by power → basis."""
    on = day_of(at)
    scope = Q(scope=PowerScope.ALL)
    if item:
        scope |= Q(scope=PowerScope.ITEM, scope_ref=item)
    if case:
        scope |= Q(scope=PowerScope.CASE, scope_ref=case)
    own = {subject.ref, *Subject.objects.filter(merged_into=subject).values_list("ref", flat=True)}
    agencies = Agency.objects.valid_at(at, on).filter(agent=subject).select_related("firm").order_by("pk")
    powers = Power.objects.valid_at(at, on).filter(scope, agent=subject).select_related("principal").order_by("pk")
    found = dict.fromkeys(sorted(own), OWN)
    for agency in agencies:
        found.setdefault(agency.firm.ref, agency.ref)
    for power in powers:
        found.setdefault(power.principal.ref, power.ref)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedPower:
    """A power that reaches one item or one case only: what a list must add beside the actor's subjects."""

    ref: str
    principal: str
    scope: str
    scope_ref: str


def scoped_powers(account: Account, at: datetime) -> tuple[ScopedPower, ...]:
    rows = Power.objects.valid_at(at, day_of(at)).filter(agent=account.subject).exclude(scope=PowerScope.ALL)
    return tuple(
        ScopedPower(ref=row.ref, principal=row.principal.ref, scope=row.scope, scope_ref=row.scope_ref)
        for row in rows.select_related("principal").order_by("pk")
    )


# ---- authorisation letters ----------------------------------------------------------------------


def is_authorised(*, item: str, post: str, person: str, power: LetterPower, on: date) -> bool:
    """Whether a letter in force lets this post (and this person, where it names one) use this power for the item."""
    letters = _letters_on(on).filter(item=item, post__code=post)
    return any(power in row.powers and (row.person_id is None or f"p-{row.person_id}" == person) for row in letters)


def with_letters(actor: Actor, item: str, on: date) -> Actor:
    """The actor with what the letters in force say of this item: power → posts this person may use it at."""
    if not actor.seats:
        return actor
    granted: dict[str, set[str]] = {}
    for row in _letters_on(on).filter(item=item).select_related("post"):
        for power in row.powers:
            posts = granted.setdefault(power, set())
            if row.person_id is None or f"p-{row.person_id}" == actor.person:
                posts.add(row.post.code)
    return replace(actor, letters={power: frozenset(posts) for power, posts in granted.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    number: str
    item: str
    organ: str
    post: str
    person: str
    powers: tuple[str, ...]
    from_on: date
    until_on: date | None


def letters_for(item: str, on: date) -> tuple[LetterLine, ...]:
    """The letters in force for an item, for its guide and its case pages."""
    rows = _letters_on(on).filter(item=item).select_related("organ", "post", "person").order_by("number")
    return tuple(
        LetterLine(
            number=row.number,
            item=row.item,
            organ=_named(row.organ),
            post=_named(row.post),
            person=_named(row.person) if row.person else "",
            powers=tuple(str(LetterPower(power).label) for power in row.powers),
            from_on=row.from_on,
            until_on=row.until_on,
        )
        for row in rows
    )


def _letters_on(on: date) -> DatedQuerySet:
    return AuthorisationLetter.objects.on(on).filter(Q(revoked_on__isnull=True) | Q(revoked_on__gt=on))


# ---- names --------------------------------------------------------------------------------------


def _named(row: Unit | Post | Person | Territory, language: str = "") -> str:
    wanted = language or get_language() or ""
    return row.name_en if wanted.startswith("en") and row.name_en else row.name


def name_of(row: Account | Unit | Post | Person) -> str:
    """The name in the reader's language; of a citizen's account the full own name, for the own eyes."""
    if not isinstance(row, Account):
        return _named(row)
    if row.person is not None:
        return _named(row.person)
    return row.subject.name if row.subject is not None else row.login


def unit_names(codes: Iterable[str], language: str = "") -> dict[str, str]:
    """Unit code → name in the reader's language; unknown codes stand for themselves."""
    wanted = set(codes)
    return {code: code for code in wanted} | {
        unit.code: _named(unit, language) for unit in Unit.objects.filter(code__in=wanted)
    }


def post_names(codes: Iterable[str], language: str = "") -> dict[str, str]:
    wanted = set(codes)
    return {code: code for code in wanted} | {
        post.code: _named(post, language) for post in Post.objects.filter(code__in=wanted)
    }


def region_names(codes: Iterable[str], language: str = "") -> dict[str, str]:
    wanted = set(codes)
    return {code: code for code in wanted} | {
        row.code: _named(row, language) for row in Territory.objects.filter(code__in=wanted)
    }


def person_names(refs: Iterable[str], language: str = "") -> dict[str, str]:
    """`p-<id>` → 何静. For staff eyes only: the public sees post and unit. Other references are left out."""
    ids = [int(ref[2:]) for ref in set(refs) if ref.startswith("p-") and ref[2:].isdigit()]
    return {person.ref: _named(person, language) for person in Person.objects.filter(pk__in=ids)}


def short_name_of(unit: str) -> str:
    """The organ's short name for document numbers (清卫)."""
    row = Unit.objects.get(code=unit)
    return row.short_name or row.name


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectView:
    """What may be shown of a subject: everything masked."""

    ref: str
    kind: str
    name: str
    certificate_kind: str
    number: str
    phone: str
    level: int
    level_words: str


def masked_subjects(refs: Iterable[str]) -> dict[str, SubjectView]:
    return {row.ref: masked(row) for row in Subject.objects.filter(ref__in=set(refs))}


def masked(row: Subject) -> SubjectView:
    return SubjectView(
        ref=row.ref,
        kind=row.kind,
        name=mask_name(row.name) if row.kind == "natural" else row.name,
        certificate_kind=row.get_certificate_kind_display() if row.certificate_kind else "",
        number=mask_number(row.number),
        phone=mask_phone(row.phone),
        level=row.real_name_level,
        level_words=row.get_real_name_level_display(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDetails:
    """A subject in plain, to fill the sealed inputs of a case of its own."""

    ref: str
    kind: str
    name: str
    certificate_kind: str
    number: str
    phone: str
    level: int


def subject_details(ref: str) -> SubjectDetails:
    row = Subject.objects.get(ref=ref)
    return SubjectDetails(
        ref=row.ref,
        kind=row.kind,
        name=row.name,
        certificate_kind=row.certificate_kind,
        number=row.number,
        phone=row.phone,
        level=row.real_name_level,
    )


def find_subject(certificate_kind: str, number: str) -> Subject | None:
    """The subject a window has checked under this number."""
    return Subject.objects.filter(
        certificate_kind=certificate_kind,
        number_index=number_index(number),
        is_checked=True,
        merged_into__isnull=True,
    ).first()


def holds_number(ref: str, number: str) -> bool:
    """Whether this subject is registered under this certificate number: for a walk-in who claims a case."""
    wanted = number_index(number)
    return bool(wanted) and Subject.objects.filter(ref=ref, number_index=wanted).exists()


def number_index(number: str) -> str:
    return blind_index(number, purpose=NUMBER)


def phone_index(phone: str) -> str:
    return blind_index(phone, purpose=PHONE)


def accounts_named(typed: str, limit: int = 3) -> list[Account]:
    """Citizen accounts whose phone or certificate number was typed; the best checked first."""
    plain = tidy_code(typed)
    if not plain:
        return []
    matching = Q(subject__phone_index=phone_index(plain)) | Q(subject__number_index=number_index(plain))
    rows = Account.objects.filter(matching, kind=AccountKind.CITIZEN).select_related("subject")
    return list(rows.order_by("-is_active", "-subject__real_name_level", "pk")[:limit])


def subjects_named(typed: str) -> list[Subject]:
    """Subjects with this phone or certificate number, as a window looks them up."""
    plain = tidy_code(typed)
    if not plain:
        return []
    matching = Q(phone_index=phone_index(plain)) | Q(number_index=number_index(plain))
    rows = Subject.objects.filter(matching, merged_into__isnull=True)
    return list(rows.order_by("-is_checked", "-real_name_level", "pk")[:20])


# ---- the directory ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLine:
    """A post with who holds it today. `standing_in`: B acts because A is away."""

    code: str
    name: str
    kind: str
    unit: str
    unit_name: str
    a_role: tuple[str, ...]
    b_role: tuple[str, ...]
    absent_until: date | None

    @property
    def is_substituted(self) -> bool:
        return self.absent_until is not None


def posts_of(unit: str, on: date) -> tuple[PostLine, ...]:
    return _post_lines(Post.objects.filter(unit__code=unit), on)


def staff_directory(on: date) -> tuple[PostLine, ...]:
    """Every post, who holds it and who is away; three queries."""
    return _post_lines(Post.objects.filter(unit__closed_on__isnull=True), on)


def _post_lines(posts: QuerySet[Post], on: date) -> tuple[PostLine, ...]:
    rows = list(posts.select_related("unit").order_by("unit__code", "code"))
    held: dict[tuple[int, str], list[Person]] = defaultdict(list)
    for holding in PostHolding.objects.on(on).filter(post__in=rows).select_related("person").order_by("pk"):
        held[holding.post_id, holding.role].append(holding.person)
    away = {row.person_id: row.until_on for row in Absence.objects.on(on).order_by("until_on")}
    return tuple(_post_line(post, held, away) for post in rows)


def _post_line(post: Post, held: Mapping[tuple[int, str], list[Person]], away: Mapping[int, date]) -> PostLine:
    first = held.get((post.pk, HoldingRole.A), [])
    gone = [away[person.pk] for person in first if person.pk in away]
    return PostLine(
        code=post.code,
        name=_named(post),
        kind=str(PostKind(post.kind).label),
        unit=post.unit.code,
        unit_name=_named(post.unit),
        a_role=tuple(_named(person) for person in first),
        b_role=tuple(_named(person) for person in held.get((post.pk, HoldingRole.B), [])),
        absent_until=min(gone) if first and len(gone) == len(first) else None,
    )


def holders_of(post: str, on: date) -> tuple[str, ...]:
    """Persons (`p-<id>`) who hold a post as A role on a day."""
    rows = PostHolding.objects.on(on).filter(post__code=post, role=HoldingRole.A).order_by("pk")
    return tuple(f"p-{person_id}" for person_id in rows.values_list("person_id", flat=True))


def substitutes_of(post: str, on: date) -> tuple[str, ...]:
    """Persons who hold a post as B role on a day, whether or not A is away."""
    rows = PostHolding.objects.on(on).filter(post__code=post, role=HoldingRole.B).order_by("pk")
    return tuple(f"p-{person_id}" for person_id in rows.values_list("person_id", flat=True))


def heads_of(unit: str) -> tuple[str, ...]:
    """The head posts of the organ a unit belongs to."""
    rows = Post.objects.filter(unit__code=dept_of(unit), is_head=True).order_by("code")
    return tuple(rows.values_list("code", flat=True))


def has_post_kind(account: Account, at: datetime, kinds: Iterable[str]) -> bool:
    """Whether the account may act today at a post of one of these kinds, in whatever standing."""
    if account.person_id is None:
        return False
    wanted = set(kinds)
    return any(sitting.post.kind in wanted for sitting in sittings_of(account.person_id, day_of(at), at))


# ---- what a person sees of the own affairs ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """An agency or a power, as its holder, its giver or a window sees it."""

    ref: str
    kind: str
    agent: str
    principal: str
    scope: str
    scope_ref: str
    from_on: date
    until_on: date | None
    is_valid: bool
    revoked_at: datetime | None
    is_representative: bool = False


def grants_of(subject: Subject, at: datetime) -> tuple[GrantView, ...]:
    """Every agency and power that touches the subject, given or held, past ones too; newest first."""
    touching = Q(agent=subject)
    agencies = Agency.objects.filter(touching | Q(firm=subject)).select_related("agent", "firm").order_by("-pk")[:100]
    powers = Power.objects.filter(touching | Q(principal=subject)).select_related("agent", "principal")
    held = tuple(_power_view(row, at) for row in powers.order_by("-pk")[:100])
    return (*(_agency_view(row, at) for row in agencies), *held)


def _is_valid(row: Agency | Power, at: datetime) -> bool:
    on = day_of(at)
    unexpired = row.until_on is None or row.until_on >= on
    return row.from_on <= on and unexpired and (row.revoked_at is None or row.revoked_at > at)


def _agency_view(row: Agency, at: datetime) -> GrantView:
    return GrantView(
        ref=row.ref,
        kind="agency",
        agent=masked(row.agent).name,
        principal=masked(row.firm).name,
        scope="",
        scope_ref="",
        from_on=row.from_on,
        until_on=row.until_on,
        is_valid=_is_valid(row, at),
        revoked_at=row.revoked_at,
        is_representative=row.is_representative,
    )


def _power_view(row: Power, at: datetime) -> GrantView:
    return GrantView(
        ref=row.ref,
        kind="power",
        agent=masked(row.agent).name,
        principal=masked(row.principal).name,
        scope=row.get_scope_display(),
        scope_ref=row.scope_ref,
        from_on=row.from_on,
        until_on=row.until_on,
        is_valid=_is_valid(row, at),
        revoked_at=row.revoked_at,
    )


def find_grant(ref: str) -> Agency | Power | None:
    """The agency or power of a reference such as `power-12`."""
    kind, _, number = ref.partition("-")
    if kind == "agency":
        return Agency.objects.select_related("agent", "firm").filter(pk=int(number)).first()
    return Power.objects.select_related("agent", "principal").filter(pk=int(number)).first()


def represented_firms(subject: Subject, at: datetime) -> tuple[Subject, ...]:
    """Firms whose legal representative the subject is today."""
    rows = Agency.objects.valid_at(at, day_of(at)).filter(agent=subject, is_representative=True)
    return tuple(row.firm for row in rows.select_related("firm").order_by("pk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message; `to_firm` names the firm it was sent to when that is not the reader."""

    sent_at: datetime
    title: str
    text: str
    to_firm: str = ""


def mailbox_of(subject: Subject, at: datetime) -> tuple[Letter, ...]:
    """Own letters, and the notices to the firms the subject acts for today (经办人); a firm's codes are its own."""
    firms = Agency.objects.valid_at(at, day_of(at)).filter(agent=subject).values("firm")
    readable = Q(subject=subject) | Q(subject__in=firms, is_private=False)
    rows = Message.objects.filter(readable).select_related("subject").order_by("-pk")[:50]
    return tuple(
        Letter(
            sent_at=row.sent_at, title=row.title, text=row.text,
            to_firm="" if row.subject_id == subject.pk else masked(row.subject).name,
        )
        for row in rows
    )  # fmt: skip


# ---- what a member of staff sees of the own posts -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """A post somebody holds or may act at, with those who stand in or are stood in for."""

    post: str
    post_name: str
    unit_name: str
    role: str
    others: tuple[str, ...]
    acts_now: bool
    basis: str
    until_on: date | None


def roles_of(person_id: int, at: datetime) -> tuple[RoleLine, ...]:
    """Own holdings as A and B, then delegated posts."""
    on = day_of(at)
    acting = {sitting.post.code: sitting for sitting in sittings_of(person_id, on, at)}
    rows = PostHolding.objects.on(on).filter(person_id=person_id).select_related("post__unit").order_by("role", "pk")
    holdings = list(rows)
    others: dict[int, list[str]] = defaultdict(list)
    posts = [row.post_id for row in holdings]
    beside = PostHolding.objects.on(on).filter(post_id__in=posts).exclude(person_id=person_id)
    for other in beside.select_related("person").order_by("pk"):
        others[other.post_id].append(_named(other.person))
    held = [_role_line(row, tuple(others[row.post_id]), acting.get(row.post.code)) for row in holdings]
    return (*held, *(_delegated_line(row) for row in acting.values() if row.standing == Standing.DELEGATED))


def _role_line(row: PostHolding, others: tuple[str, ...], acting: Sitting | None) -> RoleLine:
    return RoleLine(
        post=row.post.code,
        post_name=_named(row.post),
        unit_name=_named(row.post.unit),
        role=str(HoldingRole(row.role).label),
        others=others,
        acts_now=acting is not None,
        basis=str(STANDING_IN_WORDS) if acting is not None and acting.standing == Standing.B_ROLE else "",
        until_on=row.until_on,
    )


def _delegated_line(sitting: Sitting) -> RoleLine:
    return RoleLine(
        post=sitting.post.code,
        post_name=_named(sitting.post),
        unit_name=_named(sitting.post.unit),
        role=str(DELEGATED_WORDS),
        others=(),
        acts_now=True,
        basis=sitting.basis,
        until_on=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceLine:
    row: int
    from_on: date
    until_on: date
    reason: str
    may_end: bool


def absences_of(person_id: int, on: date) -> tuple[AbsenceLine, ...]:
    rows = Absence.objects.filter(person_id=person_id).order_by("-from_on", "-pk")[:50]
    return tuple(
        AbsenceLine(
            row=row.pk,
            from_on=row.from_on,
            until_on=row.until_on,
            reason=str(AbsenceReason(row.reason).label),
            may_end=row.until_on >= on,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationLine:
    row: int
    post_name: str
    to_person: str
    from_on: date
    until_on: date
    document: str
    revoked_at: datetime | None
    may_revoke: bool


def delegations_of(person_id: int, at: datetime) -> tuple[DelegationLine, ...]:
    """What the person has delegated, newest first."""
    rows = Delegation.objects.filter(from_person_id=person_id).select_related("post", "to_person").order_by("-pk")[:50]
    return tuple(
        DelegationLine(
            row=row.pk,
            post_name=_named(row.post),
            to_person=_named(row.to_person),
            from_on=row.from_on,
            until_on=row.until_on,
            document=row.document,
            revoked_at=row.revoked_at,
            may_revoke=row.revoked_at is None and row.until_on >= day_of(at),
        )
        for row in rows
    )


def absence_of(person_id: int, row: int) -> Absence | None:
    return Absence.objects.filter(person_id=person_id, pk=row).first()


def delegation_of(person_id: int, row: int) -> Delegation | None:
    return Delegation.objects.filter(from_person_id=person_id, pk=row).first()


def own_posts_of(person_id: int, on: date) -> list[tuple[str, str]]:
    """Posts held as A role, as choices."""
    rows = PostHolding.objects.on(on).filter(person_id=person_id, role=HoldingRole.A).select_related("post__unit")
    return [(row.post.code, f"{_named(row.post.unit)} {_named(row.post)}") for row in rows.order_by("pk")]


def colleagues_of(person_id: int, on: date) -> list[tuple[str, str]]:
    """Everybody else who serves on this day, as choices; administrators act at no post."""
    serving = Person.objects.filter(Q(left_on__isnull=True) | Q(left_on__gte=on)).exclude(pk=person_id)
    rows = serving.exclude(account__duty__in=Duty.values)
    return [(row.ref, f"{_named(row)}（{row.number}）") for row in rows.order_by("number")]


def unit_number(unit: str) -> str:
    """Three digits for the organ in case numbers, fixed when it was entered (DOMAIN 3.4)."""
    return f"{Unit.objects.only('pk').get(code=unit).pk % 1000:03d}"


# ---- what administrators ask --------------------------------------------------------------------


def with_number(name: str, number: str) -> str:
    """A name and what tells it from others of the same name."""
    return _("%(name)s（%(number)s）") % {"name": name, "number": number}


def place_of(post: Post) -> str:
    """Unit and post in words; a section is named with its organ, for every organ has one of the same name."""
    unit, above = post.unit, post.unit.parent
    organ = f"{_named(above)} " if above is not None and unit.kind == UnitKind.SECTION else ""
    return f"{organ}{_named(unit)} {_named(post)}"


def account_of_person(person_id: int) -> Account | None:
    return Account.objects.filter(person_id=person_id).select_related("person").first()


def person_by_ref(ref: str) -> Person:
    """
    Raises:
        NotPossible: no_such_person.
    """
    number = ref.removeprefix("p-")
    found = Person.objects.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() else None
    if found is None:
        raise NotPossible("no_such_person")
    return found


def post_by_code(code: str) -> Post:
    """A post of a unit that has not been closed.

    Raises:
        NotPossible: no_such_post.
    """
    found = Post.objects.filter(code=code, unit__closed_on__isnull=True).select_related("unit__parent").first()
    if found is None:
        raise NotPossible("no_such_post")
    return found


def holding_beside(person_id: int, post_id: int, from_on: date, until_on: date | None) -> bool:
    """Whether the person holds the post, in whatever role, on some of these days."""
    return PostHolding.objects.overlapping(from_on, until_on).filter(person_id=person_id, post_id=post_id).exists()


@dataclass(frozen=True, slots=True)
class LetterMatter:
    organ: Unit
    post: Post


def letter_matter(asked: Mapping[str, object]) -> LetterMatter:
    """The organ that authorises (the one the post belongs to) and the post.

    Raises:
        NotPossible: no_such_post, letter_number_taken.
    """
    post = post_by_code(str(asked["post"]))
    if AuthorisationLetter.objects.filter(number=str(asked["number"])).exists():
        raise NotPossible("letter_number_taken")
    return LetterMatter(Unit.objects.get(code=dept_of(post.unit.code)), post)


def persons_named(text: str) -> QuerySet[Person]:
    """People whose number or name contains this, with their accounts; who serves first."""
    plain = text.replace("\0", "").strip()[:60]
    rows = Person.objects.select_related("account").order_by(F("left_on").asc(nulls_first=True), "number")
    return rows.filter(Q(number__icontains=plain) | Q(name__contains=plain)) if plain else rows


def posts_on(persons: Iterable[int], on: date) -> dict[int, tuple[str, ...]]:
    """What each of these people holds on a day, in words."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = PostHolding.objects.on(on).filter(person_id__in=list(persons)).select_related("post__unit__parent")
    for row in rows.order_by("role", "pk"):
        found[row.person_id].append(f"{place_of(row.post)} {HoldingRole(row.role).label}")
    return {person: tuple(held) for person, held in found.items()}


def delegations_about(person: Person) -> QuerySet[Delegation]:
    """Given by this person and held by this person."""
    rows = Delegation.objects.filter(Q(from_person=person) | Q(to_person=person))
    return rows.select_related("post__unit__parent", "from_person", "to_person")


def post_places(codes: Iterable[str]) -> dict[str, str]:
    """Post code → unit and post in words; unknown codes stand for themselves."""
    wanted = set(codes)
    rows = Post.objects.filter(code__in=wanted).select_related("unit__parent")
    return {code: code for code in wanted} | {row.code: place_of(row) for row in rows}


def person_names_of(asked: Mapping[str, Any]) -> dict[str, str]:
    """Names of the successors a proposal names, by reference."""
    refs = [str(ref).removeprefix("p-") for ref in asked.get("successors", {}).values()]
    rows = Person.objects.filter(pk__in=[int(ref) for ref in refs if ref.isdecimal()])
    return {row.ref: _named(row) for row in rows}


def held_posts(rows: Iterable[int]) -> list[str]:
    """The posts of these holdings, in words."""
    found = PostHolding.objects.filter(pk__in=list(rows)).select_related("post__unit__parent").order_by("pk")
    return [place_of(row.post) for row in found]


def holders_from(on: date) -> list[int]:
    """Everybody who holds some post on this day or later, or acts at one by delegation."""
    held = PostHolding.objects.overlapping(on, None).values_list("person_id", flat=True)
    delegated = Delegation.objects.filter(revoked_at__isnull=True, until_on__gte=on)
    return [*held, *delegated.values_list("to_person_id", flat=True)]


def all_posts() -> list[tuple[str, str]]:
    """Every post of a unit that is not closed, as choices."""
    rows = Post.objects.filter(unit__closed_on__isnull=True).select_related("unit__parent")
    return [(row.code, place_of(row)) for row in rows.order_by("unit__code", "code")]


def followers_for(post: Post, leaver: Person, on: date) -> list[tuple[str, str]]:
    """Who may follow at a post: its B roles first, then whoever serves in the same unit, then in the same organ."""
    beside = PostHolding.objects.overlapping(on, None).exclude(person=leaver)
    second = set(beside.filter(post=post).values_list("person_id", flat=True))
    near = set(beside.filter(post__unit=post.unit).values_list("person_id", flat=True))
    organ = dept_of(post.unit.code)
    within = Q(post__unit__code=organ) | Q(post__unit__parent__code=organ)
    wide = set(beside.filter(within).values_list("person_id", flat=True))
    serving = Q(left_on__isnull=True) | Q(left_on__gte=on)
    rows = Person.objects.filter(serving, pk__in=second | near | wide)
    order = sorted(rows, key=lambda row: (row.pk not in second, row.pk not in near, row.number))
    return [(row.ref, f"{with_number(_named(row), row.number)}{' B' if row.pk in second else ''}") for row in order]


def posts_beside(code: str, on: date) -> tuple[tuple[str, str], ...]:
    """A post, and the others of its unit that somebody holds as A role from a day on, as choices; the post first."""
    unit = Post.objects.filter(code=code).values_list("unit_id", flat=True).first()
    serves = Q(person__left_on__isnull=True) | Q(person__left_on__gte=on)
    held = PostHolding.objects.overlapping(on, None).filter(serves, role=HoldingRole.A, post__unit_id=unit)
    rows = Post.objects.filter(Q(pk__in=held.values("post_id")) | Q(code=code)).select_related("unit__parent")
    found = {row.code: place_of(row) for row in rows.order_by("code")}
    return tuple(sorted(found.items(), key=lambda pair: pair[0] != code))


def held_now(person: Person, on: date) -> list[tuple[str, str]]:
    """The holdings that are in force on a day or begin later, as choices."""
    rows = PostHolding.objects.overlapping(on, None).filter(person=person).select_related("post__unit__parent")
    return [(str(row.pk), f"{place_of(row.post)} {HoldingRole(row.role).label}") for row in rows.order_by("pk")]


# ---- what the audit page asks --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLine:
    """One row of the sign-in log, without anything somebody typed."""

    row: int
    at: datetime
    name: str
    login: str
    kind: str
    outcome: str
    method: str
    details: str
    address: str


def sign_ins(
    *, login: str = "", outcome: str = "", since: datetime | None, until: datetime | None, before: int | None, size: int
) -> tuple[SignInLine, ...]:
    """At most `size` rows of the sign-in log, the newest first; those before a row, for the next page."""
    rows = SignIn.objects.select_related("account__person", "account__subject").order_by("-pk")
    if login:
        rows = rows.filter(account__in=_accounts_of(login))
    rows = rows.filter(outcome=outcome) if outcome else rows
    rows = rows.filter(at__gte=since) if since else rows
    rows = rows.filter(at__lt=until) if until else rows
    rows = rows.filter(pk__lt=before) if before is not None else rows
    return tuple(_sign_in_line(row) for row in rows[:size])


def _accounts_of(who: str) -> QuerySet[Account]:
    """By login, by reference (`p-12`) or by the name of a member of staff."""
    ref = person_ref_of(who)
    return Account.objects.filter(Q(login=who) | Q(person_id=int(ref.removeprefix("p-")) if ref else None))


def _sign_in_line(row: SignIn) -> SignInLine:
    account = row.account
    is_staff = account is not None and account.person is not None
    unusual = [str(UNUSUAL_WORDS.get(code, code)) for code in row.unusual]
    return SignInLine(
        row=row.pk, at=row.at,
        name=(name_of(account) if is_staff else mask_name(name_of(account))) if account is not None else "",
        login=account.login if account is not None and is_staff else "",
        kind=str(AccountKind(account.kind).label) if account is not None else "",
        outcome=str(SignInOutcome(row.outcome).label), method=str(SignInMethod(row.method).label) if row.method else "",
        details="；".join([*unusual, *([row.browser] if row.browser else [])]), address=row.address or "",
    )  # fmt: skip


def sign_in_outcomes() -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in SignInOutcome.choices]


def person_ref_of(who: str) -> str:
    """The reference of a member of staff by reference, number or exact name; empty when there is none, or several."""
    if who.startswith("p-"):
        return who if who[2:].isdecimal() else ""
    found = list(Person.objects.filter(Q(number=who) | Q(name=who)).values_list("pk", flat=True)[:2])
    return f"p-{found[0]}" if len(found) == 1 else ""


def staff_names(refs: Iterable[str]) -> dict[str, str]:
    """Name and number of members of staff, by reference."""
    wanted = [int(ref.removeprefix("p-")) for ref in refs if ref.removeprefix("p-").isdecimal()]
    return {row.ref: with_number(_named(row), row.number) for row in Person.objects.filter(pk__in=wanted)}
