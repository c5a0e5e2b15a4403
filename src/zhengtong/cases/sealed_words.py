"""The sealed words of one case, opened in one query for somebody who may read them.

Whether somebody may is the kernel's to say: whoever deals with the case, not whoever merely watches over the region.
"""

from collections.abc import Mapping
from typing import TypeAlias

from zhengtong.kernel.authority import Actor, may_read_all
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import History, Json
from zhengtong.kernel.states import State
from zhengtong.ledger import canonical, sealing
from zhengtong.ledger.models.sealed import Sealed

Place: TypeAlias = tuple[int, str]


def may_read_words(actor: Actor, bound: Bound, state: State) -> bool:
    """Whether the actor deals with this case; the kernel says so."""
    return may_read_all(bound, state, actor)


def open_words(case_id: int, history: History) -> Mapping[Place, Json]:
    """What was sealed, by (seq, field); erased rows are left out, and so is what its event does not commit to."""
    bodies = {event.seq: event.body for event in history}
    found: dict[Place, Json] = {}
    for row in Sealed.objects.filter(case_id=case_id, erased_at__isnull=True):
        parts = {name: bytes(getattr(row, name)) for name in ("wrapped", "nonce", "ciphertext", "salt")}
        try:
            text = sealing.unseal(row.field, key_id=row.key_id, **parts)
        except sealing.Broken:
            continue
        if row.seq in bodies and _is_committed(bodies[row.seq], row.field, parts["salt"], text):
            found[(row.seq, row.field)] = canonical.loads(text)  # type: ignore[assignment]  # JSON is what was sealed
    return found


def _is_committed(body: object, field: str, salt: bytes, text: bytes) -> bool:
    committed = sealing.commitments_of(body, field)  # type: ignore[arg-type]  # any event body
    return sealing.commit(salt, text) in committed


def last_of(words: Mapping[Place, Json], field: str) -> Json:
    """The value last sealed under a field: a correction is read in place of what it corrects."""
    places = sorted(place for place in words if place[1] == field)
    return words[places[-1]] if places else None
