"""The columnar copy of the ledger (分析副本): what analyses read, so that no page of figures waits for the event table.

Parquet under $ZHENGTONG_HOME/analysis: events by the month in which they happened, cases in one file. `copied.json`
names the files that count and is replaced in one step, so a copy that was killed goes on where it stopped and nobody
reads half of it. Persons appear as the ledger's codes, and only those of the service; nothing sealed is copied.
"""

import fcntl
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from zhengtong.analysis.logs import Ints
from zhengtong.kernel.events import Acted, Deemed, Event, Opened, Reverted, Standing
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.history import iter_cases, uncollected
from zhengtong.ledger.queries import Case

EDITION: Final = 1
CASES_AT_ONCE: Final = 10_000
MOST_FILES: Final = 8
PRIVATE: Final = 0o700  # the folder's mode: who did what is for its owner's eyes alone
"""Of a month; more are made one."""
REVERTED: Final = "reverted"
"""What striking out the latest act is called where acts are counted: no procedure names it."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OF_THE_SERVICE: Final = frozenset({Standing.OWN, Standing.B_ROLE, Standing.DELEGATED, Standing.LAW})

_CODE: Final = pa.dictionary(pa.int32(), pa.string())
EVENTS: Final = pa.schema(
    [
        ("case", pa.int64()), ("seq", pa.int32()), ("batch", pa.int32()), ("kind", _CODE), ("act", _CODE),
        ("left", _CODE), ("entered", _CODE), ("at", pa.int64()), ("recorded_at", pa.int64()), ("person", _CODE),
        ("post", _CODE), ("unit", _CODE), ("role", _CODE), ("standing", _CODE), ("procedure", _CODE), ("item", _CODE),
        ("month", _CODE),
    ]
)  # fmt: skip
"""Instants are microseconds since 1970 UTC; `act` is empty where an event is no act."""
CASES: Final = pa.schema(
    [
        ("case", pa.int64()), ("number", pa.string()), ("procedure", _CODE), ("version", _CODE), ("item", _CODE),
        ("item_version", pa.int32()), ("region", _CODE), ("dept", _CODE), ("unit", _CODE), ("post", _CODE),
        ("window", _CODE), ("channel", _CODE), ("state", _CODE), ("phase", _CODE), ("outcome", _CODE),
        ("opened_at", pa.int64()), ("accepted_at", pa.int64()), ("due_at", pa.int64()), ("promised_at", pa.int64()),
        ("closed_at", pa.int64()), ("month", _CODE), ("last_seq", pa.int32()), ("head", pa.int64()),
    ]
)  # fmt: skip
_DOCKET: Final = (
    "id", "number", "procedure", "version", "item", "item_version", "region", "dept", "unit", "post", "window", "state",
    "phase", "outcome", "opened_at", "accepted_at", "due_at", "promised_at", "closed_at", "last_seq", "head_hash",
)  # fmt: skip
_IDS_AT_ONCE: Final = 400
_INSTANTS: Final = ("opened_at", "accepted_at", "due_at", "promised_at", "closed_at")


class NotCopied(LookupError):
    """Nothing has been copied yet: `zhengtong analyse --refresh` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Which files count."""

    edition: int = EDITION
    next: int = 1
    events: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    copied_at: str = ""
    """When the copy was last complete; empty while the first is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a refresh did."""

    cases: int
    events: int
    rebuilt: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy in a folder."""

    folder: Path = field(default_factory=lambda: Path(settings.ZHENGTONG_HOME) / "analysis")

    @property
    def manifest(self) -> Manifest:
        try:
            read = json.loads((self.folder / "copied.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Manifest()
        if read.get("edition") != EDITION:
            return Manifest()
        return Manifest(**{**read, "events": tuple(read["events"]), "cases": tuple(read["cases"])})

    def files(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """The files of events and of cases.

        Raises:
            NotCopied
        """
        manifest = self.manifest
        if not manifest.copied_at:
            raise NotCopied(str(self.folder))
        return tuple(self.folder / name for name in manifest.events), tuple(self.folder / n for n in manifest.cases)

    def copied_at(self) -> datetime | None:
        told = self.manifest.copied_at
        return datetime.fromisoformat(told) if told else None

    def put(self, manifest: Manifest) -> None:
        """In one step, and on the disk before it counts."""
        path = self.folder / "copied.json"
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(manifest), file, indent=0)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


# ---- refreshing -------------------------------------------------------------------------------------


def refresh(now: datetime, *, copy: Copy | None = None, progress: Callable[[int], None] | None = None) -> Copied:
    """Copy what is new; all of it where nothing, or another ledger, was copied before."""
    copy = copy or Copy()
    copy.folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    with _alone(copy.folder):
        _sweep_leftovers(copy)
        known = _known(copy)
        stands = _stands()
        rebuilt = known.is_of_another(stands)
        if rebuilt:
            copy.put(Manifest(next=copy.manifest.next))
            known = _known(copy)
        cases = events = 0
        for some in _chunks(known.moved(stands)):
            events += _copy_some(copy, some, known)
            cases += len(some)
            if progress is not None:
                progress(cases)
        _compact(copy)
        copy.put(replace(copy.manifest, copied_at=now.astimezone(UTC).isoformat()))
        return Copied(cases=cases, events=events, rebuilt=rebuilt)


def rebuild(now: datetime, *, copy: Copy | None = None, progress: Callable[[int], None] | None = None) -> Copied:
    """All of it again: equal rows, in fresh files."""
    copy = copy or Copy()
    copy.folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    with _alone(copy.folder):
        copy.put(Manifest(next=copy.manifest.next))
    return replace(refresh(now, copy=copy, progress=progress), rebuilt=True)


@dataclass(frozen=True, slots=True)
class Stands:
    """Cases in order of id, each with its last event and a part of that event's hash."""

    case: Ints
    last_seq: Ints
    head: Ints

    def is_of_another(self, ledger: "Stands") -> bool:
        """Whether the ledger cannot be what this was copied from: a case is missing, shorter, or ends otherwise."""
        place = np.searchsorted(ledger.case, self.case)
        if len(self.case) and (place[-1] >= len(ledger.case) or np.any(ledger.case[place] != self.case)):
            return True
        there, head = ledger.last_seq[place], ledger.head[place]
        return bool(np.any((there < self.last_seq) | ((there == self.last_seq) & (head != self.head))))

    def moved(self, ledger: "Stands") -> Ints:
        """The cases of the ledger that are not copied up to their end."""
        return ledger.case[ledger.last_seq > self.seq_of(ledger.case)]

    def seq_of(self, cases: Ints) -> Ints:
        """Up to which event each of these is copied; -1 where it is not."""
        if not len(self.case):
            return np.full(len(cases), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.case, cases), len(self.case) - 1)
        return np.where(self.case[place] == cases, self.last_seq[place], -1)


def _stands() -> Stands:
    rows = Case.objects.order_by("id").values_list("id", "last_seq", "head_hash").iterator(chunk_size=20_000)
    ids, seqs, heads = [], [], []
    for case_id, seq, head in rows:
        ids.append(case_id)
        seqs.append(seq)
        heads.append(_head(head))
    return Stands(np.array(ids, dtype=np.int64), np.array(seqs, dtype=np.int64), np.array(heads, dtype=np.int64))


def _known(copy: Copy) -> Stands:
    found = read_cases(copy, columns=["case", "last_seq", "head"])
    columns = [np.asarray(found[name].to_numpy(), dtype=np.int64) for name in ("case", "last_seq", "head")]
    return Stands(*columns)


def _head(hash_of_last: Any) -> int:
    return int.from_bytes(bytes(hash_of_last)[:8], "big", signed=True)


def _copy_some(copy: Copy, some: Sequence[int], known: Stands) -> int:
    """Some cases, whole or from where they were copied to; they count once the manifest says so."""
    dockets = _dockets(some)
    copied_to = dict(zip(some, known.seq_of(np.array(some, dtype=np.int64)).tolist(), strict=True))
    by_month: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    cases: list[tuple[Any, ...]] = []
    with uncollected():
        for loaded in iter_cases(some):
            docket = dockets[loaded.ref.id]
            channel = ""
            for event in loaded.history:
                if isinstance(event.body, Opened):
                    channel = event.body.channel
                if copied_to[loaded.ref.id] < event.seq <= docket["last_seq"]:
                    row = _event_row(loaded.ref.id, event, docket["procedure"], docket["item"])
                    by_month[row[-1]].append(row)
            cases.append(_case_row(docket, channel))
    before = copy.manifest
    names = [
        _write(copy, f"events/month={month}/{before.next:06d}.parquet", EVENTS, rows)
        for month, rows in sorted(by_month.items())
    ]
    docket_file = _write(copy, f"cases/{before.next:06d}.parquet", CASES, cases)
    copy.put(
        replace(
            before, next=before.next + 1, events=(*before.events, *names), cases=(*before.cases, docket_file)
        )
    )  # fmt: skip
    return sum(len(rows) for rows in by_month.values())


def _dockets(cases: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Read before the events, so that none is copied that the docket does not know of."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(cases), _IDS_AT_ONCE):
        rows = Case.objects.filter(pk__in=cases[start : start + _IDS_AT_ONCE]).values(*_DOCKET)
        found.update({row["id"]: dict(row) for row in rows})
    return found


def _event_row(case: int, event: Event, procedure: str, item: str) -> tuple[Any, ...]:
    body = event.body
    act = left = entered = ""
    if isinstance(body, Acted | Deemed):
        act, left, entered = body.act, body.left, body.entered
    elif isinstance(body, Reverted):
        act, entered = REVERTED, body.entered
    is_own = event.standing in _OF_THE_SERVICE
    return (
        case, event.seq, event.batch, event.kind, act, left, entered, instant(event.at), instant(event.recorded_at),
        event.person if is_own else "", event.post, event.unit, event.role, str(event.standing), procedure, item,
        f"{law_day(event.at):%Y-%m}",
    )  # fmt: skip


def _case_row(docket: dict[str, Any], channel: str) -> tuple[Any, ...]:
    told = {**docket, "case": docket["id"], "channel": channel, "head": _head(docket["head_hash"])}
    told["month"] = f"{law_day(docket['opened_at']):%Y-%m}"
    for name in _INSTANTS:
        told[name] = None if told[name] is None else instant(told[name])
    return tuple(told[name] for name in CASES.names)


def instant(at: datetime) -> int:
    """Microseconds since 1970 UTC.

    >>> instant(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return (at - _EPOCH) // _MICROSECOND


def at_instant(microseconds: int) -> datetime:
    """
    >>> at_instant(86400000000).isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return _EPOCH + microseconds * _MICROSECOND


# ---- files ------------------------------------------------------------------------------------------


def read_cases(copy: Copy, *, columns: Sequence[str] | None = None) -> pa.Table:
    """The copied cases in order of id, each as it was copied last."""
    names = list(columns or CASES.names)
    wanted = list(dict.fromkeys((*names, "case", "last_seq")))
    tables = [pq.read_table(copy.folder / name, columns=wanted) for name in copy.manifest.cases]
    if not tables:
        return CASES.empty_table().select(names)
    return _latest(pa.concat_tables(tables)).select(names)


def _latest(table: pa.Table) -> pa.Table:
    case, seq = (np.asarray(table[name].to_numpy(), dtype=np.int64) for name in ("case", "last_seq"))
    order = np.lexsort((seq, case))
    is_last = np.append(case[order][1:] != case[order][:-1], np.ones(min(1, len(case)), dtype=np.bool_))
    return table.take(pa.array(order[is_last]))


def _compact(copy: Copy) -> None:
    """One file of cases, and no month in many pieces."""
    before = copy.manifest
    cases, events = before.cases, before.events
    if len(cases) > 1:
        cases = (_write_table(copy, f"cases/{before.next:06d}.parquet", read_cases(copy)),)
    by_month: dict[str, list[str]] = defaultdict(list)
    for name in events:
        by_month[name.rsplit("/", 1)[0]].append(name)
    for month, names in by_month.items():
        if len(names) > MOST_FILES:
            one = pa.concat_tables([pq.read_table(copy.folder / name, partitioning=None) for name in names])
            order = np.lexsort((one["seq"].to_numpy(), one["case"].to_numpy()))
            by_month[month] = [_write_table(copy, f"{month}/{before.next:06d}.parquet", one.take(pa.array(order)))]
    events = tuple(name for _, names in sorted(by_month.items()) for name in names)
    if (cases, events) != (before.cases, before.events):
        copy.put(replace(before, next=before.next + 1, cases=cases, events=events))


def _write(copy: Copy, name: str, schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> str:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema.names)
    arrays = [_array(values, kind) for values, kind in zip(columns, schema.types, strict=True)]
    return _write_table(copy, name, pa.Table.from_arrays(arrays, schema=schema))


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, type=pa.string()).dictionary_encode()
    return pa.array(values, type=kind)


def _write_table(copy: Copy, name: str, table: pa.Table) -> str:
    path = copy.folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    pq.write_table(table.unify_dictionaries(), path, compression="zstd")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return name


def _sweep_leftovers(copy: Copy) -> None:
    """Files no manifest names: of a copy that was killed, or made one with others since the last refresh."""
    manifest = copy.manifest
    kept = {copy.folder / name for name in (*manifest.events, *manifest.cases)}
    for part in ("events", "cases"):
        for path in (copy.folder / part).rglob("*.parquet"):
            if path not in kept:
                path.unlink()


def forget(copy: Copy | None = None) -> None:
    """Throw the copy away; the ledger has it all."""
    copy = copy or Copy()
    for part in ("events", "cases"):
        shutil.rmtree(copy.folder / part, ignore_errors=True)
    (copy.folder / "copied.json").unlink(missing_ok=True)


def _chunks(cases: Ints) -> Iterator[list[int]]:
    for start in range(0, len(cases), CASES_AT_ONCE):
        yield cases[start : start + CASES_AT_ONCE].tolist()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One refresh at a time; another waits."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def copy_of_the_night(now: datetime) -> int:
    """What the background process does after midnight; how many events were new."""
    return refresh(now).events
