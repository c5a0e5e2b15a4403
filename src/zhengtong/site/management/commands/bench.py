"""`zhengtong bench`: measure acts, working days and search on this machine, as ratios within one run."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management import BaseCommand

from zhengtong.site import benching

LATEST: Final = Path("build") / "bench" / "latest.json"


class Command(BaseCommand):
    help = (
        "Measure acts through record(), working days and search in databases of their own, about a minute; the figures "
        f"are kept in {LATEST}. Example: zhengtong bench --json"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what is kept in the file")
        parser.add_argument("--full", action="store_true", help="more rounds, and search on PostgreSQL: some minutes")
        parser.add_argument("--tiny", action="store_true", help="only whether it runs; the figures mean nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        size = benching.FULL if options["full"] else benching.TINY if options["tiny"] else benching.USUAL
        lines = benching.run(size, say=lambda words: self.stderr.write(f"{words} …"))
        found = benching.as_json(lines)
        LATEST.parent.mkdir(parents=True, exist_ok=True)
        LATEST.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if options["json"]:
            self.stdout.write(LATEST.read_text(encoding="utf-8"))
            return
        for line in lines:
            self.stdout.write(_words(line))
        self.stdout.write(f"kept in {LATEST}")


def _words(line: benching.Line) -> str:
    if isinstance(line, benching.Skipped):
        return f"{line.name}: NOT MEASURED, {line.why}"
    aim = "" if line.met is None else f" (aim {line.aim:g} {line.unit}: {'met' if line.met else 'NOT met'})"
    figures = ", ".join(f"{name} {value:,g}" for name, value in line.figures.items())
    said = f"{line.name}: {line.value:g} {line.unit}{aim} against {line.against}; {figures}; n {line.n:,}"
    return f"{said}; load {line.load[0]:.2f}"
