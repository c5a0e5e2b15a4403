"""`zhengtong export --bundle FILE`: everything `verify` needs, to be checked elsewhere; no person's data is in it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts import clock
from zhengtong.ledger.sources import export_bundle


class Command(BaseCommand):
    requires_system_checks = []
    help = "Export the ledger for off-line verification. Example: zhengtong export --bundle city.jsonl.gz"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bundle", type=Path, required=True, metavar="FILE", help="gzipped if it ends in .gz")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = export_bundle(options["bundle"], clock.now())
        except (OSError, DatabaseError) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts, sort_keys=True))
        else:
            self.stdout.write(f"{options['bundle']}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
