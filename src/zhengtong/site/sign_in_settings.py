"""The figures of signing in, read from the environment within the bounds of GB/T 22239—2019 level 3."""

from datetime import timedelta
from pathlib import Path

from zhengtong.accounts.rules import SignInRules
from zhengtong.site.environment import number, text


def read_rules() -> SignInRules:
    password_days = number("ZHENGTONG_PASSWORD_DAYS", 90, least=0, most=90)
    openid = text("ZHENGTONG_OPENID", "")
    return SignInRules(
        tries=number("ZHENGTONG_LOCK_TRIES", 5, least=3, most=10),
        locked_for=timedelta(minutes=number("ZHENGTONG_LOCK_MINUTES", 10, least=10, most=1440)),
        staff_idle=timedelta(minutes=number("ZHENGTONG_STAFF_IDLE_MINUTES", 15, least=5, most=30)),
        citizen_idle=timedelta(minutes=number("ZHENGTONG_CITIZEN_IDLE_MINUTES", 30, least=5, most=30)),
        session_age=timedelta(hours=number("ZHENGTONG_SESSION_HOURS", 8, least=1, most=12)),
        confirmed_for=timedelta(minutes=number("ZHENGTONG_CONFIRM_MINUTES", 10, least=1, most=15)),
        password_least=number("ZHENGTONG_PASSWORD_LENGTH", 10, least=10, most=64),
        password_classes=number("ZHENGTONG_PASSWORD_CLASSES", 3, least=3, most=4),
        password_age=timedelta(days=password_days) if password_days else None,
        password_warning=timedelta(days=number("ZHENGTONG_PASSWORD_WARN_DAYS", 14, least=1, most=30)),
        passwords_remembered=number("ZHENGTONG_PASSWORD_REMEMBERED", 5, least=3, most=24),
        temporary_lasts=timedelta(hours=number("ZHENGTONG_TEMPORARY_PASSWORD_HOURS", 24, least=1, most=72)),
        openid_file=Path(openid).resolve() if openid else None,
    )
