"""`zhengtong reset`: forget everything in ZHENGTONG_HOME that the demonstration city made. Refused on a real
installation."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError, connection

from zhengtong.accounts import clock


class Command(BaseCommand):
    help = "Remove the demonstration city: database, files, keys and roots. Example: zhengtong reset --yes"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        home = Path(settings.ZHENGTONG_HOME)
        if not home.is_dir():
            self.stdout.write("there is nothing to remove")
            return
        if connection.vendor != "sqlite":
            raise CommandError("DATABASE_URL names a PostgreSQL database: drop it by its own means.")
        if not (home / "demo-unfinished").exists() and _is_real():
            raise CommandError("this database does not carry the demo mark; it is not removed by this command.")
        if not options["yes"] and input(f"Remove everything in {home}? [yes/no] ") != "yes":
            raise CommandError("nothing was removed")
        connection.close()
        _remove(home)
        self.stdout.write("removed; `make run` builds a new city")


def _is_real() -> bool:
    """A database with people in it, but without the demo mark."""
    from zhengtong.accounts.models import Account

    try:
        return Account.objects.exists() and not clock.is_demo()
    except DatabaseError:
        return False


def _remove(home: Path) -> None:
    database = Path(connection.settings_dict["NAME"])
    for path in (database, *database.parent.glob(f"{database.name}-*")):
        path.unlink(missing_ok=True)
    places = (settings.ZHENGTONG_KEYS, settings.ZHENGTONG_ROOTS, settings.MEDIA_ROOT, home / "analysis")
    for path in map(Path, places):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in ("demo-unfinished", "demo-accounts.json", "secret-key"):
        (home / name).unlink(missing_ok=True)
