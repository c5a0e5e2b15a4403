"""Our own commands as child processes, for this installation or for another place: what is moved or restored is read by
the same program that will serve it, from a clean start."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings
from django.db import connection

from zhengtong.operating.databases import url_of

PLACES: Final = ("DATABASE_URL", "DATABASE_URL_FILE", "ZHENGTONG_HOME", "ZHENGTONG_KEYS", "ZHENGTONG_ROOTS")


class ChildFailed(RuntimeError):
    """A command of ours ended as it should not; its own words stand in the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an installation is: what a child process is told through its environment."""

    home: Path
    keys: Path
    roots: Path
    database_url: str

    @classmethod
    def here(cls, *, database_url: str = "") -> Self:
        return cls(
            home=Path(settings.ZHENGTONG_HOME), keys=Path(settings.ZHENGTONG_KEYS),
            roots=Path(settings.ZHENGTONG_ROOTS), database_url=database_url or url_of(connection.settings_dict),
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in PLACES}
        return kept | {
            "ZHENGTONG_HOME": str(self.home), "ZHENGTONG_KEYS": str(self.keys), "ZHENGTONG_ROOTS": str(self.roots),
            "ZHENGTONG_HASH": settings.ZHENGTONG_HASH, "DATABASE_URL": self.database_url,
        }  # fmt: skip


def call(arguments: Sequence[str], *, at: Place, may_end: frozenset[int] = frozenset({0})) -> str:
    """Run `zhengtong …` at a place; its standard output.

    Raises:
        ChildFailed: it ended with another code than may be.
    """
    command = [sys.executable, "-m", "zhengtong", *arguments]
    run = subprocess.run(command, env=at.environment(), capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if run.returncode not in may_end:
        raise ChildFailed(
            f"`zhengtong {arguments[0]}` ended with {run.returncode}: {(run.stderr or run.stdout).strip()}"
        )
    return run.stdout


def ask(arguments: Sequence[str], *, at: Place) -> dict[str, Any]:
    """Run a command that answers with one JSON object; 0 and 1 (found wrong) both answer."""
    said = call([*arguments, "--json"], at=at, may_end=frozenset({0, 1}))
    read: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return read


def run_program(command: Sequence[str], *, extra: Mapping[str, str]) -> None:
    """Run somebody else's program, with secrets in its environment, never on its command line.

    Raises:
        ChildFailed
    """
    run = subprocess.run(command, env={**os.environ, **extra}, capture_output=True, text=True, check=False)  # noqa: S603 - found by us, fixed words
    if run.returncode:
        raise ChildFailed(f"{Path(command[0]).name} ended with {run.returncode}: {run.stderr.strip()}")
