"""What every page of the desk carries: who is at it, where the lists are, how much waits in each."""

from datetime import datetime

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.requests import required_account, required_actor
from zhengtong.cases.queries import count_lists
from zhengtong.kernel.authority import Actor
from zhengtong.ledger.record import NotAnEntry, case_id_of, new_key
from zhengtong.ui.values import NavItem


def desk_context(request: HttpRequest, actor: Actor, at: datetime) -> dict[str, object]:
    """Context for `ui/desk.html`, with the lists of this room."""
    return {
        **desk_frame(request, at),
        "find_url": reverse("cases:search"),
        "find_label": _("办件编号、申请人、证件号码、事项"),
        "frame": "ui/desk.html",
    }


def menu(request: HttpRequest, at: datetime) -> list[NavItem]:
    """The lists and what can be begun: this room's entries of the side bar, on every page of the desk."""
    if required_account(request).duty:  # administrators have no cases
        return []
    actor = required_actor(request, at)
    here, items = request.path, []
    for line in count_lists(actor, at):
        url = reverse("cases:list", args=[line.code]) if line.code != "mine" else reverse("cases:home")
        items.append(NavItem(line.name, url, here == url, line.shown, line.group))
    if any(seat.post for seat in actor.seats):
        group = _("新办")
        items.append(
            NavItem(_("窗口收件"), reverse("cases:intake"), here.startswith(reverse("cases:intake")), None, group)
        )
        items.append(
            NavItem(_("其他事项立项"), reverse("cases:openings"), here == reverse("cases:openings"), None, group)
        )
    return items


def key_in(request: HttpRequest, at: datetime) -> str:
    """The key a form carried; a new one where it carried none, or one we never made."""
    key = request.POST.get("key", "")[:60]
    try:
        case_id_of(key)
    except NotAnEntry:
        return new_key(at)
    return key


def number_in(request: HttpRequest, name: str) -> int | None:
    """A whole number a form carried."""
    said = request.POST.get(name, "")[:12]
    return int(said) if said.isascii() and said.isdecimal() else None


def see_other(url: str) -> HttpResponseRedirect:
    """After a post: look there (303), so that reloading repeats nothing."""
    answer = HttpResponseRedirect(url)
    answer.status_code = 303
    return answer
