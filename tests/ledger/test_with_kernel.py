"""The whole way with the kernel's own law: submitted, left lying, accepted by silence, found whole."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from tests.kernel.stories import CITIZEN, WINDOW, at, bound_of, calendar
from zhengtong.kernel.authority import may_see
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.deciding import Command, decide_opening, find_serials
from zhengtong.kernel.events import LAW_PERSON
from zhengtong.kernel.states import State, fold
from zhengtong.ledger import history, installed, sealing
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.record import Recorded, new_key, record
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.sweeping import sweep
from zhengtong.ledger.verify import verify
from zhengtong.ledger.working import Worker

MONDAY = at("2026-03-02")

pytestmark = pytest.mark.usefixtures("ledger_db")


def numbers(keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(f"{key} {uuid.uuid4()}" for _ in range(keys.count(key))) for key in keys}


def serials_for(bound: Bound, state: State, keys: tuple[str, ...], when: datetime) -> Mapping[str, tuple[str, ...]]:
    return numbers(keys)


@pytest.fixture(autouse=True)
def wiring() -> Iterator[None]:
    before = installed.installed()
    installed.install(bound_for=lambda state: bound_of(), serials_for=serials_for)
    yield
    installed.put_back(before)


def submit(when: datetime = MONDAY) -> Recorded:
    bound, key = bound_of(), new_key(when)
    row = sealing.seal("applicant", {"name": "张三"}, index=[("name", "张三")])
    form = sealing.seal("form", {})
    command = Command(
        act="submit", actor=CITIZEN, inputs={}, key=key, hash=hex_digest, channel="portal",
        sealed={"applicant": row.commitment, "form": form.commitment}, parties={"applicant": CITIZEN.person},
        serials=numbers(find_serials(bound, None, "submit", calendar(), when)),
    )  # fmt: skip
    events = decide_opening(bound, command, calendar(), when)
    return record(
        case=None, bound=bound, before=None, events=events, key=key, sealed=[row, form], calendar=calendar(), now=when
    )


def test_silence_is_written_once_by_whoever_sweeps() -> None:
    case = submit()
    row = Case.objects.get()
    assert row.wake_at is not None
    assert sweep(MONDAY).cases == 0
    week = MONDAY + timedelta(days=14)
    swept = sweep(week)
    assert swept.failed == ()
    assert swept.events > 0
    assert sweep(week).events == 0
    written = history.load(case.case_id)
    assert {event.person for event in written[case.seq :]} == {LAW_PERSON}
    assert Case.objects.get().accepted_at is not None
    assert fold(written).state == Case.objects.get().state


def test_the_ledger_is_whole_and_the_docket_is_the_fold() -> None:
    submit()
    sweep(MONDAY + timedelta(days=14))
    assert verify(DatabaseSource(), folds=kernel_folds()).faults == ()
    assert rebuild(MONDAY + timedelta(days=14), check=True).mended == ()
    Case.objects.update(post="elsewhere")
    (fault,) = verify(DatabaseSource(), folds=kernel_folds()).faults
    assert (fault.code, "post" in fault.text) == ("docket_differs", True)


def test_who_may_see_it_is_said_twice_alike() -> None:
    submit()
    readers = frozenset(Reader.objects.values_list("kind", "ref"))
    for actor in (CITIZEN, WINDOW):
        assert may_see(actor, readers)
        assert Case.objects.visible_to(actor).exists()


def test_a_round_of_work_does_all_three() -> None:
    submit()
    done = Worker().round(MONDAY + timedelta(days=14))
    assert done.swept is not None
    assert done.swept.failed == ()
    assert done.drained is not None
    assert done.roots is not None
    assert len(done.roots) == 14
    assert verify(DatabaseSource(), folds=kernel_folds()).is_whole


def test_an_alarm_put_off_or_taken_away_is_found() -> None:
    """Without its alarm the sweeper would never come, and silence would be kept from speaking."""
    case = submit()
    right = Case.objects.get().wake_at
    assert right is not None
    for wrong in (None, right + timedelta(days=30)):
        Case.objects.update(wake_at=wrong)
        (fault,) = verify(DatabaseSource(), folds=kernel_folds()).faults
        assert (fault.code, "wake_at" in fault.text) == ("docket_differs", True)
    assert rebuild(MONDAY, check=False).mended == (case.number,)
    assert Case.objects.get().wake_at == right
