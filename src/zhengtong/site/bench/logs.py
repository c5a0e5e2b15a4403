"""A generated event log to measure analyses on: a licence's way through nine organs, with supplements, returns and
opinions asked for, some two hundred hands. Written as a Parquet file, events in order of case and time."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Numbers = npt.NDArray[Any]

STEPS: Final = (
    "receive", "check_papers", "ask_supplement", "supplement", "accept", "assign", "examine", "ask_opinion",
    "answer_opinion", "survey", "hear", "review", "send_back", "approve", "refuse", "sign", "make_licence", "notify",
    "deliver", "archive",
)  # fmt: skip
MORE: Final = {
    "check_papers": {"ask_supplement": 0.2}, "examine": {"ask_opinion": 0.12, "survey": 0.1, "hear": 0.02},
    "review": {"send_back": 0.08}, "supplement": {"check_papers": 0.35}, "answer_opinion": {"examine": 0.3},
}  # fmt: skip
USUAL: Final = {
    "receive": "check_papers", "check_papers": "accept", "ask_supplement": "supplement", "supplement": "accept",
    "accept": "assign", "assign": "examine", "examine": "review", "ask_opinion": "answer_opinion",
    "answer_opinion": "review", "survey": "examine", "hear": "examine", "review": "approve", "send_back": "examine",
    "approve": "sign", "sign": "make_licence", "make_licence": "notify", "notify": "deliver", "deliver": "archive",
}  # fmt: skip
HANDS: Final = 200
_AT_ONCE: Final = 100_000
_FIRST: Final = 1_735_689_600_000_000  # 2025-01-01 UTC


def write_log(path: Path, events: int, *, seed: int = 1) -> int:
    """A log of about so many events; how many it has."""
    draw = np.random.default_rng(seed)
    chances, written, case = _chances(), 0, 0
    hands = pa.array([f"hand-{n:03d}" for n in range(HANDS)])
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        while written < events:
            cases = min(_AT_ONCE, max(1_000, (events - written) // 14))
            of_case, activity = _walk(draw, chances, cases)
            length = len(activity)
            firsts = np.concatenate(([True], of_case[1:] != of_case[:-1]))
            waits = (draw.lognormal(9.5, 2.0, length) * 1e6).astype(np.int64) // 1_000_000 * 1_000_000 + 1_000_000
            starts = _FIRST + draw.integers(0, 365 * 86_400, cases) * 1_000_000
            waits[firsts] = starts - np.concatenate(([0], _ends(waits, starts, firsts)))
            names = pa.array([f"51019999{case + n:09d}" for n in range(cases)])
            writer.write_table(
                pa.table(
                    [
                        pa.DictionaryArray.from_arrays(of_case.astype(np.int32), names).cast(pa.string()),
                        pa.DictionaryArray.from_arrays(activity.astype(np.int32), pa.array(STEPS)).cast(pa.string()),
                        pa.array(np.cumsum(waits)).cast(pa.timestamp("us", tz="UTC")),
                        pa.DictionaryArray.from_arrays(
                            ((activity * 17 + draw.integers(0, 12, length)) % HANDS).astype(np.int32), hands
                        ).cast(pa.string()),
                    ],
                    schema=_SCHEMA,
                )
            )
            written, case = written + length, case + cases
    return written


_SCHEMA: Final = pa.schema(
    [
        ("case:concept:name", pa.string()), ("concept:name", pa.string()),
        ("time:timestamp", pa.timestamp("us", tz="UTC")), ("org:resource", pa.string()),
    ]
)  # fmt: skip


def _chances() -> Numbers:
    """Cumulated chances of each next step; a row that stays below 1 ends the case."""
    table = np.zeros((len(STEPS), len(STEPS)))
    for name, then in USUAL.items():
        more = MORE.get(name, {})
        for other, chance in more.items():
            table[STEPS.index(name), STEPS.index(other)] = chance
        table[STEPS.index(name), STEPS.index(then)] += 0.995 - sum(more.values())
    table[STEPS.index("approve"), STEPS.index("refuse")] = 0.0
    table[STEPS.index("refuse"), STEPS.index("notify")] = 1.0
    return np.cumsum(table, axis=1)


def _walk(draw: np.random.Generator, chances: Numbers, cases: int) -> tuple[Numbers, Numbers]:
    """All cases one step at a time, then put together case by case."""
    alive, at = np.arange(cases), np.zeros(cases, dtype=np.int64)
    of_case, steps = [], []
    while len(alive):
        of_case.append(alive)
        steps.append(at)
        drawn = draw.random(len(alive))
        then = (chances[at] <= drawn[:, None]).sum(axis=1)
        goes_on = then < len(STEPS)
        alive, at = alive[goes_on], then[goes_on]
    whose = np.concatenate(of_case)
    order = np.argsort(whose, kind="stable")
    return whose[order], np.concatenate(steps)[order]


def _ends(waits: Numbers, starts: Numbers, firsts: Numbers) -> Numbers:
    """When each case but the last ends, so that the sum of all waits stands at the start of the next."""
    inside = np.where(firsts, 0, waits)
    return (starts + np.add.reduceat(inside, np.flatnonzero(firsts)))[:-1]
