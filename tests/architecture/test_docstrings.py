"""The kernel explains itself: every public function says what it is for, what counts says in what it counts and shows
an example, and every source it names is one of ours. It stands on the standard library and computes from instants it
is given."""

import ast
import doctest
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = CHECKOUT / "src" / "zhengtong"
KERNEL: Final = PACKAGE / "kernel"

ARITHMETIC: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Div)
COUNTS: Final = re.compile(r"\b(?:date|datetime|int|Term|timedelta)\b")
NOT_TIME: Final = {
    "calendars.py:minutes": "the length of one day's hours; the unit is in its name",
    "calendars.py:index": "a position in a table, not a length of time",
    "effects.py:next_seq": "an ordinal",
    "deciding.py:date_mark": "compares minutes of the day with the hours; the counting is the calendar's",
    "reckoning.py:still_left": "reads what `Reach` has counted; its parts carry the doctests",
}
# Chapters of the specification that `docs/procedures.md` does not hold stand in these two documents of the design.
OWN_RULES: Final = {"PROCEDURES", "DESIGN", "RECORD"}
CHAPTERS: Final = re.compile(r"^## (\d+)\. ", re.MULTILINE)

# The only places that move a day or an instant by a length of days; everything else asks these.
MOVES_DAYS: Final = {
    "kernel/calendars.py": "the one place that counts",
    "kernel/clocks.py": "thresholds and repeats before and after a due day the calendar gave",
    "kernel/reckoning.py": "a limit in hours, and minutes between two instants",
    "kernel/terms.py": "24:00 of the due day is 00:00 of the next",
    "kernel/effects.py": "how long a result is valid (民法典 203)",
    "cases/clock_views.py": "draws one cell for each day between two days the kernel gave",
    "ledger/roots.py": "the day before: yesterday's root",
    "ledger/verify.py": "the day after: the next root",
    "accounts/actions.py": "an absence ends on the day before the return",
    "accounts/authority.py": "who follows begins on the day after the last one; who moves ends on the day before",
    "site/sign_in_settings.py": "how long a password serves, and from when its end is told",
    "administration/auditing.py": "how long the trail is kept, and the days a page reads",
    "site/bench/days.py": "days to be counted from, drawn at random",
    "site/bench/filling.py": "made-up due days of a docket that is thrown away",
    "site/bench/sweeps.py": "made-up starts of clocks, and the loop that walks days, beside which we are measured",
    "site/bench/spiff.py": "the day on which the measured cases open",
    "documents/signing.py": "validity of the demonstration certificate",
    "operating/readings.py": "the day before: yesterday's root",
    "operating/wellness.py": "how old a backup may be",
    "portal/actions.py": "how long drafts are kept",
    "supervision/narrowing.py": "the weeks and ages a page of the watch is drawn by",
    "federation/api.py": "one line for each day asked for",
    "ui/gallery.py": "made-up days of the style page",
}
MOVED: Final = re.compile(r"timedelta\(\s*(?:days|weeks)\s*=|[+-]\s*_DAY\b|\bDAY\b\s*[+*-]|relativedelta")
DEMO: Final = ("site/demo/", "simulation/", "site/simulated_ground.py")  # invented cities: when their people did what

# Words that stand for one of the glossary's under another name.
BANNED: Final = {
    "deadline": "due day, lapse",
    "overdue": "late",
    "stage": "phase",
    "workflow": "procedure",
    "ticket": "case",
    "dossier": "case",
    "license": "licence",
    "permit": "licence",
    "pause": "hold",
    "timer": "clock",
    "stopwatch": "clock",
    "business_day": "working day",
    "workday": "working day",
    "organization": "organisation, unit",
    "user": "actor, person",
    "customer": "party",
    "client": "party",
    "approver_id": "post",
    "audit_log": "ledger",
    "attachment": "material",
}
WORDS_OF_OTHERS: Final = {("law/bpmn.py", "timer"), ("law/chart_layout.py", "timer")}  # BPMN 2.0 calls it so


@dataclass(frozen=True)
class Function:
    name: str
    node: ast.FunctionDef

    @property
    def said(self) -> str:
        return ast.get_docstring(self.node) or ""

    def counts(self) -> bool:
        """Whether it does arithmetic and gives a day, an instant, a length or a number."""
        returns = ast.unparse(self.node.returns) if self.node.returns else ""
        return bool(COUNTS.search(returns)) and any(
            isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC) for node in ast.walk(self.node)
        )


@cache
def kernel_functions() -> tuple[Function, ...]:
    """Public functions and public methods of public classes."""
    return tuple(_functions())


def _functions() -> Iterator[Function]:
    for path in sorted(KERNEL.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
            for each in inside:
                if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
                    yield Function(f"{path.name}:{each.name}", each)


def sources_of(said: str) -> list[str]:
    return [
        part.strip()
        for line in re.findall(r"^\s*Source:\s*(.*)$", said, re.MULTILINE)
        for part in re.split(r";", re.sub(r"\([^()]*[^\d()][^()]*\)", "", line))
    ]


@cache
def known_sources() -> frozenset[str]:
    """The keys of `[sources]` of every procedure file and calendar of law, and of the glossary's column of sources."""
    keys = set(OWN_RULES)
    for path in (PACKAGE / "law" / "procedures").rglob("*.toml"):
        keys |= set(tomllib.loads(path.read_text(encoding="utf-8")).get("sources", {}))
    for line in (CHECKOUT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4:
            keys |= {word for word in re.findall(r"[^\s,;、]+", cells[2]) if not word[0].isdigit()}
    return frozenset(keys)


@cache
def chapters() -> frozenset[str]:
    return frozenset(CHAPTERS.findall((CHECKOUT / "docs" / "procedures.md").read_text(encoding="utf-8")))


def unresolved(source: str) -> str | None:
    """Why a source leads nowhere."""
    key, _, rest = source.partition(" ")
    if key not in known_sources():
        return f"no law file and no line of the glossary knows {key!r}"
    numbers = re.findall(r"\d+", re.sub(r"\(\d+\)", "", rest))
    if not numbers:
        return "it names no article"
    if key == "PROCEDURES" and not set(numbers) <= chapters():
        return f"docs/procedures.md has no chapter {rest}"
    return None


class TestKernelFunctions:
    def test_all_say_what_they_are_for(self) -> None:
        assert [function.name for function in kernel_functions() if not function.said.strip()] == []

    def test_that_count_name_their_unit_and_show_an_example(self) -> None:
        counting = [f for f in kernel_functions() if f.counts() and f.name not in NOT_TIME]
        assert len(counting) >= 8
        assert [f.name for f in counting if "Units:" not in f.said] == []
        assert [f.name for f in counting if ">>>" not in f.said] == []

    def test_of_calendars_and_terms_that_name_a_unit_show_an_example(self) -> None:
        counting = [f for f in kernel_functions() if f.name.startswith(("calendars.py:", "terms.py:"))]
        assert [f.name for f in counting if "Units:" in f.said and ">>>" not in f.said] == []

    def test_exceptions_are_still_needed(self) -> None:
        names = {function.name for function in kernel_functions() if function.counts()}
        assert set(NOT_TIME) - names == set()

    def test_name_sources_that_we_have(self) -> None:
        named = [(f.name, source) for f in kernel_functions() for source in sources_of(f.said)]
        assert len(named) > 30
        assert [f"{name}: {source}: {why}" for name, source in named if (why := unresolved(source))] == []

    def test_an_invented_source_is_caught(self) -> None:
        assert unresolved("XYZ 12")
        assert unresolved("PROCEDURES 99")
        assert unresolved("XKF")
        assert unresolved("XKF 32(4), 50(2)") is None

    def test_examples_hold(self) -> None:
        attempted = 0
        for path in sorted(KERNEL.glob("*.py")):
            module = importlib.import_module(
                f"zhengtong.kernel.{path.stem}" if path.stem != "__init__" else "zhengtong.kernel"
            )
            outcome = doctest.testmod(module, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
            assert outcome.failed == 0, f"doctests of {path.name}"
            attempted += outcome.attempted
        assert attempted > 30


class TestKernelImports:
    def test_are_the_standard_library_and_itself(self) -> None:
        wrong = [
            f"{path.name} imports {name}"
            for path in sorted(KERNEL.glob("*.py"))
            for name in _imports(path)
            if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("zhengtong.kernel")
        ]
        assert wrong == []

    def test_touch_no_file_clock_or_chance(self) -> None:
        outside = {"os", "io", "pathlib", "random", "secrets", "time", "socket", "subprocess", "logging", "uuid"}
        reached = {
            f"{path.name} imports {name}"
            for path in KERNEL.glob("*.py")
            for name in _imports(path)
            if name.split(".")[0] in outside
        }
        assert reached == set()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def python_files() -> list[tuple[str, str]]:
    return [
        (path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "migrations" not in path.parts
    ]


class TestDays:
    def test_every_exception_is_still_needed(self) -> None:
        texts = dict(python_files())
        assert [name for name in MOVES_DAYS if not MOVED.search(texts[name])] == []

    def test_are_moved_only_where_we_say_why(self) -> None:
        wrong = [
            f"{name}:{number}: {line.strip()}"
            for name, text in python_files()
            if name not in MOVES_DAYS and not name.startswith(DEMO)
            for number, line in enumerate(text.splitlines(), 1)
            if MOVED.search(line.split("#")[0])
        ]
        assert wrong == []

    @pytest.mark.parametrize("line", ["due = start + timedelta(days=20)", "x = on - _DAY", "timedelta( weeks=1)"])
    def test_the_search_bites(self, line: str) -> None:
        assert MOVED.search(line)

    def test_now_is_never_read_in_kernel_or_law(self) -> None:
        reading = [
            f"{name}: {called}"
            for name, text in python_files()
            if name.startswith(("kernel/", "law/"))
            for called in _calls(text)
            if called
            in {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "time.time"}
        ]
        assert reading == []


def _calls(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func)


class TestOneWordPerConcept:
    def test_in_identifiers_of_kernel_and_law(self) -> None:
        wrong = {
            f"{name}: {identifier}: the glossary says {BANNED[word]}"
            for name, text in python_files()
            if name.startswith(("kernel/", "law/"))
            for identifier in _identifiers(text)
            for word in BANNED
            if f"_{word}_" in f"_{_in_pieces(identifier)}_" and (name, word) not in WORDS_OF_OTHERS
        }
        assert sorted(wrong) == []

    def test_in_the_keys_of_procedure_files(self) -> None:
        wrong = {
            f"{path.parent.name}: {key}: the glossary says {BANNED[word]}"
            for path in (PACKAGE / "law" / "procedures").rglob("*.toml")
            for key in _keys(tomllib.loads(path.read_text(encoding="utf-8")))
            for word in BANNED
            if f"_{word}_" in f"_{key}_"
        }
        assert sorted(wrong) == []

    def test_state_is_never_called_status_nor_phase_stage(self) -> None:
        """`status` is the run of a clock, a branch, an item version; where a case stands is its state and its phase."""
        fields = {
            f"{path.name}: {node.target.id}"
            for path in KERNEL.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and "status" in node.target.id
            if not ast.unparse(node.annotation).endswith("Status")
        }
        assert fields == {"clocks.py: status"}  # a finding for the page: the run's own, and `met`

    def test_banned_words_are_not_words_of_the_glossary(self) -> None:
        glossary = (CHECKOUT / "GLOSSARY.md").read_text(encoding="utf-8")
        words = {
            word.strip().replace(" ", "_")
            for line in glossary.splitlines()
            if line.startswith("| ")
            for word in line.strip("| ").split("|")[0].split(",")
        }
        assert words & set(BANNED) == set()


def _identifiers(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.Attribute(attr=name):
                yield name


def _in_pieces(identifier: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower()


def _keys(table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield key
        if isinstance(value, dict):
            yield from _keys(value)
