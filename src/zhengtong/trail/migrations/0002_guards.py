"""The database refuses to change or delete what stands in the trail."""

from django.db import migrations

from zhengtong.trail import triggers


def make(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    triggers.put_back(editor, triggers.TRAIL)


def drop(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    triggers.drop(editor, triggers.TRAIL)


class Migration(migrations.Migration):
    dependencies = [("trail", "0001_trail")]

    operations = [migrations.RunPython(make, drop)]
