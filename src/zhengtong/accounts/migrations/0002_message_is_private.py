from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_posts_and_sign_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_private",
            field=models.BooleanField(default=False),
        ),
    ]
