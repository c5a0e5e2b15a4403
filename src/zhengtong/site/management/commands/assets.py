"""`zhengtong assets`: front-end files and fonts, when the lock file changed."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from zhengtong.site.assets import AssetsFailed, prepare


class Command(BaseCommand):
    help = "Fetch front-end files by npm ci and copy them by an allow-list. Example: zhengtong assets --again"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="even if nothing changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = prepare(settings.CHECKOUT, again=options["again"], say=self.stdout.write)
        except AssetsFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write("front-end files copied" if done else "front-end files unchanged")
