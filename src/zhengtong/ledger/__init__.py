"""The ledger (台账): the one door through which anything happens to a case, and the proof that nothing was changed."""

from zhengtong.ledger.installed import install

__all__ = ["install"]
