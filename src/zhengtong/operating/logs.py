"""Logs (日志): a line for each request and each thing worth telling, as JSON or as text, to standard error.

What may name a person never gets here: no address with its numbers and tokens, no query, no form, no header, and of an
exception its kind and place, not its words, for a database repeats in them what somebody had typed.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from zhengtong.operating import metrics

log = logging.getLogger("zhengtong.requests")
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
WRITTEN_IN: Final = re.compile(r"[%:'\"({\[\d]|[^\x20-\x7e]")  # where somebody else's message may begin to quote
FOREIGN: Final = ("django", "asyncio", "urllib3", "granian")
TOLD: Final = ("route", "method", "status", "ms", "account")
QUIET: Final = frozenset({"site:health", "operating:ready", "operating:metrics"})
FRAMES: Final = 12
_current: ContextVar[str] = ContextVar("request", default="")
Handler = Callable[[HttpRequest], HttpResponse]


def settings_for(kind: str) -> dict[str, Any]:
    """Django's LOGGING for `json` or `text`."""
    form = {"json": "Lines", "text": "Words"}[kind]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"zhengtong.operating.logs.{form}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "zhengtong": {"level": "INFO"},
            "zhengtong.requests": {"level": "INFO" if kind == "json" else "WARNING"},
            "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "django.request": {"level": "ERROR"},  # an address asked for in vain may hold a token
        },
    }


class Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
        }
        if _current.get():
            said["request"] = _current.get()
        said |= {name: getattr(record, name) for name in TOLD if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = {"kind": type(record.exc_info[1]).__qualname__, "at": frames_of(record.exc_info[1])}
        return json.dumps(said, ensure_ascii=False)


class Words(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(sep=" ", timespec="milliseconds")
        told = "".join(f" {name}={getattr(record, name)}" for name in TOLD if hasattr(record, name))
        request = f" [{_current.get()}]" if _current.get() else ""
        line = f"{at} {record.levelname} {record.name}{request}: {message_of(record)}{told}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line += "".join(f"\n  {place}" for place in [type(error).__qualname__, *frames_of(error)])
        return line


def message_of(record: logging.LogRecord) -> str:
    """What was said; of what others say only the part before what they put in, which may be an address."""
    if record.name.split(".")[0] in FOREIGN:
        return WRITTEN_IN.split(str(record.msg))[0].strip() or record.name
    return record.getMessage()


def frames_of(error: BaseException) -> list[str]:
    """Where it came from, the innermost last: file, line and function; and what it came of."""
    found = [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ][-FRAMES:]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [f"after {type(cause).__qualname__}", *found] if cause is not None else found


def _short(path: str) -> str:
    return re.sub(r".*/(?=zhengtong/|site-packages/|python3)", "", path)


def told(get_response: Handler) -> Handler:
    """Middleware, the outermost: numbers each request, measures it, writes its line, counts it."""

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if REQUEST_ID.fullmatch(given) else token_hex(8)
        mark, began = _current.set(number), time.perf_counter()
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = number
            _tell(request, response.status_code, time.perf_counter() - began)
            return response
        finally:
            _current.reset(mark)

    return answer


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    route = route_of(request)
    metrics.count_request(route, status, seconds)
    if route in QUIET:
        return
    from zhengtong.accounts.requests import known_account

    account = known_account(request)
    told = {"route": route, "method": request.method if request.method in METHODS else "OTHER", "status": status,
            "ms": round(seconds * 1000, 1)}  # fmt: skip
    if account is not None:
        told["account"] = account.pk
    log.info("answered", extra=told)


METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"})


def route_of(request: HttpRequest) -> str:
    """The name of the address, `static` for files, `none` where nothing answers to it."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or match.url_name or "unnamed"
    return "static" if request.path.startswith("/static/") else "none"
