"""Reading one law file table by table: faults are collected with file, line and mend, unknown keys refused."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from zhengtong.kernel.procedures import ByFact, Limit, Ref
from zhengtong.kernel.terms import Term, TermFault, Unit
from zhengtong.law.positions import Path, Positions

TERM_MEND: Final = f"write a whole number, a space and one of {', '.join(Unit)}"
_NEVER: Final = Term(0, Unit.CD)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """One thing wrong with one law file. `table` is dotted, as in the file; `line` counts from 1."""

    file: str
    line: int
    table: str
    code: str
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.mend} ({self.message})"


class LawFileError(ValueError):
    """A law file that cannot be taken; carries every fault found."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLimit:
    """A limit with what the file says about it beside its number."""

    limit: Limit
    source: str
    confirmed: bool


class Reading:
    """One file while it is read."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.positions = Positions(text)
        self.faults: list[FileFault] = []
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise LawFileError([_not_toml(error, file)]) from error

    def complain(self, path: Path, code: str, message: str, mend: str) -> None:
        """Note a fault of the table or key at this path."""
        line, table = self.positions.line_of(path), ".".join(path)
        self.faults.append(
            FileFault(file=self.file, line=line, table=table, code=code, message=message, mend=mend),
        )

    def root(self) -> "Table":
        return Table(self, (), self.values)

    def finish(self) -> None:
        """Raises LawFileError if anything was wrong, faults in order of line."""
        if self.faults:
            raise LawFileError(sorted(set(self.faults), key=lambda fault: (fault.line, fault.code, fault.table)))


def _not_toml(error: tomllib.TOMLDecodeError, file: str) -> FileFault:
    said = str(error)
    line = int(said.partition("(at line ")[2].partition(",")[0] or 1) if "(at line " in said else 1
    return FileFault(file=file, line=line, table="", code="not_toml", message=said, mend="mend the TOML of this line")


def read_law_text(path: FilePath) -> str:
    """The text of a law file.

    Raises:
        LawFileError: it is no UTF-8; names the line.
    """
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        mend = "save the file as UTF-8"
        fault = FileFault(file=str(path), line=line, table="", code="not_toml", message="not UTF-8", mend=mend)
        raise LawFileError([fault]) from error


def read_toml(path: FilePath) -> dict[str, Any]:
    """The values of a law file without a shape of its own.

    Raises:
        LawFileError: it is no TOML.
    """
    try:
        return tomllib.loads(read_law_text(path))
    except tomllib.TOMLDecodeError as error:
        raise LawFileError([_not_toml(error, str(path))]) from error


class Table:
    """One table of the file. Each getter marks its key as known; `end` refuses the keys nobody asked for."""

    def __init__(self, reading: Reading, path: Path, values: Mapping[str, Any]) -> None:
        self.reading, self.path, self.values = reading, path, values
        self._asked: set[str] = set()

    def complain(self, key: str, code: str, message: str, mend: str) -> None:
        self.reading.complain((*self.path, *([key] if key else [])), code, message, mend)

    def end(self) -> None:
        for key in sorted(set(self.values) - self._asked):
            near = difflib.get_close_matches(key, self._asked, n=1)
            known = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(self._asked))}"
            self.complain(key, "unknown_key", f"`{key}` is no key of this table", f"take `{key}` out; {known}")

    def ask(self, key: str) -> Any:
        self._asked.add(key)
        return self.values.get(key)

    def _shaped(self, key: str, kind: type, words: str) -> Any:
        value = self.ask(key)
        if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
            return value
        self.complain(key, "wrong_shape", f"`{key}` is {value!r}", f"write {words} for `{key}`")
        return None

    def maybe_text(self, key: str) -> str | None:
        value: str | None = self._shaped(key, str, "text in quotes")
        return value

    def text(self, key: str) -> str:
        """Required text."""
        value = self.maybe_text(key)
        if value is None and key not in self.values:
            self.complain(key, "missing_key", f"`{key}` is missing", f'add {key} = "…"')
        return value or ""

    def text_or(self, key: str, default: str) -> str:
        value = self.maybe_text(key)
        return default if value is None else value

    def one_of(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.maybe_text(key)
        if value is None or value in allowed:
            return default if value is None else value
        self.complain(key, "unknown_word", f"`{key}` cannot be {value!r}", f"write one of {', '.join(allowed)}")
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._shaped(key, bool, "true or false")
        return default if value is None else bool(value)

    def number(self, key: str) -> int | None:
        value: int | None = self._shaped(key, int, "a whole number")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A word or a list of words."""
        value = self.ask(key)
        if value is None:
            return ()
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(each, str) for each in listed):
            return tuple(listed)
        self.complain(key, "wrong_shape", f"`{key}` is {value!r}", f"write a word or a list of words for `{key}`")
        return ()

    def names(self, key: str) -> dict[str, str]:
        """A table code = "name"."""
        table = self.table(key)
        return {code: table.text(code) for code in table.values}

    def table(self, key: str) -> "Table":
        """The table under this key; an empty one if there is none."""
        value = self._shaped(key, dict, "a table { … }")
        return Table(self.reading, (*self.path, key), value or {})

    def tables(self, key: str) -> dict[str, "Table"]:
        """Every table under this key, by code."""
        outer = self.table(key)
        inner = {code: outer.table(code) for code in outer.values}
        outer.end()
        return inner

    def term(self, key: str) -> Term:
        text = self.text(key)
        try:
            return Term.parse(text)
        except TermFault as fault:
            if text or isinstance(self.values.get(key), str):
                self.complain(key, "bad_term", str(fault), TERM_MEND)
            return _NEVER

    def limit(self, key: str) -> StatedLimit | None:
        """A term, `@parameter`, {term, source, confirmed} or a limit table {by = …}."""
        value = self.ask(key)
        if value is None:
            return None
        if isinstance(value, str):
            return StatedLimit(limit=self._term_or_ref(key, value), source="", confirmed=True)
        if isinstance(value, dict):
            return _read_limit_table(self.table(key))
        self.complain(key, "bad_term", f"`{key}` is {value!r}", TERM_MEND)
        return None

    def _term_or_ref(self, key: str, text: str) -> Term | Ref:
        return Ref(text[1:]) if text.startswith("@") else self.term(key)


def _read_limit_table(table: Table) -> StatedLimit:
    source, confirmed = table.text_or("source", ""), table.flag("confirmed", default=True)
    if "by" not in table.values:
        text = table.text("term")
        limit: Limit = Ref(text[1:]) if text.startswith("@") else table.term("term")
    else:
        cases = {key: table.term(key) for key in table.values if key not in {"by", "otherwise", "source", "confirmed"}}
        otherwise = table.term("otherwise") if "otherwise" in table.values else None
        limit = ByFact(by=table.text("by"), cases=cases, otherwise=otherwise)
    table.end()
    return StatedLimit(limit=limit, source=source, confirmed=confirmed)
