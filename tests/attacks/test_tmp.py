import pytest
from tests.attacks.test_errand import client, begin, picture, Upload

pytestmark = pytest.mark.usefixtures("town")


def test_x(client):
    import re

    ref = begin(client)
    a = client.post(f"/apply/{ref}/materials", {"file-m2": picture("独有.png", side=33)})
    print(
        "ZZ",
        a.status_code,
        a.get("Location"),
        [(u.name,) for u in Upload.objects.all()],
        re.findall(r'name="file-[^"]*"', a.content.decode()),
        re.findall(r"独有[^<]{0,80}", a.content.decode()),
    )
