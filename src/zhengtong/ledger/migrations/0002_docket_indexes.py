"""The docket's indexes as the work lists read it: by place and state, by item, and what waits for a party."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_ledger"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="case",
            name="case_unit_due",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_mine_due",
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["unit", "post", "phase", "procedure", "state", "due_at", "id", "promised_at"],
                name="case_place",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["dept", "item", "due_at", "id"],
                name="case_dept_item",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True), ("phase", "supplementing")),
                fields=["dept", "due_at", "id"],
                name="case_with_party",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["item", "id"], name="case_item"),
        ),
    ]
