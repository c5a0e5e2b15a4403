"""The organs of 清源区 (机构编制): territories, units, posts, who holds them, who is away, who is authorised for what.

A department has a section that receives and approves (行政审批科), a head and a deputy; posts have A and B roles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from zhengtong.accounts.actions import delegate, hold_post, issue_letter, register_absence
from zhengtong.accounts.labels import AbsenceReason, HoldingRole, LetterPower, PostKind, UnitKind
from zhengtong.accounts.models import Person, Post, Territory, Unit
from zhengtong.kernel.calendars import Calendar
from zhengtong.site.demo.names import AREA, Namer, english_name

ORDER: Final = {"window": 1, "approve": 2, "issue": 3}
BEGAN: Final = date(2026, 1, 1)
# The system, the security and the audit administrator: they serve at the centre and hold no post.
ADMINISTRATORS: Final = ("zx03", "zx13", "zx14")
REGION: Final = AREA

DEPARTMENTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "sc": ("市场监督管理局", "Market Regulation Bureau", "清市监"),
    "wj": ("卫生健康局", "Health Bureau", "清卫"),
    "zj": ("住房和城乡建设局", "Housing and Construction Bureau", "清住建"),
    "jt": ("交通运输局", "Transport Bureau", "清交"),
    "jy": ("教育局", "Education Bureau", "清教"),
    "rs": ("人力资源和社会保障局", "Human Resources and Social Security Bureau", "清人社"),
    "mz": ("民政局", "Civil Affairs Bureau", "清民"),
    "zr": ("自然资源局", "Natural Resources Bureau", "清自然资"),
    "ny": ("农业农村局", "Agriculture and Rural Affairs Bureau", "清农"),
    "wl": ("文化和旅游局", "Culture and Tourism Bureau", "清文旅"),
    "yj": ("应急管理局", "Emergency Management Bureau", "清应急"),
    "ga": ("公安分局", "Public Security Sub-bureau", "清公"),
    "hb": ("生态环境局", "Ecology and Environment Bureau", "清环"),
    "sw": ("水务局", "Water Affairs Bureau", "清水"),
    "cg": ("城市管理局", "Urban Management Bureau", "清城管"),
    "yb": ("医疗保障局", "Healthcare Security Bureau", "清医保"),
    "yc": ("烟草专卖局", "Tobacco Monopoly Bureau", "清烟"),
    "sf": ("司法局", "Justice Bureau", "清司"),
    "fg": ("发展和改革局", "Development and Reform Bureau", "清发改"),
    "sp": ("行政审批局", "Administrative Approval Bureau", "清审批"),
}

# Post suffix, name, English, kind; and the seats (A, then B) by the number of the person in the department.
SECTION_POSTS: Final = (
    ("window", "窗口受理岗", "Window clerk", PostKind.WINDOW, (1, 2)),
    ("issue", "制证发证岗", "Issuing clerk", PostKind.ISSUE, (2, 1)),
    ("undertake", "承办岗", "Case officer", PostKind.UNDERTAKE, (3, 6)),
    ("review", "审核岗", "Reviewer", PostKind.REVIEW, (4, 8)),
    ("approve", "首席代表（批准岗）", "Chief representative", PostKind.APPROVE, (5, 8)),
    ("chair", "听证主持人（法制岗）", "Hearing chair (legal)", PostKind.OTHER, (6, 8)),
)
HEAD_SEATS: Final = (7, 8)
PEOPLE_IN_A_DEPARTMENT: Final = 8
FIXED_NAMES: Final[Mapping[str, str]] = {
    "wj01": "何静", "wj02": "许可心", "wj03": "李一鸣", "wj04": "谭慧", "wj05": "周岚", "wj06": "方舟远",
        "wj07": "秦卫东", "wj08": "汪敏",
    "sc01": "石春燕", "sc03": "余知行", "sc05": "钟立新", "sc07": "廖景明", "qy01": "陆长河", "zx01": "田守成",
    "zx02": "叶雨桐", "zx03": "吕书涵", "zx04": "姜思雨", "zx05": "范学勤", "zx06": "崔怀远", "zx07": "丁可欣",
        "zx08": "任文博", "zx12": "蒋若溪", "zx13": "邵安澜", "zx14": "阮明镜",
}  # fmt: skip

# Sections of the government and of the centre: code, name, English, parent.
SECTIONS: Final = (
    ("qy-dc", "政府督查室", "Government Inspection Office", "qy"),
    ("qy-gk", "政府信息公开办公室", "Information Disclosure Office", "qy"),
    ("zx-rx", "12345热线中心", "12345 Hotline Centre", "zx"),
    ("zx-jc", "电子监察科", "Electronic Supervision Section", "zx"),
    ("zx-sx", "事项管理科", "Item Management Section", "zx"),
)
# Post, name, English, unit, kind, is_head, person (A), person (B).
OTHER_POSTS: Final = (
    ("qy-head", "区长", "District governor", "qy", PostKind.HEAD, True, "qy01", "qy02"),
    ("qy-leader", "分管副区长", "Deputy governor in charge", "qy", PostKind.OTHER, False, "qy02", ""),
    ("qy-dc-office", "督查岗", "Inspection officer", "qy-dc", PostKind.OTHER, False, "qy03", "qy04"),
    ("qy-gk-clerk", "公开收件岗", "Disclosure clerk", "qy-gk", PostKind.OTHER, False, "qy05", "qy06"),
    ("qy-gk-officer", "公开承办岗", "Disclosure officer", "qy-gk", PostKind.OTHER, False, "qy06", "qy05"),
    ("qy-gk-head", "公开办负责人", "Head of disclosure", "qy-gk", PostKind.OTHER, False, "qy04", ""),
    ("wc-head", "镇长", "Town mayor", "wc", PostKind.HEAD, True, "wc01", "wc02"),
    ("wc-lower", "初审岗", "First examiner", "wc", PostKind.REVIEW, False, "wc03", "wc02"),
    ("zx-head", "中心主任", "Director of the centre", "zx", PostKind.HEAD, True, "zx01", "zx08"),
    ("zx-window", "综合窗口", "General window", "zx", PostKind.WINDOW, False, "zx02", "zx12"),
    ("zx-sx-editor", "事项编辑岗", "Item editor", "zx-sx", PostKind.ADMINISTRATOR, False, "zx04", "zx05"),
    ("zx-sx-reviewer", "事项审核岗", "Item reviewer", "zx-sx", PostKind.ADMINISTRATOR, False, "zx05", "zx04"),
    ("zx-jc-supervisor", "监察岗", "Supervisor", "zx-jc", PostKind.SUPERVISOR, False, "zx06", "zx07"),
    ("zx-jc-reviewer", "监察复核岗", "Supervision reviewer", "zx-jc", PostKind.SUPERVISOR, False, "zx07", ""),
    ("zx-jc-chief", "监察科负责人", "Chief of supervision", "zx-jc", PostKind.SUPERVISOR, False, "zx08", ""),
    ("zx-rx-operator", "话务岗", "Hotline operator", "zx-rx", PostKind.OTHER, False, "zx09", "zx10"),
    ("zx-rx-dispatcher", "派单岗", "Hotline dispatcher", "zx-rx", PostKind.OTHER, False, "zx10", "zx09"),
    ("zx-rx-centre", "热线管理岗", "Hotline manager", "zx-rx", PostKind.OTHER, False, "zx11", "zx10"),
)  # fmt: skip

# Which post fills which role of a procedure.
ROLE_POSTS: Final = {
    "window": "window", "undertaker": "undertake", "reviewer": "review", "approver": "approve", "issuer": "issue",
    "chair": "chair",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Organs:
    """Everything that was made, by code."""

    units: Mapping[str, Unit]
    posts: Mapping[str, Post]
    people: Mapping[str, Person]

    def post_ref(self, code: str) -> dict[str, str]:
        """A post as an item names it."""
        unit = code.rpartition("-")[0]
        return {"post": code, "unit": unit, "dept": unit.partition("-")[0]}

    def posts_for(self, department: str, role: str) -> Mapping[str, str] | None:
        """Who fills a role for an item of a department; a town examines first for natural resources."""
        if role == "lower":
            return self.post_ref("wc-lower") if department == "zr" else None
        return self.post_ref(f"{department}-sp-{ROLE_POSTS[role]}") if role in ROLE_POSTS else None


def build_organs(namer: Namer) -> Organs:
    """Territories, units, posts, people and their A and B roles, in force since the first day of the year."""
    units = _build_units()
    posts, seats = _build_posts(units)
    people = _build_people(sorted({*ADMINISTRATORS, *(person for _post, _role, person in seats)}), namer)
    for post, role, person in seats:
        hold_post(
            person=people[person], post=posts[post], role=role, from_on=BEGAN, document="清人社任〔2026〕1号（示例）"
        )
    return Organs(units=units, posts=posts, people=people)


def _build_units() -> dict[str, Unit]:
    district = Territory.objects.create(code=REGION, name="清源区", name_en="Qingyuan District")
    town = Territory.objects.create(code=f"{REGION}101", name="文昌镇", name_en="Wenchang Town", parent=district)
    Territory.objects.create(code=f"{REGION}001", name="清江街道", name_en="Qingjiang Subdistrict", parent=district)
    units: dict[str, Unit] = {}

    def add(code: str, name: str, name_en: str, kind: str, parent: str, short: str = "") -> None:
        units[code] = Unit.objects.create(
            code=code, name=name, name_en=name_en, short_name=short, kind=kind, parent=units.get(parent),
            territory=town if code == "wc" else district,
        )  # fmt: skip

    add("qy", "清源区人民政府", "Qingyuan District Government", UnitKind.GOVERNMENT, "", "清府")
    add("wc", "文昌镇人民政府", "Wenchang Town Government", UnitKind.DEPARTMENT, "qy", "文昌府")
    add("zx", "清源区政务服务中心", "Qingyuan Government Service Centre", UnitKind.CENTRE, "qy", "清政务")
    for code, (name, name_en, short) in DEPARTMENTS.items():
        add(code, f"清源区{name}", f"Qingyuan {name_en}", UnitKind.DEPARTMENT, "qy", short)
        add(f"{code}-sp", "行政审批科", "Approval Section", UnitKind.SECTION, code)
    for code, name, name_en, parent in SECTIONS:
        add(code, name, name_en, UnitKind.SECTION, parent)
    return units


Seats = list[tuple[str, str, str]]


def _build_posts(units: Mapping[str, Unit]) -> tuple[dict[str, Post], Seats]:
    made: list[Post] = []
    seats: Seats = []

    def add(post: Post, a_role: str, b_role: str) -> None:
        made.append(post)
        seats.append((post.code, HoldingRole.A, a_role))
        if b_role:
            seats.append((post.code, HoldingRole.B, b_role))

    for code, name, name_en, unit, kind, is_head, a_role, b_role in OTHER_POSTS:
        add(Post(code=code, name=name, name_en=name_en, unit=units[unit], kind=kind, is_head=is_head), a_role, b_role)
    for dept in DEPARTMENTS:
        for suffix, name, name_en, kind, (a, b) in SECTION_POSTS:
            post = Post(code=f"{dept}-sp-{suffix}", name=name, name_en=name_en, unit=units[f"{dept}-sp"], kind=kind)
            add(post, f"{dept}{a:02d}", f"{dept}{b:02d}")
        head = Post(
            code=f"{dept}-head", name="局长", name_en="Director", unit=units[dept], kind=PostKind.HEAD, is_head=True
        )
        add(head, *(f"{dept}{n:02d}" for n in HEAD_SEATS))
    Post.objects.bulk_create(made)
    return {post.code: post for post in Post.objects.all()}, seats


def _build_people(numbers: list[str], namer: Namer) -> dict[str, Person]:
    namer.taken.update(FIXED_NAMES.values())
    names = {number: FIXED_NAMES.get(number) or namer.person_name() for number in numbers}
    Person.objects.bulk_create(
        Person(number=number, name=name, name_en=english_name(name)) for number, name in names.items()
    )
    return {person.number: person for person in Person.objects.all()}


# ---- absences, delegations, letters ---------------------------------------------------------------

# Who, how many working days before (negative) and after now, why.
AWAY: Final = (
    ("wj03", -18, -15, AbsenceReason.LEAVE),
    ("sc03", -12, -9, AbsenceReason.TRAINING),
    ("zj05", -9, -6, AbsenceReason.TRIP),
    ("sc05", -7, -5, AbsenceReason.SICK),
    ("hb01", -6, -3, AbsenceReason.LEAVE),
    ("wj05", -2, 2, AbsenceReason.TRIP),
    ("jt03", -1, 4, AbsenceReason.LEAVE),
    ("ny04", 3, 7, AbsenceReason.TRAINING),
)


def send_people_away(organs: Organs, calendar: Calendar, now: datetime) -> None:
    """Absences around now, so that B roles have acted and act; and one delegation that is running."""
    today = calendar.roll(now.date())
    for number, begins, ends, reason in AWAY:
        if number in organs.people:
            first, last = calendar.add(today, begins), calendar.add(today, ends)
            asked_at = datetime.combine(first - timedelta(days=1), now.timetz().replace(hour=10, minute=5))
            register_absence(
                person=organs.people[number], from_on=first, until_on=last, reason=reason,
                registered_by=organs.people[number].ref, at=min(asked_at, now),
            )  # fmt: skip
    delegate(
        from_person=organs.people["rs04"], post=organs.posts["rs-sp-review"], to_person=organs.people["rs06"],
        from_on=calendar.add(today, -3), until_on=calendar.add(today, 8), document="清人社委〔2026〕4号（示例）",
            at=now,
    )  # fmt: skip


def write_letters(organs: Organs, items: Mapping[str, str]) -> None:
    """授权书: for each item of a department its chief representative may approve, its window receive."""
    for n, (item, dept) in enumerate(sorted(items.items()), 1):
        for suffix, powers in (
            ("window", [LetterPower.RECEIVE]),
            ("approve", [LetterPower.APPROVE]),
            ("issue", [LetterPower.ISSUE]),
        ):
            issue_letter(
                number=f"{DEPARTMENTS[dept][2]}授〔2026〕{n}-{ORDER[suffix]}号", item=item,
                organ=organs.units[dept], post=organs.posts[f"{dept}-sp-{suffix}"],
                powers=[power.value for power in powers], from_on=BEGAN, until_on=date(2027, 12, 31),
            )  # fmt: skip
