"""`zhengtong backup TO`: the whole installation in one sealed file, while people work."""

import json
import sys
from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError, connection

from zhengtong.accounts import clock
from zhengtong.ledger.progress import Progress
from zhengtong.operating import pulses
from zhengtong.operating.backing_up import Kept, back_up
from zhengtong.operating.children import ChildFailed
from zhengtong.operating.envelopes import CannotOpen, Lock, draw_identity, fingerprint, read_recipient
from zhengtong.operating.passphrases import Unfit, read_passphrase, write_private
from zhengtong.operating.snapshots import NoSnapshot


class Command(BaseCommand):
    help = (
        "Keep database, files, roots and local law as of one instant, sealed, while people work. Examples: "
        "zhengtong backup --new-key backup.key; zhengtong backup /var/backups --recipient backup.key.pub --keep 30"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("to", nargs="?", type=Path, help="a file, or a folder in which each gets a name of its own")
        parser.add_argument("--recipient", type=Path, metavar="FILE", help="seal for this public key (recommended)")
        parser.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="seal with the passphrase in this file"
        )
        parser.add_argument(
            "--with-keys", type=Path, metavar="FILE", help="the keys too, under the passphrase in this file"
        )
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="in a folder: remove all but the newest N")
        parser.add_argument("--by-copy", action="store_true", help="PostgreSQL: by COPY even where pg_dump is there")
        parser.add_argument(
            "--new-key", type=Path, metavar="FILE", help="draw a key to open backups with; FILE.pub seals"
        )
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_key"] is not None:
                self._draw_key(options["new_key"])
                return
            kept = self._back_up(options)
        except (NoSnapshot, ChildFailed, CannotOpen, Unfit, DatabaseError, OSError) as error:
            raise CommandError(f"no backup was made: {error}") from error
        pulses.try_beat(pulses.BACKUP, clock.now(), kept.path.name)
        self._say_json(kept) if options["json"] else self._say(kept)

    def _back_up(self, options: dict[str, Any]) -> Kept:
        if options["to"] is None:
            raise CommandError("say where to: zhengtong backup FILE or FOLDER")
        if options["keep"] < 0 or (options["keep"] and not options["to"].is_dir()):
            raise CommandError("--keep takes a number from 1 on, and a folder to keep them in")
        if "ledger_case" not in connection.introspection.table_names():
            raise CommandError(f"there is no installation in {settings.ZHENGTONG_HOME}: is ZHENGTONG_HOME right?")
        lock = self._lock(options)
        keys_lock = Lock(passphrase=read_passphrase(options["with_keys"])) if options["with_keys"] else None
        with Progress(self.stderr, "done") as progress:
            return back_up(
                to=options["to"], lock=lock, now=clock.now(), keys_lock=keys_lock, keep=options["keep"],
                by_copy=options["by_copy"], tell=lambda what, done: progress.at(done),
            )  # fmt: skip

    def _lock(self, options: dict[str, Any]) -> Lock:
        if options["recipient"] and options["passphrase_file"]:
            raise CommandError("--recipient and --passphrase-file are both given. Keep one.")
        if options["recipient"]:
            return Lock(recipient=read_recipient(options["recipient"]))
        if options["passphrase_file"]:
            return Lock(passphrase=read_passphrase(options["passphrase_file"]))
        if not sys.stdin.isatty():
            raise CommandError("say what the backup is sealed with: --recipient FILE or --passphrase-file FILE")
        first = getpass("passphrase: ")
        if first != getpass("once more: ") or len(first) < 12:
            raise CommandError("the two were not the same, or shorter than 12 characters")
        return Lock(passphrase=first)

    def _draw_key(self, path: Path) -> None:
        passphrase = getpass("passphrase of the key (empty for none): ") if sys.stdin.isatty() else ""
        private, public = draw_identity(passphrase)
        write_private(path, private)
        public_path = path.with_name(f"{path.name}.pub")
        public_path.write_bytes(public)
        self.stdout.write(
            f"{path}: opens backups. Take it away from this machine and keep it twice.\n{public_path}: seals them "
            f"(--recipient), fingerprint {fingerprint(read_recipient(public_path))}"
        )

    def _say_json(self, kept: Kept) -> None:
        figures = kept.snapshot.figures
        told = {
            "path": str(kept.path), "bytes": kept.size, "files": kept.files, "how": kept.snapshot.how,
            "cases": figures.cases, "events": figures.events, "heads": figures.heads, "last_root": figures.last_root,
            "has_keys": kept.has_keys, "removed": list(kept.removed),
        }  # fmt: skip
        self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))

    def _say(self, kept: Kept) -> None:
        figures = kept.snapshot.figures
        self.stdout.write(f"{kept.path}: {kept.size:,} bytes; {kept.snapshot.how}")
        self.stdout.write(
            f"{figures.cases:,} cases, {figures.events:,} events, {kept.files:,} files; heads {figures.heads}"
        )
        self.stdout.write("with the keys, under a passphrase of their own" if kept.has_keys else "without the keys")
        for name in kept.removed:
            self.stdout.write(f"removed {name}")
