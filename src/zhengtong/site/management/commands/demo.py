"""`zhengtong demo`: build the demonstration city, print its accounts, print the sign-in code of one."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from zhengtong.accounts import clock
from zhengtong.ledger.progress import Progress
from zhengtong.site.demo import accounts, city
from zhengtong.site.demo.accounts import DemoAccount


class Command(BaseCommand):
    help = "The demonstration city and its sign-in codes. Examples: zhengtong demo build; zhengtong demo code wj01"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        build = acts.add_parser("build", help="build the city in a new database")
        build.add_argument("--seed", type=int, default=city.SEED, help="the same seed builds the same history")
        build.add_argument("--cases", type=int, default=city.CASES, help="how many cases its weeks bring")
        code = acts.add_parser("code", help="print the code that signs a member of staff in now")
        code.add_argument("user", metavar="USER", help="a login, such as wj01")
        listed = acts.add_parser("accounts", help="print the accounts")
        for each in (build, code, listed):
            each.add_argument("--json", action="store_true", help="one object for a machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['what']}")(options)
        except accounts.NoAccounts as missing:
            raise CommandError(str(missing)) from missing

    def _build(self, options: dict[str, Any]) -> None:
        if options["cases"] < 0:
            raise CommandError("--cases takes a number from 0 on.")
        try:
            with Progress(self.stderr, "cases", options["cases"]) as progress:
                built = city.build(
                    now=clock.now(), seed=options["seed"], cases=options["cases"], progress=progress.at
                )  # fmt: skip
        except city.NotEmpty as full:
            raise CommandError("there is an organisation in this database already. `make reset` starts over.") from full
        lived = built.lived
        if options["json"]:
            told = {name: getattr(lived, name) for name in ("cases", "acts", "swept", "roots", "told", "astray")}
            self.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True))
        else:
            self.stdout.write(
                f"{lived.cases} cases, {lived.acts} acts, {lived.swept} events by the law, {lived.roots} roots"
            )
            self._print([account for account in built.accounts if account.is_for_a_tour])
            self.stdout.write(
                "all accounts: zhengtong demo accounts; a staff sign-in code: zhengtong demo code USER\n"
                f"kept in {accounts.accounts_file()}"
            )
        for line in lived.astray:
            self.stderr.write(f"astray: {line}")
        if lived.astray:
            sys.exit(1)

    def _code(self, options: dict[str, Any]) -> None:
        code = accounts.code_of(options["user"], clock.real_now())
        self.stdout.write(json.dumps({"code": code}) if options["json"] else code)

    def _accounts(self, options: dict[str, Any]) -> None:
        known = accounts.read()
        if options["json"]:
            rows = [
                {"login": row.login, "kind": row.kind, "name": row.name, "does": row.does, "password": row.password}
                for row in known
            ]
            self.stdout.write(json.dumps({"accounts": rows}, ensure_ascii=False))
        else:
            self._print(known)

    def _print(self, rows: Any) -> None:
        for row in rows:
            self.stdout.write(_line(row))


def _line(row: DemoAccount) -> str:
    return f"{row.login:<12} {row.password:<20} {row.name}  {row.does}"
