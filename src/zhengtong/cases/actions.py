"""What a person can do to a case: two functions, because every act of every procedure goes through the kernel.

Both load what is known, ask the kernel, and write through the one door. Nothing here knows a limit or a right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

from zhengtong.accounts import actions as people
from zhengtong.accounts.queries import with_letters
from zhengtong.cases.act_forms import Filled
from zhengtong.cases.serials import draw_serials
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import actions as documents
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.commands import Command, MaterialGiven
from zhengtong.kernel.deciding import decide_and_fold, decide_opening_and_fold, find_serials
from zhengtong.kernel.events import Json
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import behind
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.current import load_current
from zhengtong.ledger.record import Recorded, StaleHistory, find_replay, record
from zhengtong.ledger.sealing import SealedRow, seal

# What a party's sealed data may be found by at the window, each in its blind index.
FOUND_BY: Final[Mapping[str, str]] = {"name": "name", "number": "certificate_number", "phone": "phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants done: an act with what was filled in.

    `private` holds the plain values of sealed inputs; they are sealed here and never reach the kernel.
    `parties` maps party roles to subject references. `branch` names the branch a branch verb speaks of.
    """

    act: str
    inputs: Mapping[str, Json] = field(default_factory=dict)
    private: Mapping[str, Json] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)
    materials: Sequence[MaterialGiven] = ()
    branch: str | None = None
    happened_at: datetime | None = None


def wish_for(*, actor: Actor, at: datetime, act: str, filled: Filled, known: Mapping[str, str] | None = None) -> Wish:
    """What was filled in as a wish: the parties become known subjects, files are kept and tied to their material.

    `known` gives subjects that need no looking up (who is signed in), by party role. What is kept here and then not
    used, because the act is refused, points to no case and shows nowhere.

    Raises:
        NotPossible: a certificate number that cannot be one.
        UploadRefused: a file that is not taken.
    """
    return Wish(
        act=act,
        inputs=filled.inputs,
        private={**filled.private, **_attached(filled, actor, at)},
        parties={role: _subject(role, data, actor, at, known or {}) for role, data in filled.parties.items()},
        materials=tuple(_materials(filled, actor, at)),
        branch=filled.branch,
        happened_at=filled.happened_at,
    )


def _subject(role: str, data: Mapping[str, str], actor: Actor, at: datetime, known: Mapping[str, str]) -> str:
    if role in known:
        return known[role]
    return people.find_or_create_subject(
        kind=data["kind"], name=data["name"], certificate_kind=data["certificate"], number=data["number"],
        phone=data.get("phone") or "", by=actor.person, at=at,
    )  # fmt: skip


def attach(name: str, content: bytes, media_type: str, *, actor: Actor, at: datetime) -> dict[str, Json]:
    """One file made here rather than uploaded, kept as the sealed value of an input of kind attachment."""
    kept = documents.store_made(data=content, name=name, media_type=media_type, maker=actor.person, at=at)
    return _sealed_files([kept], actor)


def _attached(filled: Filled, actor: Actor, at: datetime) -> dict[str, Json]:
    return {name: _sealed_files(_kept(files, actor, at), actor) for name, files in filled.attached.items()}


def _sealed_files(kept: Sequence[documents.Stored], actor: Actor) -> dict[str, Json]:
    """What is sealed of files: their names, and the commitment by which `documents` finds them again."""
    commitment = documents.commit_material(digests=[each.digest for each in kept], uploader=actor.person)
    return {"files": [each.name for each in kept], "commitment": commitment}


def _kept(files: Sequence[Any], actor: Actor, at: datetime) -> list[documents.Stored]:
    return [
        documents.store_upload(
            data=file.read(), name=file.name or "", declared_type=file.content_type or "", uploader=actor.person, at=at
        )
        for file in files
    ]


def _materials(filled: Filled, actor: Actor, at: datetime) -> Iterator[MaterialGiven]:
    for code in filled.papers:
        yield MaterialGiven(material=code, form="paper", commitment=hex_digest(token_bytes(16) + code.encode()))
    for code, files in filled.uploads.items():
        digests = [each.digest for each in _kept(files, actor, at)]
        commitment = documents.commit_material(digests=digests, uploader=actor.person)
        yield MaterialGiven(material=code, form="electronic", commitment=commitment)


def open_case(  # noqa: PLR0913 - who, when, what, for which situation, how, once
    *, actor: Actor, at: datetime, item: str, answers: Mapping[str, str], wish: Wish, channel: str, key: str,
    parent: str | None = None,
) -> Recorded:  # fmt: skip
    """Open a case under the item's published version, with its opening act, in one batch.

    Raises:
        Refusal: the law, the item or the shape of an input says no.
        StaleHistory: the number was taken meanwhile.
    """
    replayed = find_replay(key=key, person=actor.person)
    if replayed is not None:
        return replayed
    actor = with_letters(actor, item, law_day(at))
    version = catalogue.published(item, law_day(at))
    if version is None:
        raise Refusal(RefusalCode.BAD_ITEM, {"item": item})
    bound = catalogue.bound_for(item, version, answers)
    calendar = load_calendar()
    command, sealed = _prepare(bound, None, wish, actor=actor, at=at, key=key, calendar=calendar)
    command = replace(command, channel=channel, parent=parent)
    events, after = decide_opening_and_fold(bound, command, calendar, at)
    return record(
        case=None, bound=bound, before=None, events=events, key=key, sealed=sealed, calendar=calendar, now=at,
        after=after,
    )  # fmt: skip


def perform(
    *, actor: Actor, at: datetime, case_id: int, wish: Wish, key: str, expected_seq: int | None = None
) -> Recorded:
    """Do one act on one case.

    `expected_seq` is the last event the person saw; when the case has moved on meanwhile, that is a conflict
    to be shown, never retried silently.

    Raises:
        Refusal: the law or the state of the case says no.
        StaleHistory: somebody was first.
        ClockBehind: the machine's clock is before the last event.
    """
    replayed = find_replay(key=key, person=actor.person, case_id=case_id)
    if replayed is not None:
        return replayed
    current = load_current(case_id)
    if expected_seq is not None and expected_seq != current.ref.last_seq:
        raise StaleHistory(current.ref)
    state = current.state
    behind.check(at, state)  # before the kernel, which would call it a date out of order
    actor = with_letters(actor, state.item, law_day(at))
    bound = catalogue.bound_for(state.item, state.item_version, state.answers)
    calendar = load_calendar()
    command, sealed = _prepare(bound, state, wish, actor=actor, at=at, key=key, calendar=calendar)
    events, after = decide_and_fold(bound, state, command, calendar, at)
    return record(
        case=current.ref, bound=bound, before=state, events=events, key=key, sealed=sealed, calendar=calendar, now=at,
        after=after,
    )  # fmt: skip


def _prepare(  # noqa: PLR0913 - everything the command is made of
    bound: Bound, state: State | None, wish: Wish, *, actor: Actor, at: datetime, key: str, calendar: Calendar
) -> tuple[Command, tuple[SealedRow, ...]]:
    sealed = tuple(seal(name, value, index=tuple(found_by(value))) for name, value in wish.private.items())
    needed = find_serials(bound, state, wish.act, calendar, at, wish.inputs)
    command = Command(
        act=wish.act,
        actor=actor,
        inputs=dict(wish.inputs),
        sealed={row.field: row.commitment for row in sealed},
        parties=dict(wish.parties),
        materials=tuple(wish.materials),
        key=key,
        happened_at=wish.happened_at,
        serials=draw_serials(needed, bound=bound, at=at),
        branch=wish.branch,
        hash=hex_digest,
    )
    return command, sealed


def found_by(value: Json) -> Iterator[tuple[str, str]]:
    """By which words, under which index, a sealed value is to be found."""
    if isinstance(value, dict):
        for name, index in FOUND_BY.items():
            said = value.get(name)
            if isinstance(said, str) and said:
                yield index, said
