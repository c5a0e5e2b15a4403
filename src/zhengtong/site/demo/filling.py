"""What people wrote (填写内容): plausible values for the fields of any application form, and free words."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from zhengtong.kernel.events import Json
from zhengtong.site.demo.names import Invented, Namer

STREETS: Final = ["清江路", "文昌街", "翠微巷", "桂湖路", "望江大道", "书院街", "竹溪路", "南桥街", "同心路", "春熙巷"]
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "premises_name": ("听雨小筑民宿", "清泉理发店", "南山浴室", "望江宾馆", "晨曦美容店"),
    "business_scope": ("热食类食品制售", "预包装食品销售", "糕点类食品制售"),
    "institution_name": ("明德培训学校", "晨曦幼儿园", "康宁诊所"), "clinic_name": ("康宁诊所", "益民口腔诊所",
        "春晖中医诊所"),
    "event_name": ("清江灯会", "文昌庙会", "青年音乐节"), "project_name": ("清江二期住宅", "文昌路改造工程",
        "竹溪商业综合体"),
    "trade": ("餐饮服务", "住宿", "零售"), "hospital": ("清源区人民医院", "清源区中医院"),
        "facts": ("上班途中受伤，经过见所附材料。",),
}  # fmt: skip
COMPLAINTS: Final = (
    "小区门口路灯三天不亮，晚上出行不便。", "清江路施工到夜里十一点，噪声扰民。", "菜市场占道经营，消防通道被堵。",
        "公交站牌倒了，没有人管。",
    "小区自来水发黄。", "文昌街井盖松动，车过有响声。", "想问新生入学登记什么时候开始。",
)  # fmt: skip
WANTED: Final = (
    "二〇二五年清江二期住宅项目的规划许可文件", "文昌路改造工程的招标结果", "近三年区内公共场所卫生抽检的汇总",
        "老旧小区加装电梯补助的发放标准",
)  # fmt: skip
TASKS: Final = ("老旧小区加装电梯补助发放", "清江大道排水管网整治", "校园周边食品摊点规范", "窗口服务满意度整改")
ASKED_UNITS: Final = ("cg", "zj", "jt", "sw", "hb", "ga")


def fill_field(row: Mapping[str, Json], party: Invented, namer: Namer, rng: random.Random, today: date) -> Json:
    """A value of the kind the field asks for."""
    name = str(row["name"])
    match row.get("kind"):
        case "choice":
            choices = row.get("choices")
            return str(rng.choice([each["code"] for each in choices])) if isinstance(choices, list) else ""  # type: ignore[call-overload,index]  # JSON of the item
        case "date":
            return (today - timedelta(days=rng.randrange(20, 900))).isoformat()
        case "number":
            return rng.choice((3, 6, 12, 20, 45, 80, 120, 260))
        case "money":
            return rng.choice((50_000_00, 200_000_00, 1_000_000_00))
        case "yes_no":
            return rng.random() < 0.6
        case "address":
            return {"region": "清源区", "detail": f"{rng.choice(STREETS)}{rng.randrange(1, 300)}号"}
        case "identity":
            return party.number if party.kind == "natural" else namer.citizen().number
        case "credit_code":
            return party.number if party.kind == "organisation" else namer.firm().number
        case _:
            return _text(name, party, namer, rng)


def _text(name: str, party: Invented, namer: Namer, rng: random.Random) -> str:
    if name in TEXTS:
        return rng.choice(TEXTS[name])
    if "phone" in name:
        return party.phone
    if any(word in name for word in ("person", "name", "rep", "owner", "buyer", "adopter", "partner")):
        return party.name if party.kind == "natural" else namer.person_name()
    if name.endswith("_no") or "code" in name:
        return f"QY{rng.randrange(10_000, 99_999)}"
    return "见所附材料。"
