"""`zhengtong export`: the ledger for off-line verification, or its history as an event log for other tools."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts import clock
from zhengtong.analysis.exporting import Exported, export_ocel_json, export_ocel_sqlite, export_xes, tell_cases
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.queries import Case
from zhengtong.ledger.sources import export_bundle


class Command(BaseCommand):
    requires_system_checks = []
    help = (
        "Export the ledger for off-line verification, or its history as an event log that other tools read; no "
        "person's data. Examples: zhengtong export --bundle city.jsonl.gz; "
        "zhengtong export --xes city.xes.gz --from 2026-01-01; "
        "zhengtong export --ocel city.sqlite"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group(required=True)
        form.add_argument("--bundle", type=Path, metavar="FILE", help="what verify needs; gzipped if it ends in .gz")
        form.add_argument("--xes", type=Path, metavar="FILE", help="an XES log; gzipped if it ends in .gz")
        form.add_argument("--ocel", type=Path, metavar="FILE", help="an OCEL 2.0 log, .json (or .json.gz) or .sqlite")
        parser.add_argument("--from", dest="since", type=_day, metavar="DATE", help="cases opened from this day on")
        parser.add_argument("--to", dest="until", type=_day, metavar="DATE", help="cases opened until this day")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["bundle"] or options["xes"] or options["ocel"]
        if options["bundle"] and (options["since"] or options["until"]):
            raise CommandError("a bundle is whole: --from and --to go with --xes and --ocel", returncode=2)
        try:
            counts = export_bundle(path, clock.now()) if options["bundle"] else asdict(self._export(path, options))
        except (OSError, DatabaseError) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts, sort_keys=True))
        else:
            self.stdout.write(f"{path}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))

    def _export(self, path: Path, options: dict[str, Any]) -> Exported:
        name = path.name.removesuffix(".gz")
        if options["ocel"] and not name.endswith((".json", ".jsonocel", ".sqlite", ".db")):
            raise CommandError(f"{path.name}: an OCEL log ends in .json or .sqlite", returncode=2)
        with Progress(self.stderr, "cases", Case.objects.count()) as progress:
            cases = tell_cases(options["since"], options["until"], progress.at)
            if options["xes"]:
                return export_xes(path, cases)
            return (
                export_ocel_sqlite(path, cases) if name.endswith((".sqlite", ".db")) else export_ocel_json(path, cases)
            )


def _day(text: str) -> date:
    return date.fromisoformat(text)
