"""Rows that reactions return: they say what is to be written, `record()` writes it in the transaction of the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OUTBOX: Final = "ledger_outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table.

    `key` names the columns of its unique key: a row that is there is overwritten; without a key it is added.
    `gone` deletes the row with that key instead. A value that is a mapping or a list is stored as JSON.
    """

    table: str
    values: Mapping[str, object]
    key: tuple[str, ...] = ()
    gone: bool = False


def outgoing(*, case_id: int, seq: int, topic: str, body: Mapping[str, object]) -> Row:
    """A row of the outbox: to be told outside after the commit, at least once."""
    return Row(table=OUTBOX, values={"case_id": case_id, "seq": seq, "topic": topic, "body": dict(body)})
