"""Reading XES against `rustxes`, the Rust importer, on the same files in the same run; rounds take turns."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from zhengtong.analysis.reading.xes import read_fast
from zhengtong.site.bench.harness import Bench, Line, Skipped, result

TIMES_THE_IMPORTER: Final = 1.2
ROUNDS_EACH: Final = 3
SHARED: Final = Path("..") / "shared" / "data"
STEPS: Final = ("register", "check papers", "ask for more", "decide", "print & send", "close")


def xes(bench: Bench) -> Iterator[Line]:
    try:
        import rustxes
    except ImportError:
        yield Skipped(name="XES import", why="rustxes is not installed (requirements-bench.txt)")
        return
    rounds = max(3, bench.size.rounds * ROUNDS_EACH)
    real = SHARED / "receipt.xes.gz"
    if real.exists():
        yield _measure(rustxes, real, rounds, "receipt.xes.gz")
    else:
        yield Skipped(name="XES import of receipt.xes.gz", why="it is not in ../shared/data")
    with tempfile.TemporaryDirectory(prefix="bench-xes-") as folder:
        path = Path(folder) / "made.xes"
        events = max(200, bench.size.column // 10)
        _write(path, events)
        yield _measure(rustxes, path, max(3, rounds // 2), f"{events:,} made-up events")


def _measure(rustxes: Any, path: Path, rounds: int, what: str) -> Line:
    theirs, ours = [], []
    read_fast(path)
    rows = rustxes.import_xes(str(path))[0]
    events = read_fast(path).events
    if len(rows) != events:
        raise AssertionError(f"{len(rows)} events there, {events} here")
    for _ in range(rounds):
        began = perf_counter()
        rustxes.import_xes(str(path))
        middle = perf_counter()
        read_fast(path)
        theirs.append(middle - began)
        ours.append(perf_counter() - middle)
    return result(
        f"XES import of {what}", median(ours) / median(theirs), unit="times", against="rustxes", n=events,
        aim=TIMES_THE_IMPORTER, ours_ms=1_000 * median(ours), rustxes_ms=1_000 * median(theirs),
        megabytes=path.stat().st_size / 1e6,
    )  # fmt: skip


def _write(path: Path, events: int) -> None:
    chance = random.Random(7)  # noqa: S311 - made-up data
    written, case = 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0">\n')
        while written < events:
            case += 1
            file.write(f'\t<trace>\n\t\t<string key="concept:name" value="case-{case}"/>\n')
            file.write(f'\t\t<date key="deadline" value="2025-{case % 12 + 1:02}-01T00:00:00.000+08:00"/>\n')
            for n in range(chance.randint(2, 9)):
                day, hour, minute = chance.randint(1, 28), chance.randint(8, 17), chance.randint(0, 59)
                file.write(
                    f'\t\t<event>\n\t\t\t<string key="concept:name" value="{STEPS[n % 6].replace("&", "&amp;")}"/>\n'
                    f'\t\t\t<string key="org:resource" value="Resource{chance.randint(1, 300)}"/>\n'
                    f'\t\t\t<date key="time:timestamp" '
                    f'value="2024-{n + 1:02}-{day:02}T{hour:02}:{minute:02}:07.123+08:00"/>\n'
                    f'\t\t\t<string key="lifecycle:transition" value="complete"/>\n'
                    f'\t\t\t<int key="cost" value="{chance.randint(0, 9_999)}"/>\n'
                    f'\t\t\t<float key="share" value="{chance.random():.4f}"/>\n\t\t</event>\n'
                )
                written += 1
            file.write("\t</trace>\n")
        file.write("</log>\n")
