"""Every address of the site × whoever may stand at its door → the answer, in two tables to be read from top to bottom.

An address that is not in them fails. About a case, whoever is not concerned is told 404, as if there were none; whoever
is not signed in is led to the sign-in (302) by pages of people, and told 404 by files and papers. Looking changes
nothing. A post without the token of a form of ours is refused everywhere.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.architecture.addresses import BROWSER, ROLES, Door, Scene, doors, set_scene
from zhengtong.trail.models import Entry, Head

# What a person gets who opens the page. `=` stands for everybody; roles as in addresses.ROLES.
GET: Final = """
                               nobody stranger party agent window approver head elsewhere supervisor editor admin
site:language                = 405
site:health                  = 200
site:procedures              = 200
site:procedure               = 200
site:chart                   = 200
api:openapi-json             = 200
api:api-root                 = 404
api:items                    = 200
api:guide                    = 200
api:procedures               = 200
api:days                     = 422
api:due                      = 422
api:papers                   = 422
api:roots                    = 200
operating:ready              = 200
operating:metrics            = 200
admin                             302      302   302   302    302      302  302       302        302    302   200
cases:home                        302      302   302   302    200      200  200       200        200    200   302
cases:list                        302      302   302   302    200      200  200       200        200    200   200
cases:bulk                   = 405
cases:search                      302      302   302   302    200      200  200       200        200    200   200
cases:intake                      302      302   302   302    200      200  200       200        200    200   200
cases:take                        302      302   302   302    200      200  200       200        200    200   200
cases:openings                    302      302   302   302    200      200  200       200        200    200   200
cases:open                        302      302   302   302    200      403  403       403        403    403   403
cases:case                        302      302   302   302    200      200  200       404        200    404   404
cases:check                  = 405
cases:receipt                     302      302   302   302    200      200  200       404        404    404   404
cases:fee_slip                    302      302   302   302    404      404  404       404        404    404   404
cases:act                         302      302   302   302    200      200  200       404        404    404   404
accounts:sign_in             = 200
accounts:register            = 200
accounts:confirm             = 302
accounts:send_again          = 405
accounts:sign_out            = 405
accounts:profile                  302      200   200   200    302      302  302       302        302    302   302
accounts:language            = 405
accounts:add_agent           = 405
accounts:revoke              = 405
accounts:mailbox             = 200
accounts:staff_sign_in       = 200
accounts:second_factor       = 302
accounts:enrol               = 302
accounts:second_step         = 302
accounts:passkey             = 405
accounts:challenge           = 405
accounts:recovery            = 302
accounts:new_password        = 302
accounts:forgot              = 200
accounts:reset               = 302
accounts:openid_back         = 302
accounts:openid_leave        = 302
accounts:openid_start        = 404
accounts:openid_link              302      404   404   404    404      404  404       404        404    404   404
accounts:signed_out          = 200
accounts:here                = 405
accounts:unsent                   302      302   302   302    302      302  302       302        302    302   302
accounts:security                 302      200   200   200    200      200  200       200        200    200   200
accounts:again                    302      200   200   200    200      200  200       200        200    200   200
accounts:password                 302      200   200   200    200      200  200       200        200    200   200
accounts:add_app                  302      200   200   200    200      200  200       200        200    200   200
accounts:add_key                  302      200   200   200    200      200  200       200        200    200   200
accounts:remove_factor       = 405
accounts:codes                    302      302   302   302    200      200  200       200        200    200   200
accounts:end_device          = 405
accounts:unlink              = 405
accounts:history                  302      200   200   200    200      200  200       200        200    200   200
accounts:people                   302      302   302   302    200      200  200       200        200    200   200
accounts:substitutes              302      302   302   302    200      200  200       200        200    200   200
accounts:absence             = 405
accounts:end_absence         = 405
accounts:delegation          = 405
accounts:revoke_delegation   = 405
accounts:real_name                302      302   302   302    200      403  403       200        403    403   403
accounts:walk_in             = 405
accounts:subject                  302      302   302   302    200      403  403       200        403    403   403
accounts:raise_level         = 405
accounts:agency              = 405
accounts:power               = 405
accounts:window_revoke       = 405
administration:proposals          302      302   302   302    403      403  403       403        403    403   200
administration:decide        = 405
administration:duties             302      302   302   302    403      403  403       403        403    403   200
administration:persons            302      302   302   302    403      403  403       403        403    403   200
administration:join               302      302   302   302    403      403  403       403        403    403   200
administration:person             302      302   302   302    403      403  403       403        403    403   200
administration:hold          = 405
administration:letter        = 405
administration:end           = 405
administration:account       = 405
administration:leave              302      302   302   302    403      403  403       403        403    403   200
administration:undo          = 405
administration:leavers            302      302   302   302    403      403  403       403        403    403   200
administration:hand_over          302      302   302   302    200      200  200       200        200    200   200
administration:audit              302      302   302   302    403      403  403       403        403    403   403
administration:book               302      302   302   302    403      403  403       403        403    403   403
administration:export        = 405
catalogue:items                   302      302   302   302    200      200  200       200        200    200   200
catalogue:item                    302      302   302   302    200      200  200       200        200    200   200
catalogue:leaflet            = 200
catalogue:new                     302      302   302   302    403      403  200       403        403    200   403
catalogue:begin                   302      302   302   302    403      403  200       403        403    200   403
catalogue:draft              = 405
catalogue:change                  302      302   302   302    403      403  200       403        403    200   403
catalogue:version                 302      302   302   302    200      200  200       200        200    200   200
catalogue:edit                    302      302   302   302    403      403  200       403        403    200   403
catalogue:complaints         = 405
catalogue:submit                  302      302   302   302    403      403  200       403        403    200   403
catalogue:publish                 302      302   302   302    403      403  200       403        403    200   403
catalogue:return                  302      302   302   302    403      403  200       403        403    200   403
supervision:watch                 302      302   302   302    403      403  403       403        200    403   403
supervision:cards                 302      302   302   302    403      403  403       403        200    403   403
supervision:cards_export     = 405
supervision:card                  302      302   302   302    404      404  404       404        404    404   404
supervision:signals               302      302   302   302    403      403  403       403        200    403   403
supervision:signal                302      302   302   302    403      403  403       403        404    403   403
supervision:cases                 302      302   302   302    403      403  403       403        200    403   403
supervision:orders                302      302   302   302    403      403  403       403        200    403   403
supervision:appeals               302      302   302   302    403      403  403       403        200    403   403
supervision:differences           302      302   302   302    403      403  403       403        200    403   403
supervision:scores                302      302   302   302    403      403  403       403        200    403   403
supervision:score                 302      302   302   302    403      403  403       403        200    403   403
supervision:rules                 302      302   302   302    403      403  403       403        200    403   403
supervision:draft                 302      302   302   302    403      403  403       403        404    403   403
supervision:draft_tried           302      302   302   302    403      403  403       403        404    403   403
supervision:draft_metrics         302      302   302   302    403      403  403       403        404    403   403
supervision:draft_new_rule        302      302   302   302    403      403  403       403        404    403   403
supervision:draft_rule            302      302   302   302    403      403  403       403        404    403   403
supervision:rule                  302      302   302   302    403      403  403       403        200    403   403
supervision:reports               302      302   302   302    403      403  403       403        200    403   403
supervision:checks                302      302   302   302    403      403  403       403        200    403   403
supervision:check_plan            302      302   302   302    403      403  403       403        200    403   403
supervision:check                 302      302   302   302    403      403  403       403        404    403   403
supervision:check_sheet           302      302   302   302    403      403  403       403        404    403   403
supervision:check_thing           302      302   302   302    403      403  403       403        404    403   403
supervision:check_photo           302      302   302   302    403      403  403       403        404    403   403
supervision:leader                302      302   302   302    403      403  403       403        200    403   403
supervision:process               302      302   302   302    403      403  403       403        200    403   403
supervision:process_ways          302      302   302   302    403      403  403       403        200    403   403
supervision:process_times         302      302   302   302    403      403  403       403        200    403   403
supervision:process_rework        302      302   302   302    403      403  403       403        200    403   403
supervision:process_hand_overs    302      302   302   302    403      403  403       403        200    403   403
supervision:process_conformance   302      302   302   302    403      403  403       403        200    403   403
supervision:process_savings       302      302   302   302    403      403  403       403        200    403   403
supervision:process_what_if       302      302   302   302    403      403  403       403        200    403   403
supervision:process_cases         302      302   302   302    403      403  403       403        404    403   403
supervision:draft_begin      = 405
supervision:draft_drop       = 405
supervision:draft_try        = 405
supervision:draft_put        = 405
supervision:draft_new_complaints = 405
supervision:draft_complaints = 405
supervision:draft_remove_rule = 405
supervision:report_export    = 405
supervision:check_act        = 405
documents:file               = 404
documents:paper                   404      404   200   200    200      200  200       404        200    404   404
documents:verify             = 200
documents:token              = 200
documents:public_copy        = 200
ledger:roots                 = 200
ledger:roots_lines           = 200
ledger:root_key              = 200
portal:home                  = 200
portal:search                = 200
portal:departments           = 200
portal:themes                = 200
items/<str:code>             = 302
portal:guide                 = 200
portal:leaflet               = 200
portal:leaflet_pdf           = 200
portal:apply                      302      200   302   200    302      302  302       302        302    302   302
portal:new                        302      200   200   200    302      302  302       302        302    302   302
portal:draft_file                 302      404   404   404    302      302  302       302        302    302   302
portal:drop                  = 405
portal:step                       302      404   200   404    302      302  302       302        302    302   302
portal:autosave              = 405
portal:mine                       302      200   200   200    302      302  302       302        302    302   302
portal:case                       302      404   200   200    302      302  302       302        302    302   302
portal:receipt                    302      404   200   200    302      302  302       302        302    302   302
portal:receipt_print              302      404   200   200    302      302  302       302        302    302   302
portal:act                        302      404   200   200    302      302  302       302        302    302   302
portal:case_file                  302      404   404   404    302      302  302       302        302    302   302
portal:token                 = 200
portal:query                 = 200
portal:seen                  = 302
"""

# What a person gets who posts an empty form. `*`: may do it, so not tried here. What is not listed takes no posts.
POST: Final = """
                               nobody stranger party agent window approver head elsewhere supervisor editor admin
site:language                = 302
admin                             302      302   302   302    302      302  302       302        302    302   200
cases:bulk                        302      302   302   302    200      200  200       200        200    200   200
cases:take                        302      302   302   302    200      200  200       200        200    200   200
cases:open                        302      302   302   302    400      403  403       403        403    403   403
cases:check                       302      302   302   302    303      303  303       404        303    404   404
cases:act                         302      302   302   302    400      400  400       404        400    404   404
accounts:sign_in             = 200
accounts:register            = 200
accounts:confirm             = 302
accounts:send_again          = 302
accounts:sign_out                 302        *     *     *      *        *    *         *          *      *     *
accounts:language            = 302
accounts:add_agent                302      400   400   400    302      302  302       302        302    302   302
accounts:revoke                   302      404   404   404    302      302  302       302        302    302   302
accounts:staff_sign_in       = 200
accounts:second_factor       = 302
accounts:enrol               = 302
accounts:second_step         = 302
accounts:passkey             = 400
accounts:challenge           = 403
accounts:recovery            = 302
accounts:new_password        = 302
accounts:forgot              = 200
accounts:reset               = 302
accounts:here                     403      204   204   204    204      204  204       204        204    204   204
accounts:again                    302      200   200   200    200      200  200       200        200    200   200
accounts:password                 302      200   200   200    200      200  200       200        200    200   200
accounts:add_app                  302      200   200   200    200      200  200       200        200    200   200
accounts:add_key                  302      200   200   200    200      200  200       200        200    200   200
accounts:remove_factor            302      404   404   404    404      404  404       404        404    404   404
accounts:codes                    302      302   302   302      *        *    *         *          *      *     *
accounts:end_device               302      404   404   404    404      404  404       404        404    404   404
accounts:unlink                   302      404   404   404    404      404  404       404        404    404   404
accounts:absence                  302      302   302   302    400      400  400       400        400    400   400
accounts:end_absence              302      302   302   302    404      404  404       404        404    404   404
accounts:delegation               302      302   302   302    400      400  400       400        400    400   400
accounts:revoke_delegation        302      302   302   302    404      404  404       404        404    404   404
accounts:real_name                302      302   302   302    200      403  403       200        403    403   403
accounts:walk_in                  302      302   302   302    400      403  403       400        403    403   403
accounts:raise_level              302      302   302   302    400      403  403       400        403    403   403
accounts:agency                   302      302   302   302    400      403  403       400        403    403   403
accounts:power                    302      302   302   302    400      403  403       400        403    403   403
accounts:window_revoke            302      302   302   302    404      403  403       404        403    403   403
administration:decide             302      302   302   302    403      403  403       403        403    403   404
administration:duties             302      302   302   302    403      403  403       403        403    403   400
administration:join               302      302   302   302    403      403  403       403        403    403   400
administration:hold               302      302   302   302    403      403  403       403        403    403   400
administration:letter             302      302   302   302    403      403  403       403        403    403   400
administration:end                302      302   302   302    403      403  403       403        403    403   403
administration:account            302      302   302   302    403      403  403       403        403    403   403
administration:leave              302      302   302   302    403      403  403       403        403    403   400
administration:undo               302      302   302   302    403      403  403       403        403    403   403
administration:hand_over          302      302   302   302    200      200  200       200        200    200   200
administration:export             302      302   302   302    403      403  403       403        403    403   403
catalogue:new                     302      302   302   302    403      403  400       403        403    400   403
catalogue:draft                   302      302   302   302    403      403  302       403        403    302   403
catalogue:change                  302      302   302   302    403      403  400       403        403    400   403
catalogue:edit                    302      302   302   302    403      403  400       403        403    400   403
catalogue:complaints              302      302   302   302    403      403  200       403        403    200   403
catalogue:submit                  302      302   302   302    403      403  400       403        403    400   403
catalogue:publish                 302      302   302   302    403      403  400       403        403    400   403
catalogue:return                  302      302   302   302    403      403  400       403        403    400   403
supervision:cards_export          302      302   302   302    403      403  403       403        404    403   403
supervision:card                  302      302   302   302    404      404  404       404        404    404   404
supervision:signal                302      302   302   302    403      403  403       403        404    403   403
supervision:draft_begin           302      302   302   302    403      403  403       403          *    403   403
supervision:draft_drop            302      302   302   302    403      403  403       403        404    403   403
supervision:draft_try             302      302   302   302    403      403  403       403        404    403   403
supervision:draft_put             302      302   302   302    403      403  403       403        404    403   403
supervision:draft_new_rule        302      302   302   302    403      403  403       403        404    403   403
supervision:draft_new_complaints    302      302   302   302    403      403  403       403        404    403   403
supervision:draft_rule            302      302   302   302    403      403  403       403        404    403   403
supervision:draft_complaints      302      302   302   302    403      403  403       403        404    403   403
supervision:draft_remove_rule     302      302   302   302    403      403  403       403        404    403   403
supervision:report_export         302      302   302   302    403      403  403       403        404    403   403
supervision:check_plan            302      302   302   302    403      403  403       403        400    403   403
supervision:check_thing           302      302   302   302    403      403  403       403        404    403   403
supervision:check_act             302      302   302   302    403      403  403       403        404    403   403
documents:verify             = 400
portal:apply                      302      400   400   400    302      302  302       302        302    302   302
portal:new                        302        *     *     *    302      302  302       302        302    302   302
portal:drop                       302      404     *   404    302      302  302       302        302    302   302
portal:step                       302      404     *   404    302      302  302       302        302    302   302
portal:autosave                   302      404     *   404    302      302  302       302        302    302   302
portal:act                        302      404     *     *    302      302  302       302        302    302   302
portal:query                 = 400
"""

NOT_TAKEN: Final = "405"
MAY: Final = "*"
# The one thing that looking may write: a paper is drawn when somebody first asks for it, and its digest kept.
DRAWS: Final = {"documents:paper", "documents:public_copy"}
# Addresses about one case that only people concerned with it may open.
OF_ONE_CASE: Final = (
    "cases:case", "cases:check", "cases:receipt", "cases:fee_slip", "cases:act", "documents:file", "documents:paper",
    "portal:case", "portal:receipt", "portal:receipt_print", "portal:act", "portal:case_file",
)  # fmt: skip
UNCONCERNED: Final = ("stranger", "elsewhere", "editor", "admin")


@cache
def rows(table: str) -> Mapping[str, tuple[str, ...]]:
    return dict(_read(table))


def _read(table: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    head, *lines = table.strip("\n").splitlines()
    assert head.split() == list(ROLES)
    for line in lines:
        name, *cells = line.split()
        if cells[0] == "=":
            cells = cells[1:] * len(ROLES)
        assert len(cells) == len(ROLES), line
        yield name, tuple(cells)


@pytest.fixture(scope="module")
def scene(lived: Path) -> Scene:
    return set_scene()


class Written:
    """How many rows this connection wrote inside the block, but for the audit trail, which notes who looked."""

    def __enter__(self) -> "Written":
        self._before = self._total()
        self._noted = self._in_trail()
        return self

    def __exit__(self, *_error: object) -> None:
        self.rows = self._total() - self._before - (self._in_trail() - self._noted)

    @staticmethod
    def _in_trail() -> int:
        """An entry is a row put in and the end of its book moved twice; a book begins with a row of its own."""
        return Entry.objects.count() * 3 + Head.objects.count()

    @staticmethod
    def _total() -> int:
        connection.ensure_connection()
        return int(connection.connection.total_changes)


class TestTables:
    def test_name_every_address(self) -> None:
        names = [door.name for door in doors()]
        assert len(names) == len(set(names))
        assert set(names) - set(rows(GET)) == set(), "an address is not in the table: who may open it?"
        assert set(rows(GET)) - set(names) == set(), "the table names addresses that are gone"
        assert set(rows(POST)) - set(names) == set()

    def test_say_not_there_to_the_unconcerned(self) -> None:
        """404 for strangers, never 403: nobody may learn that there is such a case."""
        place = {role: n for n, role in enumerate(ROLES)}
        said = {
            (name, role): table[name][place[role]]
            for table in (rows(GET), rows(POST))
            for name in OF_ONE_CASE
            if name in table
            for role in UNCONCERNED
        }
        assert said
        assert {answer for answer in said.values() if answer not in {"404", "302", NOT_TAKEN}} == set()

    def test_lead_to_the_sign_in_before_anything_else(self, scene: Scene) -> None:
        """302 in the rows above never means that something was done: it leads to a sign-in, or where everybody goes."""
        for name in OF_ONE_CASE:
            door = next(door for door in doors() if door.name == name)
            for role in ("nobody", *UNCONCERNED):
                answer = scene.clients[role].get(door.address(scene.words))
                if answer.status_code == 302:
                    assert "/sign-in?next=" in answer["Location"], (name, role)


@pytest.mark.parametrize("door", doors(), ids=lambda door: door.name)
class TestLooking:
    def test_answers_each_as_the_table_says_and_changes_nothing(self, door: Door, scene: Scene) -> None:
        expected = dict(zip(ROLES, rows(GET).get(door.name, ()), strict=False))
        got = {}
        for role, client in scene.clients.items():
            with Written() as written:
                got[role] = str(client.get(door.address(scene.words)).status_code)
            allowed = 1 if door.name in DRAWS else 0
            assert written.rows <= allowed, f"looking at {door.name} as {role} wrote {written.rows} rows"
        assert got == expected


@pytest.mark.parametrize("door", doors(), ids=lambda door: door.name)
class TestPosting:
    def test_answers_each_as_the_table_says_and_changes_nothing(self, door: Door, scene: Scene) -> None:
        expected = dict(zip(ROLES, rows(POST).get(door.name, (NOT_TAKEN,) * len(ROLES)), strict=True))
        got = {}
        for role, client in scene.clients.items():
            if expected[role] == MAY:
                got[role] = MAY
                continue
            with Written() as written:
                got[role] = str(client.post(door.address(scene.words)).status_code)
            assert written.rows == 0, f"an empty post to {door.name} as {role} wrote {written.rows} rows"
        assert got == expected

    def test_without_a_token_of_ours_is_refused(self, door: Door, scene: Scene) -> None:
        for role in ("nobody", "party", "window", "editor"):
            strict = Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})
            own = scene.clients[role].cookies.get(settings.SESSION_COOKIE_NAME)
            if own is not None:
                strict.cookies[settings.SESSION_COOKIE_NAME] = own.value
            with Written() as written:
                answer = strict.post(door.address(scene.words), {"x": "1"})
            refused = 405 if door.name.startswith("api:") else 403  # the API only reads, whoever asks
            assert answer.status_code == refused, f"{door.name} took a forged post as {role}"
            assert written.rows == 0


class TestAbsence:
    @pytest.mark.parametrize("number", ["510199999999999999999", "0", "%00", "a b", "é", "x" * 500])
    def test_of_a_case_looks_like_a_case_of_others(self, number: str, scene: Scene) -> None:
        for name in OF_ONE_CASE:
            door = next(door for door in doors() if door.name == name)
            role = "stranger" if name.startswith(("portal", "documents")) else "elsewhere"
            strange = scene.clients[role].get(door.address({**scene.words, "number": number}))
            real = scene.clients[role].get(door.address(scene.words))
            assert strange.status_code == real.status_code, name
            if strange.status_code == 404:
                assert _without_tokens(strange.content) == _without_tokens(real.content), name


def _without_tokens(page: bytes) -> bytes:
    return re.sub(rb'(csrfmiddlewaretoken" value="|"next" value=")[^"]*', b"", page)
