"""Where in the event table an instant stands, for readers of what changed: one entry for each act, at the end of the
index, for acts are recorded in order of time but for those that wait for their turn.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_docket_indexes"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_recorded ON ledger_event (recorded_at) WHERE seq = batch", "DROP INDEX event_recorded"
        ),
    ]
