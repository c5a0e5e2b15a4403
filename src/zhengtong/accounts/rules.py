"""The figures of signing in (GB/T 22239—2019 身份鉴别), as the settings of this installation give them.

The site reads them from the environment, each within the bounds the standard leaves; see docs/operating/sign-in.md.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

PASSWORD_MOST: Final = 200
CODE_LASTS: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
CODES_PER_HOUR: Final = 6
HALFWAY_LASTS: Final = timedelta(minutes=5)
WARN_BEFORE_IDLE: Final = timedelta(minutes=2)
NIGHT: Final = range(6)  # hours of the law's zone


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """The defaults hold where an installation says nothing."""

    tries: int = 5
    locked_for: timedelta = timedelta(minutes=10)
    staff_idle: timedelta = timedelta(minutes=15)
    citizen_idle: timedelta = timedelta(minutes=30)
    session_age: timedelta = timedelta(hours=8)
    confirmed_for: timedelta = timedelta(minutes=10)
    password_least: int = 10
    password_classes: int = 3
    password_age: timedelta | None = timedelta(days=90)
    password_warning: timedelta = timedelta(days=14)
    passwords_remembered: int = 5
    temporary_lasts: timedelta = timedelta(hours=24)
    openid_file: Path | None = None


def rules() -> SignInRules:
    found: SignInRules = settings.ZHENGTONG_SIGN_IN
    return found
