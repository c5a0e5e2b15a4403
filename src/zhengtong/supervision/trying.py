"""Trying rules on history (试算): what a draft would have found in a period, against the rules in force. The same cases
are judged by both, and nothing is written but the result.

Up to AT_ONCE cases are tried while one waits, more in rounds of the background process, which goes on where it stopped.
Which cases a sample takes is drawn by a seed, so that trying twice tries the same ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from zhengtong.accounts import queries as people
from zhengtong.kernel.sampling import draw
from zhengtong.kernel.states import fold
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.patterns import find_patterns
from zhengtong.kernel.supervision.rules import Family, Rule
from zhengtong.kernel.supervision.watching import find_findings
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.law.supervision_rules import load_rules
from zhengtong.ledger.history import iter_cases
from zhengtong.ledger.installed import installed
from zhengtong.supervision.drafting import read_book, rules_of
from zhengtong.supervision.grounding import read_ground
from zhengtong.supervision.models import RuleDraft, Watched
from zhengtong.supervision.narrowing import days_before, start_of
from zhengtong.supervision.surveying import read_facts

AT_ONCE: Final = 400
A_ROUND: Final = 2_000
EXAMPLES: Final = 8
WAITING, DONE = "waiting", "done"
SIDES: Final = ("new", "gone", "same")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be tried: one rule or all, over which days, on how many cases (0: all)."""

    rule: str
    since: date
    until: date
    sample: int

    def as_plain(self) -> Json:
        return {
            "rule": self.rule, "since": self.since.isoformat(), "until": self.until.isoformat(), "sample": self.sample,
        }  # fmt: skip

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Wanted":
        return cls(
            rule=str(plain["rule"]), since=date.fromisoformat(plain["since"]),
            until=date.fromisoformat(plain["until"]), sample=int(plain["sample"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """The rules in force and those of the draft, narrowed to what is tried."""

    now: tuple[Rule, ...]
    then: tuple[Rule, ...]

    @classmethod
    def of(cls, draft: RuleDraft, rule: str, at: datetime) -> "Two":
        standing, drafted = load_rules(law_day(at)), rules_of(read_book(draft.toml))
        return cls(now=_only(standing, rule), then=_only(drafted, rule))

    def of_one_case(self) -> "Two":
        return Two(now=_not_pattern(self.now), then=_not_pattern(self.then))

    def of_many(self) -> "Two":
        return Two(now=_pattern(self.now), then=_pattern(self.then))

    def __bool__(self) -> bool:
        return bool(self.now or self.then)


def _only(rules: Iterable[Rule], code: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if not code or rule.code == code)


def _pattern(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.family is Family.PATTERN)


def _not_pattern(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.family is not Family.PATTERN)


# ---- asking ---------------------------------------------------------------------------------------------


def ask(draft: RuleDraft, wanted: Wanted, regions: Sequence[str], *, at: datetime) -> None:
    """Begin to try: at once where it is little, else for the background process to do."""
    ids = _cases(wanted, regions)
    total = len(ids)
    if wanted.sample and wanted.sample < total:
        ids = sorted(int(each.name) for each in draw(f"{draft.pk}", map(str, ids), wanted.sample))
    plain: Json = {
        **wanted.as_plain(), "regions": list(regions), "status": WAITING, "at": at.isoformat(), "total": total,
        "of": len(ids), "done": 0, "after": 0, "is_sample": len(ids) < total, "seen": {}, "changed": _stamp(draft),
    }  # fmt: skip
    RuleDraft.objects.filter(pk=draft.pk).update(tried=plain)
    draft.tried = plain
    if len(ids) <= AT_ONCE:
        go_on(draft, at, most=AT_ONCE)


def _stamp(draft: RuleDraft) -> str:
    return draft.changed_at.isoformat()


def _cases(wanted: Wanted, regions: Sequence[str]) -> list[int]:
    """The cases that lived in the period, in order."""
    since, until = start_of(wanted.since), start_of(days_before(wanted.until, -1))
    lived = Q(opened_at__lt=until) & (Q(closed_at=None) | Q(closed_at__gte=since))
    return list(Watched.objects.filter(lived, region__in=regions).order_by("case_id").values_list("case_id", flat=True))


def try_waiting(now: datetime) -> int:
    """One round of every try that waits, for the background process; how many cases were judged."""
    done = 0
    for draft in RuleDraft.objects.filter(tried__status=WAITING, put_in_force_at=None).order_by("pk"):
        done += go_on(draft, now, most=A_ROUND)
    return done


# ---- judging --------------------------------------------------------------------------------------------


def go_on(draft: RuleDraft, now: datetime, *, most: int) -> int:
    """Judge the next cases, and the patterns once the last is judged. A draft changed meanwhile is tried no further."""
    tried: Json = dict(draft.tried or {})
    wanted, regions = Wanted.of(tried), tried["regions"]
    at = datetime.fromisoformat(tried["at"])
    two = Two.of(draft, wanted.rule, at)
    ids = _rest(tried, wanted, regions, draft)[:most]
    seen = Seen.of(tried["seen"])
    single = two.of_one_case()
    if single:
        _judge(ids, single, wanted, at, seen)
    tried |= {"done": tried["done"] + len(ids), "after": ids[-1] if ids else tried["after"]}
    if tried["done"] >= tried["of"]:
        many = two.of_many()
        if many:
            tried["pattern_cases"] = _judge_many(many, wanted, regions, at, seen)
        tried["status"] = DONE
    tried["seen"] = seen.as_plain()
    rows = RuleDraft.objects.filter(pk=draft.pk, tried__changed=_stamp(draft), tried__at=tried["at"])
    if rows.update(tried=tried):
        draft.tried = tried
    return len(ids)


def _rest(tried: Json, wanted: Wanted, regions: Sequence[str], draft: RuleDraft) -> list[int]:
    ids = _cases(wanted, regions)
    if tried["is_sample"]:
        ids = sorted(int(each.name) for each in draw(f"{draft.pk}", map(str, ids), tried["of"]))
    return [each for each in ids if each > tried["after"]]


def _judge(ids: Sequence[int], two: Two, wanted: Wanted, at: datetime, seen: "Seen") -> None:
    calendar = installed().calendar_for()
    depts = dict(Watched.objects.filter(case_id__in=ids).values_list("case_id", "dept"))
    for loaded in iter_cases(ids):
        state = fold(loaded.history)
        bound = installed().bound_for(state)
        now, then = (
            _within(find_findings(rules, bound, state, calendar, at), wanted) if rules else ()
            for rules in (two.now, two.then)
        )
        if now or then:
            seen.compare(now, then, dept=depts.get(loaded.ref.id, ""), number=state.number)


def _within(findings: Iterable[Finding], wanted: Wanted) -> tuple[Finding, ...]:
    """Those first to be seen in the period."""
    return tuple(each for each in findings if wanted.since <= each.since.astimezone(LAW_ZONE).date() <= wanted.until)


def _judge_many(two: Two, wanted: Wanted, regions: Sequence[str], at: datetime, seen: "Seen") -> int:
    """Patterns need every case of the period: they are never judged on a sample."""
    facts = list(read_facts(wanted.since, wanted.until, wanted=Q(region__in=regions)))
    ground, calendar = read_ground(at), installed().calendar_for()
    now, then = (
        {each.key: each for each in find_patterns(rules, facts, ground, calendar, wanted.since, wanted.until, at)}
        for rules in (two.now, two.then)
    )
    for key in sorted({*now, *then}):
        before, after = ((side[key],) if key in side else () for side in (now, then))
        seen.compare(before, after, dept=_dept_of_place((*before, *after)[0]), number="")
    return len(facts)


def _dept_of_place(finding: Finding) -> str:
    said = finding.params.get("dept") or finding.params.get("department") or finding.params.get("unit")
    return people.dept_of(said) if said else finding.subject.ref


# ---- what was seen --------------------------------------------------------------------------------------


class Seen:
    """Counts by rule and department, and a few examples of what is new and gone."""

    def __init__(self, rules: dict[str, dict[str, dict[str, int]]], examples: dict[str, list[Json]]) -> None:
        self.rules, self.examples = rules, examples

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Seen":
        return cls(rules=dict(plain.get("rules", {})), examples=dict(plain.get("examples", {})))

    def as_plain(self) -> Json:
        return {"rules": self.rules, "examples": self.examples}

    def compare(self, now: Sequence[Finding], then: Sequence[Finding], *, dept: str, number: str) -> None:
        """Findings of one case or place under both: by their keys; another level is new and gone at once."""
        before, after = ({(each.key, each.level): each for each in side} for side in (now, then))
        for code, finding in {**before, **after}.items():
            side = "same" if code in before and code in after else "new" if code in after else "gone"
            counts = self.rules.setdefault(finding.rule, {}).setdefault(dept, dict.fromkeys(SIDES, 0))
            counts[side] += 1
            self._keep(side, finding, dept=dept, number=number)

    def _keep(self, side: str, finding: Finding, *, dept: str, number: str) -> None:
        held = self.examples.setdefault(f"{finding.rule}:{side}", [])
        if side != "same" and len(held) < EXAMPLES:
            held.append(
                {
                    "rule": finding.rule, "number": number, "subject": finding.subject.ref, "dept": dept,
                    "kind": str(finding.subject.kind), "level": str(finding.level), "measured": str(finding.measured),
                    "threshold": str(finding.threshold), "since": finding.since.isoformat(),
                }
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedLine:
    """What one rule would have found: in all, or of one department."""

    code: str
    new: int
    gone: int
    same: int

    @property
    def now(self) -> int:
        return self.gone + self.same

    @property
    def then(self) -> int:
        return self.new + self.same


def lines_by(tried: Mapping[str, Any], what: str) -> tuple[TriedLine, ...]:
    """One line for each rule, or for each department; those with most that differs first."""
    sums: dict[str, dict[str, int]] = {}
    for rule, depts in tried.get("seen", {}).get("rules", {}).items():
        for dept, counts in depts.items():
            into = sums.setdefault(rule if what == "rule" else dept, dict.fromkeys(SIDES, 0))
            for side in SIDES:
                into[side] += counts[side]
    lines = [TriedLine(code=code, **counts) for code, counts in sums.items()]
    return tuple(sorted(lines, key=lambda line: (-line.new - line.gone, -line.same, line.code)))


def examples_of(tried: Mapping[str, Any], side: str) -> tuple[Json, ...]:
    """Examples of a side over all rules."""
    kept = tried.get("seen", {}).get("examples", {})
    found = [each for key, held in sorted(kept.items()) if key.endswith(f":{side}") for each in held]
    return tuple(found[: EXAMPLES * 2])
