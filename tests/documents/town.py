"""A case of the demonstration item, opened, supplied with files and accepted through kernel and ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.accounts.cast import City, build_city
from tests.catalogue.town import ITEM, content, publish
from tests.documents import files
from zhengtong.accounts.queries import actor_of_person
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import actions, projections
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.deciding import Command, decide, decide_opening, find_serials
from zhengtong.kernel.states import State, fold
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import history, installed, sealing
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.record import Recorded, new_key, record

AT: Final = datetime(2026, 3, 16, 1, 5, tzinfo=UTC)
SUBJECT: Final = "s-00000000-0000-4000-8000-000000000001"
NAME: Final = "欧阳敏之"
ANSWERS: Final = {"trade": "hair", "air": "no", "area": "small"}


@dataclass
class Town:
    city: City
    bound: Bound
    drawn: int = 0

    def actor(self, name: str, at: datetime = AT) -> Actor:
        return actor_of_person(self.city.people[name].id, at)

    def numbers(self, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for key in keys:
            self.drawn += 1
            form = "51019900126031600{:04d}" if key == "case" else "清卫文〔2026〕{}号"
            found[key] = (*found.get(key, ()), form.format(self.drawn))
        return found

    def open(self, upload: bytes | None = None) -> tuple[Recorded, str]:
        """Submitted by the applicant with two materials, one of them a file; says the digest of the file."""
        stored = actions.store_upload(
            data=upload or files.pdf(), name="租赁合同.pdf", declared_type="application/pdf", uploader=SUBJECT, at=AT
        )
        commitment = actions.commit_material(digests=[stored.digest], uploader=SUBJECT)
        rows = [
            sealing.seal("applicant", {"kind": "natural", "name": NAME, "certificate": "identity", "number": "1"}),
            sealing.seal("form", {"premises_name": "示例理发店"}),
        ]
        actor, key = Actor(person=SUBJECT, seats=(), subjects={SUBJECT: "own"}), new_key(AT)
        command = Command(
            act="submit", actor=actor, inputs={}, key=key, hash=hex_digest, channel="portal",
            sealed={row.field: row.commitment for row in rows}, parties={"applicant": SUBJECT},
            materials=(
                MaterialGiven(material="m1", form="electronic", commitment=commitment),
                MaterialGiven(material="m2", form="paper", commitment=hex_digest(b"paper")),
            ),
            serials=self.numbers(find_serials(self.bound, None, "submit", load_calendar(), AT)),
        )  # fmt: skip
        events = decide_opening(self.bound, command, load_calendar(), AT)
        done = record(
            case=None, bound=self.bound, before=None, events=events, key=key, sealed=rows, calendar=load_calendar(),
            now=AT,
        )  # fmt: skip
        return done, stored.digest

    def act(self, case: Recorded, act: str, who: str, *, days: int = 1, **inputs: Any) -> Recorded:
        at, state = AT + timedelta(days=days), fold(history.load(case.case_id))
        key = new_key(at)
        command = Command(
            act=act, actor=self.actor(who, at), inputs=inputs, key=key, hash=hex_digest,
            serials=self.numbers(find_serials(self.bound, state, act, load_calendar(), at)),
        )  # fmt: skip
        events = decide(self.bound, state, command, load_calendar(), at)
        return record(
            case=case.ref, bound=self.bound, before=state, events=events, key=key, calendar=load_calendar(), now=at
        )


def build_town() -> Town:
    publish(content(ITEM))
    town = Town(city=build_city(), bound=catalogue.bound_for(ITEM, 1, ANSWERS))
    installed.install(
        bound_for=_bound_for,
        reactions=(projections.papers_to_render,),
        handlers={projections.RENDER: projections.render_paper},
    )
    return town


def _bound_for(state: State) -> Bound:
    return catalogue.bound_for(state.item, state.item_version, state.answers)
