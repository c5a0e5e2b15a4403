"""Flooding (防刷): more requests a minute than any person makes are answered 429, by address or by account.

Counted in this process alone, for a write to a shared place on every request would cost more than it saves; the reverse
proxy keeps the limit for the whole installation (docs/operating). A clerk counts as the account, not as the centre's
one address.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from zhengtong.accounts.throttling import network_of
from zhengtong.site import errors

WINDOW: Final = 60.0
MOST_PLACES: Final = 20_000
UNLIMITED: Final = "/static/"
ALIVE: Final = "/health"  # answers without looking at anything; `/health/ready`, which asks the database, is counted
Handler = Callable[[HttpRequest], HttpResponse]


class Meter:
    """Counts within windows of a minute. Bounded: when too many are known, those whose window has ended are dropped."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._known: dict[str, tuple[float, int]] = {}

    def over(self, place: str, most: int) -> int:
        """Count one; seconds to wait where it was one too many, else 0."""
        now = self._now()
        with self._lock:
            began, n = self._known.get(place, (now, 0))
            if now - began >= WINDOW:
                began, n = now, 0
            self._known[place] = (began, n + 1)
            if len(self._known) > MOST_PLACES:
                self._drop_old(now)
        return 0 if n < most else max(1, int(began + WINDOW - now))

    def _drop_old(self, now: float) -> None:
        live = {place: kept for place, kept in self._known.items() if now - kept[0] < WINDOW}
        self._known = live if len(live) <= MOST_PLACES else {}


def limited(get_response: Handler) -> Handler:
    """Middleware, after the session: who is signed in counts alone, everybody else by address."""
    meter = Meter()

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(UNLIMITED) or request.path == ALIVE:
            return get_response(request)
        account = request.session.get(SESSION_KEY)
        most = settings.ZHENGTONG_RATE_ACCOUNT if account else settings.ZHENGTONG_RATE_ANONYMOUS
        place = f"account {account}" if account else f"address {network_of(request.META.get('REMOTE_ADDR', ''))}"
        wait = meter.over(place, most) if most else 0
        return errors.too_often(request, wait) if wait else get_response(request)

    return answer
