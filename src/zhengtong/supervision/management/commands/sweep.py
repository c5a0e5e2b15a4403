"""`zhengtong sweep`: what silence did is written down, then what changed, or whose time has come, is watched."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandError

from zhengtong.accounts import clock
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.sweeping import sweep as sweep_silence
from zhengtong.supervision.recomputing import recompute
from zhengtong.supervision.surveying import survey
from zhengtong.supervision.sweeping import sweep


class Command(BaseCommand):
    requires_system_checks = []
    help = (
        "Wake every case whose time has come, once; write down what silence did; watch what changed and issue cards. "
        "Example: zhengtong sweep --json"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="watch every case again, changed or not")
        parser.add_argument("--patterns", action="store_true", help="then look for patterns over many cases")
        parser.add_argument("--recompute", action="store_true", help="judge open cases anew and list what differs")
        parser.add_argument("--at", metavar="INSTANT", help="as of this instant (a demonstration city only)")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        said = _run(_instant(options["at"]), options, self.stderr)
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False, sort_keys=True))
        else:
            self._say(said)
        if said["failed"]:
            sys.exit(1)

    def _say(self, said: dict[str, Any]) -> None:
        self.stdout.write(
            f"{said['cases']} cases woken, {said['events']} events by the law, {said['overtaken']} moved meanwhile"
        )
        watched = said["watched"]
        self.stdout.write(f"{watched['cases']} cases watched, {watched['findings']} findings, {watched['cards']} cards")
        if "patterns" in said:
            self.stdout.write(f"{said['patterns']} findings over many cases")
        if "recomputed" in said:
            done = said["recomputed"]
            self.stdout.write(f"{done['cases']} cases recomputed, {done['differences']} findings differ")
        for number in said["failed"]:
            self.stderr.write(f"failed: {number}")


def _run(now: datetime, options: dict[str, Any], shown: Any) -> dict[str, Any]:
    with Progress(shown, "cases woken") as progress:
        swept = sweep_silence(now, progress=progress.at)
    said: dict[str, Any] = asdict(swept)
    failed = [*swept.failed]
    if options["recompute"]:
        with Progress(shown, "cases recomputed") as progress:
            done = recompute(now, progress=progress.at)
        said["recomputed"] = asdict(done)
        failed += done.failed
    with Progress(shown, "cases watched") as progress:
        watched = sweep(now, everything=options["all"], progress=progress.at)
    said["watched"] = asdict(watched)
    if options["patterns"]:
        said["patterns"] = survey(now)
    return said | {"failed": sorted({*failed, *watched.failed})}


def _instant(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    if not clock.is_demo():
        raise CommandError("--at works on a demonstration city only.")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no instant. Write it as in 2026-11-20T15:00+08:00.") from error
    return at if at.tzinfo else at.replace(tzinfo=LAW_ZONE)
