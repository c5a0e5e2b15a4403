"""DATABASE_URL → Django's database settings, on both databases as the ledger needs them (durable, never IMMEDIATE by
default); and back again, for child processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

SECONDS_TO_WAIT_FOR_A_LOCK: Final = 20
SECONDS_A_CONNECTION_IS_KEPT: Final = 60
SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
    f"PRAGMA busy_timeout={SECONDS_TO_WAIT_FOR_A_LOCK * 1000};"
)


def database(url: str) -> dict[str, Any]:
    """
    >>> database("sqlite:////srv/city.sqlite3")["NAME"]
    '/srv/city.sqlite3'
    """
    scheme = url.split(":", 1)[0]
    if scheme == "sqlite":
        return _sqlite(url)
    if scheme in {"postgres", "postgresql"}:
        return _postgres(url)
    raise ImproperlyConfigured(
        f"DATABASE_URL begins with {scheme!r}. Write sqlite:////absolute/path or postgres://user:password@host:port/name."
    )


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def url_of(described: Mapping[str, Any]) -> str:
    """The DATABASE_URL of a connection's settings.

    >>> url_of(database("postgres://app:a%2Fb@127.0.0.1:5433/city"))
    'postgres://app:a%2Fb@127.0.0.1:5433/city'
    """
    if described["ENGINE"].endswith("sqlite3"):
        return sqlite_url(Path(str(described["NAME"])))
    who = quote(str(described.get("USER") or ""), safe="")
    if described.get("PASSWORD"):
        who += f":{quote(str(described['PASSWORD']), safe='')}"
    port = f":{described['PORT']}" if described.get("PORT") else ""
    host = quote(str(described.get("HOST") or ""), safe=".:[]")
    options = {k: v for k, v in described.get("OPTIONS", {}).items() if isinstance(v, str)}
    asked = f"?{urlencode(options)}" if options else ""
    return f"postgres://{f'{who}@' if who else ''}{host}{port}/{quote(str(described['NAME']), safe='')}{asked}"


def _sqlite(url: str) -> dict[str, Any]:
    path = url.removeprefix("sqlite:///")
    if not path.startswith("/"):
        raise ImproperlyConfigured(
            f"DATABASE_URL={url} is not absolute. Write sqlite:////absolute/path (four slashes)."
        )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": SECONDS_A_CONNECTION_IS_KEPT,
        "OPTIONS": {"init_command": SQLITE_PRAGMAS, "timeout": SECONDS_TO_WAIT_FOR_A_LOCK},
    }


def _postgres(url: str) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(
        dj_database_url.parse(url, conn_max_age=SECONDS_A_CONNECTION_IS_KEPT, conn_health_checks=True)
    )
    parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), "server_side_binding": True}
    return parsed
