"""Figures for a monitor (度量), in Prometheus' words: what this process counted, and what the database says when asked.

Counters of several web processes are added up through files, where `serve` names a folder for them before it starts; a
route is counted by its name, never by its address, which may hold a number or a token.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
FOLDER: Final = "run/metrics"
FOLDER_NAMED_BY: Final = "PROMETHEUS_MULTIPROC_DIR"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_OWN: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "zhengtong_requests_total", "Requests by route and status", ["route", "status"], registry=_OWN
)  # fmt: skip
LATENCY: Final = Histogram(
    "zhengtong_request_seconds", "How long an answer took, by route", ["route"], buckets=SECONDS, registry=_OWN
)
ACTS: Final = Counter("zhengtong_acts_total", "Acts by what came of them: recorded, replayed, conflict", ["result"],
                      registry=_OWN)  # fmt: skip


def count_request(route: str, status: int, seconds: float) -> None:
    REQUESTS.labels(route, str(status)).inc()
    LATENCY.labels(route).observe(seconds)


def count_act(what: str) -> None:
    """The ledger's witness."""
    ACTS.labels(what).inc()


def is_shared() -> bool:
    """Whether the counters of several processes are kept in files."""
    return bool(values.ValueClass.__name__ == "MmapedValue")


def make_folder(home: Path) -> Path:
    """An empty folder for the counters of the processes about to start."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)
    return folder


def expose(found: Mapping[str, tuple[str, float]]) -> bytes:
    """The whole page: counters of every process, then these gauges: name → (what it is, value)."""
    counted = CollectorRegistry()
    if is_shared():
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # ships no types for this
    else:
        counted = _OWN
    asked = CollectorRegistry()
    for name, (words, value) in found.items():
        Gauge(f"zhengtong_{name}", words, registry=asked).set(value)
    return generate_latest(counted) + generate_latest(asked)


def age(at: datetime | None, now: datetime) -> float:
    """Seconds since an instant; -1 if it never was."""
    return max(0.0, (now - at).total_seconds()) if at is not None else -1.0
