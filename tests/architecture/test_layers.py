"""What import-linter cannot see: which module of another room is imported, how modules are named, and who reads the
time."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = CHECKOUT / "src" / "zhengtong"

OPEN_MODULES: Final = {"queries", "actions"}
# Rooms that are a floor for others, open as a whole; `site` is the roof and imports everything.
OPEN_ROOMS: Final = {"kernel", "law", "ledger", "trail", "ui"}
ROOFS: Final = {"site", "operating"}  # `operating` keeps the whole house: it makes, moves and watches every room
OPEN_BESIDES: Final = {
    "zhengtong.accounts.clock",
    "zhengtong.accounts.requests",  # from a request to an Actor, and who may open a page
    "zhengtong.accounts.frames",  # what every page's frame says of who is signed in
    "zhengtong.accounts.sealed_fields",
    "zhengtong.accounts.masking",
    "zhengtong.accounts.faults",
    "zhengtong.accounts.admin",  # how a reference table is shown to the system administrator
    "zhengtong.accounts.authority",  # changes of who stands where, with their entry in the trail
    "zhengtong.accounts.guards",  # what the database refuses in that room, for who checks it
    "zhengtong.accounts.labels",  # codes of people and posts in words
    "zhengtong.accounts.duties",  # the three administrators
    "zhengtong.accounts.throttling",  # how often something may be tried
    "zhengtong.documents.verifying",  # what may be told of a paper to whoever holds it
    "zhengtong.accounts.traces",  # what somebody read, took along or was refused goes to the audit trail
    "zhengtong.cases.access",
    "zhengtong.cases.articles",
    "zhengtong.cases.refusals",
    "zhengtong.cases.sealed_words",
    "zhengtong.catalogue.leaflet_pdf",
    "zhengtong.cases.act_forms",
    "zhengtong.cases.case_view",
    "zhengtong.cases.clock_views",
    "zhengtong.analysis.logs",  # an event log in columns, as plain arrays
    "zhengtong.analysis.working_time",  # working time as one axis
    "zhengtong.analysis.stays",  # how long cases stood in each step
    "zhengtong.analysis.intervals",  # how sure a figure is
    "zhengtong.analysis.conformance",  # what happened against the published procedure
    "zhengtong.analysis.savings",  # where the next day saved would come from
    "zhengtong.analysis.what_if",  # a history replayed under a change
    "zhengtong.cases.panels",  # what may be done about a case, drawn on the page of a card too
}
BANNED_NAMES: Final = {"utils", "helpers", "common", "misc", "base", "services", "service", "managers", "manager"}
THE_CLOCK: Final = PACKAGE / "accounts" / "clock.py"
TIME_READERS: Final = re.compile(
    r"\btimezone\.now\(|\bdatetime\.(?:now|utcnow|today)\(|\bdate\.today\(|\blocaldate\(|\blocaltime\(\)|\btime\.time\("
)


def modules() -> Iterator[Path]:
    return (path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "site"  # cli and __main__ stand outside, on the roof


def imported(path: Path) -> Iterator[str]:
    """Each imported name of ours in full: `from zhengtong.cases import queries` is zhengtong.cases.queries."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("zhengtong."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "zhengtong":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_open(name: str, *, to: str) -> bool:
    parts = name.split(".")
    room, module = parts[1], parts[2] if len(parts) > 2 else ""
    if to in ROOFS or room in {to, "__version__", *OPEN_ROOMS}:
        return True
    return module in OPEN_MODULES or any(name == open_ or name.startswith(f"{open_}.") for open_ in OPEN_BESIDES)


class TestRooms:
    def test_open_only_queries_and_actions_to_each_other(self) -> None:
        wrong = [
            f"{path.relative_to(PACKAGE)} imports {name}"
            for path in modules()
            for name in imported(path)
            if not is_open(name, to=room_of(path))
        ]
        assert wrong == []

    def test_the_rule_bites(self) -> None:
        assert not is_open("zhengtong.cases.models.Draft", to="portal")
        assert not is_open("zhengtong.accounts.views.sign_in", to="cases")
        assert is_open("zhengtong.accounts.clock.now", to="cases")
        assert is_open("zhengtong.catalogue.queries.find", to="portal")


class TestNames:
    def test_say_what_a_module_is_about(self) -> None:
        named = [path for path in PACKAGE.rglob("*") if path.suffix == ".py" or path.is_dir()]
        assert [
            str(path.relative_to(PACKAGE)) for path in named if path.stem in BANNED_NAMES and _is_python(path)
        ] == []

    def test_every_module_says_what_it_is_for(self) -> None:
        bare = [
            str(path.relative_to(PACKAGE))
            for path in modules()
            if path.read_text(encoding="utf-8").strip()
            and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        ]
        assert bare == []


def _is_python(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").exists()


class TestTime:
    def test_is_read_by_the_one_clock_alone(self) -> None:
        wrong = [
            f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
            for path in modules()
            if path != THE_CLOCK
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if TIME_READERS.search(line) and not line.lstrip().startswith(("#", '"', "'"))
        ]
        assert wrong == []


class TestArrows:
    def test_point_down_only(self) -> None:
        linter = Path(sys.executable).parent / "lint-imports"
        run = subprocess.run([linter, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
