"""What others do while a journey looks at one person (幕后): the same acts through the same door, without a browser."""

from collections.abc import Mapping
from typing import Any, Final

from zhengtong.accounts import clock
from zhengtong.accounts.models import Account
from zhengtong.accounts.queries import actor_for
from zhengtong.cases.actions import Wish, open_case, perform
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.events import Json
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import Recorded, new_key

# A licence for an inn: exactly five materials, three steps to the decision.
INN: Final = "qy-wj-0001"
INN_ANSWERS: Final = {"trade": "inn", "air": "no", "area": "small"}
INN_MATERIALS: Final = ("m1", "m2", "m3", "m4", "m5")
INN_FORM: Final[Mapping[str, Json]] = {
    "premises_name": "听雨客栈", "premises_address": {"region": "清源区", "detail": "清江路 8 号"},
    "person_in_charge": "林晓梅", "floor_area": 320, "staff": 6,
}  # fmt: skip


def actor_of(who: str) -> Actor:
    """Staff by number, a citizen by name."""
    at = clock.now()
    if who[:2].isascii():
        account = Account.objects.get(login=who)
    else:
        account = next(one for one in Account.objects.exclude(subject=None) if one.subject and one.subject.name == who)
    return actor_for(account, at)


def opened(
    who: str = "林晓梅", *, item: str = INN, answers: Mapping[str, str] = INN_ANSWERS,
    form: Mapping[str, Any] = INN_FORM, materials: tuple[str, ...] = INN_MATERIALS,
) -> str:  # fmt: skip
    """A citizen has applied with these materials; the number of the case."""
    from zhengtong.portal.actions import party_data

    actor = actor_of(who)
    given = tuple(
        MaterialGiven(material=code, form="paper", commitment=hex_digest(f"{who}{code}".encode())) for code in materials
    )
    wish = Wish(
        act="submit", private={"applicant": party_data(actor.person), "form": dict(form)},
        parties={"applicant": actor.person}, materials=given,
    )  # fmt: skip
    at = clock.now()
    done = open_case(actor=actor, at=at, item=item, answers=answers, wish=wish, channel="online", key=new_key(at))
    return done.number


def act(
    number: str, code: str, who: str, *, words: Mapping[str, str] | None = None,
    materials: tuple[MaterialGiven, ...] = (), **inputs: Any,
) -> Recorded:  # fmt: skip
    """One act by a member of staff or a citizen."""
    at = clock.now()
    wish = Wish(act=code, inputs=inputs, private=dict(words or {}), materials=materials)
    case = Case.objects.get(number=number)
    return perform(actor=actor_of(who), at=at, case_id=case.pk, wish=wish, key=new_key(at))


def received(number: str, who: str, *materials: str) -> None:
    """Handed over at the window, on paper."""
    for code in materials:
        given = MaterialGiven(material=code, form="paper", commitment=hex_digest(code.encode()))
        act(number, "receive_material", who, materials=(given,))


def checked(number: str, who: str, materials: tuple[str, ...] = INN_MATERIALS) -> None:
    for code in materials:
        act(number, "check_material", who, material=code, verdict="accepted")


def accepted(who: str = "林晓梅", **more: Any) -> str:
    """Received, checked and accepted by the window."""
    number = opened(who, **more)
    act(number, "pass_precheck", "wj01")
    checked(number, "wj01")
    act(number, "accept", "wj01")
    return number


def reviewed(who: str = "林晓梅", **more: Any) -> str:
    """Waits for the chief representative."""
    number = accepted(who, **more)
    act(number, "pass", "wj03", words={"opinion": "符合条件，拟同意。"})
    act(number, "review", "wj04", words={"opinion": "同意。"})
    return number


def ready(who: str = "林晓梅", **more: Any) -> str:
    """The licence is made and waits to be collected."""
    number = reviewed(who, **more)
    act(number, "grant", "wj05")
    act(number, "make", "wj02")
    return number


def token_of_result(number: str) -> str:
    """What the QR on the result leads to."""
    from zhengtong.documents.models import Paper
    from zhengtong.documents.proofs import token_of

    paper = Paper.objects.get(case_id=Case.objects.get(number=number).pk, is_result=True)
    return token_of(paper.case_id, paper.seq)


def walked_in(name: str, certificate: str) -> str:
    """Somebody without an account came to the window and left with a receipt."""
    from zhengtong.accounts.actions import find_or_create_subject

    clerk, at = actor_of("wj01"), clock.now()
    party: dict[str, Json] = {
        "kind": "natural",
        "name": name,
        "certificate": "identity",
        "number": certificate,
        "phone": "19900007777",
    }
    ref = find_or_create_subject(
        kind="natural", name=name, certificate_kind="identity", number=certificate, phone="19900007777",
        by=clerk.person, at=at,
    )  # fmt: skip
    given = tuple(
        MaterialGiven(material=code, form="paper", commitment=hex_digest(f"{name}{code}".encode()))
        for code in INN_MATERIALS
    )
    wish = Wish(
        act="submit", private={"applicant": party, "form": dict(INN_FORM)}, parties={"applicant": ref}, materials=given
    )
    done = open_case(actor=clerk, at=at, item=INN, answers=INN_ANSWERS, wish=wish, channel="window", key=new_key(at))
    return done.number
