"""`zhengtong observe FILE`: supervise a system that was never connected, from its event log alone."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Any, Final, Self

import numpy as np
from django.core.management import BaseCommand, CommandError

from zhengtong.analysis.guessing import Guess, default_east, guess
from zhengtong.analysis.meanings import MapFault, Meaning, Observed, as_toml, observed, read_meaning
from zhengtong.analysis.observing import Observation, as_plain, iso, observe, ranked_dwell
from zhengtong.analysis.reading.opening import read_log
from zhengtong.analysis.reading.tables import Malformed, Table
from zhengtong.analysis.report_page import write_report
from zhengtong.kernel.calendars import Calendar, CalendarFault
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.progress import Progress, Stream

SILENT_SECONDS: Final = 1.0
LANGUAGES: Final = {"zh": "zh-hans", "zh-hans": "zh-hans", "en": "en"}


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Read an event log (XES, OCEL 2.0, CSV, XLSX; gzipped or not), say what its columns mean, and what is late, "
        "stalled, repeated or odd in it. Examples: zhengtong observe log.xes.gz --out report; "
        "zhengtong observe export.csv --save-map map.toml; "
        "zhengtong observe export.csv --map map.toml --calendar CN --json. "
        "Exit code 0 whatever is found, 2 where the file, the map or the calendar cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--map", type=Path, metavar="MAP.toml", help="what the columns mean; the rest is guessed")
        parser.add_argument("--save-map", type=Path, metavar="MAP.toml", help="write what was guessed, to be mended")
        parser.add_argument(
            "--calendar", metavar="CODE", help="count in the working days of this law calendar, e.g. CN"
        )
        parser.add_argument("--out", type=Path, metavar="DIR", help="write a report that opens from disk")
        parser.add_argument("--language", choices=sorted(LANGUAGES), default="zh", help="of the report's first page")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            table, given = self._read(path, options)
            meaning, guesses = guess(table, given)
            if options["save_map"]:
                options["save_map"].write_text(as_toml(meaning), encoding="utf-8")
            calendar = _calendar(options["calendar"])
            seen = observed(table, meaning)
            found = observe(seen, calendar)
            written = self._write(found, guesses, seen, options)
        except Malformed as error:
            raise CommandError(f"{path.name} is not loaded:\n{error}", returncode=2) from error
        except (MapFault, CalendarFault, OSError, UnicodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            said = {**as_plain(found), "mapping": asdict(meaning), "guesses": [asdict(each) for each in guesses]}
            said |= {"source": table.source, "report": [str(each) for each in written]}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            self._say(found, guesses, table, written)

    def _read(self, path: Path, options: dict[str, Any]) -> tuple[Table, Meaning]:
        given = read_meaning(options["map"]) if options["map"] else Meaning()
        with Progress(self.stderr, "bytes", path.stat().st_size) as progress, Patience(self.stderr) as patience:

            def say(done: int) -> None:
                patience.end()
                progress.at(done)

            table = read_log(
                path, say, default_east=default_east(given), case_type=given.case_type, sheet=given.sheet,
                delimiter=given.delimiter,
            )  # fmt: skip
        return table, given

    def _write(
        self, found: Observation, guesses: tuple[Guess, ...], seen: Observed, options: dict[str, Any]
    ) -> list[Path]:
        if not options["out"]:
            return []
        language, east = LANGUAGES[options["language"]], usual_east(seen)
        return write_report(
            found, guesses, options["out"], source=options["file"].name, east=east, language=language
        )  # fmt: skip

    def _say(self, found: Observation, guesses: tuple[Guess, ...], table: Table, written: list[Path]) -> None:
        write = self.stdout.write
        write(f"{table.source}: what its columns mean (another meaning: --map)")
        for each in guesses:
            write(f"  {each.role:<10} {each.column}  ({each.score:.0%}: {'; '.join(each.reasons)})")
        for note in found.notes:
            write(f"note: {note}")
        write(f"from {iso(found.first_at)} to {iso(found.last_at)}")
        for name, value in found.counts.items():
            write(f"  {name.replace('_', ' '):<26} {'not told by this log' if value is None else f'{value:,}'}")
        write(f"  {'stalls':<26} {len(found.stalls):,}")
        write(f"  {'bursts':<26} {len(found.bursts):,}")
        write(f"  {'same durations':<26} {len(found.runs):,}")
        write(f"  {'both sides of a check':<26} {sum(each.same for each in found.both):,}")
        slow = [(name, spread) for name, spread in ranked_dwell(found) if spread.is_ranked][:3]
        for name, spread in slow:
            write(f"  waiting for {name}: {spread.total / 86_400_000_000:,.0f} days in sum, {spread.count:,} times")
        for late in found.late[:3]:
            write(f"  late: {late.case}, {late.by / 86_400_000_000:,.1f} days past its limit")
        for path in written:
            write(f"written: {path}")


class Patience:
    """Says on a terminal why nothing happens yet, where the first piece of a file takes longer than a second: the fast
    reader is compiled the first time it runs on a machine."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._timer = Timer(SILENT_SECONDS, self._say)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def end(self) -> None:
        self._timer.cancel()

    def _say(self) -> None:
        if self._stream.isatty():
            self._stream.write("preparing the reader (once on this machine, some seconds) …")


def usual_east(seen: Observed) -> int:
    """The zone most events were written in."""
    zones, counts = np.unique(seen.east, return_counts=True)
    return int(zones[counts.argmax()])


def _calendar(code: str | None) -> Calendar | None:
    if not code:
        return None
    return load_calendar(code.upper())
