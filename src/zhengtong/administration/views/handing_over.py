"""离任交接 at the desk: whoever heads the unit, or sits at the post, hands over what a leaver had in hand."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zhengtong.accounts import clock
from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.administration.handing_over import AT_ONCE, HandedOver, find_to_hand_over, hand_over
from zhengtong.ledger.record import new_key


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def show(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    done: tuple[HandedOver, ...] = ()
    if request.method == "POST":
        picked = request.POST.getlist("number")[:AT_ONCE]
        to = {number: request.POST.get(f"to-{number}", "") for number in picked if "\0" not in number}
        done = hand_over(actor, at, to=to, key=new_key(at))
    leavers = find_to_hand_over(actor, at)
    shown = {**desk_frame(request, at), "leavers": leavers, "done": done}
    return render(request, "administration/hand_over.html", shown)
