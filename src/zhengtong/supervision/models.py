"""What supervision remembers (监察台账): each case as it was last watched, each finding, each run of the sweeper.

`Watched` and `Signal` are projections of the ledger under a rulebook and a calendar: never facts, made again by
`zhengtong sweep --all`. What follows from them, the cards, are cases of the ledger like any other.
"""

from django.db import models
from django.db.models import F, Q

from zhengtong.ledger.models.cases import Case


class Watched(models.Model):
    """One case as the law now reads it, for figures and patterns. `facts` is `CaseFacts.as_plain()`; `rules` and
    `calendar` name the editions it was judged by, `seq` the last event that was read; `wake_at` is when, with no
    further event, some finding of it will read differently; `clock` packs a main clock that runs without a pause (see
    `due_days`), for reckoning all of them at once; `rests_until` is the last instant any of its limits reaches: another
    calendar that differs only later changes nothing here."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number = models.TextField()
    procedure = models.TextField()
    item = models.TextField()
    region = models.TextField()
    dept = models.TextField()
    unit = models.TextField()
    window = models.TextField(default="")
    channel = models.TextField(default="")
    on_spot = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True)
    late_to_promise_at = models.DateTimeField(null=True)
    late_to_limit_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")
    wake_at = models.DateTimeField(null=True)
    clock = models.BigIntegerField(null=True)
    rests_until = models.DateTimeField(null=True)
    seq = models.IntegerField()
    evaluated_at = models.DateTimeField()
    rules = models.TextField()
    calendar = models.TextField()
    facts = models.JSONField()

    class Meta:
        db_table = "supervision_watched"
        indexes = [
            models.Index(fields=["dept", "decided_at"], name="watched_dept_decided"),
            models.Index(fields=["dept", "accepted_at"], name="watched_dept_accepted"),
            models.Index(fields=["item", "decided_at"], name="watched_item_decided"),
            models.Index(fields=["window", "accepted_at"], name="watched_window", condition=~Q(window="")),
            models.Index(fields=["region", "opened_at"], name="watched_region_opened"),
            models.Index(fields=["region", "decided_at"], name="watched_region_decided"),
            models.Index(fields=["region", "closed_at"], name="watched_region_closed"),
            models.Index(fields=["region", "dept", "due_at"], name="watched_open", condition=Q(closed_at=None)),
            models.Index(fields=["wake_at"], name="watched_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["clock", "case"], name="watched_clock", condition=Q(clock__isnull=False)),
        ]


class SignalQuerySet(models.QuerySet["Signal"]):
    """Adjectives of findings."""

    def standing(self) -> "SignalQuerySet":
        """Still found."""
        return self.filter(gone_at=None)

    def open(self) -> "SignalQuerySet":
        """Still found, and what is wrong has not ended."""
        return self.filter(cleared_at=None, gone_at=None)


class Signal(models.Model):
    """One finding, as it was last found. `finding` is the whole of it; `card` the number of the card it led to.

    `holder` is the unit that held the case at the instant of the finding: who answers for it. `gone_at` is when it was
    no longer found, because the history was corrected, or a rule or a calendar changed. `said_at` is when the rule said
    it last (again), `told_at` empty until the people concerned were told so.
    """

    key = models.TextField(primary_key=True)
    rule = models.TextField()
    edition = models.TextField()
    family = models.TextField()
    stream = models.TextField()
    level = models.TextField()
    follow = models.TextField()
    metric = models.TextField()
    subject_kind = models.TextField()
    subject = models.TextField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    number = models.TextField(default="")
    region = models.TextField(default="")
    dept = models.TextField(default="")
    unit = models.TextField(default="")
    holder = models.TextField(default="")
    window = models.TextField(default="")
    item = models.TextField(default="")
    procedure = models.TextField(default="")
    occasion = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    measured = models.TextField()
    threshold = models.TextField()
    finding = models.JSONField()
    card = models.TextField(default="")
    first_seen_at = models.DateTimeField()
    said_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        db_table = "supervision_signal"
        indexes = [
            models.Index(
                fields=["region", "level", "dept", "since"], name="signal_open",
                condition=Q(cleared_at=None, gone_at=None),
            ),
            models.Index(fields=["region", "since"], name="signal_region_since"),
            models.Index(fields=["dept", "since"], name="signal_dept_since"),
            models.Index(fields=["rule", "since"], name="signal_rule_since"),
            models.Index(fields=["item", "since"], name="signal_item_since"),
            models.Index(fields=["case"], name="signal_case", condition=Q(case__isnull=False)),
            models.Index(fields=["window", "since"], name="signal_window_since", condition=~Q(window="")),
            models.Index(fields=["card"], name="signal_card", condition=~Q(card="")),
            models.Index(
                fields=["since"], name="signal_uncarded",
                condition=Q(card="", gone_at=None) & ~Q(follow="show"),
            ),
            models.Index(fields=["since"], name="signal_untold", condition=Q(told_at=None, gone_at=None)),
        ]  # fmt: skip


class CardQuerySet(models.QuerySet["Card"]):
    """Adjectives of cards."""

    def issued(self) -> "CardQuerySet":
        return self.filter(issued_at__isnull=False)

    def open(self) -> "CardQuerySet":
        return self.filter(closed_at=None)


class Card(models.Model):
    """One card (监察牌) as its history reads now: a projection of the case `card`, written with each of its acts.

    `level` is what stands, `issued_level` what it was issued as. `outcome` is empty while open; `revoked` is 摘牌 and
    is counted in its own column. `superseded_by` is the graver card that took its place.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number = models.TextField(unique=True)
    signal = models.TextField(default="")
    rule = models.TextField(default="")
    edition = models.TextField(default="")
    level = models.TextField()
    issued_level = models.TextField()
    about = models.TextField(default="")
    region = models.TextField()
    unit = models.TextField()
    dept = models.TextField(default="")
    window = models.TextField(default="")
    item = models.TextField(default="")
    by_law = models.BooleanField(default=False)
    state = models.TextField()
    opened_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    appealed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")
    superseded_by = models.TextField(default="")

    objects = CardQuerySet.as_manager()

    class Meta:
        db_table = "supervision_card"
        indexes = [
            models.Index(fields=["region", "issued_at"], name="card_region_issued"),
            models.Index(fields=["dept", "issued_at"], name="card_dept_issued"),
            models.Index(fields=["unit", "issued_at"], name="card_unit_issued"),
            models.Index(fields=["region", "level", "opened_at"], name="card_open", condition=Q(closed_at=None)),
            models.Index(fields=["about"], name="card_about", condition=~Q(about="")),
            models.Index(fields=["signal"], name="card_signal", condition=~Q(signal="")),
        ]


class Told(models.Model):
    """Who was told (告知) of a finding or served its card: a person at a post, by the receiver the rule names."""

    signal = models.TextField()
    card = models.TextField(default="")
    person = models.TextField()
    post = models.TextField(default="")
    receiver = models.TextField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.IntegerField(default=1)

    class Meta:
        db_table = "supervision_told"
        constraints = [models.UniqueConstraint(fields=["signal", "person"], name="told_once")]
        indexes = [
            models.Index(fields=["person", "last_at"], name="told_person"),
            models.Index(fields=["card"], name="told_card", condition=~Q(card="")),
        ]


class Run(models.Model):
    """One run of the sweeper. `position` is how far the feed of changed cases had been read when it ended. `days` are
    the marks of the calendar (`day_marks`) where every open case was judged by it."""

    class Kind(models.TextChoices):
        SWEEP = "sweep"
        PATTERNS = "patterns"
        RECOMPUTE = "recompute"
        ALL = "all"

    kind = models.TextField(choices=Kind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    from_position = models.TextField(default="")
    to_position = models.TextField(default="")
    cases = models.IntegerField(default=0)
    findings = models.IntegerField(default=0)
    cards = models.IntegerField(default=0)
    failed = models.JSONField(default=list)
    rules = models.TextField(default="")
    calendar = models.TextField(default="")
    days = models.JSONField(default=dict)
    done = models.BooleanField(default=False)

    class Meta:
        db_table = "supervision_run"
        indexes = [models.Index(F("started_at").desc(), name="run_newest")]


class Failed(models.Model):
    """A case whose watching failed: tried again in the next run, without keeping the others waiting."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number = models.TextField()
    since = models.DateTimeField()
    times = models.IntegerField(default=1)
    error = models.TextField()

    class Meta:
        db_table = "supervision_failed"


class Difference(models.Model):
    """What a recomputation changed: a finding that is new, gone or other than it was. Cards stand as they are."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="differences", db_index=False)
    signal = models.TextField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    number = models.TextField(default="")
    was = models.JSONField(null=True)
    now = models.JSONField(null=True)

    class Meta:
        db_table = "supervision_difference"
        constraints = [models.UniqueConstraint(fields=["run", "signal"], name="difference_once")]


class RuleDraft(models.Model):
    """An edition of the rulebook that is being written. `tried` keeps what it would have found."""

    author = models.TextField()
    base = models.TextField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    toml = models.TextField()
    tried = models.JSONField(null=True)
    put_in_force_at = models.DateTimeField(null=True)
    edition = models.TextField(default="")

    class Meta:
        db_table = "supervision_rule_draft"
        indexes = [models.Index(F("changed_at").desc(), name="draft_newest")]
