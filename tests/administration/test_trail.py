"""The audit trail: nothing in it is changed, deleted or put in twice, and who tampers all the same is found."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.accounts.cast import AT, City
from zhengtong.accounts.guards import GUARDS
from zhengtong.accounts.models import Account, AuthorisationLetter, Delegation, Person, PostHolding, SignIn
from zhengtong.accounts.sign_in_log import Visit, log_sign_in
from zhengtong.trail.actions import Who, append, append_unless_recent
from zhengtong.trail.labels import Book
from zhengtong.trail.models import Entry, Head
from zhengtong.trail.triggers import TRAIL, find_missing
from zhengtong.trail.verifying import verify_trail

REST = "at, login, person, duty, post, address, what, about, outcome, said, prev, hash"
WHO = Who(login="9001", person="p-7", duty="system", address="10.0.0.1")


def fill(n: int = 5) -> None:
    for i in range(n):
        append(book=Book.AUTHORITY, at=AT + timedelta(seconds=i), who=WHO, what="person.enter", about=f"p-{i}",
               said={"number": f"{i}", "甲": ["乙", None, i]})  # fmt: skip


def without_guard(name: str, sql: str, params: list[Any]) -> None:
    """As somebody does who may do anything to the database."""
    table = next(guard.table for guard in (*TRAIL, *GUARDS) if guard.name == name)
    on = "" if connection.vendor == "sqlite" else f" ON {table}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")
        cursor.execute(sql, params)


class TestTheDatabase:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE trail_entry SET login = 'x' WHERE seq = 2",
            "DELETE FROM trail_entry WHERE seq = 2",
            f"INSERT INTO trail_entry (book, seq, {REST}) SELECT book, 2, {REST} FROM trail_entry WHERE seq = 1",
            "UPDATE accounts_signin SET outcome = 'passed'",
            "DELETE FROM accounts_signin",
        ],
    )
    def test_refuses_to_change_what_is_written(self, bureau: City, sql: str) -> None:
        fill()
        log_sign_in(bureau.accounts["何静"], "wrong", visit=Visit(), at=AT)  # type: ignore[arg-type]
        before = list(Entry.objects.order_by("pk").values())
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert list(Entry.objects.order_by("pk").values()) == before

    def test_refuses_insert_or_replace(self, bureau: City) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("SQLite's own way around a delete trigger")
        fill()
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("INSERT OR REPLACE INTO trail_entry SELECT * FROM trail_entry WHERE seq = 2")

    @pytest.mark.parametrize("model", [Person, Account, PostHolding, Delegation, AuthorisationLetter, SignIn, Entry])
    def test_refuses_to_delete_who_stood_where(self, bureau: City, model: type) -> None:
        fill(1)
        self._one_of_each(bureau)
        rows = model.objects.all()  # type: ignore[attr-defined]  # every model has it
        count = rows.count()
        assert count
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)
        assert rows.count() == count

    @staticmethod
    def _one_of_each(bureau: City) -> None:
        log_sign_in(bureau.accounts["何静"], "wrong", visit=Visit(), at=AT)  # type: ignore[arg-type]
        day = AT.date()
        Delegation.objects.create(
            from_person=bureau.people["周岚"], post=bureau.posts["wj-sp-approve"], to_person=bureau.people["李伟"],
            from_on=day, until_on=day, document="文",
        )  # fmt: skip
        AuthorisationLetter.objects.create(
            number="1", item="x", organ=bureau.units["wj"], post=bureau.posts["wj-sp-approve"], from_on=day
        )

    def test_has_every_guard(self, bureau: City) -> None:
        assert find_missing((*TRAIL, *GUARDS)) == ()


class TestTampering:
    def test_of_a_word_is_found(self, bureau: City) -> None:
        fill()
        assert verify_trail().is_whole
        without_guard("trail_entry_no_update", "UPDATE trail_entry SET login = %s WHERE seq = 3", ["x"])
        codes = {(fault.code, fault.where) for fault in verify_trail().faults}
        assert ("entry_changed", "trail authority 3") in codes
        assert ("trigger_missing", "trigger trail_entry_no_update") in codes

    def test_of_a_hash_too_is_found_at_the_next_link(self, bureau: City) -> None:
        from zhengtong.trail.chain import link_hash

        fill(9)
        entry = Entry.objects.get(book="authority", seq=4)
        entry.said = "{}"
        without_guard(
            "trail_entry_no_update", "UPDATE trail_entry SET said = '{}', hash = %s WHERE seq = 4", [link_hash(entry)]
        )
        assert "trail authority 5" in {fault.where for fault in verify_trail().faults if fault.code == "link_broken"}

    @pytest.mark.parametrize(("seq", "code"), [(3, "entry_missing"), (8, "end_missing")])
    def test_a_missing_entry_is_found(self, bureau: City, seq: int, code: str) -> None:
        fill()  # after the three of the first appointments
        assert Entry.objects.filter(book="authority").count() == 8
        without_guard("trail_entry_no_delete", "DELETE FROM trail_entry WHERE seq = %s", [seq])
        assert code in {fault.code for fault in verify_trail().faults}

    def test_every_column_is_covered(self, bureau: City) -> None:
        from zhengtong.trail.chain import link_hash

        fill(1)
        for name in ("book", "login", "person", "duty", "post", "address", "what", "about", "outcome", "said"):
            entry = Entry.objects.get(book="authority", about="p-0")
            setattr(entry, name, "other")
            assert link_hash(entry) != bytes(entry.hash), name
        entry = Entry.objects.get(book="authority", about="p-0")
        entry.at += timedelta(microseconds=1)
        assert link_hash(entry) != bytes(entry.hash)


class TestAppending:
    def test_falls_with_the_transaction_it_is_in(self, bureau: City) -> None:
        head = Head.objects.get(book="authority").seq
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            fill(2)
            raise ZeroDivisionError
        fill(1)
        assert Head.objects.get(book="authority").seq == head + 1
        assert verify_trail().is_whole

    def test_a_page_opened_twice_is_one_entry(self, bureau: City) -> None:
        for minutes in (0, 5, 9, 11):
            append_unless_recent(book=Book.READING, at=AT + timedelta(minutes=minutes), who=WHO, what="case",
                                 about="5101", within=timedelta(minutes=10))  # fmt: skip
        assert Entry.objects.filter(book="reading").count() == 2


class TestVerify:
    def test_the_command_finds_a_changed_entry_and_the_day_root_vouches_for_it(self, bureau: City) -> None:
        from django.core.management import call_command

        from zhengtong.ledger import roots
        from zhengtong.trail.chain import GENESIS, link_hash
        from zhengtong.trail.verifying import has_heads, heads_at

        fill()
        signed = heads_at(AT + timedelta(days=1))
        said = roots.said_of(AT.date(), roots.empty_tree("sm3"), previous="", gaps=(), signed_at=AT + timedelta(days=1))
        assert said["trail"] == [list(head) for head in signed] and len(signed) == 1
        call_command("verify", "--closed")  # whole
        # Who may do everything writes the whole book anew, hash by hash: the chain is whole, the root is not.
        rows, prev = list(Entry.objects.filter(book="authority").order_by("seq")), GENESIS
        without_guard("trail_entry_no_update", "UPDATE trail_entry SET login = login WHERE seq = 0", [])
        for row in rows:
            row.login, row.prev = "somebody else", prev
            row.hash = prev = link_hash(row)
            row.save()
        Head.objects.filter(book="authority").update(hash=prev)
        assert {fault.code for fault in verify_trail().faults} == {"trigger_missing"}
        assert has_heads([list(head) for head in signed]) is False
        with pytest.raises(SystemExit):
            call_command("verify", "--closed")
