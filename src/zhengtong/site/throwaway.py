"""Databases to be thrown away, for tests and for measuring: a fresh migrated database as the default connection, and a
PostgreSQL of our own (own folder, own port on loopback, gone at the end)."""

import itertools
import os
import pwd
import random
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from zhengtong.accounts import clock
from zhengtong.site.databases import database
from zhengtong.site.ports import Address, first_free

UNPRIVILEGED: Final = "postgres"  # initdb refuses root
HASTY: Final = "-c fsync=off"


class NoPostgres(RuntimeError):
    """PostgreSQL's server programs are not installed here."""

    def __init__(self) -> None:
        super().__init__("PostgreSQL's initdb and pg_ctl are not installed")


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """Inside, the default connection, in every thread, is this database; outside it is what it was."""
    before = dict(connections.settings["default"])
    _become(dict(connections.configure_settings({"default": database(url)})["default"]))
    try:
        yield
    finally:
        _become(before)


def _become(described: dict[str, object]) -> None:
    from django.contrib.contenttypes.models import ContentType

    connections["default"].close()
    connections.settings["default"].clear()
    connections.settings["default"].update(described)
    del connections["default"]  # the next use makes a connection of the right kind
    ContentType.objects.clear_cache()
    clock.forget()


def migrate(url: str) -> None:
    with default_database(url):
        call_command("migrate", interactive=False, verbosity=0)
        connections["default"].close()


# ---- a PostgreSQL of our own ------------------------------------------------------------------------


def free_port() -> int:
    """Below the range from which systems draw outgoing ports; two callers seldom ask for the same."""
    start = random.SystemRandom().randrange(20_000, 32_000)
    return first_free(Address(host="127.0.0.1", port=start)).port


@dataclass
class Cluster:
    port: int
    password: str
    programs: Path
    folder: Path
    is_durable: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, copy_of: str) -> None:
        self._execute(
            sql.SQL("create database {} template {} encoding 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(copy_of)
            )
        )

    def create_copy(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self.create(name, copy_of=template)
        return name

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def start(self) -> None:
        """Start the server, and wait until it takes connections; after a crash it recovers first."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
            f"-c shared_buffers=64MB -c max_connections=60 {'' if self.is_durable else HASTY}"
        )
        _run(self.programs, self.folder, "pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        _run(self.programs, self.folder, "pg_ctl", "-w", "-m", how, "stop")

    def server_pid(self) -> int:
        """The process all others of the server come from."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_cluster(*, is_durable: bool = False) -> Iterator[Cluster]:
    """A server that runs until the block is left. Only a durable one waits for the disk at each commit.

    Raises:
        NoPostgres
    """
    programs = find_programs()
    if programs is None:
        raise NoPostgres
    folder = Path(tempfile.mkdtemp(prefix="zhengtong-postgres-"))
    cluster = Cluster(
        port=free_port(), password=secrets.token_hex(16), programs=programs, folder=folder, is_durable=is_durable
    )
    try:
        _initialise(programs, folder, cluster.password)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        os.chown(secret, owner.pw_uid, owner.pw_gid)
    _run(
        programs, folder, "initdb",
        "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync",
    )  # fmt: skip


def _run(programs: Path, folder: Path, program: str, *arguments: str) -> None:
    as_owner = ["runuser", "-u", UNPRIVILEGED, "--"] if os.geteuid() == 0 else []
    command = [*as_owner, str(programs / program), "-D", str(folder / "data"), *arguments]
    with (folder / f"{program}.out").open("wb") as out:  # a pipe would stay open in the server
        code = subprocess.run(command, stdout=out, stderr=out, cwd=folder, check=False).returncode  # noqa: S603 - our own words
    if code:
        raise RuntimeError(f"{program} ended with {code}: {(folder / f'{program}.out').read_text()}")


def find_programs() -> Path | None:
    found = shutil.which("initdb")
    candidates = [Path(found).parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (folder for folder in candidates if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None
    )
