"""From the front page to the receipt, as a citizen does it, with Django's client."""

import re

import pytest

from tests.portal.town import ANSWERED, ANSWERS, ITEM, draft_ref, make_citizen, picture, sign_in
from zhengtong.portal.models import Draft

pytestmark = pytest.mark.usefixtures("town")


class TestTheWholeWay:
    def test_leads_from_home_to_receipt_and_progress(self) -> None:
        account = make_citizen()
        client = sign_in()
        home = client.get("/")
        assert home.status_code == 200, home.content.decode()
        found = client.get("/search", {"q": "民宿"}).content.decode()
        assert f"/items/{ITEM}/" in found
        guide = client.get(f"/items/{ITEM}/", ANSWERS)
        assert f"/items/{ITEM}/apply?" in guide.content.decode()
        first = client.get(f"/items/{ITEM}/apply", ANSWERS).content.decode()
        assert 'name="applicant"' in first and 'name="trade" value="inn"' in first
        begun = client.post(f"/items/{ITEM}/apply", {**ANSWERS, "applicant": account.subject.ref})  # type: ignore[union-attr]
        ref = draft_ref(begun["Location"])
        assert begun["Location"] == f"/apply/{ref}/questions"
        assert client.get(begun["Location"]).status_code == 200
        onward = client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        assert onward["Location"] == f"/apply/{ref}/materials", onward.content.decode()
        page = client.get(onward["Location"]).content.decode()
        assert "file-m2" in page and "file-m6" not in page
        files = {f"file-{code}": picture(f"{code}.png", side) for side, code in enumerate(("m2", "m3", "m4", "m5"), 2)}
        onward = client.post(f"/apply/{ref}/materials", {**files, "go": "1"})
        assert onward["Location"] == f"/apply/{ref}/check", onward.content.decode()
        page = client.get(onward["Location"]).content.decode()
        assert "栖云里民宿" in page and "m4.png" in page
        done = client.post(f"/apply/{ref}/check", {"go": "1"})
        assert done.status_code == 302, done.content.decode()
        receipt = client.get(done["Location"]).content.decode()
        number = done["Location"].split("/")[2]
        assert re.search(r">[0-9]{6}</b>", receipt) and "五个工作日" in receipt and "zt-qr" in receipt
        case = client.get(f"/cases/{number}/")
        assert case.status_code == 200
        assert "zt-clock" in case.content.decode() and "撤回申请" in case.content.decode()
        assert number in client.get("/mine/").content.decode()
        again = client.post(f"/apply/{ref}/check", {"go": "1"})
        assert again["Location"] == done["Location"]
        assert Draft.objects.get(ref=ref).content == ""
