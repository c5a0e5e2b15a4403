"""The old mark goes, and the database says what a duty may be. Apart from 0004: PostgreSQL changes no table whose rows
were just written."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_administrators")]

    operations = [
        migrations.RemoveConstraint(model_name="account", name="account_of_a_person_or_a_subject"),
        migrations.RemoveField(model_name="account", name="is_reference_administrator"),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=Q(kind="staff", person__isnull=False, subject__isnull=True)
                | Q(kind="citizen", person__isnull=True, subject__isnull=False, duty=""),
                name="account_of_a_person_or_a_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=Q(duty="", duty_since__isnull=True)
                | Q(duty__in=("system", "security", "audit"), duty_since__isnull=False),
                name="duty_is_one_of_three_and_dated",
            ),
        ),
    ]
