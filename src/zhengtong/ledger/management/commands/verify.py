"""`zhengtong verify`: is everything as it was written? Exits 0 whole, 1 broken, 2 unreadable."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts.guards import GUARDS
from zhengtong.ledger import keys
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.index_checking import find_misindexed, find_unclaimed
from zhengtong.ledger.installed import installed
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.roots import RootsUnreadable
from zhengtong.ledger.sources import BundleSource, DatabaseSource, Source, Unreadable
from zhengtong.ledger.verify import Fault, Report, find_unopenable, verify
from zhengtong.trail.triggers import TRAIL
from zhengtong.trail.verifying import verify_trail

NOT_OPENED = "sealed rows were not opened, so what stands in them and in their blind indexes was not checked"


class Command(BaseCommand):
    help = (
        "Check the ledger: chains, sealed rows, docket, daily roots, triggers, numbers. "
        "Example: zhengtong verify --trust root.pub; off-line: zhengtong verify --bundle city.jsonl.gz --trust root.pub"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trust", type=Path, metavar="FILE", help="the public key(s) to believe, PEM")
        parser.add_argument(
            "--bundle", type=Path, metavar="FILE", help="read an exported bundle instead of the database"
        )
        parser.add_argument("--closed", action="store_true", help="do not open the sealed rows with the master key")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="how many share the work"
        )
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        began = perf_counter()
        try:
            report, opened = self._report(options)
        except (Unreadable, RootsUnreadable, keys.KeyUnreadable, DatabaseError, OSError) as error:
            raise CommandError(f"unreadable: {error}", returncode=2) from error
        faults = [*report.faults, *opened]
        self._say_json(report, faults) if options["json"] else self._say(report, faults, perf_counter() - began)
        if faults:
            sys.exit(1)

    def _report(self, options: dict[str, Any]) -> tuple[Report, list[Fault]]:
        trusted = keys.load_public(options["trust"]) if options["trust"] else ()
        bundle: Path | None = options["bundle"]
        source: Source = BundleSource(bundle) if bundle else DatabaseSource()
        folds = kernel_folds() if bundle is None and installed().may_bind() else None
        with Progress(self.stderr, "cases") as progress:
            report = verify(
                source, trusted=trusted, folds=folds, is_database=bundle is None, processes=options["processes"],
                progress=progress.at,
            )  # fmt: skip
        if bundle is not None:
            return report, []
        if options["closed"] or not keys.has_master():
            return replace(report, notes=(*report.notes, NOT_OPENED)), [*find_unclaimed(), *find_trail_faults()]
        known = {(fault.code, fault.where) for fault in report.faults}
        opened = [f for f in find_unopenable() if (f.code, f.where) not in known]
        return report, [*opened, *find_unclaimed(), *find_misindexed(installed().found_by), *find_trail_faults()]

    def _say(self, report: Report, faults: list[Fault], seconds: float) -> None:
        for note in report.notes:
            self.stdout.write(f"note: {note}")
        if report.gaps:
            shown = ", ".join(report.gaps[:10]) + (" …" if len(report.gaps) > 10 else "")
            self.stdout.write(f"note: {len(report.gaps)} numbers were drawn and not used: {shown}")
        self.stdout.write(
            f"{report.cases} cases, {report.events} events, {report.sealed_rows} sealed rows, {report.roots} roots; "
            f"{seconds:.1f} s, {report.events / max(seconds, 0.001):,.0f} events a second"
        )
        if not faults:
            self.stdout.write(self.style.SUCCESS("whole: everything is as it was written"))
            return
        self.stdout.write(self.style.ERROR(f"BROKEN. First broken link: {faults[0]}"))
        for fault in faults[1:]:
            self.stdout.write(f"  {fault}")
        more = report.fault_count - len(report.faults)
        if more:
            self.stdout.write(f"  and {more} more")

    def _say_json(self, report: Report, faults: list[Fault]) -> None:
        said = asdict(report) | {"whole": not faults, "faults": [asdict(fault) for fault in faults]}
        said["first"] = said["faults"][0] if faults else None
        self.stdout.write(json.dumps(said, ensure_ascii=False, sort_keys=True))


def find_trail_faults() -> Iterator[Fault]:
    """The audit trail beside the ledger, and the triggers that keep it and the dated rows of people."""
    for fault in verify_trail((*TRAIL, *GUARDS)).faults:
        yield Fault(code=fault.code, where=fault.where, text="the audit trail is not as it was written")
