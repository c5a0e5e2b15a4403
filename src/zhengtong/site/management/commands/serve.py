"""`zhengtong serve`: the web pages, by granian, on ZHENGTONG_BIND or the next free port."""

import os
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import connection

from zhengtong.operating import metrics
from zhengtong.operating.upgrading import CannotUpgrade, find_waiting
from zhengtong.site.environment import pass_on
from zhengtong.site.ports import Address, NoFreePort, first_free
from zhengtong.site.statics import collect_if_changed

CORES: Final = min(os.cpu_count() or 1, 4)


class Command(BaseCommand):
    help = "Serve the web pages. Example: zhengtong serve --bind 127.0.0.1:8080 --workers 2"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default=settings.ZHENGTONG_BIND, metavar="HOST:PORT")
        parser.add_argument(
            "--exact", action="store_true", help="this port or none: for a proxy that asks nowhere else"
        )
        parser.add_argument("--workers", type=int, default=CORES, help=f"processes (default: one a core, {CORES} here)")
        parser.add_argument("--threads", type=int, default=8, help="threads in each process (default 8)")

    def handle(self, *args: Any, **options: Any) -> None:
        address = self._address(options["bind"], is_exact=options["exact"])
        _require_migrated()
        if collect_if_changed():
            self.stdout.write("static files collected")
        connection.close()
        pass_on(metrics.FOLDER_NAMED_BY, str(metrics.make_folder(settings.ZHENGTONG_HOME)))
        self.stdout.write(f"政通 Zhengtong: {address.shown}", ending="\n")
        self.stdout.flush()
        _serve(address, workers=options["workers"], threads=options["threads"])

    def _address(self, written: str, *, is_exact: bool) -> Address:
        try:
            wanted = Address.read(written)
            found = first_free(wanted)
        except (ValueError, NoFreePort) as error:
            raise CommandError(str(error)) from error
        if found.port != wanted.port and is_exact:
            raise CommandError(f"port {wanted.port} is taken")
        if found.port != wanted.port:
            self.stdout.write(self.style.WARNING(f"port {wanted.port} is taken; using {found.port} instead"))
        return found


def _require_migrated() -> None:
    try:
        waiting = find_waiting()
    except CannotUpgrade as refused:
        raise CommandError(str(refused)) from refused
    if waiting:
        raise CommandError(
            f"the database lacks {len(waiting)} migrations ({waiting[0]} …). Make a backup, then run "
            "`zhengtong upgrade`; for a new installation `zhengtong init`."
        )


def _serve(address: Address, *, workers: int, threads: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "zhengtong.site.wsgi:application",
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        log_enabled=False,
        websockets=False,
    ).serve()
