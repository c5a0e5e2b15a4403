"""What every answer says to the browser: load nothing but our own files, run no inline script, tell nobody where the
person was, share no window and no answer with another site, and keep no copy of what only this person may see."""

from collections.abc import Callable
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""Every other method is refused before anything looks at it; the API answers them itself, as its description says."""


def guard(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        is_known = request.method in METHODS or request.path.startswith("/api/")
        response = get_response(request) if is_known else HttpResponseNotAllowed(sorted(METHODS))
        if _is_somebodys(request):
            response.headers.setdefault("Cache-Control", "no-store, private")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def _is_somebodys(request: HttpRequest) -> bool:
    """Whether somebody is signed in: then no cache, the browser's included, keeps the page."""
    session = getattr(request, "session", None)
    return session is not None and SESSION_KEY in session
