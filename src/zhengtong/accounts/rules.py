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
    """Defaults and bounds stand in law/rulebooks/protection."""

    tries: int
    locked_for: timedelta
    staff_idle: timedelta
    citizen_idle: timedelta
    session_age: timedelta
    confirmed_for: timedelta
    password_least: int
    password_classes: int
    password_age: timedelta | None
    password_warning: timedelta
    passwords_remembered: int
    temporary_lasts: timedelta
    openid_file: Path | None = None


def rules() -> SignInRules:
    found: SignInRules = settings.ZHENGTONG_SIGN_IN
    return found
