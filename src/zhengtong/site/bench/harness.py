"""What every measurement shares: how much is measured, the shape of a figure, databases to be thrown away, and the file
the figures are kept in. One part that fails is said and costs only itself."""

import json
import os
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings

from zhengtong.ledger.installed import install, installed, put_back
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import Cluster, NoPostgres, default_database, running_cluster

LATEST: Final = Path("build") / "bench" / "latest.json"
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
SMALLER_IS_BETTER: Final = ("ms", "times", "share")
Load = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    cases: int
    rounds: int
    days: int
    column: int
    titles: int
    docket: int
    alarms: int
    seconds: float
    on_postgres: bool = True
    is_judged: bool = True  # too little proves nothing
    is_year: bool = False  # supervision: a year of a city instead of a month
    events: int = 1_000_000  # of the log that is analysed
    turns: int = 3  # of both sides, one after the other


TINY: Final = Size(
    cases=3,
    rounds=1,
    days=200,
    column=2_000,
    titles=300,
    docket=60,
    alarms=10,
    seconds=0.3,
    on_postgres=False,
    is_judged=False,
    events=20_000,
    turns=1,
)
USUAL: Final = Size(
    cases=40, rounds=5, days=20_000, column=1_000_000, titles=100_000, docket=1_000_000, alarms=1_000, seconds=3
)
FULL: Final = Size(
    cases=300, rounds=9, days=200_000, column=5_000_000, titles=100_000, docket=1_000_000, alarms=1_000, seconds=15,
    events=10_000_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure. `aim` and `met` are None where no aim was set; `figures` are the sides in their own units."""

    name: str
    value: float
    unit: str
    against: str
    aim: float | None
    met: bool | None
    n: int
    load: Load
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What was not measured here, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What broke while it was measured."""

    name: str
    why: str


Line = Result | Skipped | Failed


def result(
    name: str, value: float, *, unit: str, against: str, n: int, aim: float | None = None, **figures: float
) -> Result:
    """Milliseconds, `times` (how many times as long) and `share` are good when small, everything else when large."""
    met = None if aim is None else (value <= aim if unit in SMALLER_IS_BETTER else value >= aim)
    rounded = {key: round(figure, 3) for key, figure in figures.items()}
    return Result(
        name=name, value=round(value, 3), unit=unit, against=against, aim=aim, met=met, n=n, load=os.getloadavg(),
        figures=rounded,
    )  # fmt: skip


# ---- a run ------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Bench:
    """One run: how much, whom to tell, and one PostgreSQL for all parts, started when first asked for."""

    size: Size
    say: Callable[[str], None]
    stack: ExitStack = field(default_factory=ExitStack)
    urls: list[str] = field(default_factory=list)
    _cluster: Cluster | None = None

    def url(self) -> str:
        """Of the database a part measures in now."""
        return self.urls[-1]

    def cluster(self) -> Cluster:
        """
        Raises:
            NoPostgres
        """
        if self._cluster is None:
            self._cluster = self.stack.enter_context(running_cluster(is_durable=True))
        return self._cluster


Part = Callable[[Bench], Iterable[Line]]


def run_parts(parts: Mapping[str, Part], size: Size, *, say: Callable[[str], None]) -> dict[str, tuple[Line, ...]]:
    """Every part, one after the other; what one of them had before it broke is kept."""
    found: dict[str, tuple[Line, ...]] = {}
    with ExitStack() as stack:
        bench = Bench(size=size, say=say, stack=stack)
        for name, part in parts.items():
            say(name)
            lines: list[Line] = []
            try:
                for measured in part(bench):
                    line = measured if size.is_judged else _unjudged(measured)
                    lines.append(line)
                    say(words(line))
            except NoPostgres as absent:
                lines.append(Skipped(name=f"{name} on {POSTGRES}", why=str(absent)))
            except Exception as error:  # the other parts are worth having
                say(traceback.format_exc())
                lines.append(Failed(name=name, why=f"{type(error).__name__}: {error}"[:400]))
            found[name] = tuple(lines)
    return found


def _unjudged(line: Line) -> Line:
    return replace(line, aim=None, met=None) if isinstance(line, Result) else line


def on_both(bench: Bench, measure: Callable[[Bench, str], Iterable[Line]]) -> Iterator[Line]:
    """The same measurement in a fresh database of either kind."""
    with fresh_sqlite(bench):
        yield from measure(bench, SQLITE)
    if bench.size.on_postgres:
        with fresh_postgres(bench):
            yield from measure(bench, POSTGRES)


@contextmanager
def home() -> Iterator[Path]:
    """Keys, files and the SQLite database of this part, on the disk the checkout or installation is on; then gone."""
    build = Path.cwd() / "build"
    build.mkdir(exist_ok=True)
    with ExitStack() as stack:
        found = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=build)))
        places = {"ZHENGTONG_HOME": found, "ZHENGTONG_KEYS": found / "keys", "ZHENGTONG_ROOTS": found / "roots"}
        stack.enter_context(override_settings(**places, MEDIA_ROOT=found / "files"))
        before = installed()
        stack.callback(put_back, before)
        install(reactions=())  # the door alone; what follows from an act is measured where it is made
        yield found


@contextmanager
def fresh_sqlite(bench: Bench) -> Iterator[None]:
    with home() as folder, _migrated(bench, sqlite_url(folder / "bench.sqlite3")):
        yield


@contextmanager
def fresh_postgres(bench: Bench) -> Iterator[None]:
    """
    Raises:
        NoPostgres
    """
    cluster = bench.cluster()
    cluster.create("bench", copy_of="template0")
    try:
        with home(), _migrated(bench, cluster.url("bench")):
            yield
    finally:
        cluster.drop("bench")


@contextmanager
def _migrated(bench: Bench, url: str) -> Iterator[None]:
    with default_database(url):
        call_command("migrate", interactive=False, verbosity=0)
        bench.urls.append(url)
        try:
            yield
        finally:
            bench.urls.pop()
            connection.close()


# ---- the file ---------------------------------------------------------------------------------------


def as_json(found: Mapping[str, Sequence[Line]]) -> dict[str, Any]:
    """The shape of build/bench/latest.json."""

    def each(kind: type[Line]) -> list[dict[str, Any]]:
        return [
            {"part": part, **asdict(line)} for part, lines in found.items() for line in lines if isinstance(line, kind)
        ]

    return {"results": each(Result), "skipped": each(Skipped), "failed": each(Failed)}


def keep(found: Mapping[str, Sequence[Line]], path: Path = LATEST) -> dict[str, Any]:
    """Write the figures; those of parts that were not run this time stay as they were."""
    fresh = as_json(found)
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for kind, lines in fresh.items():
        kept = [line for line in before.get(kind, []) if line.get("part") not in found and "part" in line]
        fresh[kind] = kept + lines
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fresh, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return fresh


def words(line: Line) -> str:
    """One line as it is printed while the run goes on."""
    if not isinstance(line, Result):
        return f"  {line.name}: {'NOT MEASURED' if isinstance(line, Skipped) else 'FAILED'}, {line.why}"
    aim = "" if line.met is None else f" (aim {line.aim:g}: {'met' if line.met else 'NOT met'})"
    figures = ", ".join(f"{name} {value:,g}" for name, value in line.figures.items())
    said = f"  {line.name}: {line.value:g} {line.unit}{aim} against {line.against}; {figures}; n {line.n:,}"
    return f"{said}; load {line.load[0]:.2f}"


def table(kept: Mapping[str, Any]) -> str:
    """The figures of a file as a table for the documentation."""
    lines = ["| measured | figure | aim | met | against | n | load |", "|---|---:|---:|---|---|---:|---:|"]
    for row in kept["results"]:
        sign = "≤" if row["unit"] in SMALLER_IS_BETTER else "≥"
        aim = "" if row["aim"] is None else f"{sign} {row['aim']:g}"
        met = {None: "", True: "yes", False: "**no**"}[row["met"]]
        value = f"{row['value']:,g} {_unit(row['unit'])}".strip()
        figures = "; ".join(f"{name.replace('_', ' ')} {figure:,g}" for name, figure in row["figures"].items())
        against = f"{row['against']} ({figures})" if figures else row["against"]
        lines.append(f"| {row['name']} | {value} | {aim} | {met} | {against} | {row['n']:,} | {row['load'][0]:.1f} |")
    for kind, said in (("skipped", "not measured"), ("failed", "failed")):
        lines += [f"| {row['name']} | {said} | | | {row['why']} | | |" for row in kept.get(kind, ())]
    return "\n".join(lines)


def _unit(unit: str) -> str:
    return {"ratio": "×", "times": "times as long", "share": "of it"}.get(unit, unit)
