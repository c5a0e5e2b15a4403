"""Search keeps its index in memory: the edition says when to read it anew; the table of grams is gone."""

from secrets import randbits

from django.db import migrations, models


def begin(apps, schema_editor):
    apps.get_model("catalogue", "Edition").objects.create(number=randbits(62))


def drop_grams(apps, schema_editor):
    schema_editor.execute("DROP TABLE catalogue_gram")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_index_themes_and_triggers")]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RunPython(drop_grams),
    ]
