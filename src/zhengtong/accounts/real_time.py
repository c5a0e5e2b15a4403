"""The time by which sessions age and authenticators count: the real one, which ZHENGTONG_CLOCK never moves.

A phone's authenticator knows nothing of a simulated city, and a sign-in must not die because training time runs fast.
"""

from datetime import UTC, datetime


def real_now() -> datetime:
    return datetime.now(UTC)
