"""`zhengtong law`: check, show, put in force, or list what nobody has confirmed yet."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import translation

from zhengtong.law import overlay
from zhengtong.law.bpmn import write_bpmn
from zhengtong.law.checking import check, check_all, find_unconfirmed, put
from zhengtong.law.lawyers_table import tabulate, write_text
from zhengtong.law.procedure_files import UnknownProcedureError, codes, load_procedure, versions, words
from zhengtong.law.reading import FileFault, LawFileError

LANGUAGES = {"zh": "zh-hans", "en": "en"}
FOUND_WRONG = 1


def _nearby(file: str) -> str:
    """The path as one would type it from here."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


class Command(BaseCommand):
    help = "Check, show or put in force the procedure files. Example: zhengtong law check"

    def add_arguments(self, parser: ArgumentParser) -> None:
        doing = parser.add_subparsers(dest="doing", required=True, metavar="check|show|put|unconfirmed")
        checking = doing.add_parser("check", help="prove every file, or one, for all combinations of its options")
        checking.add_argument("path", nargs="?", type=Path)
        showing = doing.add_parser("show", help="print the lawyer's table, or BPMN 2.0")
        showing.add_argument("code")
        showing.add_argument("--version", dest="of", metavar="VERSION", help="default: the newest")
        showing.add_argument("--bpmn", action="store_true", help="BPMN 2.0 XML instead of the table")
        showing.add_argument("--lang", choices=sorted(LANGUAGES), default="zh")
        putting = doing.add_parser("put", help="check a file and put it in force; it may not change any more")
        putting.add_argument("file", type=Path)
        unconfirmed = doing.add_parser("unconfirmed", help="list what is marked confirmed = false")
        for each in (checking, showing, putting, unconfirmed):
            each.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['doing']}")(options)
        except UnknownProcedureError as error:
            raise CommandError(str(error)) from error
        except LawFileError as error:
            self._report(error.faults, options)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}") from error

    def _say(self, options: dict[str, Any], answer: dict[str, Any], text: str) -> None:
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) if options["json"] else text)

    def _report(self, faults: Iterable[FileFault], options: dict[str, Any]) -> None:
        found = [replace(fault, file=_nearby(fault.file)) for fault in faults]
        answer = {"ok": not found, "faults": [asdict(fault) for fault in found]}
        lines = [str(fault) for fault in found] or ["Proved: every file, for every combination of its options."]
        self._say(options, answer, "\n".join(lines))
        if found:
            raise SystemExit(FOUND_WRONG)

    def _check(self, options: dict[str, Any]) -> None:
        path = options["path"]
        self._report(check_all() if path is None else check(path), options)

    def _show(self, options: dict[str, Any]) -> None:
        code, lang = options["code"], LANGUAGES[options["lang"]]
        version = options["of"] or (versions(code) or ("",))[-1]
        procedure, said = load_procedure(code, version), words(code, version, lang)
        if options["bpmn"]:
            chart = write_bpmn(procedure, said)
            self._say(options, {"code": code, "version": version, "bpmn": chart}, chart)
            return
        with translation.override(lang):
            table = tabulate(procedure, said)
            self._say(options, asdict(table), write_text(table))

    def _put(self, options: dict[str, Any]) -> None:
        file = options["file"].resolve()
        root = overlay.root_of(file) or overlay.local()
        if root is None:
            raise CommandError("There is no place for local law. Set ZHENGTONG_HOME.")
        try:
            done = put(file, root)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if done.path is None:
            self._report(done.faults, options)
        else:
            self._say(options, {"ok": True, "file": str(done.path)}, f"In force from its date on: {done.path}")

    def _unconfirmed(self, options: dict[str, Any]) -> None:
        procedures = [load_procedure(code, version) for code in codes() for version in versions(code)]
        found = [each for procedure in procedures for each in find_unconfirmed(procedure)]
        lines = [f"{each.procedure} {each.version} {each.table}: {each.name} [{each.source}]" for each in found]
        self._say(options, {"unconfirmed": [asdict(each) for each in found]}, "\n".join(lines) or "Nothing.")
