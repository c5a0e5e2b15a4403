"""`zhengtong run`: database up to date, demonstration city if asked for and the database is new, then `serve` and
`work` together."""

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import connection

from zhengtong.accounts import clock
from zhengtong.site.ports import Address, NoFreePort, first_free
from zhengtong.site.supervisor import keep_together


class Command(BaseCommand):
    help = "Serve the pages and do the background work, together. Example: zhengtong run --demo"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="build the demonstration city in a new database")
        parser.add_argument("--bind", default=settings.ZHENGTONG_BIND, metavar="HOST:PORT")

    def handle(self, *args: Any, **options: Any) -> None:
        self._prepare(wants_demo=options["demo"])
        connection.close()
        commands = [["serve", "--bind", self._bind(options["bind"])]]
        if "work" in get_commands():
            commands.append(["work"])
        else:
            self.stdout.write(self.style.WARNING("there is no `work` command: silence and alarms will not run"))
        self.stdout.flush()
        raise SystemExit(keep_together(commands, environment=clock.shared_environment()))

    def _bind(self, written: str) -> str:
        """The port is chosen here, before any child starts, so that it is said once."""
        try:
            wanted = Address.read(written)
            found = first_free(wanted)
        except (ValueError, NoFreePort) as error:
            raise CommandError(str(error)) from error
        if found.port != wanted.port:
            self.stdout.write(self.style.WARNING(f"port {wanted.port} is taken; using {found.port} instead"))
        return f"[{found.host}]:{found.port}" if ":" in found.host else f"{found.host}:{found.port}"

    def _prepare(self, *, wants_demo: bool) -> None:
        settings.ZHENGTONG_HOME.mkdir(parents=True, exist_ok=True)
        unfinished = Path(settings.ZHENGTONG_HOME) / "demo-unfinished"
        if unfinished.exists():
            raise CommandError("the demonstration city was not built to its end. Run `make reset`, then `make run`.")
        is_new = "django_migrations" not in connection.introspection.table_names()
        call_command("migrate", interactive=False, verbosity=0)
        if not (wants_demo and is_new):
            return
        if "demo" not in get_commands():
            self.stdout.write(self.style.WARNING("there is no `demo` command: the site starts empty"))
            return
        self._build_demo(unfinished)

    def _build_demo(self, unfinished: Path) -> None:
        self.stdout.write("building the demonstration city …")
        self.stdout.flush()
        connection.close()
        unfinished.touch()
        code = subprocess.call([sys.executable, "-m", "zhengtong", "demo", "build"])
        if code:
            raise CommandError("the demonstration city could not be built (see above).", returncode=2)
        unfinished.unlink()
