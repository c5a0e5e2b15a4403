"""A licence on the desk, from the window to the delivered result, through the pages alone and without script."""

from django.urls import reverse

from tests.cases.pages import do, done, take_in, text_of
from tests.cases.town import Town, sign_in
from zhengtong.ledger.queries import Case

FIVE = dict.fromkeys(("m1", "m2", "m3", "m4", "m5"), "received")


class TestLicence:
    def test_goes_from_the_window_to_the_delivered_result(self, licence: Town) -> None:
        clerk, undertaker = sign_in(licence, "何静"), sign_in(licence, "李伟")
        reviewer, approver, issuer = (sign_in(licence, name) for name in ("周岚", "陈立新", "吴敏"))
        number = take_in(clerk, FIVE)
        done(do(clerk, number, "pass_precheck"))
        done(do(clerk, number, "accept"))
        done(do(undertaker, number, "pass", {"opinion": "材料齐全，建议准予。"}))
        done(do(reviewer, number, "review", {"opinion": "同意。"}))
        done(do(approver, number, "grant", {"opinion": "准予。"}))
        done(do(issuer, number, "make"))
        done(do(issuer, number, "hand_over", {"manner": "direct"}))
        page = text_of(issuer.get(reverse("cases:case", args=[number])))
        assert "办结" in page
        assert "材料齐全，建议准予。" in page
        assert Case.objects.get(number=number).outcome == "granted"
