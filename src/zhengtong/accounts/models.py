"""Who works where, who acts for whom, who signs in: territories, units, posts, people, subjects, agency, accounts.

Dated rows (holdings, absences, delegations, letters, agencies, powers) are ended, never deleted: a case of three
years ago must still find who stood at which post on what basis.
"""

from datetime import date, datetime
from typing import ClassVar, Final

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from zhengtong.accounts import factors as factors  # its rows are rows of this room
from zhengtong.accounts.certificates import CertificateKind
from zhengtong.accounts.labels import (
    AbsenceReason,
    AccountKind,
    Duty,
    HoldingRole,
    PostKind,
    PowerScope,
    RealNameLevel,
    SignInMethod,
    SignInOutcome,
    SubjectKind,
    UnitKind,
)
from zhengtong.accounts.references import new_subject_ref
from zhengtong.accounts.sealed_fields import SealedTextField


class Mark(models.Model):
    """A fact about this database, such as `demo`."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.TextField(blank=True, default="")


class Territory(models.Model):
    """区划: a region in the tree of territories."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True, default="")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Unit(models.Model):
    """机构或内设科室: a node of the organisation tree, which is not the tree of territories."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=160, blank=True, default="")
    short_name = models.CharField(max_length=20, blank=True, default="")
    kind = models.CharField(max_length=12, choices=UnitKind.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="units")
    credit_code = models.CharField(max_length=18, blank=True, default="")
    closed_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Post(models.Model):
    """岗位: authority belongs to posts; people hold them for a time."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True, default="")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    kind = models.CharField(max_length=14, choices=PostKind.choices)
    is_head = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Person(models.Model):
    """A member of staff. Referred to as `p-<id>`."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True, default="")
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def ref(self) -> str:
        return f"p-{self.pk}"


class DatedQuerySet(models.QuerySet):  # type: ignore[type-arg]  # generic only in the stubs
    def on(self, day: date) -> "DatedQuerySet":
        """Rows in force on this day; both ends inclusive."""
        return self.filter(Q(until_on__isnull=True) | Q(until_on__gte=day), from_on__lte=day)

    def overlapping(self, from_on: date, until_on: date | None) -> "DatedQuerySet":
        rows = self.filter(Q(until_on__isnull=True) | Q(until_on__gte=from_on))
        return rows if until_on is None else rows.filter(from_on__lte=until_on)


class HoldingQuerySet(DatedQuerySet):
    """Holdings that were voided before they began are in force on no day."""

    def on(self, day: date) -> "DatedQuerySet":
        return super().on(day).filter(voided_at__isnull=True)

    def overlapping(self, from_on: date, until_on: date | None) -> "DatedQuerySet":
        return super().overlapping(from_on, until_on).filter(voided_at__isnull=True)


class PostHolding(models.Model):
    """任职: who holds a post, as A role or B role, from when to when. One that never began is voided, not deleted."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="holdings")
    post = models.ForeignKey(Post, models.PROTECT, related_name="holdings")
    role = models.CharField(max_length=1, choices=HoldingRole.choices, default=HoldingRole.A)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    document = models.CharField(max_length=80, blank=True, default="")
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="holding_ends_after_it_begins"
            ),
        ]


class Absence(models.Model):
    """离岗: while a person is away, the B roles of the person's posts stand in. Basis `absence-<id>`."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="absences")
    from_on = models.DateField()
    until_on = models.DateField()
    reason = models.CharField(max_length=10, choices=AbsenceReason.choices)
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=40)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="absence_ends_after_it_begins"),
        ]

    @property
    def ref(self) -> str:
        return f"absence-{self.pk}"


class Delegation(models.Model):
    """委托: the holder of a post lets another person act at it for a time; the basis is a document number."""

    from_person = models.ForeignKey(Person, models.PROTECT, related_name="delegations_given")
    post = models.ForeignKey(Post, models.PROTECT, related_name="delegations")
    to_person = models.ForeignKey(Person, models.PROTECT, related_name="delegations_held")
    from_on = models.DateField()
    until_on = models.DateField()
    document = models.CharField(max_length=80)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="delegation_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(from_person=F("to_person")), name="delegation_to_another_person"),
        ]


class AuthorisationLetter(models.Model):
    """授权书: an organ authorises a post, or one person at it, for one item; `powers`: codes of LetterPower."""

    number = models.CharField(max_length=80, unique=True)
    item = models.CharField(max_length=60, db_index=True)
    organ = models.ForeignKey(Unit, models.PROTECT, related_name="letters")
    post = models.ForeignKey(Post, models.PROTECT, related_name="letters")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="letters")
    powers = models.JSONField(default=list)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    revoked_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()


class Subject(models.Model):
    """办事人: a natural person or an organisation outside the service. The ledger knows the opaque `ref` alone.

    `is_checked`: a window has seen the certificate; of checked rows there is one for each number. A row that proved
    to be the same subject points to the one it was merged into.
    """

    ref = models.CharField(max_length=40, unique=True, default=new_subject_ref)
    kind = models.CharField(max_length=12, choices=SubjectKind.choices)
    name = SealedTextField(blank=True, default="")
    certificate_kind = models.CharField(max_length=20, choices=CertificateKind.choices, blank=True, default="")
    number = SealedTextField(blank=True, default="")
    number_index = models.CharField(max_length=64, blank=True, default="", db_index=True)
    phone = SealedTextField(blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="", db_index=True)
    real_name_level = models.PositiveSmallIntegerField(choices=RealNameLevel.choices, default=RealNameLevel.NONE)
    is_checked = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["certificate_kind", "number_index"],
                condition=Q(is_checked=True, merged_into__isnull=True) & ~Q(number_index=""),
                name="one_checked_subject_per_number",
            ),
        ]


class GrantQuerySet(models.QuerySet):  # type: ignore[type-arg]  # generic only in the stubs
    def valid_at(self, at: datetime, on: date) -> "GrantQuerySet":
        """Neither expired on this day nor revoked by this instant; `until_on` inclusive."""
        unexpired = Q(until_on__isnull=True) | Q(until_on__gte=on)
        return self.filter(unexpired, Q(revoked_at__isnull=True) | Q(revoked_at__gt=at), from_on__lte=on)


class Agency(models.Model):
    """经办人: a natural person acts for a firm; its legal representative does so without an end."""

    agent = models.ForeignKey(Subject, models.PROTECT, related_name="agencies_held")
    firm = models.ForeignKey(Subject, models.PROTECT, related_name="agencies_given")
    is_representative = models.BooleanField(default=False)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    accepted_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=60)
    accepted_post = models.CharField(max_length=60, blank=True, default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "agencies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_representative=True) | Q(until_on__isnull=False), name="agency_of_an_agent_has_an_end"
            ),
        ]

    @property
    def ref(self) -> str:
        return f"agency-{self.pk}"

    def concerns(self, subject: Subject) -> bool:
        return subject in (self.agent, self.firm)


class Power(models.Model):
    """授权委托书: a principal lets an agent act, in everything, in one item or in one case, until a day."""

    principal = models.ForeignKey(Subject, models.PROTECT, related_name="powers_given")
    agent = models.ForeignKey(Subject, models.PROTECT, related_name="powers_held")
    scope = models.CharField(max_length=4, choices=PowerScope.choices)
    scope_ref = models.CharField(max_length=80, blank=True, default="")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    accepted_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=60)
    accepted_post = models.CharField(max_length=60, blank=True, default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(scope="all") | ~Q(scope_ref=""), name="power_names_its_scope"),
            models.CheckConstraint(condition=Q(scope="case") | Q(until_on__isnull=False), name="power_has_an_end"),
        ]

    @property
    def ref(self) -> str:
        return f"power-{self.pk}"

    def concerns(self, subject: Subject) -> bool:
        return subject in (self.agent, self.principal)


REFERENCE_ROOMS: Final = frozenset({"accounts", "windows"})
REFERENCE_PERMISSIONS: Final = frozenset(
    f"{room}.{verb}_{table}"
    for room, tables in {"accounts": ("territory", "unit", "post"), "windows": ("hall", "window")}.items()
    for table in tables
    for verb in ("view", "add", "change")
)


class Account(AbstractBaseUser):
    """A way to sign in: of a person (staff) or of a subject (citizen). It gives no authority over cases by itself."""

    last_login = None  # the SignIn rows say it, and more
    login = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=8, choices=AccountKind.choices)
    person = models.OneToOneField(Person, models.PROTECT, null=True, blank=True, related_name="account")
    subject = models.OneToOneField(Subject, models.PROTECT, null=True, blank=True, related_name="account")
    is_active = models.BooleanField(default=True)
    duty = models.CharField(max_length=10, choices=Duty.choices, blank=True, default="")
    duty_since = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    totp_secret = SealedTextField(blank=True, default="")
    totp_enrolled = models.BooleanField(default=False)
    totp_last_step = models.BigIntegerField(default=0)
    password_changed_at = models.DateTimeField(null=True, blank=True)  # empty: before this was kept
    password_is_temporary = models.BooleanField(default=False)
    passkey_handle = models.CharField(max_length=64, blank=True, default="")  # what a passkey knows us by

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar = []

    objects: ClassVar = BaseUserManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="staff", person__isnull=False, subject__isnull=True)
                | Q(kind="citizen", person__isnull=True, subject__isnull=False, duty=""),
                name="account_of_a_person_or_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(duty="", duty_since__isnull=True)
                | Q(duty__in=("system", "security", "audit"), duty_since__isnull=False),
                name="duty_is_one_of_three_and_dated",
            ),
        ]

    @property
    def is_staff(self) -> bool:
        """Django's word for: may open the reference tables, which are the system administrator's work."""
        return self.is_active and self.duty == Duty.SYSTEM

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Asked by Django's admin alone, of the reference tables; each of them says what may be done (admin.py)."""
        return self.is_staff and perm in REFERENCE_PERMISSIONS

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff and app_label in REFERENCE_ROOMS


class Code(models.Model):
    """A one-time code sent to an account; only its keyed digest is kept."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)


class Message(models.Model):
    """A code or a notice to a subject. The development mailbox shows it; a delivery channel will carry it."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="messages")
    sent_at = models.DateTimeField()
    title = models.CharField(max_length=80)
    text = SealedTextField()
    is_private = models.BooleanField(default=False)  # a code: for the subject alone, not for who acts for it


class SignIn(models.Model):
    """登录日志. Who tried is kept as an account or, when there is none, as a blind index of what was typed.

    `unusual`: codes of labels.UNUSUAL_WORDS, found when the row was written. `by`: who, when it was not the person.
    """

    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="sign_ins")
    typed_index = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField(db_index=True)
    outcome = models.CharField(max_length=12, choices=SignInOutcome.choices)
    method = models.CharField(max_length=12, choices=SignInMethod.choices, blank=True, default="")
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=40, blank=True, default="")
    network_index = models.CharField(max_length=64, blank=True, default="")
    browser_index = models.CharField(max_length=64, blank=True, default="")
    unusual = models.JSONField(default=list, blank=True)
    by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "-at"], name="sign_ins_of_an_account")]


class Tally(models.Model):
    """How often something was tried in a window of time: the counters behind rate limits, shared by all processes.

    `place` is a blind index of what is limited and for whom; no address stands here in clear.
    """

    place = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "tallies"
