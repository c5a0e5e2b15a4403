"""One side of the measurement of analyses, in a process of its own: `python -m zhengtong.site.bench.log_runs SIDE FILE`
reads the log and answers the five questions, then prints what that took and what it found, as JSON.

What is counted begins with a Parquet file on the disk and the program loaded, and ends with every answer in hand.
"""

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

CASE, ACTIVITY, AT, WHO = "case:concept:name", "concept:name", "time:timestamp", "org:resource"
SIDES: Final = ("ours", "numpy", "sql", "pm4py")
Answers = dict[str, Any]


def ours(path: Path) -> Answers:
    """Compiled passes, or those in numpy."""
    return _measured(path, compiled=True)


def in_numpy(path: Path) -> Answers:
    return _measured(path, compiled=False)


def _measured(path: Path, *, compiled: bool) -> Answers:
    from zhengtong.analysis import arrays, columns, measuring

    log = columns.read_parquet(path, case=CASE, activity=ACTIVITY, at=AT, resource=WHO)
    found = measuring.measure(log, passes=measuring.passes_for(log) if compiled else arrays)
    return {
        "cases": found.map.cases,
        "events": found.map.events,
        "follows": {f"{pair.left}>{pair.right}": pair.count for pair in found.map.pairs},
        "median": {f"{pair.left}>{pair.right}": pair.took.median for pair in found.map.pairs},
        "total": {f"{pair.left}>{pair.right}": pair.took.total for pair in found.map.pairs},
        "durations": _digest(measuring.case_durations(log)),
        "variants": _ways({">".join(way.activities): way.count for way in found.variants.top()}),
        "rework": dict(found.rework.by_activity),
    }


def by_sql(path: Path) -> Answers:
    """The questions of `analysis.questions`, on DuckDB."""
    import ibis

    from zhengtong.analysis import questions

    events = ibis.duckdb.connect().read_parquet(path)
    log = events.select(
        case=events[CASE], activity=events[ACTIVITY], at=events[AT].epoch_seconds().cast("int64") * 1_000_000,
        seq=ibis.row_number(), resource=events[WHO],
    )  # fmt: skip
    found, rework = questions.find_map(log), questions.find_rework(log)
    durations = questions.find_durations(log)
    return {
        "cases": found.cases,
        "events": found.events,
        "follows": {f"{pair.left}>{pair.right}": pair.count for pair in found.pairs},
        "median": {f"{pair.left}>{pair.right}": pair.took.median for pair in found.pairs},
        "total": {f"{pair.left}>{pair.right}": pair.took.total for pair in found.pairs},
        "durations": [durations.count, durations.total],  # each is not asked for
        "variants": _ways({">".join(way): count for way, count in questions.find_variants(log)}),
        "rework": dict(rework.by_activity),
    }


def by_pm4py(path: Path) -> Answers:
    """As its own documentation goes about it; instants are whole seconds, so its floats say them exactly."""
    pd, pm4py = import_module("pandas"), import_module("pm4py")

    frame = pm4py.format_dataframe(pd.read_parquet(path), case_id=CASE, activity_key=ACTIVITY, timestamp_key=AT)
    follows, _starts, _ends = pm4py.discover_dfg(frame)
    times, _starts, _ends = pm4py.discover_performance_dfg(frame)
    durations = np.array(pm4py.get_all_case_durations(frame))
    variants = pm4py.get_variants(frame)
    rework = pm4py.get_rework_cases_per_activity(frame)
    return {
        "cases": len(durations),
        "events": len(frame),
        "follows": {f"{left}>{right}": int(count) for (left, right), count in follows.items()},
        "median": {f"{left}>{right}": round(took["median"] * 1e6) for (left, right), took in times.items()},
        "total": {f"{left}>{right}": round(took["sum"] * 1e6) for (left, right), took in times.items()},
        "durations": _digest(np.rint(durations * 1e6).astype(np.int64)),
        "variants": _ways({">".join(way): int(count) for way, count in variants.items()}),
        "rework": {name: int(count) for name, count in rework.items()},
    }


def _digest(durations: Any) -> list[Any]:
    values = np.sort(durations)
    return [len(values), int(values.sum()), hashlib.sha256(values.tobytes()).hexdigest()]


def _ways(ways: Mapping[str, int]) -> list[Any]:
    told = json.dumps(sorted(ways.items())).encode()
    return [len(ways), sum(ways.values()), hashlib.sha256(told).hexdigest()]


def rounds(paths: list[Path], times: int) -> list[list[float]]:
    """Processor seconds of `ours` for each file, warm, the files in turn."""
    for path in paths:
        ours(path)
    took: list[list[float]] = [[] for _ in paths]
    for _ in range(times):
        for place, path in enumerate(paths):
            began = time.process_time()
            ours(path)
            took[place].append(time.process_time() - began)
    return took


_OF: Final[Mapping[str, Callable[[Path], Answers]]] = {
    "ours": ours, "numpy": in_numpy, "sql": by_sql, "pm4py": by_pm4py,
}  # fmt: skip


def _load(side: str, path: Path) -> None:
    """What a process that answers questions about such a log has loaded before the first."""
    modules = {"pm4py": ("pandas", "pm4py"), "sql": ("zhengtong.analysis.questions",)}
    for name in modules.get(side, ("zhengtong.analysis.columns", "zhengtong.analysis.measuring")):
        import_module(name)
    if side == "ours":
        from pyarrow.parquet import read_metadata

        from zhengtong.analysis.measuring import passes_of

        passes_of(read_metadata(path).num_rows)


def main(side: str, *told: str) -> None:
    if side == "rounds":
        print(json.dumps(rounds([Path(name) for name in told[1:]], int(told[0]))))
        return
    _load(side, Path(told[0]))
    began, cpu = time.perf_counter(), time.process_time()
    answers = _OF[side](Path(told[0]))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"seconds": took, "cpu": cpu, "peak_mb": _peak_mb(), "answers": answers}))


def _peak_mb() -> float:
    """Of this program alone: what getrusage says begins with the memory of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
