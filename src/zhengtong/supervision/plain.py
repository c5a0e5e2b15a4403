"""Findings as plain JSON (判断的存法), for the row of a signal: nothing is lost, the same finding is the same text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from zhengtong.kernel.events import Json
from zhengtong.kernel.supervision.findings import Evidence, Finding, Step, Subject
from zhengtong.kernel.supervision.rules import Level, Quantity, Whose


def finding_as_plain(finding: Finding) -> dict[str, Json]:
    """A finding as JSON; amounts as an exact fraction and a unit."""
    return {
        "rule": finding.rule, "version": finding.version, "metric": finding.metric, "level": str(finding.level),
        "subject": {"kind": str(finding.subject.kind), "ref": finding.subject.ref}, "occasion": finding.occasion,
        "since": finding.since.isoformat(), "until": _instant(finding.until),
        "cleared_at": _instant(finding.cleared_at),
        "measured": amount_as_plain(finding.measured), "threshold": amount_as_plain(finding.threshold),
        "evidence": [{"case": each.case, "seq": each.seq, "why": each.why} for each in finding.evidence],
        "arithmetic": [_step(step) for step in finding.arithmetic], "params": dict(finding.params),
    }  # fmt: skip


def finding_from_plain(plain: Mapping[str, Any]) -> Finding:
    """Read what `finding_as_plain` wrote."""
    subject = plain["subject"]
    return Finding(
        rule=plain["rule"], version=plain["version"], metric=plain["metric"], level=Level(plain["level"]),
        subject=Subject(kind=Whose(subject["kind"]), ref=subject["ref"]), occasion=plain["occasion"],
        since=datetime.fromisoformat(plain["since"]), until=_read(plain["until"]),
        cleared_at=_read(plain["cleared_at"]),
        measured=_amount(plain["measured"]), threshold=_amount(plain["threshold"]),
        evidence=tuple(Evidence(**each) for each in plain["evidence"]),
        arithmetic=tuple(
            Step(
                sign=each["sign"], amount=_amount(each["amount"]), what=each["what"], params=each["params"],
                seq=each["seq"],
            )
            for each in plain["arithmetic"]
        ),
        params=plain["params"],
    )  # fmt: skip


def amount_as_plain(amount: Quantity) -> str:
    """Exactly, in the words `Quantity.parse` reads.

    >>> amount_as_plain(Quantity.of(Fraction(1, 3), Unit.PERCENT))
    '1/3 %'
    """
    return f"{amount.value} {amount.unit}"


def _amount(text: str) -> Quantity:
    return Quantity.parse(text)


def _step(step: Step) -> dict[str, Json]:
    return {
        "sign": step.sign, "amount": amount_as_plain(step.amount), "what": step.what, "params": dict(step.params),
        "seq": step.seq,
    }  # fmt: skip


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
