"""The command line tool `zhengtong`: a thin face over Django's management commands.

Every command exits 0 done, 1 found wrong (the command itself says so with SystemExit(1)), 2 could not
(CommandError, a wrong call, a setting that cannot be read, a bug). Any management command of Django can be called
by its name too.
"""

import difflib
import os
import sys
import traceback
from dataclasses import dataclass
from typing import Final

DONE: Final = 0
COULD_NOT: Final = 2


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    summary: str
    example: str


ENTRIES: Final = (
    Entry("run", "serve and work together; Ctrl-C stops both", "zhengtong run --demo"),
    Entry("serve", "the web pages alone", "zhengtong serve --bind 127.0.0.1:8080"),
    Entry("work", "the one background process: silence, alarms, outbox, the day's root", "zhengtong work"),
    Entry("analyse", "copy what is new for analyses, and say how cases went", "zhengtong analyse --item CODE --json"),
    Entry("sweep", "wake every case whose time has come, once", "zhengtong sweep --json"),
    Entry("init", "make a real installation: administrators, keys, region", "zhengtong init"),
    Entry(
        "backup", "keep the whole installation in one sealed file, online", "zhengtong backup /backup --recipient b.pub"
    ),
    Entry(
        "restore", "put a backup back into an empty home, and verify it", "zhengtong restore FILE --into /srv/zhengtong"
    ),
    Entry("rescue", "let in an administrator who lost every way in", "zhengtong rescue LOGIN --document NO"),
    Entry("upgrade", "bring the database of an earlier release up to this one", "zhengtong upgrade --check"),
    Entry("move", "pour the database into the other kind, and compare", "zhengtong move --to postgres://…"),
    Entry("figures", "what two databases must agree on to be the same", "zhengtong figures --json"),
    Entry("demo", "the demonstration city and its sign-in codes", "zhengtong demo build"),
    Entry("simulate", "a city simulated from a seed, and what was planted in it", "zhengtong simulate --town"),
    Entry("reset", "remove the demonstration city", "zhengtong reset --yes"),
    Entry("law", "check, show or put into force the procedure files", "zhengtong law check"),
    Entry("catalogue", "import the items of a catalogue", "zhengtong catalogue import items.jsonl"),
    Entry("verify", "check the ledger off-line: hashes, order, roots, triggers", "zhengtong verify --json"),
    Entry("observe", "supervise another system from its event log", "zhengtong observe log.xes.gz --out report"),
    Entry("export", "the ledger as a bundle, or its history as XES or OCEL 2.0", "zhengtong export --xes city.xes.gz"),
    Entry("rebuild", "fold every case again and compare the docket", "zhengtong rebuild"),
    Entry("keys", "list, rotate and retire the keys", "zhengtong keys rotate"),
    Entry("bench", "measure acts, days, search, lists and pages on this machine", "zhengtong bench days search"),
    Entry("assets", "fetch and copy front-end files and fonts", "zhengtong assets"),
    Entry("messages", "compile the translations", "zhengtong messages"),
    Entry("migrate", "bring the database up to date", "zhengtong migrate"),
)


def main(arguments: list[str] | None = None) -> int:
    called = sys.argv[1:] if arguments is None else arguments
    os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.site.settings"
    if not called or called[0] in {"-h", "--help", "help"}:
        print(usage())
        return DONE if called else COULD_NOT
    if called[0] == "--version":
        from zhengtong import __version__

        print(f"zhengtong {__version__}")
        return DONE
    return _run(called[0], called[1:])


def usage() -> str:
    lines = [
        "zhengtong 政通: a one-stop government service centre",
        "",
        "usage: zhengtong COMMAND [options]      (zhengtong COMMAND --help says more)",
        "",
    ]
    width = max(len(entry.name) for entry in ENTRIES)
    for entry in ENTRIES:
        lines += [f"  {entry.name:<{width}}  {entry.summary}", f"  {'':<{width}}  e.g. {entry.example}"]
    lines += ["", "exit codes: 0 done, 1 found wrong, 2 could not"]
    return "\n".join(lines)


def _run(name: str, rest: list[str]) -> int:
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError

    try:
        django.setup()
        return _call(name, rest)
    except (CommandError, ImproperlyConfigured) as error:
        if "--traceback" in rest:
            traceback.print_exc()
        print(f"zhengtong {name}: {error}", file=sys.stderr)
        code = getattr(error, "returncode", 1)
        return COULD_NOT if code == 1 else code
    except KeyboardInterrupt:
        print(f"zhengtong {name}: stopped", file=sys.stderr)
        return COULD_NOT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except Exception:  # a bug: say all of it, and never with the code that means "found wrong"
        traceback.print_exc()
        return COULD_NOT


def _call(name: str, rest: list[str]) -> int:
    from django.core.management import CommandError, ManagementUtility, get_commands

    if name not in get_commands():
        near = difflib.get_close_matches(name, [*get_commands(), *(entry.name for entry in ENTRIES)], n=1)
        hint = f" Did you mean {near[0]!r}?" if near and near[0] in get_commands() else ""
        raise CommandError(f"there is no such command.{hint} `zhengtong --help` lists them.")
    command = ManagementUtility(["zhengtong", name]).fetch_command(name)
    # --traceback hands every CommandError to us, so that its exit code is ours to choose.
    command.run_from_argv(["zhengtong", name, "--traceback", *rest])
    return DONE
