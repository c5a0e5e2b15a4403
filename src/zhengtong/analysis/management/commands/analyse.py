"""`zhengtong analyse`: bring the columnar copy up to date and say what the history looks like."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand

from zhengtong.accounts import clock
from zhengtong.analysis import copying, queries
from zhengtong.ledger.progress import Progress


class Command(BaseCommand):
    help = (
        "Copy what is new in the ledger to the columnar files under ZHENGTONG_HOME/analysis, and print how many cases, "
        "acts, ways through and repeated acts they hold. Example: zhengtong analyse --item qy-wj-0003 --json"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--refresh", action="store_true", help="only copy what is new; ask nothing")
        parser.add_argument("--rebuild", action="store_true", help="copy everything again, then go on as usual")
        parser.add_argument("--item", action="append", default=[], metavar="CODE", help="only cases of this item")
        parser.add_argument("--dept", action="append", default=[], metavar="CODE", help="only cases of this department")
        parser.add_argument("--json", action="store_true", help="print it for a program")

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress(self.stderr, "cases") as shown:
            run = copying.rebuild if options["rebuild"] else copying.refresh
            copied = run(clock.now(), progress=shown.at)
        told: dict[str, Any] = {"copied": asdict(copied)}
        if not options["refresh"]:
            told |= _figures(queries.Selection(items=tuple(options["item"]), depts=tuple(options["dept"])))
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for name, value in told.items():
            self.stdout.write(f"{name}: {value}")


def _figures(chosen: queries.Selection) -> dict[str, Any]:
    found, repeated = queries.process_map(chosen), queries.rework(chosen)
    return {
        "cases": found.cases,
        "acts": found.events,
        "directly_follows_pairs": len(found.pairs),
        "successions": found.successions,
        "variants": queries.count_variants(chosen),
        "cases_with_repeated_acts": repeated.cases,
        "bottlenecks": [
            {"step": one.step, "share": round(one.share, 4), **asdict(one.took)}
            for one in queries.bottlenecks(chosen, 5)
        ],
    }
