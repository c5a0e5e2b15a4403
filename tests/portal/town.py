"""A district with a health department and every demonstration item; citizens who sign in; small true files."""

import re
import struct
import zlib
from datetime import date, datetime
from typing import Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.accounts.cast import City, build_city
from tests.catalogue.town import posts_for
from zhengtong.accounts import actions as people_actions
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.queries import actor_of_person
from zhengtong.accounts.signing_in import register_citizen
from zhengtong.catalogue import actions as catalogue
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.items import complete, items_from_internal

AT: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
PASSWORD: Final = "坚固的-passphrase-7"
PHONE: Final = "13800003210"
IDENTITY: Final = "11010519491231002X"
OTHER_IDENTITY: Final = "440524188001010014"
CREDIT_CODE: Final = "91350100M000100Y43"
ITEM: Final = "qy-wj-0001"
SIMPLE: Final = "qy-wj-0031"
HOTLINE: Final = "hotline_order"
ANSWERS: Final = {"trade": "inn", "air": "no", "area": "small"}
ANSWERED: Final = {
    "f_premises_name": "栖云里民宿", "f_premises_address-region": "清源区", "f_premises_address-detail": "文昌路 112 号",
    "f_premises_address-postcode": "", "f_person_in_charge": "李小敏", "f_floor_area": "320", "f_staff": "4",
}  # fmt: skip


def build_town() -> City:
    city = build_city()
    codes = ("qy-wj-0001", "qy-wj-0011", "qy-wj-0021", "qy-wj-0031", "qy-sc-0001")
    catalogue.load_demo_items(posts_for=posts_for, region="510199", at=AT, effective_from=date(2026, 1, 1))
    assert codes
    for code, table in items_from_internal().items():
        if not table.get("internal", True):
            posts = {role: {"post": "wj-sp-window", "unit": "wj-sp", "dept": "wj"} for role in _roles(table)}
            content = {**complete(table, version=1, region="510199", posts=posts), "department": "wj"}
            draft = catalogue.create_item(content=content, actor="p-11", at=AT)
            catalogue.submit_for_review(version=draft, actor="p-11", at=AT, document="示例")
            catalogue.publish(version=draft, actor="p-12", at=AT, effective_from=date(2026, 1, 1))
            assert code
    return city


def _roles(table: dict[str, object]) -> list[str]:
    from zhengtong.kernel.procedures import RoleKind
    from zhengtong.law.procedure_files import load_procedure

    procedure = load_procedure(str(table["procedure"]), str(table["procedure_version"]))
    return [role.code for role in procedure.roles.values() if role.kind is RoleKind.POST]


def make_citizen(name: str = "李小敏", phone: str = PHONE, number: str = "") -> Account:
    """An active account; with a number, checked at a window."""
    account = register_citizen(name=name, phone=phone, password=PASSWORD, at=AT)
    assert account is not None
    account.is_active = True
    account.save(update_fields=["is_active"])
    if number:
        window = actor_of_person(1, AT)
        subject = Subject.objects.get(account=account)
        people_actions.raise_level_at_window(
            clerk=window, subject=subject, certificate_kind="identity", number=number, level=2, at=AT
        )
    return Account.objects.get(pk=account.pk)


def sign_in(phone: str = PHONE) -> Client:
    client = Client()
    answer = client.post("/account/sign-in", {"typed": phone, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def png(width: int = 2, height: int = 2) -> bytes:
    """A true picture."""
    raw = b"".join(b"\0" + b"\xff\xff\xff" * width for _row in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def picture(name: str = "平面图.png", side: int = 2) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png(side), content_type="image/png")


def draft_ref(location: str) -> str:
    found = re.search(r"/apply/([0-9a-f]{32})/", location)
    assert found is not None, location
    return found[1]


def apply_for(client: Client, *, upload: bool = True) -> str:
    """The whole way of one licence; answers the number."""
    begun = client.post(
        f"/items/{ITEM}/apply",
        {**ANSWERS, "applicant": Account.objects.get(pk=client.session["_auth_user_id"]).subject.ref},
    )  # type: ignore[union-attr]
    ref = draft_ref(begun["Location"])
    client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
    files = {f"file-{code}": picture(f"{code}.png", side) for side, code in enumerate(("m2", "m3", "m4", "m5"), 2)}
    client.post(f"/apply/{ref}/materials", {**(files if upload else {}), "go": "1"})
    done = client.post(f"/apply/{ref}/check", {"go": "1"})
    assert done.status_code == 302, done.content.decode()
    return str(done["Location"]).split("/")[2]
