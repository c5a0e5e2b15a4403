"""`zhengtong messages`: compile the translations of every room."""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

import zhengtong
from zhengtong.site.messages import UnreadablePo, compile_all


class Command(BaseCommand):
    help = "Compile every room's django.po. Example: zhengtong messages"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            total = compile_all(Path(zhengtong.__file__).parent)
        except UnreadablePo as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{total} messages compiled")
