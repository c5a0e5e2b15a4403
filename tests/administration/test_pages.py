"""Who of the three opens which page and does what: one table, read from top to bottom. Everybody else is refused, and
the attempt is written down."""

from django.test import Client
from django.urls import reverse

from tests.accounts.cast import AT, City
from tests.administration.conftest import ENDS, admin
from tests.architecture.addresses import signed_in
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Account, Person, PostHolding
from zhengtong.administration.models import Proposal
from zhengtong.trail.models import Entry

# Page or action                 system  security  audit  clerk
MATRIX = """
GET  administration:proposals      200      200     200    403
GET  administration:duties         200      200     200    403
GET  administration:persons        200      200     403    403
GET  administration:join           200      200     403    403
GET  administration:person         200      200     403    403
GET  administration:leave          200      200     403    403
GET  administration:leavers        200      200     403    403
GET  administration:audit          403      403     302    403
GET  administration:book           403      403     200    403
GET  administration:hand_over      200      200     200    200
GET  /admin/                       200      302     302    302
GET  /admin/accounts/unit/         200      302     302    302
GET  /admin/accounts/post/add/     200      302     302    302
GET  /admin/windows/window/        200      302     302    302
GET  /admin/accounts/account/      404      302     302    302
GET  /admin/accounts/postholding/  404      302     302    302
GET  /desk/                        302      302     302    200
GET  /desk/list/unit/              200      200     200    200
GET  /catalogue/                   200      200     200    200
POST administration:join           400      400     403    403
POST administration:hold           400      400     403    403
POST administration:letter         400      400     403    403
POST administration:leave          400      400     403    403
POST administration:undo           403      400     403    403
POST administration:end            403      302     403    403
POST administration:account        403      302     403    403
POST administration:export         403      403     400    403
POST administration:duties         400      400     400    403
"""
ROLES = (Duty.SYSTEM, Duty.SECURITY, Duty.AUDIT, None)


def client_of(role: Duty | None, city: City) -> Client:
    return signed_in(admin(role) if role else city.accounts["何静"])


def address(name: str, ref: str) -> str:
    if name.startswith("/"):
        return name
    words = {"person": [ref], "hold": [ref], "letter": [ref], "end": [ref], "account": [ref], "leave": [ref],
             "undo": [ref], "book": ["authority"], "export": ["authority"]}  # fmt: skip
    return reverse(name, args=words.get(name.partition(":")[2], []))


def rows() -> list[list[str]]:
    return [line.split() for line in MATRIX.strip().splitlines()]


def test_the_matrix(light_bureau: City) -> None:
    ref = light_bureau.people["李伟"].ref
    clients = [client_of(role, light_bureau) for role in ROLES]
    wrong = {}
    for method, name, *expected in rows():
        posted = {"act": "sessions"} if name.endswith(":account") else {"as": "csv"} if name.endswith("export") else {}
        sends = [client.get if method == "GET" else client.post for client in clients]
        got = [str(send(address(name, ref), posted).status_code) for send in sends]
        if got != expected:
            wrong[f"{method} {name}"] = got
    assert wrong == {}


class TestRefusals:
    def test_are_written_down(self, light_bureau: City) -> None:
        client_of(Duty.SECURITY, light_bureau).get("/audit/authority/")
        client_of(None, light_bureau).get("/staff/persons")
        said = list(Entry.objects.filter(book="refusal").order_by("seq").values_list("login", "about", "outcome"))
        assert said == [("9002", "GET /audit/authority/", "refused"), ("1001", "GET /staff/persons", "refused")]

    def test_an_administrator_sees_no_case(self, light_bureau: City) -> None:
        for duty in Duty:
            page = client_of(duty, light_bureau).get("/desk/list/unit/").content.decode()
            assert "待我办理" not in page and "窗口收件" not in page


JOIN = {"number": "2001", "name": "新同事", "name_en": "New", "post": "wj-sp-window", "role": "B",
        "from_on": "2026-03-16", "until_on": "", "document": "清卫人〔2026〕9号"}  # fmt: skip


class TestJoining:
    def test_two_make_a_colleague_who_must_choose_a_password(self, light_bureau: City) -> None:
        system, security = client_of(Duty.SYSTEM, light_bureau), client_of(Duty.SECURITY, light_bureau)
        assert system.post(reverse("administration:join"), JOIN).status_code == 302
        person, row = Person.objects.get(number="2001"), Proposal.objects.get()
        assert not PostHolding.objects.filter(person=person).exists()
        assert not Account.objects.filter(person=person).exists()
        assert "确认通过" not in system.get(reverse("administration:proposals")).content.decode()
        decide = reverse("administration:decide", args=[row.pk])
        system.post(decide, {"decision": "confirm"})
        assert not Account.objects.filter(person=person).exists(), "the proposer confirmed the own proposal"

        answer = security.post(decide, {"decision": "confirm"})
        assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
        password = answer.context["password"]
        assert password in answer.content.decode()
        account = Account.objects.get(person=person)
        assert account.check_password(password) and account.password_is_temporary
        assert PostHolding.objects.get(person=person).document == "清卫人〔2026〕9号"
        whats = list(Entry.objects.filter(book="authority", about=person.ref).values_list("what", flat=True))
        assert whats == ["person.enter", "holding.give", "account.open"]
        assert password not in "".join(Entry.objects.values_list("said", flat=True))
        assert password not in security.get(reverse("administration:person", args=[person.ref])).content.decode()

    def test_a_number_twice_is_said_beside_its_field(self, light_bureau: City) -> None:
        answer = client_of(Duty.SYSTEM, light_bureau).post(reverse("administration:join"), {**JOIN, "number": "1001"})
        assert answer.status_code == 400
        assert "这个工号已经登记过" in answer.content.decode()
        assert "新同事" in answer.content.decode(), "what was typed is lost"

    def test_a_move_ends_the_post_that_is_left(self, light_bureau: City) -> None:
        whom = light_bureau.people["何静"]
        held = PostHolding.objects.get(person=whom)
        fields = {"post": "wj-sp-undertake", "role": "A", "leaves": str(held.pk), "from_on": "2026-04-01",
                  "until_on": "", "document": "清卫人〔2026〕10号"}  # fmt: skip
        security, system = client_of(Duty.SECURITY, light_bureau), client_of(Duty.SYSTEM, light_bureau)
        assert security.post(reverse("administration:hold", args=[whom.ref]), fields).status_code == 302
        system.post(reverse("administration:decide", args=[Proposal.objects.get().pk]), {"decision": "confirm"})
        held.refresh_from_db()
        assert held.until_on is not None and held.until_on.isoformat() == "2026-03-31"
        assert PostHolding.objects.filter(person=whom, post__code="wj-sp-undertake", from_on="2026-04-01").exists()

    def test_a_letter_waits_for_the_second_pair_of_eyes(self, light_bureau: City) -> None:
        whom = light_bureau.people["周岚"]
        fields = {"number": "清卫授〔2026〕7号", "item": "qy-wj-0001", "post": "wj-sp-approve", "powers": ["approve"],
                  "personal": "on", "from_on": "2026-03-16", "until_on": ENDS.isoformat()}  # fmt: skip
        client_of(Duty.SECURITY, light_bureau).post(reverse("administration:letter", args=[whom.ref]), fields)
        assert not whom.letters.exists()
        row = Proposal.objects.get()
        client_of(Duty.SYSTEM, light_bureau).post(
            reverse("administration:decide", args=[row.pk]), {"decision": "confirm"}
        )
        assert whom.letters.get().number == "清卫授〔2026〕7号"


class TestAccounts:
    def test_security_unlocks_resets_and_closes(self, light_bureau: City) -> None:
        whom, client = light_bureau.people["何静"], client_of(Duty.SECURITY, light_bureau)
        Account.objects.filter(person=whom).update(locked_until=AT.replace(year=2030), failures=3)
        page = reverse("administration:account", args=[whom.ref])
        client.post(page, {"act": "unlock"})
        assert Account.objects.get(person=whom).locked_until is None
        answer = client.post(page, {"act": "password"})
        assert Account.objects.get(person=whom).check_password(answer.context["password"])
        client.post(page, {"act": "factors"})
        theirs = signed_in(Account.objects.get(person=whom))
        assert theirs.get("/staff/people").status_code == 200
        client.post(page, {"act": "close"})
        assert theirs.get("/staff/people").status_code == 302
        assert [entry.what for entry in Entry.objects.filter(book="authority", about=whom.ref).order_by("seq")] == [
            "account.unlock", "account.temporary_password", "account.factors_reset", "account.close",
        ]  # fmt: skip

    def test_nobody_handles_the_own_account(self, light_bureau: City) -> None:
        own = admin(Duty.SECURITY)
        answer = client_of(Duty.SECURITY, light_bureau).post(
            reverse("administration:account", args=[f"p-{own.person_id}"]), {"act": "password"}, follow=True
        )
        assert "不能为自己授权" in answer.content.decode()
        assert not Entry.objects.filter(what="account.temporary_password").exists()

    def test_the_last_of_a_duty_is_not_closed(self, light_bureau: City) -> None:
        other = admin(Duty.AUDIT)
        client_of(Duty.SECURITY, light_bureau).post(
            reverse("administration:account", args=[f"p-{other.person_id}"]), {"act": "close"}
        )
        other.refresh_from_db()
        assert other.is_active

    def test_reference_data_changes_are_written_down(self, light_bureau: City) -> None:
        client = client_of(Duty.SYSTEM, light_bureau)
        unit = light_bureau.units["sc"]
        fields = {"code": "sc", "name": "市场局", "name_en": "", "short_name": "", "kind": "department",
                  "parent": unit.parent_id, "territory": unit.territory_id}  # fmt: skip
        assert client.post(f"/admin/accounts/unit/{unit.pk}/change/", fields).status_code == 302
        entry = Entry.objects.get(what="reference.change")
        assert entry.login == "9001" and '"fields":["name","name_en"]' in entry.said

    def test_what_a_held_post_may_do_is_not_reference_data(self, light_bureau: City) -> None:
        """A change of a post's unit or rank would be authority by the back door."""
        client, post = client_of(Duty.SYSTEM, light_bureau), light_bureau.posts["wj-sp-window"]
        fields = {"code": post.code, "name": "窗口", "name_en": "", "unit": light_bureau.units["qy"].pk,
                  "kind": "head", "is_head": "on"}  # fmt: skip
        client.post(f"/admin/accounts/post/{post.pk}/change/", fields)
        post.refresh_from_db()
        assert (post.name, post.kind, post.is_head, post.unit.code) == ("窗口", "window", False, "wj-sp")
