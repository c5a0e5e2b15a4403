"""`zhengtong rescue`: an administrator who lost every way in is let in again at the machine, and the trail says so."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from zhengtong.accounts import authority, clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Account


class Command(BaseCommand):
    help = (
        "A temporary password and a new second factor for an administrator whom no other can help. The trail "
        'keeps who asked for it and why. Example: zhengtong rescue gly02 --document "政数〔2026〕12号"'
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", metavar="LOGIN", help="the administrator's login")
        parser.add_argument("--document", required=True, help="the number of the paper that asks for it")
        parser.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(login=options["login"]).select_related("person").first()
        if account is None:
            raise CommandError(f"nobody signs in as {options['login']!r}")
        try:
            password = authority.rescue(account, document=options["document"], at=clock.now())
        except NotPossible as error:
            raise CommandError(
                f"{options['login']} is no administrator; the security administrator helps, at /staff/persons"
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps({"login": account.login, "temporary_password": password}))
            return
        self.stdout.write(
            f"{account.login}: {password}\n"
            "Good for a day and for choosing an own one; a second factor is set up at the next sign-in. "
            "The book of authority has an entry of it."
        )
