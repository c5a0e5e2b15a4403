"""PostgreSQL: where in the event table an instant stands, for readers of what changed. A BRIN index costs an insert
nothing but a look at the summary of its last pages; SQLite needs none, its rowids stand in the order of commits.
"""

from typing import Any

from django.db import migrations

CREATE = (
    "CREATE INDEX event_recorded ON ledger_event USING brin (recorded_at) "
    "WITH (pages_per_range = 32, autosummarize = on)"
)


def create(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX event_recorded")


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_docket_indexes"),
    ]

    operations = [migrations.RunPython(create, drop)]
