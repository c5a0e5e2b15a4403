"""`zhengtong catalogue import FILE`: items from JSON lines or XLSX; `reindex` writes the search index anew."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhengtong.accounts import clock
from zhengtong.catalogue import importing
from zhengtong.catalogue.actions import reindex

FOUND_WRONG = 1


class Command(BaseCommand):
    help = "Import the items of a catalogue, or write its search index anew."

    def add_arguments(self, parser: CommandParser) -> None:
        called = parser.add_subparsers(dest="called", required=True)
        reading = called.add_parser("import", help="JSON lines or XLSX; a row imported before is left alone")
        reading.add_argument("file", type=Path)
        reading.add_argument("--map", type=Path, help="TOML: which column is which field")
        reading.add_argument("--json", action="store_true", help="print imported, unchanged and refused as JSON")
        reading.add_argument("--dry-run", action="store_true", help="say what would be done and write nothing")
        called.add_parser("reindex", help="write the search index anew")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["called"] == "reindex":
            self.stdout.write(f"{reindex()} items")
            return
        outcome = self._import(options)
        self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) if options["json"] else told(outcome))
        if outcome.refused:
            raise SystemExit(FOUND_WRONG)

    def _import(self, options: dict[str, Any]) -> importing.Outcome:
        try:
            mapping = importing.read_mapping(options["map"]) if options["map"] else importing.DEFAULT
            return importing.import_file(options["file"], mapping=mapping, at=clock.now(), is_dry=options["dry_run"])
        except importing.CannotRead as error:
            raise CommandError(f"{options['file']}: {error}") from error


def told(outcome: importing.Outcome) -> str:
    lines = [f"imported {outcome.imported}, unchanged {outcome.unchanged}, refused {len(outcome.refused)}"]
    lines += [f"  row {one['row']}: {one['field'] or '-'}: {one['why']}" for one in outcome.refused]
    return "\n".join(lines)
