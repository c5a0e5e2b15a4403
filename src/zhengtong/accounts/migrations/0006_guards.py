"""The database refuses: deleting people, accounts, holdings, letters, delegations; changing the sign-in log; a post
beside a duty."""

from django.db import migrations

from zhengtong.accounts.guards import GUARDS
from zhengtong.trail import triggers


def make(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    triggers.put_back(editor, GUARDS)


def drop(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    triggers.drop(editor, GUARDS)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_one_duty")]

    operations = [migrations.RunPython(make, drop)]
