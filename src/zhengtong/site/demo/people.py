"""Who comes to the centre (办事人): citizens and firms with a way to sign in, walk-ins without one, agents and a power.

The twelve citizens and three firms are the same in every city; walk-ins are drawn as they come.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from zhengtong.accounts.actions import (
    accept_power,
    add_agency_at_window,
    find_or_create_subject,
    raise_level_at_window,
)
from zhengtong.accounts.labels import PowerScope, RealNameLevel
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.queries import actor_for, mailbox_of
from zhengtong.accounts.signing_in import confirm_code, register_citizen
from zhengtong.kernel.authority import Actor
from zhengtong.site.demo.names import Invented, Namer

CITIZENS: Final = (
    "林晓梅", "陈志远", "赵玉珍", "孙浩然", "吴佳怡", "郑国栋", "冯丽华", "褚安然", "卫嘉禾", "蒋秀兰", "沈云帆",
        "韩德明",
)  # fmt: skip
# Firm, the citizen who is its legal representative, the one who is its agent (经办人).
FIRMS: Final = (
    ("清源听雨酒店管理有限公司", "林晓梅", "陈志远"),
    ("清源百川建筑工程有限公司", "郑国栋", "吴佳怡"),
    ("清源青禾餐饮管理有限公司", "孙浩然", "沈云帆"),
)
POWER_FROM, POWER_TO = "赵玉珍", "冯丽华"
POWER_ITEM: Final = "qy-mz-0031"
CODE: Final = re.compile(r"[0-9]{6}")
SHARE_WITH_ACCOUNT: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One subject as cases know it. `signs_in` is whose account speaks for it online; none for a walk-in."""

    ref: str
    invented: Invented
    signs_in: str | None

    @property
    def card(self) -> dict[str, str]:
        """What a party field holds when it was filled in."""
        known = self.invented
        return {
            "kind": known.kind, "name": known.name, "certificate": known.certificate, "number": known.number,
            "phone": known.phone,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Public:
    """Everybody outside the service."""

    accounts: Mapping[str, Account]
    citizens: Mapping[str, Invented]
    natural: list[Party]
    firms: list[Party]
    namer: Namer
    rng: random.Random
    walk_ins: dict[str, list[Party]] = field(default_factory=lambda: {"natural": [], "organisation": []})

    def actor_of(self, party: Party, at: datetime, *, item: str) -> Actor:
        """The signed-in actor who speaks for a party online."""
        assert party.signs_in is not None
        return actor_for(self.accounts[party.signs_in], at, item=item)

    def choose(self, *, firm: bool, online: bool, by: str, at: datetime) -> Party:
        """Somebody who applies: with an account when online, else often a walk-in whom the window enters."""
        known = self.firms if firm else self.natural
        if online or self.rng.random() < SHARE_WITH_ACCOUNT:
            return self.rng.choice(known)
        came = self.walk_ins["organisation" if firm else "natural"]
        if came and self.rng.random() < 0.3:
            return self.rng.choice(came)
        invented = self.namer.firm() if firm else self.namer.citizen()
        came.append(Party(ref=enter(invented, by=by, at=at), invented=invented, signs_in=None))
        return came[-1]


def enter(invented: Invented, *, by: str, at: datetime) -> str:
    """The window enters a subject whose certificate it has in hand."""
    return find_or_create_subject(
        kind=invented.kind, name=invented.name, certificate_kind=invented.certificate, number=invented.number,
        phone=invented.phone, by=by, at=at,
    )  # fmt: skip


def build_public(
    namer: Namer, *, clerk: Actor, passwords: Mapping[str, str], at: datetime, until_on: date, rng: random.Random
) -> Public:
    """Citizens register and are checked at the window; firms are entered with representative and agent."""
    invented = {name: namer.citizen(name) for name in CITIZENS}
    accounts = {name: _register(who, passwords[name], clerk, at) for name, who in invented.items()}
    subjects = {name: Subject.objects.get(account=account) for name, account in accounts.items()}
    natural = [Party(ref=subjects[name].ref, invented=who, signs_in=name) for name, who in invented.items()]
    firms = [_enter_firm(line, namer, subjects, clerk=clerk, at=at, until_on=until_on) for line in FIRMS]
    accept_power(
        clerk=clerk, principal=subjects[POWER_FROM], agent=subjects[POWER_TO], scope=PowerScope.ITEM,
            scope_ref=POWER_ITEM,
        from_on=at.date(), until_on=until_on, at=at,
    )  # fmt: skip
    return Public(accounts=accounts, citizens=invented, natural=natural, firms=firms, namer=namer, rng=rng)


def _register(who: Invented, password: str, clerk: Actor, at: datetime) -> Account:
    """Registered with a phone, confirmed by the code in the mailbox, raised to the highest level at the window."""
    account = register_citizen(name=who.name, phone=who.phone, password=password, at=at)
    assert account is not None and account.subject is not None
    found = CODE.search(mailbox_of(account.subject, at)[0].text)
    assert found is not None
    confirm_code(account, code=found[0], at=at)
    account.subject.refresh_from_db()
    raise_level_at_window(
        clerk=clerk, subject=account.subject, certificate_kind=who.certificate, number=who.number,
        level=RealNameLevel.CONFIRMED, at=at,
    )  # fmt: skip
    return account


def _enter_firm(
    line: tuple[str, str, str],
    namer: Namer,
    subjects: Mapping[str, Subject],
    *,
    clerk: Actor,
    at: datetime,
    until_on: date,
) -> Party:
    name, representative, agent = line
    invented = namer.firm(name)
    for person, is_representative in ((representative, True), (agent, False)):
        agency = add_agency_at_window(
            clerk=clerk, agent=subjects[person], firm_name=name, firm_number=invented.number,
            is_representative=is_representative, until_on=None if is_representative else until_on, at=at,
        )  # fmt: skip
    return Party(ref=agency.firm.ref, invented=invented, signs_in=agent)
