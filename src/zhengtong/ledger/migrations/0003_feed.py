"""Where in the event table an instant stands, for readers of what changed. PostgreSQL: a BRIN index costs an insert
nothing but a look at the summary of its last pages. SQLite: one entry for each act, at the end of the index.
"""

from typing import Any

from django.db import migrations

CREATE = {
    "sqlite": "CREATE INDEX event_recorded ON ledger_event (recorded_at) WHERE seq = batch",
    "postgresql": (
        "CREATE INDEX event_recorded ON ledger_event USING brin (recorded_at) "
        "WITH (pages_per_range = 32, autosummarize = on)"
    ),
}


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(CREATE[schema_editor.connection.vendor])


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP INDEX event_recorded")


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_docket_indexes"),
    ]

    operations = [migrations.RunPython(create, drop)]
