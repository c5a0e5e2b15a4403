"""`zhengtong init`: make a real installation, once, on bare ground."""

import json
import re
import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from zhengtong.accounts import clock
from zhengtong.accounts.labels import Duty
from zhengtong.operating.beginning import Answers, Begun, CannotBegin, begin, require_bare_ground

ASKED: Final = (
    ("region", "行政区划代码 code of the territory (GB/T 2260, e.g. 510199)", ""),
    ("region_name", "行政区划名称 its name (e.g. 清源区)", ""),
    ("region_name_en", "英文名称 its name in English, may stay empty", "-"),
    ("document", "管理员任命文号 document that appoints the administrators", ""),
)
DUTIES: Final = {Duty.SYSTEM: "系统管理员 system", Duty.SECURITY: "安全管理员 security", Duty.AUDIT: "审计管理员 audit"}
BASE_URL: Final = re.compile(r"https?://[^/\s]+$")


class Command(BaseCommand):
    help = (
        "Make a real installation: home, keys, schema, territory, government and centre, the first three "
        "administrators. What is not given is asked. Example: zhengtong init --region 510199 --region-name 清源区 "
        "--document 清政任〔2026〕1号 --system 10001:王立 --security 10002:陈思 --audit 10003:周敏 --yes"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, words, _default in ASKED:
            parser.add_argument(f"--{name.replace('_', '-')}", help=words)
        for duty, words in DUTIES.items():
            parser.add_argument(f"--{duty.value}", metavar="NUMBER:NAME", help=f"{words} administrator")
        parser.add_argument("--site-name", help="the name on every page, as ZHENGTONG_SITE_NAME would say it")
        parser.add_argument("--base-url", help="the address people type, as ZHENGTONG_BASE_URL would say it")
        parser.add_argument("--yes", action="store_true", help="do not ask; everything needed is given")
        parser.add_argument("--json", action="store_true", help="one object for a machine; implies --yes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_bare_ground()
            answers = self._answers(options, may_ask=not (options["yes"] or options["json"]))
            said = self._settings(options)
            begun = begin(answers, now=clock.now())
        except CannotBegin as refused:
            raise CommandError(str(refused)) from refused
        self._say_json(begun, said) if options["json"] else self._say(begun, said)

    def _answers(self, options: dict[str, Any], *, may_ask: bool) -> Answers:
        given = {name: self._ask(options[name], words, default, may_ask) for name, words, default in ASKED}
        people = {}
        for duty, words in DUTIES.items():
            written = self._ask(options[duty.value], f"{words} administrator NUMBER:NAME 工号:姓名", "", may_ask)
            number, _colon, name = written.replace("：", ":").partition(":")
            people[duty] = (number, name)
        return Answers(**given, administrators=people)

    def _ask(self, given: str | None, words: str, default: str, may_ask: bool) -> str:
        if given is not None:
            return str(given)
        if may_ask and sys.stdin.isatty():
            return input(f"{words}: ").strip()
        if default:
            return default.strip("-")
        raise CannotBegin(f"not given: {words}. `zhengtong init --help` shows every option.")

    def _settings(self, options: dict[str, Any]) -> dict[str, str]:
        """What must stand in the environment of every process from now on."""
        base = (options["base_url"] or settings.ZHENGTONG_BASE_URL).rstrip("/")
        if not BASE_URL.fullmatch(base):
            raise CannotBegin(f"{base!r} is no address of a site. Write https://host or http://host:port.")
        said = {"ZHENGTONG_HOME": str(settings.ZHENGTONG_HOME), "ZHENGTONG_BASE_URL": base,
                "ZHENGTONG_HOSTS": base.partition("://")[2].partition(":")[0]}  # fmt: skip
        name = options["site_name"] or settings.ZHENGTONG_SITE_NAME
        return said | ({"ZHENGTONG_SITE_NAME": name} if name else {})

    def _say_json(self, begun: Begun, said: dict[str, str]) -> None:
        people = {
            duty: {"login": login, "name": name, "temporary_password": password}
            for duty, (login, name, password) in begun.passwords.items()
        }
        told = {"home": str(begun.home), "administrators": people, "items": list(begun.items), "environment": said}
        self.stdout.write(json.dumps(told, ensure_ascii=False))

    def _say(self, begun: Begun, said: dict[str, str]) -> None:
        self.stdout.write(
            f"made in {begun.home}: keys (0600), schema, organisation, {len(begun.items)} internal items\n"
        )
        self.stdout.write("Temporary passwords, shown this once and kept nowhere (临时密码，只显示这一次):")
        for duty, (login, name, password) in begun.passwords.items():
            self.stdout.write(f"  {DUTIES[Duty(duty)]:<16} {login:<12} {password}   {name}")
        self.stdout.write("Each is changed, and a second factor set up, at the first sign-in: /staff/sign-in\n")
        self.stdout.write("Next:\n  1. The environment of every process (docs/operating/install.md):")
        for name, value in said.items():
            self.stdout.write(f"       {name}={value}")
        self.stdout.write(
            "  2. zhengtong serve, zhengtong work (the units in docs/operating/examples)\n"
            "  3. A first backup, and its key kept elsewhere: zhengtong backup --new-key; docs/operating/backup.md\n"
            "  4. Organs, posts and people; then items. The calendar is known until the end of "
            f"{begun.calendar_until}."
        )
