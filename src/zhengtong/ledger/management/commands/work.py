"""`zhengtong work`: the one background process. SIGTERM or Ctrl-C ends it after the case in hand."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import OperationalError, close_old_connections

from zhengtong.accounts import clock
from zhengtong.ledger.triggers import find_missing
from zhengtong.ledger.working import Round, Worker


class Command(BaseCommand):
    requires_system_checks = []
    help = "Do the work behind the pages: silence, alarms, outbox, the day's root. Example: zhengtong work --every 5"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, metavar="SECONDS", help="pause between rounds (default 5)"
        )
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["every"] <= 0:
            raise CommandError("--every needs a number above 0", returncode=2)
        missing = _missing_triggers()
        if missing:
            names = ", ".join(missing)
            raise CommandError(
                f"the ledger's triggers are missing: {names}. `zhengtong verify` says more.", returncode=2
            )
        stop = threading.Event()
        self._listen(stop)
        worker = Worker()
        while not stop.is_set():
            self._say(worker.round(clock.now()))
            if options["once"]:
                return
            close_old_connections()
            stop.wait(worker.pause(options["every"]))

    def _listen(self, stop: threading.Event) -> None:
        def ask(number: int, frame: FrameType | None) -> None:
            stop.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ask)
            signal.signal(signal.SIGINT, ask)

    def _say(self, done: Round) -> None:
        if done.swept and (done.swept.cases or done.swept.failed):
            self.stdout.write(f"sweep: {done.swept.cases} cases, {done.swept.events} events")
        if done.drained and (done.drained.sent or done.drained.failed):
            self.stdout.write(f"outbox: {done.drained.sent} sent, {done.drained.failed} failed")
        for line in done.roots or ():
            self.stdout.write(f"root of {line.day}: {line.digest}")
        self.stdout.flush()


def _missing_triggers() -> tuple[str, ...]:
    try:
        return find_missing()
    except OperationalError as error:
        raise CommandError(f"the database cannot be reached: {error}", returncode=2) from error
