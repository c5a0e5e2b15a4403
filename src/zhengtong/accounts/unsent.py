"""What somebody sent a moment after the session had ended (没有送出的内容): kept sealed in the new, empty session for a
quarter of an hour, shown again to the same person after signing in, and sent once more only when the person says so.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from zhengtong.accounts.models import Account
from zhengtong.accounts.sealed_fields import seal, unseal

UNSENT: Final = "unsent"
LASTS: Final = timedelta(minutes=15)
MOST: Final = 60_000
COLUMN: Final = "accounts.unsent"
FORM: Final = "application/x-www-form-urlencoded"
FILES: Final = "multipart/form-data"
OF_THE_FRAME: Final = frozenset({"csrfmiddlewaretoken"})
SECRET: Final = frozenset({"password", "current", "new", "again", "code", "credential"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A form as it was posted; files are not kept."""

    path: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool


def gather(request: HttpRequest, account: Account, now: datetime) -> dict[str, object] | None:
    """To be put into the session that follows; no form with a password or code, and none of Django's admin."""
    match = request.resolver_match
    is_kept = request.method == "POST" and request.content_type in {FORM, FILES} and "X-Draft" not in request.headers
    if not is_kept or match is None or "admin" in match.namespaces:
        return None
    if "password" in request.POST or ("accounts" in match.namespaces and SECRET & set(request.POST)):
        return None
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name not in OF_THE_FRAME]
    text = json.dumps([request.get_full_path(), fields, bool(request.FILES)], ensure_ascii=False)
    if len(text) > MOST:
        return None
    return {"account": account.pk, "at": now.isoformat(), "sealed": seal(text, column=COLUMN)}


def kept_for(request: HttpRequest, account: Account, now: datetime) -> Unsent | None:
    """What this account sent, when it is not too long ago."""
    kept = request.session.get(UNSENT)
    if not kept or kept["account"] != account.pk or now - datetime.fromisoformat(kept["at"]) > LASTS:
        return None
    path, fields, had_files = json.loads(unseal(kept["sealed"], column=COLUMN))
    return Unsent(path=path, fields=tuple((name, value) for name, value in fields), had_files=had_files)
