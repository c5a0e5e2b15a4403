"""三员分立, and a holding that never began: a duty on the account in place of `is_reference_administrator`. Whoever was one becomes a system
administrator, and the posts of such a person end the day before: a duty stands beside no post."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models import Q


def move(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    from zhengtong.accounts.clock import now

    accounts = apps.get_model("accounts", "Account")
    holdings = apps.get_model("accounts", "PostHolding")
    delegations = apps.get_model("accounts", "Delegation")
    today = now().date()
    for account in accounts.objects.filter(is_reference_administrator=True):
        open_ones = holdings.objects.filter(Q(until_on__isnull=True) | Q(until_on__gte=today), person=account.person_id)
        for holding in open_ones:
            if holding.from_on >= today:
                holding.voided_at = now()
            else:
                holding.until_on = today - timedelta(days=1)
            holding.save(update_fields=["until_on", "voided_at"])
        delegations.objects.filter(to_person=account.person_id, revoked_at__isnull=True).update(revoked_at=now())
        account.duty, account.duty_since = "system", today
        account.save(update_fields=["duty", "duty_since"])


def back(apps, editor):  # type: ignore[no-untyped-def]  # historical models have no types
    apps.get_model("accounts", "Account").objects.filter(duty="system").update(is_reference_administrator=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_ground")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="duty",
            field=models.CharField(
                blank=True,
                choices=[("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员")],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(model_name="account", name="duty_since", field=models.DateField(blank=True, null=True)),
        migrations.AddField(
            model_name="postholding", name="voided_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(move, back),
    ]
