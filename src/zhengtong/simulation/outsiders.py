"""Who comes (办事人): made-up people and firms with certificate numbers of no place. A few have a way to sign in."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final
from uuid import UUID

from zhengtong.kernel.authority import Actor
from zhengtong.simulation.organs import REGION, draw_name
from zhengtong.simulation.sizes import Size
from zhengtong.ui.codes import CREDIT_ALPHABET, credit_check_digit, identity_check_digit

CASES_EACH: Final = 12
MOST: Final = 20_000
FIRMS_AMONG: Final = 4
BRANDS: Final = [
    "清泉",
    "云帆",
    "翠微",
    "望江",
    "同舟",
    "晨曦",
    "南山",
    "听雨",
    "金禾",
    "四方",
    "百川",
    "启元",
    "青禾",
    "木棉",
    "远景",
    "合和",
    "新苗",
    "明德",
    "长青",
    "益民",
]
TRADES: Final = [
    "餐饮管理",
    "商贸",
    "物流",
    "建筑工程",
    "科技",
    "文化传媒",
    "酒店管理",
    "环保设备",
    "农业发展",
    "人力资源服务",
    "医疗器械",
    "置业",
]


@dataclass(frozen=True, slots=True)
class Party:
    """A subject outside the service, as its certificate names it."""

    ref: str
    kind: str
    name: str
    certificate: str
    number: str
    phone: str

    @property
    def card(self) -> dict[str, str]:
        """What a party field holds when it was filled in."""
        return {
            "kind": self.kind, "name": self.name, "certificate": self.certificate, "number": self.number,
            "phone": self.phone,
        }  # fmt: skip

    @property
    def actor(self) -> Actor:
        return Actor(person=self.ref, seats=(), subjects={self.ref: "own"})


def plan_outsiders(size: Size) -> tuple[Party, ...]:
    """Everybody who will ever come; each comes about a dozen times."""
    rng = Random(f"{size.seed}:outsiders")  # noqa: S311 - a simulated city
    return tuple(_party(n, rng) for n in range(max(20, min(MOST, size.cases // CASES_EACH))))


def _party(n: int, rng: Random) -> Party:
    ref = f"s-{UUID(int=rng.getrandbits(128), version=4)}"
    phone = f"1990{n % 10_000_000:07d}"
    if n % FIRMS_AMONG == FIRMS_AMONG - 1:
        name = f"清源{rng.choice(BRANDS)}{draw_name(rng)[1:]}{rng.choice(TRADES)}有限公司"
        return Party(ref, "organisation", name, "credit_code", _credit_code(n), phone)
    # Thousands of people share a birthday; those with the same last digits never do.
    born = date(1950, 1, 1) + timedelta(days=n // 1000 + 21 * rng.randrange(950))
    first = f"{REGION}{born:%Y%m%d}{n % 1000:03d}"
    return Party(ref, "natural", draw_name(rng), "identity", first + identity_check_digit(first), phone)


def _credit_code(n: int) -> str:
    digits, left = "", n + 1
    while left:
        left, digit = divmod(left, len(CREDIT_ALPHABET))
        digits = CREDIT_ALPHABET[digit] + digits
    first = f"91{REGION}MA{digits:0>7}"
    return first + credit_check_digit(first)
