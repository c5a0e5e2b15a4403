"""One change of one column of one row, wherever an attacker with the whole database makes it: `verify` finds it."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.ledger.stories import CLERK, FOLDS, NOON, calendar, event, licence, note, open_case
from zhengtong.kernel.events import Erased
from zhengtong.ledger import installed, keys, roots, sealing
from zhengtong.ledger.record import Entry, Recorded, new_key, record_entry
from zhengtong.ledger.sources import DatabaseSource, Unreadable
from zhengtong.ledger.verify import find_unopenable, verify

MUTATIONS = 300
DAY = timedelta(days=1)
TABLES = {
    "ledger_event": ("case_id", "seq"),
    "ledger_case": ("id",),
    "ledger_sealed": ("case_id", "seq", "field"),
    "ledger_reader": ("case_id", "kind", "ref"),
    "ledger_root": ("day",),
}
INSTANTS = {
    "at",
    *(f"{name}_at" for name in ["recorded", "opened", "accepted", "due", "promised", "wake", "closed", "erased"]),
}


@pytest.fixture
def city(city_db: object) -> Iterator[None]:
    """Four cases of two days, one row erased, both days signed; the triggers are gone, as an attacker would have it."""
    before = installed.installed()
    installed.install(bound_for=lambda state: licence())
    cases = [note(open_case(f"n-{n}", at=NOON, key=new_key(NOON, bytes([n] * 10))), at=NOON) for n in range(4)]
    cases[0] = note(cases[0], at=NOON + DAY)
    _erase(cases[1])
    roots.run_root_of_day(NOON + 2 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("DROP TRIGGER event_no_update")
    yield
    installed.put_back(before)


def _erase(case: Recorded) -> None:
    body = Erased(sealed=sealing.sealed_ref(3, "words"), basis="PIP-47")
    events = (event(case.seq + 1, body, at=NOON + DAY, person=CLERK),)
    record_entry(
        Entry(
            case=case.ref, bound=licence(), before=case.state, events=events, key=new_key(NOON + DAY),
            calendar=calendar(), now=NOON + DAY,
        ),
        folds=FOLDS,
    )  # fmt: skip


def is_found() -> bool:
    """Whether `zhengtong verify` would exit otherwise than 0."""
    try:
        report = verify(DatabaseSource(), folds=FOLDS)
        faults = [fault for fault in report.faults if fault.code != "trigger_missing"]
        return bool(faults) or any(True for _ in find_unopenable())
    except (Unreadable, roots.RootsUnreadable, keys.KeyUnreadable, DatabaseError):
        return True


def change(value: Any, column: str, dice: random.Random) -> Any:
    """Another value of the kind the column holds."""
    match value:
        case bytes() | memoryview():
            raw = bytearray(bytes(value) or b"\0")
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            return bytes(raw) if bytes(value) else b"\1"
        case int():
            return value + dice.choice([-1, 1, 7])
        case None:
            return "2026-03-04 04:00:00" if column in INSTANTS else "x"
        case _:
            return _other_text(str(value), column, dice)


def _other_text(text: str, column: str, dice: random.Random) -> str:
    places = [n for n, letter in enumerate(text) if letter.isdigit()] if column in INSTANTS or column == "day" else []
    place = dice.choice(places or range(len(text))) if text else 0
    letters = "0123456789" if places else '0123456789abcxyz{}"中'
    return text[:place] + dice.choice([each for each in letters if each != text[place : place + 1]]) + text[place + 1 :]


def mutate(dice: random.Random) -> str:
    """Change one column of one row; what was changed, in words."""
    table = dice.choice([*TABLES, "ledger_event", "ledger_case", "ledger_sealed"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        columns = [each[0] for each in cursor.description]
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        row, column = dice.choice(rows), dice.choice(columns)
        old = row[columns.index(column)]
        new = None if old is not None and column in NULLABLE and dice.random() < 0.3 else change(old, column, dice)
        where = " AND ".join(f'"{name}" = %s' for name in TABLES[table])
        key = [row[columns.index(name)] for name in TABLES[table]]
        cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE {where}', [new, *key])
    return f"{table} {key} {column}: {old!r} -> {new!r}"


NULLABLE = {"wake_at", "due_at", "erased_at", "key", "assignee", "window", "outcome"}


def test_verify_finds_any_one_change(city: None) -> None:
    assert not is_found()
    dice, overlooked = random.Random(20260302), []
    made = 0
    while made < MUTATIONS:
        with suppress(IntegrityError), transaction.atomic():  # what the database itself refuses is no change
            said = mutate(dice)
            made += 1
            if not is_found():
                overlooked.append(said)
            transaction.set_rollback(True)
    assert not is_found()
    assert overlooked == []


def test_verify_finds_any_changed_letter_of_a_root_line(city: None) -> None:
    whole = roots.roots_file().read_text(encoding="utf-8")
    dice, overlooked = random.Random(20260303), []
    for _ in range(60):
        place = dice.randrange(len(whole))
        letter = dice.choice([each for each in '0123456789abcdef"}x' if each != whole[place]])
        roots.roots_file().write_text(whole[:place] + letter + whole[place + 1 :], encoding="utf-8")
        if not is_found():
            overlooked.append(f"{place}: {whole[place]!r} -> {letter!r}")
    assert overlooked == []
