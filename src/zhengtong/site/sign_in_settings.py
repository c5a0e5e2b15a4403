"""The figures of signing in, read from the environment within the bounds of law/rulebooks/protection (GB/T
22239—2019 level 3)."""

from datetime import timedelta
from pathlib import Path

from zhengtong.accounts.rules import SignInRules
from zhengtong.law.rulebook_files import sign_in_bounds as bounds
from zhengtong.site.environment import number, text


def read_rules() -> SignInRules:
    temporary_hours = number("ZHENGTONG_TEMPORARY_PASSWORD_HOURS", **bounds("temporary_password_hours"))
    password_days = number("ZHENGTONG_PASSWORD_DAYS", **bounds("password_days"))
    openid = text("ZHENGTONG_OPENID", "")
    return SignInRules(
        tries=number("ZHENGTONG_LOCK_TRIES", **bounds("tries")),
        locked_for=timedelta(minutes=number("ZHENGTONG_LOCK_MINUTES", **bounds("lock_minutes"))),
        staff_idle=timedelta(minutes=number("ZHENGTONG_STAFF_IDLE_MINUTES", **bounds("staff_idle_minutes"))),
        citizen_idle=timedelta(minutes=number("ZHENGTONG_CITIZEN_IDLE_MINUTES", **bounds("citizen_idle_minutes"))),
        session_age=timedelta(hours=number("ZHENGTONG_SESSION_HOURS", **bounds("session_hours"))),
        confirmed_for=timedelta(minutes=number("ZHENGTONG_CONFIRM_MINUTES", **bounds("confirm_minutes"))),
        password_least=number("ZHENGTONG_PASSWORD_LENGTH", **bounds("password_length")),
        password_classes=number("ZHENGTONG_PASSWORD_CLASSES", **bounds("password_classes")),
        password_age=timedelta(days=password_days) if password_days else None,
        password_warning=timedelta(days=number("ZHENGTONG_PASSWORD_WARN_DAYS", **bounds("password_warn_days"))),
        passwords_remembered=number("ZHENGTONG_PASSWORD_REMEMBERED", **bounds("passwords_remembered")),
        temporary_lasts=timedelta(hours=temporary_hours),
        openid_file=Path(openid).resolve() if openid else None,
    )
