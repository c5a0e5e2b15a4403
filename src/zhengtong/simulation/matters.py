"""What people come for (事项): items made after the shipped demonstration items, at once or with a promised time.

They ask for fewer papers than real ones, so that an ordinary case has some ten events.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from zhengtong.law.items import complete, items_from_demo, items_from_internal
from zhengtong.simulation.organs import FEWEST_ITEMS, REGION, DepartmentPlan, Organs, apportion
from zhengtong.simulation.sizes import Size

INSTANT_SHARE: Final = 0.66
"""Of all cases: 即办件. 广东、四川 centres report 60 to 75 per cent."""
HOTLINE_SHARE, INFORMATION_SHARE = 0.03, 0.008
FEE_EVERY: Final = 2
CLASSES: Final = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"

# Shapes in turn: procedure, case type, options.
INSTANT_SHAPES: Final = (
    ("public_service", "1", ("online",)), ("filing", "1", ("online",)), ("public_service", "1", ("online",)),
    ("licence", "1", ("online", "on_spot")), ("confirmation", "1", ()), ("filing", "1", ("online",)),
)  # fmt: skip
PROMISED_SHAPES: Final = (
    ("filing", "2", ("online",)),
    ("licence", "2", ("online", "three_step", "special")),
    ("public_service", "2", ("online",)),
    ("confirmation", "2", ("online",)),
    ("licence", "2", ("online", "three_step")),
    ("licence", "2", ("online", "three_step", "preliminary")),
)
INTERNAL_POSTS: Final[Mapping[str, Mapping[str, str]]] = {
    "hotline_order": {"operator": "zx-rx-operator", "dispatcher": "zx-rx-dispatcher", "centre": "zx-rx-centre"},
    "information_request": {"clerk": "qy-gk-clerk", "officer": "qy-gk-officer", "officehead": "qy-gk-head"},
    "supervised_task": {"office": "qy-dc-office", "leader": "qy-leader"},
    "card": {"supervisor": "zx-jc-supervisor", "chief": "zx-jc-chief", "reviewer": "zx-jc-reviewer"},
    "spot_check": {"supervisor": "zx-jc-supervisor", "chief": "zx-jc-chief"},
    "supervision_order": {"office": "zx-jc-supervisor", "leader": "zx-jc-chief"},
    "supervision_advice": {"supervisor": "zx-jc-supervisor", "chief": "zx-jc-chief"},
}


def inner_posts(table: Mapping[str, Any]) -> Mapping[str, str]:
    """The posts of an item outside the catalogue: its own, else those of its procedure."""
    return INTERNAL_POSTS.get(table["code"]) or INTERNAL_POSTS[table["procedure"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlan:
    """One item as the model sees it; `content` is the item version that is published."""

    code: str
    department: str
    procedure: str
    is_instant: bool
    window: str
    has_fee: bool
    is_online: bool
    is_special: bool
    is_preliminary: bool
    weight: float
    content: Mapping[str, Any]


def post_ref(code: str) -> dict[str, str]:
    """A post as an item names it."""
    unit = code.rpartition("-")[0]
    return {"post": code, "unit": unit, "dept": unit.partition("-")[0]}


def plan_items(size: Size, organs: Organs) -> tuple[ItemPlan, ...]:
    """The items of every department, in order."""
    rng = Random(f"{size.seed}:items")  # noqa: S311 - a simulated city
    demo = items_from_demo()
    templates: dict[tuple[str, str], list[str]] = {}
    for code, table in sorted(demo.items()):
        templates.setdefault((table["procedure"], table["case_type"]), []).append(code)
    planned: list[ItemPlan] = []
    counts = apportion(size.items, [each.share for each in organs.departments], least=FEWEST_ITEMS)
    for department, count in zip(organs.departments, counts, strict=True):
        planned += _of_department(department, count, demo, templates, rng)
    return tuple(planned)


def _of_department(
    department: DepartmentPlan,
    count: int,
    demo: Mapping[str, Any],
    templates: Mapping[tuple[str, str], list[str]],
    rng: Random,
) -> Iterator[ItemPlan]:
    instants = max(1, count // 2)
    offset = rng.randrange(6)
    used: dict[str, int] = {}
    for n in range(count):
        is_instant = n < instants
        k = n if is_instant else n - instants
        shapes = INSTANT_SHAPES if is_instant else PROMISED_SHAPES
        procedure, kind, options = shapes[(k + offset) % len(shapes)]
        fitting = templates[procedure, kind]
        template = demo[fitting[rng.randrange(len(fitting))]]
        again = used[template["code"]] = used.get(template["code"], 0) + 1
        weight = (INSTANT_SHARE / instants if is_instant else (1 - INSTANT_SHARE) / (count - instants)) * (
            0.6 + rng.random() * 0.8
        )
        window = department.windows[n % len(department.windows)]
        officer = department.undertakers[n % len(department.undertakers)]
        posts = _posts(department.code, window, officer, is_preliminary="preliminary" in options)
        content = _content(
            template,
            code=f"qy-{department.code}-{n + 1:04d}",
            department=department.code,
            options=options,
            suffix=f"（{CLASSES[again % len(CLASSES)]}类）" if again > 1 else "",
            keeps_fee=n % FEE_EVERY == 0,
            posts=posts,
            papers=1 if is_instant else 2,
        )
        yield ItemPlan(
            code=content["code"], department=department.code, procedure=procedure, is_instant=is_instant, window=window,
            has_fee=bool(content.get("fees")), is_online="online" in options, is_special="special" in options,
            is_preliminary="preliminary" in options, weight=weight, content=content,
        )  # fmt: skip


def _posts(code: str, window: str, officer: str, *, is_preliminary: bool) -> dict[str, dict[str, str]]:
    section = f"{code}-sp"
    named = {
        "window": window, "undertaker": officer, "reviewer": f"{section}-review", "approver": f"{section}-approve",
        "issuer": f"{section}-issue", "chair": f"{section}-chair",
    }  # fmt: skip
    if is_preliminary:
        named["lower"] = "wc-lower"
    return {role: post_ref(post) for role, post in named.items()}


ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "licence": ("window", "lower", "undertaker", "reviewer", "approver", "issuer", "chair"),
    "confirmation": ("window", "undertaker", "approver"),
    "filing": ("window", "undertaker"),
    "public_service": ("window", "undertaker"),
}


def _content(  # noqa: PLR0913 - what one item differs in
    template: Mapping[str, Any], *, code: str, department: str, options: tuple[str, ...], suffix: str, keeps_fee: bool,
    posts: Mapping[str, Mapping[str, str]], papers: int,
) -> dict[str, Any]:  # fmt: skip
    made = {key: value for key, value in template.items() if key not in ("situations", "terms_when", "fees", "nodes")}
    required = [row for row in template["materials"] if row["required"] and "when" not in row] or template["materials"]
    made["materials"] = [
        {**{key: value for key, value in row.items() if key != "when"}, "required": True} for row in required[:papers]
    ]
    made["fields"] = []
    fee = {
        "code": "f1", "name": "工本费（示例金额）", "name_en": "Charge (sample amount)", "amount": 1000,
        "basis": "示例", "confirmed": False, "reducible": False,
    }  # fmt: skip
    if keeps_fee and template["procedure"] != "filing":
        made["fees"] = [fee]
    made |= {
        "code": code, "department": department, "options": list(options), "name": template["name"] + suffix,
        "name_en": template["name_en"], "themes": list(template["themes"]),
    }  # fmt: skip
    if template["procedure"] == "licence":
        made["terms"] = {"legal": "20 wd", "promised": "10 wd", "undertake_step": "5 wd"}
        made["terms_source"] = dict.fromkeys(("legal", "promised"), template["terms_source"]["legal"])
    wanted = ROLES[template["procedure"]]
    return complete(made, version=1, region=REGION, posts={role: ref for role, ref in posts.items() if role in wanted})


def internal_contents() -> Iterator[dict[str, Any]]:
    """The matters that are no public item: orders, requests, tasks, cards."""
    for _code, table in sorted(items_from_internal().items()):
        posts = {role: post_ref(post) for role, post in inner_posts(table).items()}
        yield complete(table, version=1, region=REGION, posts=posts)
