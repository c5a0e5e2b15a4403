"""What a citizen does on the portal beside acts of a case: keep, drop and hand in a draft, and clear old ones."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from zhengtong.accounts import queries as people
from zhengtong.cases.actions import Wish, open_case
from zhengtong.documents.actions import commit_material
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.events import Json
from zhengtong.law.rulebook_files import kept
from zhengtong.ledger.record import Recorded, new_key
from zhengtong.portal.drafts import Content, read_content
from zhengtong.portal.models import Draft
from zhengtong.portal.opening import Plan, fitting

CHANNEL: Final = "online"


def start_draft(*, account: people.Account, item: str, version: int, content: Content, at: datetime) -> Draft:
    return Draft.objects.create(
        ref=uuid4().hex, account=account, item=item, item_version=version, key=new_key(at), content=content.to_text(),
        created_at=at, updated_at=at,
    )  # fmt: skip


def keep(draft: Draft, *, content: Content, at: datetime, step: str = "") -> None:
    """Write what the draft holds now; one that was handed in meanwhile stays as it is."""
    draft.content, draft.updated_at, draft.step = content.to_text(), at, step or draft.step
    Draft.objects.filter(pk=draft.pk, number="").update(
        content=draft.content, updated_at=at, step=draft.step, item_version=draft.item_version
    )


def rebind(draft: Draft, *, plan: Plan, at: datetime) -> Content:
    """The draft follows a newer version of its item; what still fits is kept."""
    content = fitting(read_content(draft.content), plan)
    draft.item_version = plan.bound.item_version
    keep(draft, content=content, at=at)
    return content


def drop(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk, number="").delete()


def erase_old_drafts(now: datetime) -> int:
    """Drafts nobody touched for as long as they are kept (law/rulebooks/retention), and the marks of those handed in;
    how many. `work` calls it nightly."""
    return Draft.objects.filter(updated_at__lt=now - timedelta(days=kept("draft").n)).delete()[0]


def submit(
    *, draft: Draft, plan: Plan, actor: Actor, inputs: Mapping[str, Json], at: datetime, **sealed: Json
) -> Recorded:
    """Hand the application in. The draft's key makes a second post a replay; afterwards only its number is left.

    Should the process die between the two writes, the next post replays the first and finishes the second.

    Raises:
        Refusal, StaleHistory: as `open_case`.
    """
    content = read_content(draft.content)
    wish = Wish(
        act=plan.rule.code,
        inputs=dict(inputs),
        private={plan.party: party_data(content.applicant), **sealed},
        parties={plan.party: content.applicant},
        materials=materials_given(plan, content, actor),
    )
    recorded = open_case(
        actor=actor, at=at, item=draft.item, answers=content.answers, wish=wish, channel=CHANNEL, key=draft.key
    )
    Draft.objects.filter(pk=draft.pk).update(number=recorded.number, content="", updated_at=at)
    return recorded


def materials_given(plan: Plan, content: Content, actor: Actor) -> tuple[MaterialGiven, ...]:
    """Each material with the commitment to its files; the application form is what was filled in."""
    given = []
    for line in plan.materials:
        digests = content.files.get(line.code, [])
        if digests or is_filled_in(plan, line.code):
            commitment = commit_material(digests=digests, uploader=actor.person)
            given.append(MaterialGiven(material=line.code, form="electronic", commitment=commitment))
    return tuple(given)


def is_filled_in(plan: Plan, material: str) -> bool:
    """Whether a material is the application form that the questions make: nothing has to be uploaded for it."""
    kinds = {line.code: line.kind for line in plan.materials}
    return bool(plan.bound.fields) and kinds.get(material) == "form" and material == _first_form(plan)


def _first_form(plan: Plan) -> str:
    return next((line.code for line in plan.materials if line.kind == "form"), "")


def party_data(ref: str) -> dict[str, Json]:
    """The applicant's own data, read on the server: what the browser says about it does not count."""
    details = people.subject_details(ref)
    return {
        "kind": details.kind, "name": details.name, "certificate": details.certificate_kind, "number": details.number,
        "phone": details.phone,
    }  # fmt: skip


def without_file(content: Content, material: str, digest: str) -> Content:
    kept = {
        code: [one for one in digests if (code, one) != (material, digest)] for code, digests in content.files.items()
    }
    return replace(content, files={code: digests for code, digests in kept.items() if digests})
