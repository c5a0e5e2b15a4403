"""`zhengtong rebuild`: fold every case again from its events; mend docket and readers that differ."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from zhengtong.accounts import clock
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.rebuilding import rebuild


class Command(BaseCommand):
    requires_system_checks = []
    help = "Make docket and readers again from events alone. Example: zhengtong rebuild --check"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only name what differs; exit 1 if anything does")
        parser.add_argument("--projections", action="store_true", help="run the rooms' reactions again, too")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress(self.stderr, "cases", Case.objects.count()) as progress:
            done = rebuild(
                clock.now(), check=options["check"], projections=options["projections"], progress=progress.at
            )  # fmt: skip
        if options["json"]:
            said = {"cases": done.cases, "differed": list(done.mended), "mended": not options["check"]}
            self.stdout.write(json.dumps(said, ensure_ascii=False, sort_keys=True))
        else:
            verb = "differ" if options["check"] else "mended"
            self.stdout.write(f"{done.cases} cases folded, {len(done.mended)} {verb}")
            for number in done.mended[:50]:
                self.stdout.write(f"  {number}")
        if options["check"] and done.mended:
            sys.exit(1)
