"""`check --database default` warns of triggers that a migration has lost."""

from django.core.checks import Tags, run_checks
from django.db import connection


def test_names_a_trigger_that_is_gone(ledger_db: str) -> None:
    assert [found.id for found in run_checks(tags=[Tags.database], databases=["default"])] == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER event_no_update" + (" ON ledger_event" if ledger_db == "postgres" else ""))
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert [(warning.id, "event_no_update" in warning.msg) for warning in found] == [("ledger.W001", True)]
