"""Who there is (机构编制): units, posts with A and B roles, people, and who is away when. Drawn from the seed alone.

Nobody is at once the one who passes and the one who approves, not even as B role: reviewers are replaced by a reserve,
approvers and heads by the deputy, case officers and windows by their neighbours; and nobody stands in for two at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from pypinyin import lazy_pinyin

from zhengtong.simulation.sizes import Size

REGION: Final = "510199"
TOWN_REGION: Final = "510199101"
SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董"
    "潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈姜崔钟谭陆范汪廖石"
)
GIVEN: Final = (
    "静敏洁岚蕾颖慧琳雪婷倩蓉梅燕华秀珍文思雨佳欣伟强磊军勇涛斌鹏超波志远建国海博永康德明栋立新轩浩宇"
    "航俊杰哲天成晓东卫长河方舟一鸣启平川望舒知行怀守景学勤庆丰嘉禾安然可心书涵云帆亦凡"
)

_TABLE: Final = """
sc 市场监督管理局 Market Regulation|ga 公安分局 Public Security
rs 人力资源和社会保障局 Human Resources and Social Security|wj 卫生健康局 Health
zj 住房和城乡建设局 Housing and Construction|zr 自然资源局 Natural Resources|jt 交通运输局 Transport
mz 民政局 Civil Affairs|yb 医疗保障局 Healthcare Security|jy 教育局 Education|ny 农业农村局 Agriculture
sw 水务局 Water Affairs|wl 文化和旅游局 Culture and Tourism|yj 应急管理局 Emergency Management
hb 生态环境局 Ecology|cg 城市管理局 Urban Management|yc 烟草专卖局 Tobacco Monopoly|sf 司法局 Justice
fg 发展和改革局 Development and Reform|sp 行政审批局 Administrative Approval|cz 财政局 Finance|sj 审计局 Audit
tj 统计局 Statistics|kj 科学技术局 Science|jx 经济和信息化局 Industry|sw2 商务局 Commerce|ly 林业局 Forestry
qx 气象局 Meteorology|dz 地震局 Earthquake|gj 住房公积金中心 Housing Fund|tw 体育局 Sports
mw 民族宗教局 Ethnic Affairs|wb 外事办公室 Foreign Affairs|qw 侨务办公室 Overseas Chinese Affairs
da 档案局 Archives|bm 保密局 State Secrets|jg 机关事务局 Office Affairs|rf 人民防空办公室 Civil Air Defence
xf 消防救援大队 Fire and Rescue|jd 交警大队 Traffic Police|cr 出入境管理大队 Exit and Entry
bd 不动产登记中心 Real Estate Registration|sw3 税务局 Taxation|hg 海关办事处 Customs
lw 粮食和物资储备局 Grain Reserves|nj 农机中心 Farm Machinery|yl 园林绿化局 Parks|dl 供电局 Power Supply
gs 供水公司 Water Supply|rq 燃气公司 Gas Supply|cl 残疾人联合会 Disabled Persons' Federation
tz 退役军人事务局 Veterans|sb 社会保险中心 Social Insurance
"""
NAMES: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (words[0], words[1], " ".join(words[2:]))
    for line in _TABLE.strip().splitlines()
    for words in (each.split() for each in line.split("|"))
)

FEWEST_ITEMS: Final = 4
FEWEST_STAFF: Final = 9
"""In a department: two at the windows, two case officers, reviewer, approver, head, deputy and a reserve."""


class NotPossible(ValueError):
    """A city that cannot be: why, in words for whoever called."""


def check(size: Size) -> None:
    """
    Raises:
        NotPossible: too few people or items for the departments, or too many departments.
    """
    if not 1 <= size.departments <= len(NAMES):
        raise NotPossible(f"--departments takes 1 to {len(NAMES)}")
    if size.staff < FEWEST_STAFF * size.departments:
        raise NotPossible(f"{size.departments} departments need at least {FEWEST_STAFF * size.departments} staff")
    if size.items < FEWEST_ITEMS * size.departments:
        raise NotPossible(f"{size.departments} departments need at least {FEWEST_ITEMS * size.departments} items")
    if size.cases < 0 or size.days < 1:
        raise NotPossible("--cases takes a number from 0 on, --days one from 1 on")


@dataclass(frozen=True, slots=True)
class UnitPlan:
    code: str
    name: str
    name_en: str
    kind: str
    parent: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class PostPlan:
    """A post, with the numbers of the people who hold it as A and as B role."""

    code: str
    name: str
    name_en: str
    unit: str
    kind: str
    a: str
    b: str
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class PersonPlan:
    number: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away, both days inclusive."""

    number: str
    first: date
    last: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentPlan:
    """A department: its window posts and its case officers' posts, in order."""

    code: str
    windows: tuple[str, ...]
    undertakers: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Organs:
    """Everybody and everything of the service."""

    units: tuple[UnitPlan, ...]
    posts: tuple[PostPlan, ...]
    people: tuple[PersonPlan, ...]
    departments: tuple[DepartmentPlan, ...]
    away: tuple[Away, ...]


CENTRE: Final = (
    PostPlan("qy-head", "区长", "District governor", "qy", "head", "qy01", "qy02", is_head=True),
    PostPlan("qy-leader", "分管副区长", "Deputy governor", "qy", "other", "qy02", ""),
    PostPlan("qy-dc-office", "督查岗", "Inspection officer", "qy-dc", "other", "qy03", "qy04"),
    PostPlan("qy-gk-clerk", "公开收件岗", "Disclosure clerk", "qy-gk", "other", "qy05", "qy06"),
    PostPlan("qy-gk-officer", "公开承办岗", "Disclosure officer", "qy-gk", "other", "qy06", "qy05"),
    PostPlan("qy-gk-head", "公开办负责人", "Head of disclosure", "qy-gk", "other", "qy04", "qy03"),
    PostPlan("wc-head", "镇长", "Town mayor", "wc", "head", "wc01", "wc02", is_head=True),
    PostPlan("wc-lower", "初审岗", "First examiner", "wc", "review", "wc03", "wc02"),
    PostPlan("zx-head", "中心主任", "Director of the centre", "zx", "head", "zx01", "zx08", is_head=True),
    PostPlan("zx-window", "综合窗口", "General window", "zx", "window", "zx02", "zx03"),
    PostPlan("zx-sx-editor", "事项编辑岗", "Item editor", "zx-sx", "administrator", "zx04", "zx05"),
    PostPlan("zx-sx-reviewer", "事项审核岗", "Item reviewer", "zx-sx", "administrator", "zx05", "zx04"),
    PostPlan("zx-jc-supervisor", "监察岗", "Supervisor", "zx-jc", "supervisor", "zx06", "zx07"),
    PostPlan("zx-jc-reviewer", "监察复核岗", "Supervision reviewer", "zx-jc", "supervisor", "zx07", "zx06"),
    PostPlan("zx-jc-chief", "监察科负责人", "Chief of supervision", "zx-jc", "supervisor", "zx08", "zx07"),
    PostPlan("zx-rx-operator", "话务岗", "Hotline operator", "zx-rx", "other", "zx09", "zx10"),
    PostPlan("zx-rx-dispatcher", "派单岗", "Hotline dispatcher", "zx-rx", "other", "zx10", "zx09"),
    PostPlan("zx-rx-centre", "热线管理岗", "Hotline manager", "zx-rx", "other", "zx11", "zx10"),
)
_CENTRE_UNITS: Final = (
    UnitPlan("qy", "清源区人民政府", "Qingyuan District Government", "government", "", "清府"),
    UnitPlan("wc", "文昌镇人民政府", "Wenchang Town Government", "department", "qy", "文昌府"),
    UnitPlan("zx", "清源区政务服务中心", "Qingyuan Government Service Centre", "centre", "qy", "清政务"),
    UnitPlan("qy-dc", "政府督查室", "Government Inspection Office", "section", "qy"),
    UnitPlan("qy-gk", "政府信息公开办公室", "Information Disclosure Office", "section", "qy"),
    UnitPlan("zx-rx", "12345热线中心", "12345 Hotline Centre", "section", "zx"),
    UnitPlan("zx-jc", "电子监察科", "Electronic Supervision Section", "section", "zx"),
    UnitPlan("zx-sx", "事项管理科", "Item Management Section", "section", "zx"),
)
REASONS: Final = ("leave", "sick", "trip", "training")


def plan_organs(size: Size) -> Organs:
    """The service as it stands through the whole period."""
    rng = Random(f"{size.seed}:organs")  # noqa: S311 - a simulated city
    units, posts = list(_CENTRE_UNITS), list(CENTRE)
    departments = []
    shares = [1 / (n + 1) for n in range(size.departments)]
    staff = apportion(size.staff, shares, least=FEWEST_STAFF)
    for n, (code, name, name_en) in enumerate(NAMES[: size.departments]):
        units.append(UnitPlan(code, f"清源区{name}", f"Qingyuan {name_en}", "department", "qy", f"清{name[:2]}{code}"))
        units.append(UnitPlan(f"{code}-sp", "行政审批科", "Approval Section", "section", code))
        units.append(UnitPlan(f"{code}-ks", "业务科（原审批科室）", "Former Approval Office", "section", code))
        made, plan = _plan_department(code, staff[n], shares[n])
        posts += made
        departments.append(plan)
    people = tuple(
        _person(number, rng) for number in sorted({who for post in posts for who in (post.a, post.b) if who})
    )
    return Organs(
        units=tuple(units), posts=tuple(posts), people=people, departments=tuple(departments),
        away=tuple(_plan_absences(posts, size, rng)),
    )  # fmt: skip


def apportion(total: int, shares: list[float], *, least: int) -> list[int]:
    """Whole numbers that add up to the total: the least for each, the rest by share, the first ones rounded up.

    >>> apportion(20, [2.0, 1.0, 1.0], least=3)
    [9, 6, 5]
    """
    rest, whole = total - least * len(shares), sum(shares)
    given = [int(rest * share / whole) for share in shares]
    left = rest - sum(given)
    return [least + n + (k < left) for k, n in enumerate(given)]


def _plan_department(code: str, staff: int, share: float) -> tuple[list[PostPlan], DepartmentPlan]:
    spare = staff - FEWEST_STAFF
    has_issuer = spare > 0
    more = spare - has_issuer
    windows, officers = 2 + (more + 1) // 2, 2 + more // 2
    numbers = iter(f"{code}{n:02d}" for n in range(1, staff + 1))
    at_windows, at_cases = [next(numbers) for _ in range(windows)], [next(numbers) for _ in range(officers)]
    reviewer, approver, head, deputy, reserve = (next(numbers) for _ in range(5))
    issuer = next(numbers) if has_issuer else at_windows[-1]
    section = f"{code}-sp"

    def post(suffix: str, name: str, name_en: str, kind: str, a: str, b: str) -> PostPlan:
        return PostPlan(f"{section}-{suffix}", name, name_en, section, kind, a, b)

    made = [
        post(
            f"window{n + 1}",
            f"{n + 1}号窗口受理岗",
            f"Window clerk {n + 1}",
            "window",
            who,
            at_windows[(n + 1) % windows],
        )
        for n, who in enumerate(at_windows)
    ]
    made += [
        post(
            f"undertake{n + 1}",
            f"承办岗{n + 1}",
            f"Case officer {n + 1}",
            "undertake",
            who,
            at_cases[(n + 1) % officers],
        )
        for n, who in enumerate(at_cases)
    ]
    made += [
        post("review", "审核岗", "Reviewer", "review", reviewer, reserve),
        post("approve", "首席代表（批准岗）", "Chief representative", "approve", approver, deputy),
        post("issue", "制证发证岗", "Issuing clerk", "issue", issuer, at_windows[0]),
        post("chair", "听证主持人（法制岗）", "Hearing chair", "other", reserve, deputy),
        PostPlan(f"{code}-ks-desk", "原受理岗", "Former desk", f"{code}-ks", "other", reserve, ""),
        PostPlan(f"{code}-head", "局长", "Director", code, "head", head, deputy, is_head=True),
    ]
    plan = DepartmentPlan(
        code=code, windows=tuple(f"{section}-window{n + 1}" for n in range(windows)),
        undertakers=tuple(f"{section}-undertake{n + 1}" for n in range(officers)), share=share,
    )  # fmt: skip
    return made, plan


def _person(number: str, rng: Random) -> PersonPlan:
    name = draw_name(rng)
    surname, *given = lazy_pinyin(name)
    return PersonPlan(number, name, f"{surname.capitalize()} {''.join(given).capitalize()}")


def draw_name(rng: Random) -> str:
    """A made-up name of three characters, sometimes two."""
    given = rng.choice(GIVEN) + (rng.choice(GIVEN) if rng.random() < 0.85 else "")
    return rng.choice(SURNAMES) + given


def _plan_absences(posts: list[PostPlan], size: Size, rng: Random) -> Iterator[Away]:
    """About ten days a year for everybody who has a B role; never A and B of one post at once."""
    partners: dict[str, set[str]] = {}
    for post in posts:
        if post.b:
            partners.setdefault(post.a, set()).add(post.b)
            partners.setdefault(post.b, set()).add(post.a)
    alone = {post.a for post in posts if not post.b}
    for number, others in list(partners.items()):
        sharing = {post.a for post in posts if post.b and post.b in {each.b for each in posts if each.a == number}}
        partners[number] = (others | sharing) - {number}
    taken: dict[str, list[tuple[date, date]]] = {}
    for number in sorted(partners):
        if number in alone:
            continue
        for _ in range(_times(size.days * 2 / 365, rng)):
            first = size.first + timedelta(days=rng.randrange(size.days))
            last = first + timedelta(days=rng.randrange(1, 8))
            clashes = (span for who in (number, *partners[number]) for span in taken.get(who, ()))
            if all(last < since or first > until for since, until in clashes):
                taken.setdefault(number, []).append((first, last))
                yield Away(number, first, last, REASONS[rng.randrange(len(REASONS))])


def _times(expected: float, rng: Random) -> int:
    whole = int(expected)
    return whole + (rng.random() < expected - whole)


# ---- who sits where -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Roster:
    """Who acts at a post on a day: the A role, or the B role while A is away."""

    posts: Mapping[str, PostPlan]
    away: Mapping[str, list[Away]] = field(default_factory=dict)

    @classmethod
    def of(cls, organs: Organs) -> "Roster":
        away: dict[str, list[Away]] = {}
        for each in organs.away:
            away.setdefault(each.number, []).append(each)
        return cls({post.code: post for post in organs.posts}, away)

    def absence(self, number: str, day: date) -> Away | None:
        """The absence of a person that covers a day."""
        return next((each for each in self.away.get(number, ()) if each.first <= day <= each.last), None)

    def person_at(self, post: str, day: date) -> str:
        plan = self.posts[post]
        return plan.b if plan.b and self.absence(plan.a, day) is not None else plan.a
