"""From a request to the audit trail: who it was, what sealed data somebody looked at, where somebody was turned away,
what somebody took along as a file; and the doors of the three administrators.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from zhengtong.accounts import clock
from zhengtong.accounts.labels import AccountKind, Duty
from zhengtong.accounts.models import Account
from zhengtong.accounts.queries import day_of, name_of, sittings_of
from zhengtong.accounts.requests import account_of, required_account, required_actor, staff_required, visit_of
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.trail.actions import Who, append_unless_recent
from zhengtong.trail.exporting import Table, Taking, export_table
from zhengtong.trail.labels import Book, Outcome
from zhengtong.ui.wording import table_instant

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
log = logging.getLogger(__name__)

SAME_READING: Final = timedelta(minutes=10)
SAME_REFUSAL: Final = timedelta(minutes=1)


def who_of(request: HttpRequest, at: datetime) -> Who:
    """Whoever is signed in, as the trail names them."""
    account, actor = required_account(request), required_actor(request, at)
    post = actor.seats[0].post if actor.seats else ""
    address = visit_of(request).address or ""
    return Who(login=account.login, person=actor.person, duty=account.duty, post=post, address=address)


def note_reading(request: HttpRequest, *, what: str, number: str, at: datetime) -> None:
    """A member of staff opened what is sealed of a case; the same page again within ten minutes is one entry."""
    account = account_of(request)
    if account is None or account.kind != AccountKind.STAFF:
        return
    append_unless_recent(
        book=Book.READING, at=at, who=who_of(request, at), what=what, about=number, within=SAME_READING
    )


def printed_by(request: HttpRequest, at: datetime) -> str:
    """The line at the foot of a printed page: who printed it, and when."""
    taking = taking_of(request, at)
    said = {"name": taking.name, "login": taking.who.login, "at": table_instant(at)}
    return _("由 %(name)s（%(login)s）于 %(at)s 打印") % said


def note_refusal(request: HttpRequest) -> None:
    """Somebody who is signed in was turned away. Where even that cannot be written, the answer is still no."""
    try:
        account = account_of(request)
        if account is None:
            return
        at = clock.now()
        append_unless_recent(
            book=Book.REFUSAL, at=at, who=who_of(request, at), what="page", about=f"{request.method} {request.path}",
            within=SAME_REFUSAL, outcome=Outcome.REFUSED,
        )  # fmt: skip
    except DatabaseError:
        log.exception("a refused attempt could not be written down")


def duty_required(*duties: Duty) -> Callable[[View[P]], View[P]]:
    """Administrators of one of these duties; everybody else is refused, and the attempt is written down."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if required_account(request).duty not in duties:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return staff_required(guarded)

    return decorate


def taking_of(request: HttpRequest, at: datetime, *, reason: str = "") -> Taking:
    account = required_account(request)
    post = account.get_duty_display() if account.duty else post_words(account, at)
    return Taking(who=who_of(request, at), name=str(name_of(account)), post=post, at=at, reason=reason)


def post_words(account: Account, at: datetime) -> str:
    """The post somebody sits at, in words."""
    sittings = sittings_of(account.person_id, day_of(at), at) if account.person_id else ()
    return str(name_of(sittings[0].post)) if sittings else ""


def file_of(  # noqa: PLR0913 - what the entry must name
    request: HttpRequest, table: Table, *, form: str, what: str, filters: str, at: datetime, about: str = "",
    reason: str = "",
) -> HttpResponse:  # fmt: skip
    """The answer that carries an export."""
    file = export_table(
        table, form=form, taking=taking_of(request, at, reason=reason), what=what, about=about,
        filters=blind_index(filters or "-", purpose="trail.filters")[:16],
    )  # fmt: skip
    answer = HttpResponse(file.data, content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name) or "attachment"
    answer["X-Export-Number"] = file.number
    return answer
