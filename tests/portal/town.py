"""A district with a health department and every demonstration item; citizens who sign in; small true files."""

import re
import struct
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.accounts.cast import City, build_city
from tests.catalogue.town import posts_for
from zhengtong.accounts import actions as people_actions
from zhengtong.accounts import clock
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.queries import actor_of_person
from zhengtong.accounts.signing_in import register_citizen
from zhengtong.cases.actions import Wish, perform
from zhengtong.catalogue import actions as catalogue
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing
from zhengtong.kernel.procedures import RoleKind
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.items import complete, items_from_internal
from zhengtong.law.procedure_files import load_procedure
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import new_key

AT: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
SINCE: Final = date(2026, 1, 1)
PASSWORD: Final = "坚固的-passphrase-7"
PHONE: Final = "13800003210"
OTHER_PHONE: Final = "13900001111"
IDENTITY: Final = "11010519491231002X"
OTHER_IDENTITY: Final = "440524188001010014"
CREDIT_CODE: Final = "91350100M000100Y43"
ITEM: Final = "qy-wj-0001"
MATTER: Final = "hotline_order"
ANSWERS: Final = {"trade": "inn", "air": "no", "area": "small"}
ANSWERED: Final = {
    "f_premises_name": "栖云里民宿",
    "f_premises_address-region": "清源区",
    "f_premises_address-detail": "文昌路 112 号",
    "f_premises_address-postcode": "",
    "f_person_in_charge": "李小敏",
    "f_floor_area": "320",
    "f_staff": "4",
}
NOTICE: Final = "1. 公共场所卫生检测或评价报告：超过一年，请换新的。\n2. 卫生管理制度：没有写消毒间。"


def build_town() -> City:
    city = build_city()
    catalogue.load_demo_items(posts_for=posts_for, region="510199", at=AT, effective_from=SINCE)
    for table in items_from_internal().values():
        if not table.get("internal", True):
            _publish_matter(table)
    return city


def _publish_matter(table: Mapping[str, Any]) -> None:
    procedure = load_procedure(str(table["procedure"]), str(table["procedure_version"]))
    posts = {
        role.code: {"post": "wj-sp-window", "unit": "wj-sp", "dept": "wj"}
        for role in procedure.roles.values()
        if role.kind is RoleKind.POST
    }
    content = {**complete(table, version=1, region="510199", posts=posts), "department": "wj"}
    draft = catalogue.create_item(content=content, actor="p-11", at=AT)
    catalogue.submit_for_review(version=draft, actor="p-11", at=AT, document="示例")
    catalogue.publish(version=draft, actor="p-12", at=AT, effective_from=SINCE)


# ---- people -----------------------------------------------------------------------------------------


def make_citizen(name: str = "李小敏", phone: str = PHONE, number: str = "") -> Account:
    """An active account; with a number, checked at a window."""
    account = register_citizen(name=name, phone=phone, password=PASSWORD, at=AT)
    assert account is not None
    account.is_active = True
    account.save(update_fields=["is_active"])
    if number:
        people_actions.raise_level_at_window(
            clerk=actor_of_person(1, AT),
            subject=Subject.objects.get(account=account),
            certificate_kind="identity",
            number=number,
            level=2,
            at=AT,
        )
    return Account.objects.get(pk=account.pk)


def sign_in(phone: str = PHONE) -> Client:
    client = Client()
    answer = client.post("/account/sign-in", {"typed": phone, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def subject_of(client: Client) -> str:
    return Subject.objects.get(account__pk=client.session["_auth_user_id"]).ref


# ---- files ------------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2) -> bytes:
    """A true picture."""
    raw = b"".join(b"\0" + b"\xff\xff\xff" * width for _row in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def picture(name: str = "平面图.png", side: int = 2) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png(side), content_type="image/png")


def pictures(*codes: str) -> dict[str, SimpleUploadedFile]:
    return {f"file-{code}": picture(f"{code}.png", side) for side, code in enumerate(codes, 2)}


# ---- errands ----------------------------------------------------------------------------------------


def draft_ref(location: str) -> str:
    found = re.search(r"/apply/([0-9a-f]{32})/", location)
    assert found is not None, location
    return found[1]


def begin(client: Client, **more: str) -> str:
    """A draft with the situation answered and the applicant chosen."""
    typed = {**ANSWERS, "applicant": subject_of(client), **more}
    return draft_ref(client.post(f"/items/{ITEM}/apply?new=1", typed)["Location"])


def ready(client: Client) -> str:
    """A draft that has everything."""
    ref = begin(client)
    client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
    client.post(f"/apply/{ref}/materials", {**pictures("m2", "m3", "m4", "m5"), "go": "1"})
    return ref


def apply_for(client: Client) -> str:
    """The whole way of one licence; answers the number."""
    done = client.post(f"/apply/{ready(client)}/check", {"go": "1"})
    assert done.status_code == 302, done.content.decode()
    return str(done["Location"]).split("/")[2]


def at_the_window(number: str, wish: Wish) -> None:
    at = clock.now()
    case_id = Case.objects.get(number=number).pk
    perform(actor=actor_of_person(1, at), at=at, case_id=case_id, wish=wish, key=new_key(at))


def desk(number: str, role: str, act: str, *, person: str = "", **inputs: Any) -> None:
    """One act of the service at the post of a role; words given as `private_<input>` are sealed."""
    at, post = clock.now(), f"wj-sp-{role}"
    nothing: frozenset[str] = frozenset()
    seat = Seat(
        post=post, unit="wj-sp", dept="wj", units=("wj-sp", "wj", "qy"), standing=Standing.OWN, basis="",
        head_of=nothing, superior_of=nothing, government_of=nothing, supervises=nothing,
    )  # fmt: skip
    actor = Actor(person=person or f"p-9{len(role)}{len(act)}", seats=(seat,), subjects={})
    private = {name.removeprefix("private_"): words for name, words in inputs.items() if name.startswith("private_")}
    plain = {name: value for name, value in inputs.items() if not name.startswith("private_")}
    case_id = Case.objects.get(number=number).pk
    perform(actor=actor, at=at, case_id=case_id, key=new_key(at), wish=Wish(act=act, inputs=plain, private=private))


def accept(number: str) -> None:
    """Every document compared, the case accepted."""
    at_the_window(number, Wish(act="pass_precheck"))
    for material in ("m1", "m2", "m3", "m4", "m5"):
        at_the_window(number, Wish(act="check_material", inputs={"material": material, "verdict": "accepted"}))
    at_the_window(number, Wish(act="accept"))


def carry_to_the_end(number: str) -> None:
    """Accepted, examined, granted, made, handed over."""
    accept(number)
    desk(number, "undertaker", "pass", private_opinion="符合条件")
    desk(number, "reviewer", "review", private_opinion="同意")
    desk(number, "approver", "grant")
    desk(number, "issuer", "make")
    desk(number, "issuer", "hand_over", manner="electronic")


def notify(number: str) -> None:
    """The window says once what is missing."""
    inputs = {"missing": ["m4", "m5"], "manner": "electronic"}
    at_the_window(number, Wish(act="notify_supplement", inputs=inputs, private={"explanation": NOTICE}))  # type: ignore[arg-type]


def form_of(page: str) -> dict[str, str]:
    """Key and sequence an act's page carries."""
    return {name: found[1] for name in ("key", "seq") if (found := re.search(rf'name="{name}" value="([^"]+)"', page))}
