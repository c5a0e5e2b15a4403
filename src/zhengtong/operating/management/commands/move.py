"""`zhengtong move --to URL`: the database of this installation poured into the other kind, and compared."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts import clock
from zhengtong.operating.children import ChildFailed
from zhengtong.operating.moving import Moved, move
from zhengtong.operating.pouring import CannotPour


class Command(BaseCommand):
    help = (
        "Pour this database into an empty one of the other kind, then verify and compare both. Stop `serve` and `work` "
        "first. Example: zhengtong move --to postgres://owner:password@127.0.0.1:5432/zhengtong"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", required=True, metavar="URL", help="an empty database; on PostgreSQL as its owner")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()

        def tell(name: str, rows: int) -> None:
            if rows and not options["json"]:
                self.stderr.write(f"{time.monotonic() - began:8.1f} s  {rows:>12,}  {name}")

        try:
            moved = move(options["to"], at=clock.now(), tell=tell)
        except (CannotPour, ChildFailed, DatabaseError) as error:
            raise CommandError(
                f"{error}\nThis installation is as it was; drop the target before trying again."
            ) from error
        self._say_json(moved) if options["json"] else self._say(moved, time.monotonic() - began)
        if moved.wrong:
            sys.exit(1)

    def _say_json(self, moved: Moved) -> None:
        told = {"rows": moved.rows, "figures": moved.figures, "wrong": list(moved.wrong), "same": not moved.wrong}
        self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))

    def _say(self, moved: Moved, seconds: float) -> None:
        figures = moved.figures
        self.stdout.write(
            f"{moved.rows:,} rows in {seconds:.0f} s; {figures['cases']:,} cases, {figures['events']:,} events"
        )
        if moved.wrong:
            self.stdout.write(self.style.ERROR("NOT the same; go on with the old database:"))
            for line in moved.wrong:
                self.stdout.write(f"  {line}")
            return
        self.stdout.write(f"heads {figures['heads']}")
        self.stdout.write(
            self.style.SUCCESS(
                f"the same on both sides: heads, docket, readers, tables, the work of {len(figures['work'])} people"
            )
        )
        self.stdout.write("Set DATABASE_URL to the new database for every process and start them; keep the old one.")
