"""离任交接: the open cases of who leaves go to whoever is there, by the procedures' own act `assign`, done by somebody
who may: the holder of the post or the head of the unit. Administrators touch no case; they see how many are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.accounts.queries import Person, name_of
from zhengtong.administration.models import Departure
from zhengtong.cases.actions import Wish, perform
from zhengtong.cases.case_view import CaseRead, material_names
from zhengtong.cases.queries import lines_for, read_many
from zhengtong.cases.refusals import refusal_view
from zhengtong.kernel.authority import Actor, find_holder, find_post
from zhengtong.kernel.deciding import find_acts
from zhengtong.kernel.events import Assigned, Json
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.ledger import history
from zhengtong.ledger.queries import Case, CaseQuerySet
from zhengtong.ledger.record import StaleHistory

AT_ONCE: Final = 50
ASSIGN: Final = "assign"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case of a leaver: where it stands, to which posts it may go, or why it cannot be handed over here."""

    number: str
    title: str
    state: str
    post: str
    choices: tuple[tuple[str, str], ...]
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaverCases:
    person: str
    name: str
    last_day: date
    lines: tuple[CaseLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    number: str
    said: str
    is_done: bool


def _of(person: Person, actor: Actor) -> CaseQuerySet:
    return Case.objects.visible_to(actor).filter(assignee=person.ref, closed_at__isnull=True)


def _departures() -> list[Departure]:
    rows = Departure.objects.filter(undone_at__isnull=True).select_related("person")
    return list(rows.order_by("last_day", "pk")[:200])


def count_to_hand_over(actor: Actor) -> int:
    """How many cases of leavers this actor sees that nobody has taken over; nothing is asked where nobody leaves."""
    leavers = [row.person for row in _departures() if row.person.ref != actor.person]
    if not leavers or not actor.seats:
        return 0
    return sum(len(_waiting(person, actor)) for person in leavers)


def _waiting(person: Person, actor: Actor) -> list[Case]:
    """Cases still under the leaver's name for which no hand-over is recorded since the departure was entered."""
    since = Departure.objects.filter(person=person, undone_at__isnull=True).order_by("-pk").first()
    rows = list(_of(person, actor).by_due()[: AT_ONCE * 4])
    if since is None or not rows:
        return []
    handed = {
        case_id
        for case_id, events in history.load_many([row.pk for row in rows]).items()
        if any(isinstance(event.body, Assigned) and event.recorded_at >= since.entered_at for event in events)
    }
    return [row for row in rows if row.pk not in handed][:AT_ONCE]


def find_to_hand_over(actor: Actor, at: datetime) -> tuple[LeaverCases, ...]:
    """Leaver by leaver, the cases that this actor sees and that wait to be handed over."""
    found = []
    for row in _departures():
        cases = _waiting(row.person, actor) if row.person.ref != actor.person else []
        if cases:
            lines = _lines(cases, actor, at)
            name = people.with_number(name_of(row.person), row.person.number)
            found.append(LeaverCases(person=row.person.ref, name=name, last_day=row.last_day, lines=lines))
    return tuple(found)


def _lines(cases: Sequence[Case], actor: Actor, at: datetime) -> tuple[CaseLine, ...]:
    titles = {line.number: line for line in lines_for(cases, at)}
    return tuple(_line(read, titles[read.state.number].title, actor, at) for read in read_many(cases, at))


def _line(read: CaseRead, title: str, actor: Actor, at: datetime) -> CaseLine:
    role, held = _role_of(read)
    lettered = people.with_letters(actor, read.bound.item, law_day(at))
    acts = {choice.act: choice for choice in find_acts(read.bound, read.state, lettered, read.calendar, at)}
    choice = acts.get(ASSIGN)
    refusal = ""
    if choice is None or not role:
        refusal = _("这个办件不由您转交，请由本单位负责人转交。")
    elif choice.refusal is not None:
        refusal = refusal_view(Refusal(*choice.refusal), read.words, material_names(read)).what
    names = people.post_places([held])
    return CaseLine(
        number=read.state.number, title=title, state=read.word(f"states.{read.state.state}.name"),
        post=names.get(held, held), choices=people.posts_beside(held, law_day(at)), refusal=refusal,
    )  # fmt: skip


def _role_of(read: CaseRead) -> tuple[str, str]:
    """The role that holds the case and the post that fills it."""
    holder = find_holder(read.bound, read.state)
    if holder is None:
        return "", ""
    for role in {*read.bound.posts, *read.state.assigned}:
        post = find_post(read.bound, read.state, role)
        if post is not None and post.post == holder.post:
            return role, holder.post
    return "", holder.post


def hand_over(actor: Actor, at: datetime, *, to: Mapping[str, str], key: str) -> tuple[HandedOver, ...]:
    """Each case by itself, to the post named for it; one that is refused leaves the others done."""
    cases = list(Case.objects.visible_to(actor).filter(number__in=list(to)[:AT_ONCE]).by_due())
    return tuple(_hand(read, to[read.state.number], actor, at, key) for read in read_many(cases, at))


def _hand(read: CaseRead, post: str, actor: Actor, at: datetime, key: str) -> HandedOver:
    role, held = _role_of(read)
    number = read.state.number
    if not role or post not in dict(people.posts_beside(held, law_day(at))):
        return HandedOver(number=number, said=_("这个岗位不能接这个办件。"), is_done=False)
    inputs: dict[str, Json] = {"role": role, "post": post, "manner": "ordinary"}
    try:
        perform(
            actor=actor, at=at, case_id=read.ref.id, wish=Wish(act=ASSIGN, inputs=inputs), key=f"{key}:{read.ref.id}",
            expected_seq=read.ref.last_seq,
        )  # fmt: skip
    except Refusal as refusal:
        said = refusal_view(refusal, read.words, material_names(read)).what
        return HandedOver(number=number, said=said, is_done=False)
    except StaleHistory:
        return HandedOver(number=number, said=_("刚刚有人先办了一步，请单独打开看一看。"), is_done=False)
    return HandedOver(number=number, said=people.post_places([post])[post], is_done=True)
