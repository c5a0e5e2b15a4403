"""How fast the one door is: acts per second through `record()` against the bare commit of the same rows, in one run.

Absolute figures belong to the machine and its neighbours; the ratio is what may be compared.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from zhengtong.ledger.chain import COLUMNS, GENESIS, forge
from zhengtong.ledger.folds import DOCKET, Folds
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import installed
from zhengtong.ledger.record import Entry, Recorded, docket_values, record_entry
from zhengtong.ledger.rows import Row
from zhengtong.ledger.writing import transaction

ROUNDS: Final = 5
Story = Callable[[int], Sequence[Callable[[Recorded | None], Entry]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of interleaved rounds. `ratio` = recorded / bare of the same round."""

    acts: int
    recorded_per_second: float
    bare_per_second: float
    ratio: float


def measure(story: Story, bare: Story, *, cases: int, folds: Folds, rounds: int = ROUNDS) -> Measured:
    """`story(n)` gives the acts of the n-th case, each made from the result of the one before. `bare(n)` gives the same
    acts of other cases: theirs are forged beforehand, and only written and committed. Every case opens at an instant of
    its own, or ids meet."""
    recorded: list[float] = []
    committed: list[float] = []
    acts = 0
    for each in range(rounds):
        numbers = range(each * cases, (each + 1) * cases)
        began = time.perf_counter()
        acts = sum(_record_case(story(n), folds) for n in numbers)
        recorded.append(acts / (time.perf_counter() - began))
        prepared = [rows for n in numbers for rows in _bare_rows(bare(n), folds)]
        began = time.perf_counter()
        for rows in prepared:
            _commit(rows)
        committed.append(len(prepared) / (time.perf_counter() - began))
    ratios = [one / other for one, other in zip(recorded, committed, strict=True)]
    return Measured(
        acts=acts * rounds, recorded_per_second=median(recorded), bare_per_second=median(committed),
        ratio=median(ratios),
    )  # fmt: skip


def _record_case(acts: Sequence[Callable[[Recorded | None], Entry]], folds: Folds) -> int:
    last: Recorded | None = None
    for act in acts:
        last = record_entry(act(last), folds=folds)
    return len(acts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    case: Sequence[object]
    is_first: bool
    events: Sequence[Sequence[object]]
    readers: Sequence[Sequence[object]]
    told: Sequence[Row]


def _bare_rows(acts: Sequence[Callable[[Recorded | None], Entry]], folds: Folds) -> list[_Rows]:
    """The rows of docket, events, readers and reactions each act would write, reckoned without writing."""
    from zhengtong.ledger.record import case_id_of

    found: list[_Rows] = []
    last: Recorded | None = None
    for act in acts:
        entry = act(last)
        case_id = last.case_id if last else case_id_of(entry.key)
        links = forge(case_id, entry.bound.region, last.head_hash if last else GENESIS, entry.events)
        state = entry.before
        for event in entry.events:
            state = folds.evolve(state, event)
        assert state is not None
        docket = docket_values(folds.find_docket(entry.bound, state, entry.calendar, entry.now))
        case = [case_id, *(docket[name] for name in DOCKET), links[-1].seq, links[-1].hash]
        events = [[getattr(link, name) for name in COLUMNS] for link in links]
        new = folds.find_readers(entry.bound, state) - (
            folds.find_readers(entry.bound, entry.before) if entry.before else frozenset()
        )
        after = CaseRef(id=case_id, number=state.number, last_seq=links[-1].seq, head_hash=links[-1].hash)
        told = [row for reaction in installed().reactions for row in reaction(after, state, tuple(entry.events))]
        readers = [(case_id, *reader) for reader in sorted(new)]
        found.append(_Rows(case=case, is_first=last is None, events=events, readers=readers, told=told))
        last = Recorded(
            case_id=case_id, number=state.number, seq=links[-1].seq, head_hash=links[-1].hash, replayed=False,
            state=state,
        )  # fmt: skip
    return found


def _commit(rows: _Rows) -> None:
    columns = (*DOCKET, "last_seq", "head_hash")
    with transaction() as pen:
        if rows.is_first:
            pen.insert("ledger_case", ("id", *columns), [rows.case])
        else:
            sets = ", ".join(f'"{name}" = %s' for name in columns)
            pen.run(f"UPDATE ledger_case SET {sets} WHERE id = %s", [*rows.case[1:], rows.case[0]])  # noqa: S608 - our own columns
        pen.insert("ledger_event", COLUMNS, rows.events)
        pen.insert("ledger_reader", ("case_id", "kind", "ref"), rows.readers)
        for row in rows.told:
            pen.put(row)
