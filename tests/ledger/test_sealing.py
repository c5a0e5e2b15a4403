"""Sealed rows: kept secret, found by exact value, erased for good, and never open where they do not belong."""

import stat

import pytest
from django.db import connection

from tests.ledger.stories import CITIZEN, FOLDS, NOON, calendar, event, licence, note, open_case
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.events import Erased, Noted
from zhengtong.ledger import keys, sealing
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.models.sealed import Sealed, SealedIndex
from zhengtong.ledger.queries import find_by_index
from zhengtong.ledger.record import Entry, Recorded, new_key, record_entry
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify

NUMBER = "51019919900101001X"
PERSON = Actor(person=CITIZEN, seats=(), subjects={CITIZEN: "own"})

pytestmark = pytest.mark.usefixtures("ledger_db")


def entry(case: Recorded, body: object, rows: list[sealing.SealedRow]) -> Entry:
    return Entry(
        case=case.ref, bound=licence(), before=case.state, events=(event(case.seq + 1, body),), key=new_key(NOON),  # type: ignore[arg-type]
        sealed=rows, calendar=calendar(), now=NOON,
    )  # fmt: skip


def sealed_case() -> Recorded:
    row = sealing.seal("identity", NUMBER, index=[("identity_number", NUMBER)])
    return record_entry(entry(open_case(), Noted(sealed={"identity": row.commitment}), [row]), folds=FOLDS)


class TestSeal:
    def test_is_read_back(self) -> None:
        case = sealed_case()
        assert sealing.open_sealed(case.case_id, 3, "identity") == NUMBER
        assert sealing.find_sealed(case.case_id, "identity") == NUMBER

    def test_two_seals_of_one_value_have_nothing_in_common(self) -> None:
        one, two = sealing.seal("f", NUMBER), sealing.seal("f", NUMBER)
        assert one.commitment != two.commitment
        assert one.ciphertext != two.ciphertext

    def test_nothing_readable_is_stored(self) -> None:
        sealed_case()
        with connection.cursor() as cursor:
            for table in ("ledger_event", "ledger_sealed", "ledger_sealed_index", "ledger_case"):
                cursor.execute(f"SELECT * FROM {table}")
                for row in cursor.fetchall():
                    assert NUMBER not in "".join(str(bytes(v) if isinstance(v, memoryview) else v) for v in row)

    def test_a_row_moved_to_another_case_does_not_open(self) -> None:
        one, two = sealed_case(), sealed_case()
        theirs = Sealed.objects.get(case_id=two.case_id)
        Sealed.objects.filter(case_id=one.case_id).update(
            wrapped=theirs.wrapped, nonce=theirs.nonce, ciphertext=theirs.ciphertext, salt=theirs.salt
        )
        with pytest.raises(sealing.Broken, match="not what its event commits to"):
            sealing.open_sealed(one.case_id, 3, "identity")

    def test_a_row_no_event_commits_to_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no event commits"):
            record_entry(entry(open_case(), Noted(sealed={}), [sealing.seal("words", "x")]), folds=FOLDS)

    def test_keys_are_for_their_owner_only(self) -> None:
        sealed_case()
        keys.root()
        for path in keys.directory().iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == (0o644 if path.suffix == ".pub" else 0o600)


class TestIndex:
    def test_finds_the_exact_value_however_it_was_spaced(self) -> None:
        case = sealed_case()
        note(open_case())
        found = find_by_index(PERSON, "identity_number", "510199 19900101 001x")
        assert [row.pk for row in found] == [case.case_id]
        assert not find_by_index(PERSON, "identity_number", "510199").exists()
        assert not find_by_index(PERSON, "credit_code", NUMBER).exists()

    def test_shows_nobody_a_case_that_is_not_theirs(self) -> None:
        sealed_case()
        stranger = Actor(person="s-2", seats=(), subjects={"s-2": "own"})
        assert not find_by_index(stranger, "identity_number", NUMBER).exists()


class TestErase:
    def test_leaves_a_tombstone_and_a_whole_ledger(self) -> None:
        case = sealed_case()
        erased = record_entry(
            entry(case, Erased(sealed=sealing.sealed_ref(3, "identity"), basis="个人信息保护法 47"), []), folds=FOLDS
        )
        with pytest.raises(sealing.WasErased):
            sealing.open_sealed(case.case_id, 3, "identity")
        row = Sealed.objects.get(case_id=case.case_id)
        assert (bytes(row.ciphertext), bytes(row.salt), bytes(row.wrapped)) == (b"", b"", b"")
        assert row.erased_at == NOON
        assert not SealedIndex.objects.exists()
        assert verify(DatabaseSource()).is_whole
        assert Case.objects.get(pk=case.case_id).last_seq == erased.seq

    def test_without_an_act_is_found(self) -> None:
        case = sealed_case()
        Sealed.objects.filter(case_id=case.case_id).update(erased_at=NOON, ciphertext=b"", salt=b"", wrapped=b"")
        assert [fault.code for fault in verify(DatabaseSource()).faults] == ["erased_by_nobody"]
