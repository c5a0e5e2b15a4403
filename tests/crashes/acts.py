"""Acts of the real law through the real door, as fast as a process can: a licence is submitted, accepted, noted on.

Before each act its intent is written down (case, key, how many events), after `record()` has returned its
acknowledgement. Both files outlive the writer, so that the test can compare them with what the database holds.
"""

import os
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from tests.kernel.stories import CITIZEN, WINDOW, at, bound_of, calendar
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import decide, decide_opening, find_serials
from zhengtong.kernel.events import Event
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.states import State, fold
from zhengtong.ledger import history, installed, sealing
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.record import Recorded, StaleHistory, find_replay, new_key, record
from zhengtong.ledger.rows import Row, outgoing

MONDAY = at("2026-03-02")
NOTES_TO_A_CASE = 6
SHARED_EVERY = 3


@dataclass(frozen=True, slots=True)
class Intent:
    """An act about to be recorded; `case_id` is 0 for an opening act."""

    act: str
    case_id: int
    key: str
    events: int


def tell_outside(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """Every batch tells the outside once, one of two topics."""
    topic = "letter" if case.last_seq % 2 else "sms"
    seqs = sorted({event.batch for event in events})
    return tuple(outgoing(case_id=case.id, seq=seq, topic=topic, body={"batch": seq}) for seq in seqs)


def numbers(keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(f"{key} {uuid.uuid4()}" for _ in range(keys.count(key))) for key in keys}


def serials_for(bound: Bound, state: State, keys: tuple[str, ...], when: datetime) -> Mapping[str, tuple[str, ...]]:
    return numbers(keys)


def wire() -> None:
    installed.install(reactions=(tell_outside,), bound_for=lambda state: bound_of(), serials_for=serials_for)


class Writer:
    """Writes down what it means to do and what was acknowledged, each line in one call, so that none is torn."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: MONDAY) -> None:
        self._told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._now = now

    def submit(self, key: str | None = None) -> Recorded:
        now = self._now()
        key = key or new_key(now)
        row, form = sealing.seal("applicant", {"name": "张三"}, index=[("name", "张三")]), sealing.seal("form", {})
        command = _command("submit", CITIZEN, key, None, now)
        sealed = {"applicant": row.commitment, "form": form.commitment}
        command = _with(command, sealed=sealed, parties={"applicant": CITIZEN.person})
        bound = bound_of()
        events = decide_opening(bound, command, calendar(), now)
        self._say(f"begin submit 0 {key} {len(events)}")
        done = record(
            case=None, bound=bound, before=None, events=events, key=key, sealed=[row, form], calendar=calendar(),
            now=now,
        )  # fmt: skip
        return self._acknowledge(done, key)

    def act(self, act: str, case_id: int, key: str | None = None) -> Recorded:
        """
        Raises:
            StaleHistory, Refusal: somebody was first.
        """
        now = self._now()
        key = key or new_key(now)
        replayed = find_replay(key=key, person=WINDOW.person, case_id=case_id)
        if replayed is not None:
            return self._acknowledge(replayed, key)
        loaded = history.load_case(case_id)
        bound, state = bound_of(), fold(loaded.history)
        rows = [sealing.seal("text", "看过")] if act == "note" else []
        command = _command(act, WINDOW, key, state, now)
        command = _with(command, sealed={row.field: row.commitment for row in rows})
        events = decide(bound, state, command, calendar(), now)
        self._say(f"begin {act} {case_id} {key} {len(events)}")
        done = record(
            case=loaded.ref, bound=bound, before=state, events=events, key=key, sealed=rows, calendar=calendar(),
            now=now,
        )  # fmt: skip
        return self._acknowledge(done, key)

    def again(self, intent: Intent) -> None:
        """The same act with the same key, as a person does whose page did not answer."""
        try:
            if intent.act == "submit":
                self.submit(intent.key)
            else:
                self.act(intent.act, intent.case_id, intent.key)
        except (StaleHistory, Refusal):
            self._say(f"refused {intent.case_id} {intent.key}")

    def go_on(self, shared: int, dice: random.Random, *, lasting: bool = False) -> None:
        """Without end: cases of its own, and now and then the one all writers share. `lasting` outlives the server."""
        doing: list[Intent] = []
        while True:
            try:
                if doing:
                    self.again(doing.pop())
                self._one_case(shared, dice)
            except StaleHistory:
                continue
            except (OperationalError, InterfaceError):
                if not lasting:
                    raise
                connection.close()
                time.sleep(0.02)
                doing = [pending] if (pending := self._pending) is not None else []

    _pending: Intent | None = None

    def _one_case(self, shared: int, dice: random.Random) -> None:
        own = self.submit().case_id
        self.act("accept", own)
        for n in range(NOTES_TO_A_CASE):
            self.act("note", shared if n % SHARED_EVERY == 0 else own)
            time.sleep(dice.uniform(0, 0.004))

    def _say(self, line: str) -> None:
        os.write(self._told, f"{line}\n".encode())
        word, *rest = line.split()
        self._pending = Intent(rest[0], int(rest[1]), rest[2], int(rest[3])) if word == "begin" else None

    def _acknowledge(self, done: Recorded, key: str) -> Recorded:
        self._say(f"done {done.case_id} {key} {done.seq}")
        return done


def _command(act: str, actor: Actor, key: str, state: State | None, now: datetime) -> Command:
    serials = numbers(find_serials(bound_of(), state, act, calendar(), now))
    command = Command(act=act, actor=actor, inputs={}, key=key, hash=hex_digest, serials=serials)
    return replace(command, channel="portal") if state is None else command


def _with(command: Command, **changes: object) -> Command:
    return replace(command, **changes)  # type: ignore[arg-type]


# ---- what a writer left behind --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What one writer said before it died: acknowledged (case, key), and the intent nobody answered, if any."""

    done: frozenset[tuple[int, str]]
    begun: Mapping[str, Intent]
    pending: Intent | None


def read_told(path: Path) -> Told:
    begun: dict[str, Intent] = {}
    done: set[tuple[int, str]] = set()
    pending: Intent | None = None
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
        word, *rest = line.split()
        if word == "begin":
            pending = begun[rest[2]] = Intent(rest[0], int(rest[1]), rest[2], int(rest[3]))
        else:
            pending = None
            if word == "done":
                done.add((int(rest[0]), rest[1]))
    return Told(frozenset(done), begun, pending)
