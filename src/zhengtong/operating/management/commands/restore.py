"""`zhengtong restore FILE --into HOME`: a backup put back into an empty place, and verified there."""

import json
import sys
from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts import clock
from zhengtong.ledger.progress import Progress
from zhengtong.operating.children import ChildFailed
from zhengtong.operating.envelopes import CannotOpen, Opener, read_identity
from zhengtong.operating.passphrases import Unfit, read_passphrase
from zhengtong.operating.pouring import CannotPour
from zhengtong.operating.restoring import CannotRestore, Restored, restore


class Command(BaseCommand):
    help = (
        "Put a backup back into an empty home, then verify it and compare the heads with those of the backup. Example: "
        "zhengtong restore zhengtong-20260301T020000Z.ztb --into /srv/zhengtong --identity backup.key"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", type=Path, required=True, metavar="HOME", help="an empty folder: the new home")
        parser.add_argument(
            "--database-url", default="", metavar="URL", help="an empty database; a file in HOME if not said"
        )
        parser.add_argument("--identity", type=Path, metavar="FILE", help="the key the backup was sealed for")
        parser.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="the passphrase of the backup or of the key"
        )
        parser.add_argument("--keys-passphrase-file", type=Path, metavar="FILE", help="restore the keys too, with this")
        parser.add_argument("--force", action="store_true", help="what is in HOME is moved aside first")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Progress(self.stderr, "members") as progress:
                done = restore(
                    options["file"], into=options["into"], database_url=options["database_url"],
                    opener=self._opener(options), keys_opener=self._keys_opener(options), force=options["force"],
                    now=clock.real_now(), tell=lambda what, n: progress.at(n),
                )  # fmt: skip
        except (CannotOpen, CannotRestore, CannotPour, ChildFailed, Unfit, DatabaseError, OSError) as error:
            raise CommandError(f"refused: {error}\nNothing was restored.") from error
        self._say_json(done) if options["json"] else self._say(done)
        if done.wrong:
            sys.exit(1)

    def _opener(self, options: dict[str, Any]) -> Opener:
        passphrase = read_passphrase(options["passphrase_file"]) if options["passphrase_file"] else ""
        if options["identity"]:
            return Opener(identity=read_identity(options["identity"], passphrase))
        if not passphrase and sys.stdin.isatty():
            passphrase = getpass("passphrase: ")
        return Opener(passphrase=passphrase)

    def _keys_opener(self, options: dict[str, Any]) -> Opener | None:
        path = options["keys_passphrase_file"]
        return Opener(passphrase=read_passphrase(path)) if path else None

    def _say_json(self, done: Restored) -> None:
        told = {
            "made_at": done.manifest["made_at"], "figures": done.figures, "wrong": list(done.wrong),
            "notes": list(done.notes), "same": not done.wrong,
            "moved_aside": str(done.moved_aside) if done.moved_aside else None,
        }  # fmt: skip
        self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))

    def _say(self, done: Restored) -> None:
        kept = done.manifest["figures"]
        self.stdout.write(
            f"kept {done.manifest['made_at']} by {done.manifest['how']}, program {done.manifest['program']}"
        )
        self.stdout.write(
            f"{kept['cases']:,} cases, {kept['events']:,} events, {done.manifest['files']:,} files; "
            f"heads {kept['heads']}"
        )
        if done.moved_aside:
            self.stdout.write(self.style.WARNING(f"what was there lies in {done.moved_aside}"))
        for note in done.notes:
            self.stdout.write(f"note: {note}")
        for line in done.wrong:
            self.stdout.write(self.style.ERROR(f"WRONG: {line}"))
        if not done.wrong and done.figures:
            self.stdout.write(self.style.SUCCESS("whole: verified, and the heads are those of the backup"))
