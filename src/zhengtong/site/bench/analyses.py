"""The five analyses of an event log (map with times, durations, variants, rework, directly-follows) against pm4py and
against SQL alone, each in a process of its own, from the same Parquet file; and whether their cost grows with the log.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Final

from zhengtong.site.bench import log_runs
from zhengtong.site.bench.harness import Bench, Line, Skipped, home, result
from zhengtong.site.bench.logs import write_log

TIMES_PM4PY, OF_ITS_MEMORY, LINEAR = 20.0, 0.35, 1.3
AIMED_AT: Final = 10_000_000  # events the aims were set for
MODULE: Final = "zhengtong.site.bench.log_runs"
Run = Mapping[str, Any]


def analyses(bench: Bench) -> Iterator[Line]:
    size = bench.size
    with home() as folder:
        path = folder / "log.parquet"
        events = write_log(path, size.events)
        _run("ours", path)  # the passes are compiled and kept, as after a program's first long log
        names = ["ours", "sql"] if find_spec("pm4py") is None else ["ours", "pm4py", "sql"]
        turns = [{side: _run(side, path) for side in names} for _ in range(size.turns)]
        if "pm4py" in names:
            yield from _against_pm4py(turns, events)
        else:
            yield Skipped(name="five analyses, against pm4py", why="the package pm4py is not installed")
        yield _against_sql(turns, events)
        yield _is_linear(bench, folder)


def _against_pm4py(turns: list[dict[str, Run]], events: int) -> Iterator[Line]:
    """Both sides one after the other in each turn; memory is the peak of the whole process."""
    _check_same(turns[0]["ours"], turns[0]["pm4py"], tuple(turns[0]["ours"]["answers"]))
    is_aimed = events >= AIMED_AT
    yield result(
        f"five analyses of {events:,} events", median(_ratio(turn, "pm4py", "cpu") for turn in turns), unit="ratio",
        against="pm4py, in processor time, from the same Parquet file on the disk to all answers, reading counted",
        n=events, aim=TIMES_PM4PY if is_aimed else None,
        wall_ratio=median(_ratio(turn, "pm4py", "seconds") for turn in turns),
        ours_s=median(turn["ours"]["seconds"] for turn in turns),
        pm4py_s=median(turn["pm4py"]["seconds"] for turn in turns),
    )  # fmt: skip
    yield result(
        f"five analyses of {events:,} events, peak memory",
        median(1 / _ratio(turn, "pm4py", "peak_mb") for turn in turns), unit="share", against="that of pm4py's process",
        n=events, aim=OF_ITS_MEMORY if is_aimed else None,
        ours_mb=median(turn["ours"]["peak_mb"] for turn in turns),
        pm4py_mb=median(turn["pm4py"]["peak_mb"] for turn in turns),
    )  # fmt: skip


def _against_sql(turns: list[dict[str, Run]], events: int) -> Line:
    ways = ("cases", "events", "follows", "median", "total", "variants", "rework")
    _check_same(turns[0]["ours"], turns[0]["sql"], ways)
    return result(
        f"five analyses of {events:,} events, against SQL",
        median(_ratio(turn, "sql", "cpu") for turn in turns), unit="ratio",
        against="the same questions put to DuckDB, in processor time, the same file, equal answers", n=events,
        wall_ratio=median(_ratio(turn, "sql", "seconds") for turn in turns),
        ours_s=median(turn["ours"]["seconds"] for turn in turns),
        sql_s=median(turn["sql"]["seconds"] for turn in turns),
        sql_mb=median(turn["sql"]["peak_mb"] for turn in turns),
    )  # fmt: skip


def _is_linear(bench: Bench, folder: Path) -> Line:
    """Processor time per event, reading counted, in one warm process, the logs in turn."""
    counts = (bench.size.events // 20 if bench.size.events >= AIMED_AT else bench.size.events // 2, bench.size.events)
    paths = [folder / f"{count}.parquet" for count in counts]
    events = [write_log(path, count, seed=2) for path, count in zip(paths, counts, strict=True)]
    took = json.loads(_told("rounds", str(max(3, bench.size.rounds)), *map(str, paths)))
    few, many = (median(each) / count * 1e9 for each, count in zip(took, events, strict=True))
    return result(
        "cost of an event as the log grows", many / few, unit="times",
        against=f"an event of a log of {events[0]:,}", n=events[1], aim=LINEAR, few_ns=few, many_ns=many,
    )  # fmt: skip


def _check_same(one: Run, other: Run, names: tuple[str, ...]) -> None:
    differ = [name for name in names if one["answers"][name] != other["answers"][name]]
    if differ:
        raise AssertionError(f"the answers differ: {', '.join(differ)}")


def _ratio(turn: Mapping[str, Run], side: str, figure: str) -> float:
    return float(turn[side][figure]) / float(turn["ours"][figure])


def _run(side: str, path: Path) -> Run:
    assert side in log_runs.SIDES
    found: Run = json.loads(_told(side, str(path)))
    return found


def _told(*words: str) -> str:
    """The last line a process of its own says."""
    done = subprocess.run([sys.executable, "-m", MODULE, *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-400:]}")
    return done.stdout.strip().rsplit("\n", 1)[-1]
