"""Ways to sign in to the demonstration (演示账号): passwords and second factors drawn at set-up, never from the seed.

Kept in ZHENGTONG_HOME/demo-accounts.json, readable by its owner only. The staff of one organ share a password, so that
an evening's tour needs no more than a few; second factors are everybody's own.
"""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyotp
from django.conf import settings
from django.contrib.auth.hashers import make_password

from zhengtong.accounts.labels import AccountKind, Duty
from zhengtong.accounts.models import Account
from zhengtong.site.demo.organisation import ADMINISTRATORS, BEGAN, Organs
from zhengtong.site.demo.people import CITIZENS, FIRMS, POWER_FROM, POWER_TO, Public

FILE: Final = "demo-accounts.json"
DUTIES: Final = dict(zip(ADMINISTRATORS, Duty, strict=True))
DUTY_WORDS: Final = {
    Duty.SYSTEM: ("系统管理员（机构、岗位、窗口、人员）", "System administrator (units, posts, windows, people)"),
    Duty.SECURITY: ("安全管理员（账号与授权）", "Security administrator (accounts and authority)"),
    Duty.AUDIT: ("审计管理员（审计记录）", "Audit administrator (the audit trail)"),
}
SYLLABLES: Final = [
    "ba",
    "du",
    "fa",
    "ge",
    "hu",
    "ji",
    "ka",
    "lo",
    "mi",
    "na",
    "po",
    "qi",
    "ru",
    "sa",
    "ti",
    "wu",
    "xi",
    "yo",
    "ze",
]


class NoAccounts(LookupError):
    """No demonstration was built in this home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """One account as it is printed: what is typed to sign in, whose it is, and what the person does."""

    login: str
    kind: str
    name: str
    name_en: str
    does: str
    does_en: str
    password: str
    totp_secret: str = ""
    is_for_a_tour: bool = False


# Whose accounts are printed first: they cover every errand of the system.
TOUR: Final = (
    "wj01", "wj03", "wj04", "wj05", "wj02", "wj06", "wj07", "sc01", "qy01", "zx02", "zx04", "zx05", "zx06", "zx08",
        "zx09", "zx10",
    "qy03", "qy05", "qy06", *ADMINISTRATORS,
)  # fmt: skip


def draw_password() -> str:
    """Easy to type, hard to guess: six syllables and four digits, some 38 bits.

    >>> len(draw_password().split("-"))
    4
    """
    words = ["".join(secrets.choice(SYLLABLES) for _ in range(2)) for _ in range(3)]
    return "-".join([*words, f"{secrets.randbelow(10_000):04d}"])


def draw_citizen_passwords() -> dict[str, str]:
    return {name: draw_password() for name in CITIZENS}


def open_staff_accounts(organs: Organs) -> tuple[DemoAccount, ...]:
    """An account for everybody who holds a post, second factor in force."""
    duties = _duties(organs)
    shared = {_shares(number): draw_password() for number in organs.people}
    with ThreadPoolExecutor() as pool:  # hashing is slow on purpose, and lets other threads run
        hashed = dict(zip(shared, pool.map(make_password, shared.values()), strict=True))
    described = []
    rows = []
    for number, person in sorted(organs.people.items()):
        secret = pyotp.random_base32()
        rows.append(
            Account(
                login=number, kind=AccountKind.STAFF, person=person, password=hashed[_shares(number)],
                totp_secret=secret, totp_enrolled=True, duty=DUTIES.get(number, ""),
                duty_since=BEGAN if number in DUTIES else None,
            )
        )  # fmt: skip
        does, does_en = duties.get(number, ("", ""))
        described.append(
            DemoAccount(
                login=number, kind="staff", name=person.name, name_en=person.name_en, does=does, does_en=does_en,
                password=shared[_shares(number)], totp_secret=secret, is_for_a_tour=number in TOUR,
            )
        )  # fmt: skip
    Account.objects.bulk_create(rows)
    return tuple(described)


def _shares(number: str) -> str:
    """Whose password somebody has: that of the organ; an administrator has an own one."""
    return number if number in DUTIES else number[:2]


def _duties(organs: Organs) -> Mapping[str, tuple[str, str]]:
    """What each person is at the own post, in both languages."""
    units = {unit.pk: unit for unit in organs.units.values()}
    found: dict[str, tuple[str, str]] = {}
    for post in organs.posts.values():
        unit = units[post.unit_id]
        above = units.get(unit.parent_id or 0)
        place = unit.name if above is None or unit.kind != "section" else f"{above.name}{unit.name}"
        place_en = unit.name_en if above is None or unit.kind != "section" else f"{above.name_en}, {unit.name_en}"
        for holding in post.holdings.select_related("person").filter(role="A"):
            found[holding.person.number] = (f"{place} {post.name}", f"{place_en}: {post.name_en}")
        for holding in post.holdings.select_related("person").filter(role="B"):
            found.setdefault(holding.person.number, (f"{place} {post.name}（B角）", f"{place_en}: {post.name_en} (B)"))
    for number, duty in DUTIES.items():
        found[number] = (DUTY_WORDS[duty][0], DUTY_WORDS[duty][1])
    return found


def describe_citizens(public: Public, passwords: Mapping[str, str]) -> tuple[DemoAccount, ...]:
    """Citizens sign in with their phone or identity number."""
    from zhengtong.site.demo.names import english_name

    does = dict.fromkeys(CITIZENS, ("个人办事", "Own matters"))
    for firm, representative, agent in FIRMS:
        does[representative] = (f"{firm} 法定代表人", "Legal representative of a firm")
        does[agent] = (f"{firm} 经办人", "Agent of a firm")
    does[POWER_TO] = (f"受{POWER_FROM}委托代办", "Acts under a power of attorney")
    return tuple(
        DemoAccount(
            login=public.citizens[name].phone, kind="citizen", name=name, name_en=english_name(name),
                does=does[name][0],
            does_en=does[name][1], password=passwords[name], is_for_a_tour=n < 4 or name == POWER_TO,
        )
        for n, name in enumerate(CITIZENS)
    )  # fmt: skip


# ---- the file -----------------------------------------------------------------------------------


def accounts_file() -> Path:
    return Path(settings.ZHENGTONG_HOME) / FILE


def keep(accounts: Iterable[DemoAccount]) -> Path:
    """Write the accounts down, readable by their owner only."""
    path = accounts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in accounts], file, ensure_ascii=False, indent=1)
    draft.replace(path)
    return path


def read() -> tuple[DemoAccount, ...]:
    """
    Raises:
        NoAccounts: there is no such file.
    """
    try:
        rows = json.loads(accounts_file().read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise NoAccounts(f"{accounts_file()} is not there: run `zhengtong demo build` first.") from missing
    return tuple(DemoAccount(**row) for row in rows)


def code_of(login: str, at: datetime) -> str:
    """The code an authenticator of this account shows at an instant.

    Raises:
        NoAccounts: no file, or no such account in it, or one that needs no code.
    """
    found = next((account for account in read() if login in (account.login, account.name)), None)
    if found is None:
        raise NoAccounts(f"there is no demonstration account {login!r}. `zhengtong demo accounts` lists them.")
    if not found.totp_secret:
        raise NoAccounts(f"{login} is a citizen and signs in without a code.")
    return pyotp.TOTP(found.totp_secret).at(at)
