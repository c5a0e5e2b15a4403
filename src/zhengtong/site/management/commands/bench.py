"""`zhengtong bench`: measure acts, days, search, lists and pages on this machine, as ratios within one run."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management import BaseCommand, CommandError

from zhengtong.site.bench import harness
from zhengtong.site.bench.parts import PARTS


class Command(BaseCommand):
    help = (
        f"Measure in databases of its own, about five minutes; the figures are kept in {harness.LATEST}. "
        f"Parts: {', '.join(PARTS)}; all unless some are named. Example: zhengtong bench days search"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="PART", help="only these; the other figures stay as they were")
        parser.add_argument("--json", action="store_true", help="print what is kept in the file")
        parser.add_argument("--table", action="store_true", help="measure nothing: print what is kept, as a table")
        parser.add_argument("--full", action="store_true", help="more rounds and longer ones: some twenty minutes")
        parser.add_argument("--year", action="store_true", help="supervision: a city's whole year, some half an hour")
        parser.add_argument("--tiny", action="store_true", help="only whether it runs; the figures mean nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["table"]:
            self.stdout.write(harness.table(_kept()))
            return
        unknown = sorted(set(options["parts"]) - set(PARTS))
        if unknown:
            raise CommandError(f"no such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
        wanted = {name: part for name, part in PARTS.items() if name in (options["parts"] or PARTS)}
        size = harness.FULL if options["full"] else harness.TINY if options["tiny"] else harness.USUAL
        found = harness.run_parts(wanted, replace(size, is_year=options["year"]), say=self._say)
        kept = harness.keep(found)
        self.stdout.write(json.dumps(kept, ensure_ascii=False) if options["json"] else harness.table(kept))
        if any(isinstance(line, harness.Failed) for lines in found.values() for line in lines):
            raise SystemExit(1)

    def _say(self, words: str) -> None:
        self.stderr.write(words)
        self.stderr.flush()


def _kept() -> dict[str, Any]:
    if not harness.LATEST.exists():
        raise CommandError(f"nothing has been measured yet: there is no {harness.LATEST}. Run `zhengtong bench` first.")
    read: dict[str, Any] = json.loads(harness.LATEST.read_text(encoding="utf-8"))
    return read
