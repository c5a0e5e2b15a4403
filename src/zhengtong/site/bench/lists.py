"""A docket of a million open cases: work lists and case pages from a real server, alarms found, and what a page of ten
queries costs beside a view that does nothing."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, Final

from django.db import connection

from zhengtong.accounts import clock
from zhengtong.accounts.models import Account, Person
from zhengtong.accounts.queries import actor_of_person
from zhengtong.cases import queries as desk
from zhengtong.ledger.installed import installed, put_back
from zhengtong.ledger.queries import places_at
from zhengtong.site.bench.crowd import TRIVIAL
from zhengtong.site.bench.filling import DEPT, ITEM, fill_docket, lay_city
from zhengtong.site.bench.harness import POSTGRES, SQLITE, Bench, Line, on_both, result
from zhengtong.site.bench.serving import Asked, Visitor, ask, cookie_of, serving
from zhengtong.site.wiring import wire

DESKS: Final = tuple(f"{DEPT}{n:02d}" for n in range(1, 9))  # from the window to the head of the organ
LISTS: Final = ("/desk/", "/desk/list/unit/", "/desk/list/due/")
CITIZEN: Final = "林晓梅"
HISTORIES: Final = 420
USERS: Final = 16
AT_ONE, AT_SIXTEEN = 100.0, 300.0
TIMES_A_SCAN: Final = 50.0
OF_TRIVIAL: Final = 0.12
BESIDE: Final = 8


def lists(bench: Bench) -> Iterator[Line]:
    yield from on_both(bench, _measure)


def _measure(bench: Bench, where: str) -> Iterator[Line]:
    size, now = bench.size, clock.now()
    before = installed()
    try:
        wire()
        began = time.perf_counter()
        lay_city(now, histories=min(HISTORIES, size.docket))
        readers = fill_docket(now, cases=size.docket, alarms=size.alarms)
        bench.say(f"  filled in {time.perf_counter() - began:.0f} s: {size.docket:,} cases, {readers:,} reader rows")
        yield _alarms(bench, where, now)
        with serving(bench.url()) as port:
            yield from _pages(bench, where, port)
            yield _ten_queries(bench, where, port)
    finally:
        put_back(before)


# ---- alarms -----------------------------------------------------------------------------------------

_BY_INDEX: Final = "SELECT id FROM ledger_case WHERE wake_at <= %s ORDER BY wake_at, id"
_BY_SCAN: Final = {
    SQLITE: "SELECT id FROM ledger_case WHERE +wake_at <= %s ORDER BY wake_at, id",
    POSTGRES: "SELECT id FROM ledger_case WHERE wake_at + interval '0' <= %s ORDER BY wake_at, id",
}


def _alarms(bench: Bench, where: str, now: Any) -> Line:
    """The sweep's question, and the same one put so that no index can answer it."""
    until = connection.ops.adapt_datetimefield_value(now)
    ours, theirs, found = [], [], set()
    for _ in range(max(3, bench.size.rounds)):
        took, ids = _timed(lambda: _ids(_BY_INDEX, until))
        other, same = _timed(lambda: _ids(_BY_SCAN[where], until))
        ours.append(took)
        theirs.append(other)
        found |= {tuple(ids), tuple(same)}
    assert len(found) == 1, "the index and the scan disagree"
    return result(
        f"due alarms found on {where}", median(b / a for a, b in zip(ours, theirs, strict=True)), unit="ratio",
        against="the same question by a scan", aim=TIMES_A_SCAN, n=bench.size.docket, found=len(found.pop()),
        index_ms=median(ours) * 1e3, scan_ms=median(theirs) * 1e3,
    )  # fmt: skip


def _ids(statement: str, until: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [until])
        return [row[0] for row in cursor.fetchall()]


def _timed(call: Callable[[], list[int]]) -> tuple[float, list[int]]:
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


# ---- pages ------------------------------------------------------------------------------------------


def _pages(bench: Bench, where: str, port: int) -> Iterator[Line]:
    """Eight desks of the organ, each with lists of its own, twice; and the cases that stand in them."""
    accounts = {row.login: row for row in Account.objects.filter(login__in=DESKS)}
    cookies = {login: cookie_of(account) for login, account in sorted(accounts.items())}
    at = clock.now()
    cases: dict[str, tuple[str, ...]] = {}
    for login in cookies:
        actor = actor_of_person(Person.objects.get(number=login).pk, at)
        lines = desk.worklist("unit", actor, at).lines
        assert lines, f"{login} sees no case"
        cases[login] = tuple(line.url for line in lines[:20])
    held = sum(len(places_at([(f"{DEPT}-sp", f"{DEPT}-sp-{post}")])) for post in ("window", "undertake", "approve"))
    assert held, "nothing waits at the desks"
    for what, addresses in (("work lists", dict.fromkeys(cookies, LISTS)), ("case page", cases)):
        desks = [Visitor(addresses=addresses[login], cookie=cookie) for login, cookie in cookies.items()]
        crowd = [desks[n % len(desks)] for n in range(USERS)]
        ask(port, crowd, min(2.0, bench.size.seconds))  # every worker has opened its files
        yield _page(bench, f"{what}, one user, on {where}", AT_ONE, ask(port, desks[:1], bench.size.seconds))
        yield _page(bench, f"{what}, sixteen users, on {where}", AT_SIXTEEN, ask(port, crowd, bench.size.seconds * 2))


def _page(bench: Bench, name: str, aim: float, asked: Asked) -> Line:
    """The median is held to the aim; what the slowest twentieth waited stands beside it."""
    return result(
        name, asked.p50, unit="ms", against="a real server, signed in, object permissions",
        aim=aim, n=asked.answers, p95_ms=asked.p95,
        pages_per_second=asked.per_second, cases=bench.size.docket,
    )  # fmt: skip


def _ten_queries(bench: Bench, where: str, port: int) -> Line:
    """The guide of an item, read by a citizen who is signed in; both sides with the same session."""
    account = next(row for row in Account.objects.filter(kind="citizen") if row.subject and row.subject.name == CITIZEN)
    cookie = cookie_of(account)
    page = [Visitor(addresses=(f"/items/{ITEM}/",), cookie=cookie)] * BESIDE
    bare = [Visitor(addresses=(TRIVIAL,), cookie=cookie)] * BESIDE
    ask(port, page, min(1.0, bench.size.seconds))
    rates: list[tuple[float, float]] = []
    answers = 0
    for _ in range(max(3, bench.size.rounds)):
        slow, quick = ask(port, page, bench.size.seconds / 3), ask(port, bare, bench.size.seconds / 3)
        rates.append((slow.per_second, quick.per_second))
        answers += slow.answers
    return result(
        f"a page of ten queries on {where}", median(a / b for a, b in rates), unit="ratio",
        against="a view that does nothing, behind the same middleware",
        aim=OF_TRIVIAL, n=answers,
        pages_per_second=median(a for a, _b in rates), trivial_per_second=median(b for _a, b in rates),
    )  # fmt: skip
