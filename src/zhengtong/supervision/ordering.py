"""What a supervisor may do about a finding or a card beside the acts of the card itself (怎样处理): ways, each with its
consequence said before, leading to the form where it is done."""

from datetime import datetime

from zhengtong.kernel.authority import Actor
from zhengtong.supervision.models import Card, Signal
from zhengtong.ui.values import ActView


def ways_for_signal(row: Signal, actor: Actor, at: datetime) -> tuple[ActView, ...]:
    return ()


def ways_for_card(row: Card, actor: Actor, at: datetime) -> tuple[ActView, ...]:
    return ()
