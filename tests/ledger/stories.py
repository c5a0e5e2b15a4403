"""Small true histories for the tests of the ledger: a licence is applied for and noted on. The docket and the readers
are simple ones of our own, so that these tests stand on the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from secrets import token_hex
from typing import Any

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Acted, Body, Event, Noted, Opened, Standing
from zhengtong.kernel.states import State, evolve, fold
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import history, sealing
from zhengtong.ledger.folds import Folds
from zhengtong.ledger.record import Entry, Recorded, new_key, record_entry

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CLERK = "p-1"
CITIZEN = "s-00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainDocket:
    number: str
    procedure: str
    version: str
    item: str
    item_version: int
    region: str
    unit: str
    dept: str
    post: str
    assignee: str | None
    window: str | None
    state: str
    phase: str
    outcome: str | None
    opened_at: datetime
    accepted_at: datetime | None
    due_at: datetime | None
    promised_at: datetime | None
    wake_at: datetime | None
    closed_at: datetime | None


def find_docket(bound: Bound, state: State, calendar: Calendar, at: datetime) -> PlainDocket:
    return PlainDocket(
        number=state.number, procedure=state.procedure, version=state.version, item=state.item,
        item_version=state.item_version, region=bound.region, unit="wj-sp", dept="wj", post="wj-sp-window",
        assignee=None, window=None, state=state.state, phase="review", outcome=state.outcome,
        opened_at=state.opened_at, accepted_at=None, due_at=state.opened_at + timedelta(days=20), promised_at=None,
        wake_at=state.opened_at + timedelta(days=1), closed_at=None,
    )  # fmt: skip


def find_readers(bound: Bound, state: State) -> frozenset[tuple[str, str]]:
    parties = {("subject", ref) for ref in state.parties.values()}
    return frozenset({("unit", "wj-sp"), ("dept", "wj"), ("region", bound.region), *parties})


FOLDS = Folds(evolve=evolve, fold=fold, find_docket=find_docket, find_readers=find_readers)


@cache
def licence() -> Bound:
    """A licence with nothing in it but its names: the docket and the readers above ask for no more."""
    nothing: Mapping[str, Any] = {}
    return Bound(
        procedure="licence", version="2026-01-01", name="行政许可", item="qy-wj-0001", item_version=1, item_name="许可",
        region="510199", digest="d" * 64, options=frozenset(), answers={}, terms=nothing, sources=nothing,
        roles=nothing, outcomes=nothing, result_kinds=nothing, documents=nothing, states=nothing, clocks=nothing,
        branches=nothing, actions=nothing, posts=nothing, materials=(), fees=(), results=nothing, fields=(),
        nodes=(), takes_over=nothing,
    )  # fmt: skip


def calendar() -> Calendar:
    return load_calendar("CN")


def event(seq: int, body: Body, *, batch: int | None = None, at: datetime = NOON, person: str = CLERK) -> Event:
    return Event(
        seq=seq, batch=batch or seq, at=at, recorded_at=at, person=person, post="wj-sp-window", unit="wj-sp",
        role="window", standing=Standing.OWN, basis="", key=None, body=body,
    )  # fmt: skip


def opening(number: str, *, at: datetime = NOON, party: str = CITIZEN, person: str = CLERK) -> tuple[Event, ...]:
    bound = licence()
    opened = Opened(
        number=number, procedure=bound.procedure, version=bound.version, item=bound.item,
        item_version=bound.item_version, binding=bound.digest, channel="window", parent=None, answers={},
    )  # fmt: skip
    applied = Acted(
        act="apply", left="", entered="received", marks={"received": at}, inputs={"channel": "window"}, sealed={},
        facts={"n": 1}, parties={"applicant": party}, outcome=None, consent=None,
    )  # fmt: skip
    return event(1, opened, at=at, person=person), event(2, applied, batch=1, at=at, person=person)


def new_number() -> str:
    return f"510199001260302{token_hex(4)}"


def open_case(number: str | None = None, *, at: datetime = NOON, key: str | None = None) -> Recorded:
    events = opening(number or new_number(), at=at)
    return record_entry(
        Entry(
            case=None, bound=licence(), before=None, events=events, key=key or new_key(at), calendar=calendar(), now=at
        ),
        folds=FOLDS,
    )


def note(case: Recorded, *, at: datetime = NOON, key: str | None = None, words: str = "看过") -> Recorded:
    """One more remark on a case, its words sealed."""
    row = sealing.seal("words", words)
    events = (event(case.seq + 1, Noted(sealed={"words": row.commitment}), at=at),)
    return record_entry(
        Entry(
            case=case.ref, bound=licence(), before=case.state, events=events, key=key or new_key(at), sealed=[row],
            calendar=calendar(), now=at,
        ),
        folds=FOLDS,
    )  # fmt: skip


def reload(case: Recorded) -> Recorded:
    loaded = history.load_case(case.case_id)
    return Recorded(
        case_id=loaded.ref.id, number=loaded.ref.number, seq=loaded.ref.last_seq, head_hash=loaded.ref.head_hash,
        replayed=False, state=fold(loaded.history),
    )  # fmt: skip
