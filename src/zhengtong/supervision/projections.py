"""The row of a card as its history reads now (监察牌台账), written with each of its acts, made again by `rebuild`."""

from datetime import datetime
from typing import Any, Final

from zhengtong.kernel.events import LAW_PERSON, Acted, Event
from zhengtong.kernel.states import State
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import installed
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.rows import Row

PROCEDURE: Final = "card"
TABLE: Final = "supervision_card"


def cards_as_they_stand(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """One row for a card; nothing for any other case."""
    if state.procedure != PROCEDURE:
        return ()
    acts = [(event, event.body) for event in state.history if isinstance(event.body, Acted)]
    live = [(event, body) for event, body in acts if event.seq not in state.struck]
    if not live:
        return ()
    opening, given = live[0][0], live[0][1].inputs
    unit = _word(state.facts.get("unit"))
    level = _word(state.facts.get("level"))
    rule, _at, edition = _word(given.get("rule")).partition("@")
    item, window = _place(_word(given.get("subject")), _word(given.get("signal")))
    values = {
        "case_id": case.id, "number": case.number, "signal": _word(given.get("signal")),
        "rule": rule, "edition": edition, "level": _word(state.facts.get("now")) or level,
        "issued_level": level, "about": _word(given.get("subject")), "region": _region(state), "unit": unit,
        "dept": _dept(unit), "window": window, "item": item, "by_law": opening.person == LAW_PERSON,
        "state": state.state,
        "opened_at": state.opened_at, "issued_at": state.marks.get("accepted"),
        "acknowledged_at": _when(live, "acknowledge"), "appealed_at": _when(live, "appeal"),
        "closed_at": state.marks.get("closed"), "outcome": state.outcome or "",
        "superseded_by": _said(live, "supersede", "successor"),
    }  # fmt: skip
    return (Row(table=TABLE, values=values, key=("case_id",)),)


def _place(about: str, signal: str) -> tuple[str, str]:
    """The item and the window of the case a card is about, or those a pattern was found in."""
    kind, _colon, ref = signal.partition("|")[2].partition("|")[0].partition(":")
    if kind == "item":
        return ref, ""
    if kind == "window":
        return "", ref
    found = Case.objects.filter(number=about).values_list("item", "window").first() if about else None
    return ("", "") if found is None else (found[0], found[1] or "")


def _when(acts: list[tuple[Event, Acted]], act: str) -> datetime | None:
    return next((event.at for event, body in acts if body.act == act), None)


def _said(acts: list[tuple[Event, Acted]], act: str, name: str) -> str:
    return next((_word(body.inputs.get(name)) for _event, body in acts if body.act == act), "")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _region(state: State) -> str:
    return installed().bound_for(state).region


def _dept(unit: str) -> str:
    known = installed().dept_of
    return unit if known is None or not unit else known(unit)
