"""`zhengtong figures`: what two databases must agree on to be the same."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError, connection

from zhengtong.accounts import clock
from zhengtong.operating.figures import read_figures
from zhengtong.operating.work_samples import sample


class Command(BaseCommand):
    help = (
        "Rows of every table, digests of heads, docket and readers, the last root: equal on two databases that hold "
        "the same. Example: zhengtong figures --work 10 --json"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--work", type=int, default=0, metavar="N", help="also the work lists of so many people")
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="the instant the work lists are of; now if not said"
        )
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            work = sample(options["work"], options["at"] or clock.now())
            found = read_figures(connection, work=work).as_json()
        except DatabaseError as error:
            raise CommandError(f"unreadable: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(found, sort_keys=True))
            return
        for name, count in found["tables"].items():
            self.stdout.write(f"{count:>12,}  {name}")
        for name in ("heads", "docket", "readers", "last_root"):
            self.stdout.write(f"{name:<10} {found[name]}")
        for who, digest in found["work"].items():
            self.stdout.write(f"work of {who:<8} {digest}")
