"""`zhengtong simulate`: a simulated city in a new database, and the file that says what was planted in it."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from zhengtong.simulation import running, truth
from zhengtong.simulation.doses import DosesUnreadable, read_doses
from zhengtong.simulation.organs import NotPossible
from zhengtong.simulation.progress import Course
from zhengtong.simulation.sizes import PRESETS, Size
from zhengtong.site.simulated_ground import NotEmpty, lay, reactions

FEW: Final = 20_000
"""Up to so many cases the parties' notices wait in the outbox; beyond, the past is not told again."""


class Command(BaseCommand):
    help = (
        "Simulate a city in a new database. Papers are not drawn and files are not made. "
        "Examples: zhengtong simulate --town; zhengtong simulate --year --json"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        size = parser.add_mutually_exclusive_group()
        for name, preset in PRESETS.items():
            text = (
                f"{preset.cases:,} cases, {preset.days} days, {preset.departments} departments, {preset.staff:,} staff"
            )
            size.add_argument(f"--{name}", action="store_const", dest="preset", const=name, help=text)
        parser.add_argument("--cases", type=int, metavar="N")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DATE", help="the first day")
        parser.add_argument("--days", type=int, metavar="D")
        parser.add_argument("--seed", type=int, metavar="S", help="the same seed and options make the same ledger")
        parser.add_argument("--departments", type=int, metavar="N")
        parser.add_argument("--items", type=int, metavar="N")
        parser.add_argument("--staff", type=int, metavar="N")
        planted = parser.add_mutually_exclusive_group()
        planted.add_argument("--clean", action="store_true", help="plant nothing")
        planted.add_argument("--doses", type=Path, metavar="FILE", help="TOML: [kind] rate = 4, least = 2")
        parser.add_argument("--truth", type=Path, metavar="FILE", help="where to write what was planted")
        parser.add_argument(
            "--workers", type=int, default=0, metavar="N", help="processes (default: 1 for few cases, else 2)"
        )
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        size = self._size(options)
        path = options["truth"] or Path(settings.ZHENGTONG_HOME) / "truth.jsonl"
        workers = options["workers"] or (1 if size.cases < FEW else 2)
        notices = size.cases <= FEW
        Path(settings.ZHENGTONG_HOME).mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        try:
            with Course(self.stderr, "cases", size.cases) as course:
                ground = lay(size)
                lived = running.run(
                    size, ground, reactions=reactions(notices=notices), workers=workers, progress=course.at
                )
        except NotEmpty as full:
            raise CommandError("there is an organisation in this database already. Simulate in a new one.") from full
        except NotPossible as error:
            raise CommandError(str(error)) from error
        truth.write(path, lived.truths)
        self._tell(lived, size, path, notices=notices, as_json=options["json"])
        if not lived.is_whole:
            sys.exit(2)

    def _size(self, options: dict[str, Any]) -> Size:
        size = PRESETS[options["preset"] or "town"]
        names = ("cases", "first", "days", "seed", "departments", "items", "staff")
        size = replace(size, **{name: options[name] for name in names if options[name] is not None})
        try:
            return size.clean() if options["clean"] else replace(size, doses=read_doses(options["doses"], size.doses))
        except DosesUnreadable as error:
            raise CommandError(str(error)) from error

    def _tell(self, lived: running.Lived, size: Size, path: Path, *, notices: bool, as_json: bool) -> None:
        planted = Counter(str(each.kind) for each in lived.truths)
        told = {
            "cases": lived.cases,
            "open": lived.open_cases,
            "acts": lived.acts,
            "events": lived.events,
            "sealed_rows": lived.sealed_rows,
            "roots": lived.roots,
            "is_whole": lived.is_whole,
            "first": size.first.isoformat(),
            "days": size.days,
            "seed": size.seed,
            "until": lived.until.isoformat() if lived.until else None,
            "truth": str(path),
            "planted": dict(sorted(planted.items())),
            "left_out": ["papers drawn", "files"] + ([] if notices else ["notices"]),
        }
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))
            return
        self.stdout.write(
            f"{lived.cases:,} cases ({lived.open_cases:,} open), {lived.acts:,} acts, {lived.events:,} events, "
            f"{lived.roots} roots\n"
            f"left out: {', '.join(told['left_out'])}\n"  # type: ignore[arg-type]  # a list of words
            f"planted: {sum(planted.values())} irregularities of {len(planted)} kinds, written to {path}\n"
            f"Look at it with: ZHENGTONG_CLOCK={told['until']} zhengtong serve     (accounts: zhengtong demo accounts)"
        )
        if not lived.is_whole:
            self.stderr.write("stopped: whole cases only, and a root for every day")
