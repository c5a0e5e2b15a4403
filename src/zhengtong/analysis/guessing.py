"""Guessing what the columns of a log mean, from their names in several languages and from what stands in them.

Every guess carries its reasons, so that whoever knows the system can see why and say otherwise in a map file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Final

import numpy as np

from zhengtong.analysis.lifecycles import is_lifecycle, whole_activities
from zhengtong.analysis.logs import NO_TIME
from zhengtong.analysis.meanings import SERIALS, Meaning, east_of, long_table, with_instants
from zhengtong.analysis.reading.instants import A_DAY, find_reader
from zhengtong.analysis.reading.tables import Column, Kind, Table
from zhengtong.analysis.said import Said

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    role: tuple(names)
    for role, names in tomllib.loads(
        files("zhengtong.analysis").joinpath("column_names.toml").read_text(encoding="utf-8")
    ).items()
}

ENDED_WORDS: Final = re.compile(
    r"^(?:(?:case )?closed|close|cleared|completed?|finished|done|resolved|ended|terminated|archived|responded|"
    r"answered|settled|withdrawn|afgehandeld|afgesloten|gesloten|voltooid|gereed|"
    r"abgeschlossen|erledigt|geschlossen|beendet|cerrad[oa]|finalizad[oa]|terminad[oa]|resuelt[oa]|clos|clôturé|terminé|"
    r"concluíd[oa]|(?:正常|超期|逾期|延期|按期|提前)?已?(?:办结|完成|结案|归档|完结|关闭|结束|审结|办毕|答复|回复)|已(?:撤件|撤回|退件)|"
    r"true|yes|是|y)(?:$|\s*[-–:(,/（、].*)",
    re.IGNORECASE,
)
_PLANNED: Final = re.compile(r"plan|expected|estimat|promis|prevista|previsto|streef|verwacht|soll|预计|计划|承诺")
_INSTANT_ROLES: Final = frozenset({"at", "started_at", "deadline", "planned", "ended", "opened"})
_LEAST: Final = 0.55
_LATER: Final = 0.8
FINAL_SHARE: Final = 0.8
"""An activity ends a case if it is the last of so many of the cases that have it."""
SAMPLE: Final = 400
GIVEN: Final = Said("said in the map file")
_CHANGED: Final = re.compile(
    r"modif|updat|(?:last|row) chang|synced|exported|loaded|更新|修改|导出|同步|变更时间|gewijzigd|geändert|actualiza"
)
"""Names of instants that tell when a record was written, not what happened."""
_PROPERTY: Final = frozenset({"deadline", "planned", "ended", "opened"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One role, the column it was given, how sure (0 to 1), and why: pairs of a code and its parameters."""

    role: str
    column: str
    score: float
    reasons: tuple[str, ...]


def guess(table: Table, given: Meaning | None = None) -> tuple[Meaning, tuple[Guess, ...]]:
    """The meaning of a table; what `given` says is not guessed again."""
    meaning = given or Meaning()
    guesses = [
        Guess(role=role, column=_said(getattr(meaning, role)), score=1.0, reasons=(GIVEN,))
        for role in (
            "case",
            "activity",
            "at",
            "started_at",
            "resource",
            "group",
            "deadline",
            "planned",
            "ended",
            "opened",
        )
        if getattr(meaning, role)
    ]
    found = _by_format(table, meaning, guesses)
    if not table.is_nested and not found.wide:
        found = _wide(table, found, guesses)
    subject = long_table(table, found) if found.wide else table
    if found.wide:
        found = replace(found, activity=("activity",), at="at")
    found = _by_names(subject, found, guesses)
    found = _lifecycle(subject, found, guesses)
    found = _by_content(with_instants(subject, found), found, guesses)
    if found.wide:
        found = replace(found, activity=(), at="")
    return found, tuple(guesses)


def _said(value: Any) -> str:
    return " + ".join(value) if isinstance(value, tuple) else str(value)


def _take(meaning: Meaning, guesses: list[Guess], role: str, column: str, score: float, *reasons: str) -> Meaning:
    guesses.append(Guess(role=role, column=column, score=round(score, 2), reasons=reasons))
    value: Any = (column,) if role == "activity" else column
    return replace(meaning, **{role: value})


def _by_format(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    for role, column in table.roles.items():
        if role in {"case", "activity", "at", "resource"} and not getattr(meaning, role):
            meaning = _take(meaning, guesses, role, column, 1.0, Said("{source} says so", source=table.source))
    return meaning


# ---- names --------------------------------------------------------------------------------------------


def normal(name: str) -> str:
    """
    >>> normal("case:dueDate"), normal("enddate_planned"), normal("办结 时间")
    ('case due date', 'enddate planned', '办结时间')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.sub(r"[^0-9a-zà-ÿ\u3400-\u9fff]+", " ", spaced.lower()).strip()
    return re.sub(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])", "", words)


def name_score(name: str, role: str) -> float:
    """How well a name says a role: 1 a name of the list, less if it is only part of it."""
    called = normal(name)
    plain = called.removeprefix("case ") if role not in {"case"} else called
    best = 0.0
    for known in NAMES[role]:
        if known in (called, plain):
            return 1.0
        if _is_chinese(known):
            if len(known) >= 2 and known in called:
                best = max(best, 0.6 + 0.3 * len(known) / len(called))
        elif len(known) >= 3 and re.search(rf"(?:^| ){re.escape(known)}(?: |$)", plain):
            best = max(best, 0.5 + 0.4 * len(known) / len(plain))
    if role in {"ended", "deadline", "opened"} and _PLANNED.search(called) and role != "deadline":
        best *= 0.3
    return best


def _is_chinese(word: str) -> bool:
    return bool(re.search(r"[\u3400-\u9fff]", word))


def _by_names(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    used = {name for guess in guesses if guess.role != "wide" for name in guess.column.split(" + ")}
    wanted = []
    for role in NAMES:
        if role == "status" or getattr(meaning, role, None) or (role == "case" and table.is_nested):
            continue
        for name, column, of_case in _columns(table):
            if (
                name in used
                or (name in meaning.wide and role not in _PROPERTY)
                or (of_case and role in {"activity", "at", "started_at", "resource", "case"})
            ):
                continue
            score = name_score(name, role) * _fits(column, role, table.events)
            if of_case and role in {"deadline", "planned", "ended", "opened", "group"}:
                score *= 1.05
            if score >= _LEAST:
                wanted.append((score, role, name))
    wanted.sort(key=lambda each: (-each[0], list(NAMES).index(each[1]), each[2]))
    return _assign(table, meaning, guesses, wanted, used)


def _assign(
    table: Table, meaning: Meaning, guesses: list[Guess], wanted: list[tuple[float, str, str]], used: set[str]
) -> Meaning:
    """Each role to its best name, each name to its best role."""
    for score, role, name in wanted:
        if name not in used and not getattr(meaning, role):
            if role in {"deadline", "planned", "ended", "opened"} and not _is_of_cases(table, meaning, name):
                if role == "deadline" and not meaning.step_due:
                    meaning = replace(meaning, step_due=name)
                    guesses.append(_step_due(name, score))
                    used.add(name)
                continue
            meaning = _take(
                meaning,
                guesses,
                role,
                name,
                min(score, 1.0),
                Said("its name reads {role}", role=role),
                *_seen(table, name),
            )
            used.add(name)
    return meaning


def _step_due(name: str, score: float) -> Guess:
    reasons = (Said("its name reads {role}", role="deadline"), Said("it differs from event to event of a case"))
    return Guess(role="step_due", column=name, score=round(min(score, 1.0), 2), reasons=reasons)


def _seen(table: Table, name: str) -> list[str]:
    column = table.case_columns.get(name) or table.event_columns[name]
    known = int(np.count_nonzero(column.known))
    said: list[str] = [Said(str(column.kind))]
    if known < len(column):
        said.append(Said("{n} of {m} have one", n=f"{known:,}", m=f"{len(column):,}"))
    if column.kind is Kind.TEXT:
        said.append(Said("{n} different values", n=f"{len(column.words):,}"))
    return said


def _columns(table: Table) -> list[tuple[str, Column, bool]]:
    found = [(name, column, True) for name, column in table.case_columns.items()]
    return found + [(n, c, False) for n, c in table.event_columns.items() if n not in table.case_columns]


def _fits(column: Column, role: str, events: int) -> float:
    """Whether what stands in the column can be such a thing."""
    if role in _INSTANT_ROLES:
        if is_time(column, role == "at" or role in _PROPERTY):
            return 1.0
        return 0.6 if is_serial(column) else 0.0
    if column.kind is Kind.INSTANT or column.kind is Kind.NUMBER or column.kind is Kind.TRUTH:
        return 0.0
    distinct = distinct_values(column)
    if role == "case":
        return 1.0 if distinct > 1 or events <= 2 else 0.6
    if role in {"activity", "group"}:
        return 1.0 if distinct <= max(50, events // 3) else 0.3
    return 1.0 if distinct <= max(200, events // 2) else 0.5


def is_time(column: Column, may_count: bool = False) -> bool:
    """Instants, texts most of which are instants, or counts of seconds since 1970."""
    if column.kind is Kind.INSTANT:
        return True
    if column.kind is Kind.INTEGER:
        values = column.values[column.known]
        return may_count and len(values) > 0 and bool(np.all(values > 300_000_000))
    if column.kind is not Kind.TEXT or not len(column.words):
        return False
    return find_reader([str(word) for word in column.words[:SAMPLE]], _LATER) is not None


def is_serial(column: Column) -> bool:
    """Numbers that can be the days of a spreadsheet since 1899; believed only of a column whose very name is a time."""
    if column.kind not in {Kind.NUMBER, Kind.INTEGER}:
        return False
    values = column.values[column.known]
    return len(values) > 0 and bool(np.all((values > SERIALS[0]) & (values < SERIALS[1])))


def distinct_values(column: Column) -> int:
    return len(column.words) if column.kind is Kind.TEXT else len(np.unique(column.values[column.known]))


# ---- content ------------------------------------------------------------------------------------------


def _wide(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    """One row per case with a column for each step: columns of instants beside a name that never repeats."""
    if meaning.activity or meaning.at:
        return meaning
    names = [name for name, column in table.event_columns.items() if _may_be_step(name, column)]
    limits = [n for n in names if max(name_score(n, "deadline"), name_score(n, "planned")) >= _LEAST]
    changed = [n for n in names if n not in limits and _CHANGED.search(normal(n))]
    steps = [name for name in names if name not in limits and name not in changed]
    if not steps or any(name_score(name, "activity") >= 0.9 and _fits(column, "activity", table.events) == 1.0
                        for name, column in table.event_columns.items()):  # fmt: skip
        return meaning
    case = meaning.case or _unique_name(table)
    if not case or (len(steps) < 2 and not _is_of_one(steps[0], case)) or _case_that_repeats(table, case):
        return meaning
    if not meaning.case:
        meaning = _take(meaning, guesses, "case", case, 0.9, _each_another(table, case))
    for name in changed:
        said = Said("it tells when a record was written, not what happened")
        guesses.append(Guess(role="not a step", column=name, score=0.7, reasons=(said,)))
    ordered = sorted(steps, key=lambda name: _typical(table, name))
    said = Said("one row per case, an instant for each step")
    guesses.append(Guess(role="wide", column=" + ".join(ordered), score=0.8, reasons=(said,)))
    return replace(meaning, wide=tuple(ordered))


def _may_be_step(name: str, column: Column) -> bool:
    if is_time(column):
        return True
    best = max(name_score(name, role) for role in _INSTANT_ROLES)
    if best < 0.9:
        return False
    if column.kind is Kind.TEXT:  # half of them do: what does not is told with its line
        return find_reader([str(word) for word in column.words[:SAMPLE]], 0.5) is not None
    return is_time(column, True) or is_serial(column)


def _is_of_one(step: str, case: str) -> bool:
    """Whether a single column of instants makes a table of cases, and not of events with a number each."""
    is_property = max(name_score(step, role) for role in _PROPERTY) >= max(_LEAST, name_score(step, "at"))
    named = name_score(case, "case")
    return named >= 0.9 or (is_property and named >= _LEAST)


def _case_that_repeats(table: Table, unique: str) -> bool:
    """Whether another column is called a case and repeats: then the unique one numbers events."""
    best = name_score(unique, "case")
    return any(
        name != unique and name_score(name, "case") >= max(0.9, best) and _fits(column, "case", table.events) == 1.0
        and 0 < distinct_values(column) * 1.5 <= int(np.count_nonzero(column.known))
        for name, column in table.event_columns.items()
    )  # fmt: skip


def _each_another(table: Table, case: str) -> Said:
    column = table.event_columns[case]
    again = int(np.count_nonzero(column.known)) - distinct_values(column)
    if again:
        return Said("nearly every row has another one; {n} come again", n=f"{again:,}")
    return Said("every row has another one")


def _unique_name(table: Table) -> str:
    """The column that names the case of each row: no value comes twice, or nearly none under a name that says so."""
    best = (0.0, "")
    for name, column in table.event_columns.items():
        if column.kind not in {Kind.TEXT, Kind.INTEGER}:
            continue
        known, distinct = int(np.count_nonzero(column.known)), distinct_values(column)
        score = name_score(name, "case")
        if distinct == table.events:
            best = max(best, (score + 0.1, name), key=lambda each: each[0])
        elif score >= 0.9 and known >= 0.98 * table.events and distinct >= 0.95 * known:
            best = max(best, (score, name), key=lambda each: each[0])
    return best[1]


def _typical(table: Table, name: str) -> float:
    column = table.event_columns[name]
    if column.kind is not Kind.INSTANT:
        return 0.0
    known = column.values[column.values != NO_TIME]
    return float(np.median(known)) if len(known) else 0.0


def _is_of_cases(table: Table, meaning: Meaning, name: str) -> bool:
    """Whether a column says one thing of each case."""
    if name in table.case_columns:
        return True
    column = table.event_columns[name]
    codes = column.values
    case = case_codes(table, meaning)
    if case is None:
        return False
    known = column.known & (case >= 0)
    order = np.argsort(case[known], kind="stable")
    cases, values = case[known][order], codes[known][order]
    changes = (np.diff(cases) == 0) & (values[1:] != values[:-1]) if len(cases) else np.zeros(0)
    return int(np.count_nonzero(changes)) <= 0.02 * max(1, len(np.unique(cases)))


def case_codes(table: Table, meaning: Meaning) -> Any:
    """Per event the number of its case; None where no column tells it yet."""
    if table.case is not None:
        return table.case
    column = table.event_columns.get(meaning.case)
    if column is None:
        return None
    if column.kind is Kind.TEXT:
        return column.values
    return np.where(column.known, np.unique(column.values, return_inverse=True)[1], -1)


def _by_content(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    if not table.is_nested and not meaning.case:
        meaning = _case_by_content(table, meaning, guesses)
    if not meaning.at:
        meaning = _time_by_content(table, meaning, guesses)
    if not meaning.activity:
        meaning = _activity_by_content(table, meaning, guesses)
    meaning = _check_limits(table, meaning, guesses)
    if not meaning.ended and not meaning.ended_by:
        meaning = _end(table, meaning, guesses)
    return meaning


def _case_by_content(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    best: tuple[float, str] = (0.0, "")
    for name, column in table.event_columns.items():
        if column.kind not in {Kind.TEXT, Kind.INTEGER} or is_time(column, True) or name in meaning.activity:
            continue
        distinct = distinct_values(column)
        each = table.events / max(1, distinct)
        if 1.5 <= each <= 200 and distinct >= 3 and column.known.all():
            best = max(best, (distinct / table.events, name))
    if best[1]:
        return _take(meaning, guesses, "case", best[1], 0.5, Said("of all names that repeat it repeats least"))
    return meaning


def _lifecycle(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    """A column of transitions, where more of them than the end is written."""
    if meaning.lifecycle:
        return meaning
    for name, column in table.event_columns.items():
        is_named = re.search(r"lifecycle|(?:^| )transition$|生命周期", normal(name))
        if is_named and column.kind is Kind.TEXT and is_lifecycle([str(word) for word in column.words]):
            said = Said("several transitions make one activity: {words}", words=", ".join(map(str, column.words)))
            guesses.append(Guess(role="lifecycle", column=name, score=0.9, reasons=(said,)))
            return replace(meaning, lifecycle=name)
    return meaning


def _time_by_content(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    used = {meaning.deadline, meaning.planned, meaning.ended, meaning.opened, meaning.step_due, meaning.started_at}
    best: tuple[int, str] = (0, "")
    for name, column in table.event_columns.items():
        if name not in used and is_time(column) and not _is_of_cases(table, meaning, name):
            best = max(best, (int(np.count_nonzero(column.known)), name))
    if best[1]:
        return _take(meaning, guesses, "at", best[1], 0.6, Said("instants that differ within a case"))
    if meaning.started_at:
        started = meaning.started_at
        meaning = replace(meaning, started_at="")
        return _take(meaning, guesses, "at", started, 0.6, Said("the only instant of an event"))
    return meaning


def _activity_by_content(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    used = {meaning.case, meaning.resource, meaning.group}
    best: tuple[float, str] = (0.0, "")
    for name, column in table.event_columns.items():
        if name in used or column.kind is not Kind.TEXT or is_time(column) or not column.known.all():
            continue
        distinct = len(column.words)
        if 2 <= distinct <= max(50, table.events // 10) and not _is_of_cases(table, meaning, name):
            best = max(best, (0.7 + (0.2 if name_score(name, "status") >= _LEAST else 0.0) - distinct / 1e4, name))
    if best[1]:
        return _take(meaning, guesses, "activity", best[1], 0.5, Said("few values that differ within a case"))
    return meaning


def _spans(table: Table, meaning: Meaning) -> tuple[Any, Any] | None:
    """The first and last instant of each case."""
    case, column = case_codes(table, meaning), table.event_columns.get(meaning.at)
    if case is None or column is None or column.kind is not Kind.INSTANT:
        return None
    cases = table.cases if table.is_nested else int(case.max(initial=-1)) + 1
    known = column.known & (case >= 0)
    first, last = np.full(cases, np.iinfo(np.int64).max), np.full(cases, np.iinfo(np.int64).min)
    np.minimum.at(first, case[known], column.values[known])
    np.maximum.at(last, case[known], column.values[known])
    return first, last


def of_cases(table: Table, meaning: Meaning, name: str) -> Any:
    """Instants of a column per case; None if it holds none."""
    column = table.case_columns.get(name) or table.event_columns.get(name)
    if column is None or column.kind is not Kind.INSTANT:
        return None
    if name in table.case_columns:
        return column.values
    case = case_codes(table, meaning)
    if case is None:
        return None
    known = column.known & (case >= 0)
    values = np.full(int(case.max(initial=-1)) + 1, NO_TIME)
    values[case[known]] = column.values[known]
    return values


def _check_limits(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    """A limit or an end that lies before the beginning of most cases is none; an unnamed instant that lies ahead of the
    cases at round distances may be one."""
    spans = _spans(table, meaning)
    if spans is None:
        return meaning
    first, last = spans
    for role in ("deadline", "planned", "ended"):
        name = getattr(meaning, role)
        place = next((n for n, g in enumerate(guesses) if g.role == role and g.score < 1.01), None)
        if not name or place is None or guesses[place].reasons == (GIVEN,):
            continue
        values = of_cases(table, meaning, name)
        if values is None or len(values) != len(first):
            continue
        known = (values != NO_TIME) & (first <= last) & (values > 365 * A_DAY)
        after = float(np.mean(values[known] >= first[known] - A_DAY)) if known.any() else 0.0
        said = Said("{share} lie after the first event", share=f"{after:.0%}")
        if after < _LATER:
            guesses[place] = replace(guesses[place], role=f"not {role}", reasons=(*guesses[place].reasons, said))
            nothing: Any = ""
            meaning = replace(meaning, **{role: nothing})
        else:
            guesses[place] = replace(guesses[place], reasons=(*guesses[place].reasons, said))
    return meaning


def _end(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    for name, column, _of_case in _columns(table):
        if name_score(name, "status") < _LEAST or name in meaning.activity:
            continue
        if column.kind is Kind.TRUTH:
            said = Said("true when a case is over")
            return replace(_take(meaning, guesses, "ended", name, 0.7, said), ended_values=("true",))
        if column.kind is Kind.TEXT and len(column.words) <= 100:
            words = tuple(str(word) for word in column.words if ENDED_WORDS.match(str(word).strip()))
            if words:
                said = Said("ended is: {words}", words=", ".join(words))
                return replace(_take(meaning, guesses, "ended", name, 0.7, said), ended_values=words)
    return _end_by_activity(table, meaning, guesses)


def _end_by_activity(table: Table, meaning: Meaning, guesses: list[Guess]) -> Meaning:
    """Activities after which nearly nothing follows end a case."""
    case, at = case_codes(table, meaning), table.event_columns.get(meaning.at)
    activity = table.event_columns.get(meaning.activity[0]) if len(meaning.activity) == 1 else None
    if case is None or at is None or activity is None or at.kind is not Kind.INSTANT or activity.kind is not Kind.TEXT:
        return meaning
    keep = np.flatnonzero((case >= 0) & (activity.values >= 0))
    is_over = np.ones(table.events, dtype=np.bool_)
    transition = table.event_columns.get(meaning.lifecycle)
    if transition is not None and transition.kind is Kind.TEXT:
        words = [str(word) for word in transition.words]
        columns = (case[keep], activity.values[keep], at.values[keep], transition.values[keep])
        whole = whole_activities(*columns, words)
        is_over[keep[whole.keep]] = whole.is_over
        keep = keep[whole.keep]
    order = keep[np.lexsort((at.values[keep], case[keep]))]
    is_last = np.append(np.diff(case[order]) != 0, True) if len(order) else np.zeros(0, dtype=np.bool_)
    lasts = np.bincount(activity.values[order][is_last & is_over[order]], minlength=len(activity.words))
    cases = int(is_last.sum())
    pairs = np.unique(case[order].astype(np.int64) * len(activity.words) + activity.values[order]) % len(activity.words)
    having = np.bincount(pairs, minlength=len(activity.words))
    finals = [
        str(activity.words[code])
        for code in np.argsort(-lasts, kind="stable").tolist()
        if lasts[code] >= max(3, cases // 100) and lasts[code] >= FINAL_SHARE * having[code]
    ]
    covered = sum(int(lasts[code]) for code in range(len(lasts)) if str(activity.words[code]) in finals)
    if not finals or covered < 0.3 * cases or (meaning.wide and covered == cases):
        return meaning
    said = Said(
        "nothing follows them in {share} of the cases that have them; {n} of {m} cases end so",
        share=f"{FINAL_SHARE:.0%}", n=f"{covered:,}", m=f"{cases:,}",
    )  # fmt: skip
    guesses.append(Guess(role="ended_by", column=" + ".join(finals), score=0.5, reasons=(said,)))
    return replace(meaning, ended_by=tuple(finals))


def default_east(meaning: Meaning) -> int:
    return east_of(meaning.zone)
