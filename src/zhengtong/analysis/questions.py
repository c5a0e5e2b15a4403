"""The same analyses as questions to a database (Ibis): over the columnar copy on DuckDB, or on any other engine Ibis
knows, with the answers `measuring` gives for the same log.

A question is asked in two steps: how many gaps each group has, then those of the ranks a spread of so many rests on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ibis
from ibis import Table, _

from zhengtong.analysis.measuring import Handover, Handovers, Pair, ProcessMap, Waiting
from zhengtong.analysis.spreads import Spread, spread_from, wanted_ranks

LOG: Final = ("case", "activity", "at", "seq", "resource")
_LOW: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Source:
    """Tables of the copy on one engine."""

    events: Table
    cases: Table


def open_files(events: Sequence[Path], cases: Sequence[Path]) -> Source:
    """The files of the copy on DuckDB, in this process."""
    engine = ibis.duckdb.connect()
    latest = engine.read_parquet([str(path) for path in cases], table_name="copied_cases", union_by_name=True)
    if len(cases) > 1:  # a refresh is under way: each case as it was copied last
        newest = latest.group_by("case").agg(last_seq=latest.last_seq.max())
        latest = latest.semi_join(newest, ["case", "last_seq"])
    if not events:
        return Source(events=ibis.memtable([], schema=_EMPTY), cases=latest)
    paths = [str(path) for path in events]
    return Source(events=engine.read_parquet(paths, table_name="copied_events", hive_partitioning=False), cases=latest)


_EMPTY: Final = ibis.schema(
    {
        **dict.fromkeys(("case", "seq", "batch", "at", "recorded_at"), "int64"),
        **dict.fromkeys(
            ("kind", "act", "left", "entered", "person", "post", "unit", "role", "standing", "procedure", "item",
             "month"),
            "string",
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cases are asked about; an empty one asks about all. Instants are microseconds since 1970 UTC."""

    procedures: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    depts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    opened_from: int | None = None
    opened_before: int | None = None
    closed_only: bool = False


def cases_of(source: Source, filters: Filters) -> Table:
    cases = source.cases
    for column, values in (
        ("procedure", filters.procedures), ("item", filters.items), ("dept", filters.depts), ("unit", filters.units),
        ("region", filters.regions), ("channel", filters.channels), ("outcome", filters.outcomes),
    ):  # fmt: skip
        if values:
            cases = cases.filter(cases[column].isin(values))
    if filters.opened_from is not None:
        cases = cases.filter(cases.opened_at >= filters.opened_from)
    if filters.opened_before is not None:
        cases = cases.filter(cases.opened_at < filters.opened_before)
    return cases.filter(cases.closed_at.notnull()) if filters.closed_only else cases


def log_table(source: Source, filters: Filters, *, resource: str = "post") -> Table:
    """The acts of these cases, as a log: case, activity, at, seq, resource (empty: unknown)."""
    acts = source.events.filter(source.events.act != "")
    acts = acts.select("case", activity=acts.act, at=acts.at, seq=acts.seq, resource=acts[resource])
    return acts if filters == Filters() else acts.semi_join(cases_of(source, filters), "case")


def gaps(log: Table) -> Table:
    """Each event that follows another in its case, with that other and the time between them."""
    before = ibis.window(group_by="case", order_by=["at", "seq"])
    told = log.mutate(
        left=_.activity.lag().over(before), giver=_.resource.lag().over(before),
        since=_.at.lag().over(before), place=ibis.row_number().over(before),
    )  # fmt: skip
    later = told.filter(told.place > 0)
    return later.select(
        "case", "left", "giver", right=later.activity, taker=later.resource, took=later.at - later.since
    )


# ---- answers ----------------------------------------------------------------------------------------


def spreads(table: Table, by: Sequence[str], took: str = "took") -> dict[tuple[str, ...], Spread]:
    """The spread of a column for each group of others."""
    value = table[took]
    counted = _rows(
        table.group_by(list(by)).agg(
            n=table.count(), high=(value >> 32).sum(), low=(value & _LOW).sum()
        )
    )  # fmt: skip
    if not counted:
        return {}
    marked = [{**{name: row[name] for name in by}, "mark": number} for number, row in enumerate(counted)]
    wanted = [
        {"mark": number, "rank": rank} for number, row in enumerate(counted) for rank in wanted_ranks(row["n"])
    ]  # fmt: skip
    marks = ibis.memtable(marked, schema={**dict.fromkeys(by, "string"), "mark": "int64"})
    placed = table.join(marks, list(by)).select("mark", value=value)
    placed = placed.mutate(rank=ibis.row_number().over(group_by="mark", order_by="value"))
    ranks = ibis.memtable(wanted, schema={"mark": "int64", "rank": "int64"})
    found: dict[int, dict[int, int]] = {number: {} for number in range(len(counted))}
    for row in _rows(placed.semi_join(ranks, ["mark", "rank"])):
        found[row["mark"]][row["rank"]] = row["value"]
    return {
        tuple(row[name] for name in by): spread_from(row["n"], (int(row["high"]) << 32) + int(row["low"]), found[n])
        for n, row in enumerate(counted)
    }


def find_map(log: Table) -> ProcessMap:
    pairs = [
        Pair(left=left, right=right, took=spread)
        for (left, right), spread in spreads(gaps(log), ("left", "right")).items()
    ]
    pairs.sort(key=lambda pair: (-pair.count, pair.left, pair.right))
    forth = ibis.row_number().over(group_by="case", order_by=["at", "seq"])
    back = ibis.row_number().over(group_by="case", order_by=[ibis.desc("at"), ibis.desc("seq")])
    ends = log.mutate(forth=forth, back=back)
    totals = _rows(log.agg(events=log.count(), cases=log.case.nunique()))[0]
    return ProcessMap(
        cases=totals["cases"], events=totals["events"], activities=_tally(log, "activity"),
        starts=_tally(ends.filter(ends.forth == 0), "activity"), ends=_tally(ends.filter(ends.back == 0), "activity"),
        pairs=tuple(pairs),
    )  # fmt: skip


def find_durations(log: Table) -> Spread:
    each = log.group_by("case").agg(took=log.at.max() - log.at.min())
    return next(iter(spreads(each.mutate(all=ibis.literal("")), ("all",)).values()), spread_from(0, 0, {}))


def find_variants(log: Table, most: int | None = None) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Each way through with its number of cases, the most frequent first, then by its activities."""
    ways = log.group_by("case").agg(way=log.activity.collect(order_by=[log.at, log.seq]))
    counted = ways.group_by("way").agg(n=ways.count())
    counted = counted.order_by([ibis.desc("n"), "way"])
    rows = _rows(counted if most is None else counted.limit(most))
    return tuple((tuple(row["way"]), int(row["n"])) for row in rows)


def count_variants(log: Table) -> int:
    ways = log.group_by("case").agg(way=log.activity.collect(order_by=[log.at, log.seq]))
    return int(_rows(ways.agg(n=ways.way.nunique()))[0]["n"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReworkCounts:
    """As `measuring.Rework`, without the mark on each case."""

    cases: int
    of: int
    by_activity: Mapping[str, int]
    repeats: Mapping[str, int]


def find_rework(log: Table) -> ReworkCounts:
    each = log.group_by(["case", "activity"]).agg(n=log.count())
    twice = each.filter(each.n > 1)
    rows = _rows(twice.group_by("activity").agg(cases=twice.count(), extra=(twice.n - 1).sum()))
    counts = _rows(twice.agg(n=twice.case.nunique()))[0]["n"]
    return ReworkCounts(
        cases=int(counts), of=int(_rows(log.agg(n=log.case.nunique()))[0]["n"]),
        by_activity={row["activity"]: int(row["cases"]) for row in rows},
        repeats={row["activity"]: int(row["extra"]) for row in rows},
    )  # fmt: skip


def find_dwell(log: Table, *, is_before: bool = True) -> dict[str, Spread]:
    by = "right" if is_before else "left"
    return {names[0]: spread for names, spread in spreads(gaps(log), (by,)).items()}


def find_handovers(log: Table) -> Handovers:
    between = gaps(log)
    known = between.filter((between.giver != "") & (between.taker != ""))
    found = [
        Handover(giver=giver, taker=taker, took=spread)
        for (giver, taker), spread in spreads(known, ("giver", "taker")).items()
    ]
    found.sort(key=lambda one: (-one.took.count, one.giver, one.taker))
    kept = sum(one.took.count for one in found if one.giver == one.taker)
    passed = sum(one.took.count for one in found) - kept
    unknown = int(_rows(between.agg(n=between.count()))[0]["n"]) - kept - passed
    return Handovers(pairs=tuple(found), passed=passed, kept=kept, unknown=unknown)


def find_waiting(log: Table, waits_for: Mapping[str, str], *, otherwise: str = "office") -> Waiting:
    between = gaps(log)
    who = between.left.cases(*waits_for.items(), else_=otherwise) if waits_for else ibis.literal(otherwise)
    told = between.select("case", "took", who=who)
    each = {names[0]: spread for names, spread in spreads(told, ("who",)).items()}
    per_case = told.group_by(["case", "who"]).agg(took=told.took.sum())
    spread = {names[0]: found for names, found in spreads(per_case, ("who",)).items()}
    everyone = dict.fromkeys((*waits_for.values(), otherwise), spread_from(0, 0, {}))
    return Waiting(
        total={name: found.total for name, found in each.items()}, gaps=each, per_case={**everyone, **spread}
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many cases were opened, and how many of them are closed, in a month, item, department …"""

    group: tuple[str, ...]
    opened: int
    closed: int


def find_volumes(cases: Table, by: Sequence[str] = ("month",)) -> tuple[Volume, ...]:
    counted = cases.group_by(list(by)).agg(opened=cases.count(), closed=cases.closed_at.count()).order_by(list(by))
    return tuple(
        Volume(group=tuple(str(row[name] or "") for name in by), opened=int(row["opened"]), closed=int(row["closed"]))
        for row in _rows(counted)
    )


def _tally(table: Table, column: str) -> dict[str, int]:
    counted = table.group_by(column).agg(n=table.count())
    return {str(row[column]): int(row["n"]) for row in _rows(counted)}


def _rows(table: Table) -> list[dict[str, Any]]:
    found: Iterable[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return list(found)
