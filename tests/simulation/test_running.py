"""One seed, one ledger, whatever the number of processes and the kind of database; and a stop leaves it whole."""

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.simulation.conftest import Town, at_home, build_in, copy_keys
from tests.support.databases import copy_template
from tests.support.postgres import Cluster
from zhengtong.accounts.queries import actor_of_person
from zhengtong.kernel.clocks import find_docket
from zhengtong.kernel.states import fold
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.ledger.history import load
from zhengtong.ledger.installed import installed
from zhengtong.ledger.models.cases import Case
from zhengtong.simulation import running
from zhengtong.simulation.doses import DosesUnreadable, read_doses
from zhengtong.simulation.entropy import NotADemonstration, Sealer
from zhengtong.simulation.irregularities import DOSES, Dose
from zhengtong.simulation.sizes import TOWN, Size
from zhengtong.site.simulated_ground import NotEmpty, lay, reactions

PACKAGE = Path(running.__file__).parents[1]
SMALL = replace(TOWN, cases=60, days=21, departments=3, items=14, staff=30)


def _ledger() -> tuple[list[Any], ...]:
    asked = (
        "SELECT case_id, seq, hash, key FROM ledger_event ORDER BY case_id, seq",
        "SELECT id, number, state, head_hash FROM ledger_case ORDER BY id",
        "SELECT case_id, seq, topic FROM ledger_outbox ORDER BY id",
        "SELECT case_id, seq, field, digest FROM ledger_sealed ORDER BY case_id, seq, field",
        'SELECT kind, organ, period, "next" FROM ledger_series',
    )
    found: list[list[Any]] = []
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(sql)
            found.append(
                [tuple(bytes(x) if isinstance(x, memoryview) else x for x in row) for row in cursor.fetchall()]
            )
    return (*found[:4], sorted(found[4]))


def _read(town: Town) -> tuple[tuple[list[Any], ...], list[str], str]:
    with at_home(town.home, town.url):
        return _ledger(), [each.line for each in town.lived.truths], (town.home / "roots" / "roots.jsonl").read_text()


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def small(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Town:
    with django_db_blocker.unblock():
        return build_in(tmp_path_factory.mktemp("small"), sqlite_template, SMALL)


@pytest.mark.usefixtures("unblocked")
class TestOneSeed:
    def test_makes_one_ledger_by_two_processes_as_by_one(
        self, small: Town, sqlite_template: Path, tmp_path: Path
    ) -> None:
        again = build_in(tmp_path, sqlite_template, SMALL, workers=2, keys=small.home)
        assert _read(again) == _read(small)

    def test_makes_one_ledger_on_postgresql_too(
        self, small: Town, postgres_cluster: Cluster, postgres_template: str, tmp_path: Path
    ) -> None:
        copy_keys(small.home, tmp_path)
        url = postgres_cluster.url(postgres_cluster.create_copy(postgres_template))
        with at_home(tmp_path, url):
            lived = running.run(SMALL, lay(SMALL), reactions=reactions(notices=True))
            assert (_ledger(), [each.line for each in lived.truths]) == _read(small)[:2]
            call_command("verify")

    def test_another_seed_makes_another(self, small: Town, sqlite_template: Path, tmp_path: Path) -> None:
        other = build_in(tmp_path, sqlite_template, replace(SMALL, seed=8), keys=small.home)
        assert _read(other)[0][0] != _read(small)[0][0]

    def test_is_the_size_asked_for(self, small: Town) -> None:
        assert small.lived.cases == SMALL.cases
        assert small.lived.roots == SMALL.days


class TestTheLedger:
    def test_verifies(self, in_town: Town) -> None:
        call_command("verify")

    def test_folds_to_its_docket(self, in_town: Town) -> None:
        calendar = installed().calendar_for()
        assert in_town.lived.until is not None
        for row in Case.objects.all():
            state = fold(load(row.pk))
            docket = find_docket(installed().bound_for(state), state, calendar, in_town.lived.until)
            assert (row.state, row.phase, row.wake_at, row.due_at) == (
                docket.state,
                docket.phase,
                docket.wake_at,
                docket.due_at,
            )

    def test_has_open_cases_and_waiting_work(self, in_town: Town) -> None:
        assert Case.objects.filter(closed_at__isnull=True).count() == in_town.lived.open_cases > 0

    def test_acts_as_the_tables_say(self, in_town: Town) -> None:
        """The model's actors are those that the desk would make of the tables."""
        staffing, calendar = in_town.ground.staffing, installed().calendar_for()
        for n in (9, 22):
            on = calendar.add(in_town.size.first, n)
            moment = datetime.combine(on, time(12), LAW_ZONE)
            for post in in_town.ground.organs.posts:
                actor = staffing.actor_at(post.code, on)
                known = actor_of_person(int(actor.person.removeprefix("p-")), moment)
                assert sorted(actor.seats, key=lambda seat: seat.post) == sorted(
                    known.seats, key=lambda seat: seat.post
                )


class TestStopping:
    def test_by_hand_leaves_whole_cases(
        self, sqlite_template: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
    ) -> None:
        def stop(done: int) -> None:
            if done > 20:
                raise KeyboardInterrupt

        with django_db_blocker.unblock():
            path = copy_template(sqlite_template, tmp_path)
            with at_home(tmp_path, f"sqlite:///{path}"):
                lived = running.run(SMALL, lay(SMALL), reactions=(), progress=stop)
                assert not lived.is_whole
                assert 20 < lived.cases < SMALL.cases
                call_command("verify")

    def test_by_a_kill_leaves_whole_cases(
        self, sqlite_template: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
    ) -> None:
        path = copy_template(sqlite_template, tmp_path)
        environment = {**os.environ, "ZHENGTONG_HOME": str(tmp_path), "DATABASE_URL": f"sqlite:///{path}"}
        command = [str(Path(sys.executable).parent / "zhengtong"), "simulate", "--town", "--workers", "2"]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        with django_db_blocker.unblock(), at_home(tmp_path, f"sqlite:///{path}"):
            while process.poll() is None and Case.objects.count() < 100:
                sleep(0.02)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert 100 <= Case.objects.count() < TOWN.cases
            call_command("verify")


class TestSafety:
    def test_seeded_entropy_refuses_a_real_database(self, ledger_db: str) -> None:
        from random import Random

        with pytest.raises(NotADemonstration):
            Sealer(Random(1))

    def test_bare_ground_only(self, in_town: Town) -> None:
        with pytest.raises(NotEmpty):
            lay(TOWN)

    def test_nothing_reads_the_truth(self) -> None:
        """Only the command writes the file and the bench reads it; nothing else imports the simulation or names it."""
        readers = []
        for path in PACKAGE.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            imports = {
                f"{node.module}.{alias.name}"
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            }
            if any(name.startswith("zhengtong.simulation") for name in imports) or re.search(r"truth\.jsonl", text):
                readers.append(path.relative_to(PACKAGE).as_posix())
        outside = sorted(name for name in readers if not name.startswith("simulation/"))
        assert outside == [
            "site/bench/supervision.py",  # holds what was found against what was planted
            "site/demo/items.py",  # the posts of internal items, the same in both cities
            "site/management/commands/simulate.py",
            "site/simulated_ground.py",
        ]

    def test_the_truth_file_is_private(self, tmp_path: Path, town: Town) -> None:
        from zhengtong.simulation import truth

        path = tmp_path / "truth.jsonl"
        assert truth.write(path, town.lived.truths) == len(path.read_text(encoding="utf-8").splitlines())
        assert path.stat().st_mode & 0o777 == 0o600


class TestDoses:
    def test_are_read_from_a_table(self, tmp_path: Path) -> None:
        path = tmp_path / "doses.toml"
        path.write_text("[promise_missed]\nrate = 0\nleast = 0\n", encoding="utf-8")
        assert read_doses(path, DOSES)["promise_missed"] == Dose(0, 0)

    @pytest.mark.parametrize(
        "text", ["[no_such_kind]\nrate = 1", "[same_person]\nshare = 1", "[same_person]\nrate = -1", "rate ="]
    )
    def test_are_refused_where_they_are_none(self, text: str, tmp_path: Path) -> None:
        path = tmp_path / "doses.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DosesUnreadable):
            read_doses(path, DOSES)


def test_size_is_a_value() -> None:
    assert Size(**{name: getattr(TOWN, name) for name in TOWN.__slots__}) == TOWN
