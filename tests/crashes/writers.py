"""Several writers at once, killed and started again."""

import random
from pathlib import Path

from django.db import connection

from tests.crashes import processes
from tests.crashes.acts import Intent, Writer, read_told
from tests.crashes.checking import Ledger, is_written


class Writers:
    """Several writers at once, and what they said."""

    def __init__(self, home: Path, *, seed: int, lasting: bool = False) -> None:
        self.ledger = Ledger()
        self.dice = random.Random(seed)
        self._home, self._lasting, self._n = home, lasting, 0
        self._running: dict[int, Path] = {}
        told = self._next_path()
        self.shared = Writer(told).submit().case_id
        self.ledger.take(read_told(told))

    @property
    def pids(self) -> list[int]:
        return list(self._running)

    def start(self, pending: Intent | None = None) -> None:
        path, seed = self._next_path(), self.dice.random()

        def work() -> None:
            if self._sqlite_pragmas:
                with connection.cursor() as cursor:
                    cursor.execute(self._sqlite_pragmas)
            writer = Writer(path)
            if pending is not None:
                writer.again(pending)
            writer.go_on(self.shared, random.Random(seed), lasting=self._lasting)

        self._running[processes.start(work)] = path

    _sqlite_pragmas = ""

    def without_checkpoints(self) -> None:
        self._sqlite_pragmas = "PRAGMA wal_autocheckpoint=0"

    def kill(self, pid: int) -> Intent | None:
        """Kill one; what it was about."""
        assert processes.kill(pid), "the writer had ended before it was killed"
        self.ledger.kills += 1
        told = read_told(self._running.pop(pid))
        self.ledger.take(told)
        self.ledger.kept_unacknowledged += told.pending is not None and is_written(told.pending.key)
        return told.pending

    def look(self) -> None:
        """What those still running have said so far."""
        for path in self._running.values():
            self.ledger.take(read_told(path))

    def finish(self, *pending: Intent | None) -> None:
        """What the dead were about is done once more, so that everything begun has its answer."""
        path = self._next_path()
        writer = Writer(path)
        for intent in pending:
            if intent is not None:
                writer.again(intent)
        self.ledger.take(read_told(path))

    def _next_path(self) -> Path:
        self._n += 1
        return self._home / f"told-{self._n}"
