"""`zhengtong upgrade`: the database of an earlier release brought up to this one, with the data in it."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from zhengtong.accounts import clock
from zhengtong.ledger.progress import Progress
from zhengtong.operating.upgrading import CannotUpgrade, find_waiting, upgrade


class Command(BaseCommand):
    help = (
        "Migrate the database to this release, check its triggers, fold every case again. Stop `serve` and `work`, and "
        "make a backup first. Example: zhengtong upgrade --check; zhengtong upgrade"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what waits; exit 1 if anything does")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check(options)
                return
            with Progress(self.stderr, "cases") as progress:
                done = upgrade(clock.now(), tell=self._tell(options), progress=progress.at)
        except CannotUpgrade as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            told = {"applied": list(done.applied), "cases": done.cases, "mended": list(done.mended),
                    "faults": list(done.faults)}  # fmt: skip
            self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))
        else:
            self.stdout.write(
                f"{len(done.applied)} migrations applied, {done.cases} cases folded, {len(done.mended)} dockets mended"
            )
            for fault in done.faults:
                self.stdout.write(self.style.ERROR(fault))
        if done.faults:
            sys.exit(1)

    def _check(self, options: dict[str, Any]) -> None:
        waiting = find_waiting()
        if options["json"]:
            self.stdout.write(json.dumps({"waiting": list(waiting)}))
        elif waiting:
            self.stdout.write("\n".join([f"{len(waiting)} migrations wait; run `zhengtong upgrade`:", *waiting]))
        else:
            self.stdout.write("the database is at this release")
        if waiting:
            sys.exit(1)

    def _tell(self, options: dict[str, Any]) -> Any:
        return (lambda words: None) if options["json"] else self.stdout.write
