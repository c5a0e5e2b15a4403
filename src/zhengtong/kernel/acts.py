"""Common acts (各程序共有的行为): what each `does` writes down. They record; none of them moves a case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from zhengtong.kernel.binding import Bound, PostRef
from zhengtong.kernel.branches import CONSENT, find_consent
from zhengtong.kernel.commands import Command
from zhengtong.kernel.effects import Batch
from zhengtong.kernel.events import (
    Acted,
    Assigned,
    BranchOpened,
    BranchSettled,
    DocumentServed,
    Erased,
    FeeSettled,
    History,
    Json,
    Linked,
    MaterialChecked,
    MaterialReceived,
    Noted,
    Rated,
    Retracted,
)
from zhengtong.kernel.fees import WAIVER_RANK, check_settling
from zhengtong.kernel.guards import find_rank_asked
from zhengtong.kernel.inputs import check_materials
from zhengtong.kernel.mistakes import correct, revert
from zhengtong.kernel.procedures import ActionRule, RoleKind
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.reissuing import find_papers_showing, issue_again
from zhengtong.kernel.states import Branch
from zhengtong.kernel.versions import rebind


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """A common act about to be written: the act, its request, the consent it uses and the branch it speaks of."""

    rule: ActionRule
    command: Command
    consent: str | None
    branch: Branch | None

    def word(self, name: str) -> str:
        """An input that is a word, or nothing."""
        value = self.command.inputs.get(name)
        return value if isinstance(value, str) else ""

    def refuse(self, code: RefusalCode, **params: str) -> Refusal:
        """A refusal with the act's article."""
        return Refusal(code, params, self.rule.source)


def do_common(batch: Batch, doing: Doing) -> None:
    """Write what a common act records.

    Raises:
        Refusal: unknown_material, unknown_fee, fee_amount_differs, unknown_document, unknown_role, unknown_post,
            consent_not_asked_for, own_consent, input_missing, input_not_shaped, and those of corrections,
            reversals and versions.
    Source: PROCEDURES 1 (common acts)
    """
    assert doing.rule.does is not None
    _DOES[doing.rule.does](batch, doing)


def receive_materials(batch: Batch, command: Command, source: str) -> None:
    """Write the materials given with an act."""
    check_materials(batch.bound, [given.material for given in command.materials], source)
    for given in command.materials:
        batch.put(MaterialReceived(material=given.material, form=given.form, commitment=given.commitment))


# ---- materials ------------------------------------------------------------------------------------


def _material_received(batch: Batch, doing: Doing) -> None:
    if not doing.command.materials:
        raise doing.refuse(RefusalCode.INPUT_MISSING, input="material")
    receive_materials(batch, doing.command, doing.rule.source)


def _material_checked(batch: Batch, doing: Doing) -> None:
    code, verdict = doing.word("material"), doing.word("verdict")
    rule = next((each for each in batch.bound.materials if each.code == code), None)
    if rule is None:
        raise doing.refuse(RefusalCode.UNKNOWN_MATERIAL, material=code)
    if verdict == "promised" and not rule.tolerable:
        raise doing.refuse(RefusalCode.INPUT_NOT_A_CHOICE, input="verdict", value=verdict)
    batch.put(MaterialChecked(material=code, verdict=verdict, sealed=dict(doing.command.sealed)))


# ---- consents -------------------------------------------------------------------------------------


def _consent_asked(batch: Batch, doing: Doing) -> None:
    act = doing.word("for")
    rank = find_rank_for(batch.bound, act)
    if rank is None:
        raise doing.refuse(RefusalCode.CONSENT_NOT_ASKED_FOR, act=act)
    here = batch.state.state
    batch.put(
        Acted(
            act=doing.rule.code,
            left=here,
            entered=here,
            marks={},
            inputs=dict(doing.command.inputs),
            sealed=dict(doing.command.sealed),
            facts={},
            parties={},
            outcome=None,
            consent=None,
        )
    )
    batch.put(
        BranchOpened(
            branch=f"b{batch.next_seq}",
            group=CONSENT,
            kind=act,
            to=rank,
            child=None,
            sealed={},  # its words are on the act: one sealed row has one event
        )
    )


def find_rank_for(bound: Bound, act: str) -> str | None:
    """The rank whose consent an act needs; a waiver of fees always needs the head's."""
    rule = bound.actions.get(act)
    if rule is None:
        return None
    return WAIVER_RANK if rule.does == "fee_settled" else find_rank_asked(rule)


def _consent_given(batch: Batch, doing: Doing) -> None:
    branch = doing.branch
    if branch is None:
        raise doing.refuse(RefusalCode.CONSENT_NOT_ASKED_FOR)
    if branch.opened_by == batch.who.person:
        raise doing.refuse(RefusalCode.OWN_CONSENT, act=branch.kind or "")
    verdict = doing.word("verdict")
    if verdict not in ("granted", "denied"):
        raise doing.refuse(RefusalCode.INPUT_NOT_A_CHOICE, input="verdict", value=verdict)
    batch.put(BranchSettled(branch=branch.branch, verdict=verdict, sealed=dict(doing.command.sealed)))


# ---- papers, fees ---------------------------------------------------------------------------------


def _served(batch: Batch, doing: Doing) -> None:
    number = doing.word("number")
    document = batch.state.documents.get(number)
    if document is None or document.retracted:
        raise doing.refuse(RefusalCode.UNKNOWN_DOCUMENT, number=number)
    batch.put(DocumentServed(number=number, manner=doing.word("manner"), relation=doing.word("relation") or "self"))


def _fee_settled(batch: Batch, doing: Doing) -> None:
    _settle_fee(batch, doing, doing.word("how"))


def _fee_refunded(batch: Batch, doing: Doing) -> None:
    _settle_fee(batch, doing, "refunded")


def _settle_fee(batch: Batch, doing: Doing, how: str) -> None:
    fee, amount = doing.word("fee"), doing.command.inputs.get("amount")
    number = amount if isinstance(amount, int) and not isinstance(amount, bool) else -1
    check_settling(batch.bound, batch.state, fee, how, amount=number, source=doing.rule.source)
    consent = doing.consent
    if how == "waived" and consent is None:
        branch = find_consent(batch.state, doing.rule.code, WAIVER_RANK, batch.who.person)
        if branch is None:
            raise doing.refuse(RefusalCode.NO_CONSENT, act=doing.rule.code, rank=WAIVER_RANK)
        consent = branch.branch
    batch.put(FeeSettled(fee=fee, how=how, amount=number, receipt=doing.word("receipt"), consent=consent))


# ---- words, people, links -------------------------------------------------------------------------


def _noted(batch: Batch, doing: Doing) -> None:
    batch.put(Noted(sealed=dict(doing.command.sealed)))


def _assigned(batch: Batch, doing: Doing) -> None:
    role, rules = doing.word("role"), batch.bound.roles
    if role not in rules or rules[role].kind is not RoleKind.POST:
        raise doing.refuse(RefusalCode.UNKNOWN_ROLE, role=role)
    held = batch.state.assigned.get(role) or batch.bound.posts.get(role) or PostRef(post="", unit="", dept="")
    post = doing.word("post")
    if not post:
        raise doing.refuse(RefusalCode.UNKNOWN_POST, post=post)
    batch.put(
        Assigned(
            role=role,
            post=post,
            unit=doing.word("unit") or held.unit,
            dept=doing.word("dept") or held.dept,
            manner=doing.word("manner") or "ordinary",
            basis=doing.word("basis"),
        )
    )


def _linked(batch: Batch, doing: Doing) -> None:
    batch.put(Linked(relation=doing.word("relation"), other=doing.word("other")))


def _retracted(batch: Batch, doing: Doing) -> None:
    what, ref, state = doing.word("what"), doing.word("ref"), batch.state
    known: Mapping[str, bool] = {
        "document": ref in state.documents and not state.documents[ref].retracted,
        "result": ref in state.results and not state.results[ref].retracted,
        "publication": ref in state.published,
    }
    if not known.get(what, False):
        raise doing.refuse(RefusalCode.UNKNOWN_DOCUMENT, number=ref)
    batch.put(Retracted(what=what, ref=ref, sealed=dict(doing.command.sealed), consent=doing.consent))


def _rated(batch: Batch, doing: Doing) -> None:
    level = _level(doing.command.inputs.get("level"))
    if level is None:
        raise doing.refuse(RefusalCode.INPUT_NOT_SHAPED, input="level", kind="1-5")
    batch.put(Rated(level=level, channel=doing.word("channel"), sealed=dict(doing.command.sealed)))


def _level(value: Json) -> int | None:
    """1 to 5, as a number or as the code of a choice."""
    if isinstance(value, bool):
        return None
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    return number if isinstance(number, int) and number in range(1, 6) else None


def _erased(batch: Batch, doing: Doing) -> None:
    named = doing.word("sealed")
    rows = [ref for ref in find_sealed_rows(batch.state.history) if named in (ref, ref.partition(":")[2])]
    if not rows:
        raise doing.refuse(RefusalCode.INPUT_UNKNOWN, input=named)
    for ref in rows:
        batch.put(Erased(sealed=ref, basis=doing.word("basis"), consent=doing.consent))


def find_sealed_rows(history: History) -> tuple[str, ...]:
    """Every sealed row of the case that is not erased yet, as `<seq>:<field>`; those of struck-out acts too."""
    rows = [
        f"{event.seq}:{field}"
        for event in history
        if isinstance(sealed := getattr(event.body, "sealed", None), Mapping)
        for field in sealed
    ]
    gone = {event.body.sealed for event in history if isinstance(event.body, Erased)}
    return tuple(ref for ref in rows if ref not in gone)


# ---- mistakes, versions ---------------------------------------------------------------------------


def _corrected(batch: Batch, doing: Doing) -> None:
    papers = find_papers_showing(batch.state, doing.command.inputs.get("path"))
    batch.put(correct(batch.state, doing.rule, doing.command, doing.consent, batch.at))
    issue_again(batch, papers, doing.consent)


def _reverted(batch: Batch, doing: Doing) -> None:
    batch.put(revert(batch.bound, batch.state, doing.rule, doing.command, doing.consent, batch.next_seq))


def _rebound(batch: Batch, doing: Doing) -> None:
    onto = doing.command.onto
    if onto is None or onto.version != doing.word("version"):
        raise doing.refuse(RefusalCode.INPUT_MISSING, input="version")
    if onto.item != batch.bound.item or onto.item_version != doing.command.inputs.get("item_version"):
        raise doing.refuse(RefusalCode.INPUT_MISSING, input="item_version")
    rebind(batch, batch.bound, onto)


_DOES: Final[Mapping[str, Callable[[Batch, Doing], None]]] = {
    "material_received": _material_received,
    "material_checked": _material_checked,
    "consent_asked": _consent_asked,
    "consent_given": _consent_given,
    "served": _served,
    "fee_settled": _fee_settled,
    "fee_refunded": _fee_refunded,
    "noted": _noted,
    "assigned": _assigned,
    "corrected": _corrected,
    "reverted": _reverted,
    "linked": _linked,
    "retracted": _retracted,
    "rated": _rated,
    "rebound": _rebound,
    "erased": _erased,
}
