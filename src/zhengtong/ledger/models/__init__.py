"""The tables of the ledger. Import the module that holds the class you need: no class is re-exported here,
so that the import contract can see who touches the event table."""

from zhengtong.ledger.models import cases, events, numbers, outbox, roots, sealed

__all__ = ["cases", "events", "numbers", "outbox", "roots", "sealed"]
