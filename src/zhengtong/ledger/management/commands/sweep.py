"""`zhengtong sweep`: one round over every case whose time has come."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand

from zhengtong.accounts import clock
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.sweeping import sweep


class Command(BaseCommand):
    requires_system_checks = []
    help = "Wake every case whose time has come, once; write down what silence did. Example: zhengtong sweep --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress(self.stderr, "cases") as progress:
            swept = sweep(clock.now(), progress=progress.at)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(swept), ensure_ascii=False, sort_keys=True))
        else:
            self.stdout.write(
                f"{swept.cases} cases woken, {swept.events} events by the law, {swept.overtaken} moved meanwhile"
            )
            for number in swept.failed:
                self.stderr.write(f"could not be woken: {number}")
        if swept.failed:
            sys.exit(1)
