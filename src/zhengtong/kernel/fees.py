"""Fees (收费): what an act demands, what is due, and how a demand is settled. Amounts in fen."""

from zhengtong.kernel.binding import Bound, FeeLine
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import Fee, State

WAIVER_RANK = "head"
"""Whose consent a waiver needs (DOMAIN 2: 减免由本机关负责人批准)."""


def find_fees_to_demand(bound: Bound, state: State | None) -> tuple[FeeLine, ...]:
    """The item's fees, for this situation, that were not demanded yet."""
    demanded = state.fees if state is not None else {}
    return tuple(line for line in bound.fees if line.code not in demanded)


def find_fees_due(state: State) -> tuple[Fee, ...]:
    """The demands nobody has settled.

    Units: amounts in fen.
    """
    return tuple(fee for fee in state.fees.values() if not fee.how)


def check_settling(bound: Bound, state: State, fee: str, how: str, *, amount: int, source: str) -> Fee:
    """The demand that is settled so, if it can be.

    Units: amount in fen; it is the demand's own.
    Raises:
        Refusal: unknown_fee, fee_amount_differs.
    """
    found = state.fees.get(fee)
    wanted = "paid" if how == "refunded" else ""
    if found is None or found.how != wanted:
        raise Refusal(RefusalCode.UNKNOWN_FEE, {"fee": fee}, source)
    line = next((line for line in bound.fees if line.code == fee), None)
    if how == "waived" and (line is None or not line.reducible):
        raise Refusal(RefusalCode.UNKNOWN_FEE, {"fee": fee, "how": how}, source)
    if amount != found.amount:
        raise Refusal(RefusalCode.FEE_AMOUNT_DIFFERS, {"fee": fee, "amount": amount, "due": found.amount}, source)
    return found
