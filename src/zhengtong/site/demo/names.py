"""Invented names (化名): people, firms, numbers. Drawn from a seed; area code 510199 belongs to no place."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pypinyin import lazy_pinyin

from zhengtong.ui.codes import CREDIT_ALPHABET, credit_check_digit, identity_check_digit

AREA: Final = "510199"
SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾"
    "萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈姜崔钟谭陆范汪廖石"
)
_GIVEN: Final = (
    "静 敏 洁 岚 蕾 颖 慧 琳 雪 婷 倩 蓉 晓梅 春燕 丽华 秀兰 玉珍 文静 思雨 佳怡 "
    "雨桐 若溪 欣悦 梦瑶 伟 强 磊 军 勇 涛 斌 鹏 超 波 志远 建国 海涛 文博 永康 德明 "
    "国栋 立新 子轩 浩然 宇航 俊杰 明哲 天成 晓东 卫东 长河 方舟 一鸣 启明 平川 望舒 知行 怀远 守成 景明 "
    "学勤 庆丰 嘉禾 安然 可心 书涵 云帆 亦凡"
)
GIVEN: Final = _GIVEN.split()
TRADES: Final = (
    ("餐饮管理", "Catering"), ("商贸", "Trading"), ("物流", "Logistics"), ("建筑工程", "Construction"),
    ("科技", "Technology"), ("文化传媒", "Culture and Media"), ("酒店管理", "Hotel Management"),
    ("环保设备", "Environmental Equipment"), ("农业发展", "Agriculture"), ("人力资源服务", "Human Resources"),
    ("医疗器械", "Medical Devices"), ("置业", "Property"),
)  # fmt: skip
_BRANDS: Final = (
    "清泉 云帆 翠微 望江 同舟 晨曦 南山 听雨 金禾 四方 百川 启元 青禾 木棉 远景 合和 新苗 明德 长青 益民 "
    "广源 天工 竹溪 柳岸 松涛 春晖 朝露 星野 海棠 白鹭"
)
BRANDS: Final = _BRANDS.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """Somebody outside the service, as a certificate names them."""

    kind: str
    name: str
    number: str
    phone: str

    @property
    def certificate(self) -> str:
        return "identity" if self.kind == "natural" else "credit_code"


def english_name(name: str) -> str:
    """Surname first, as on a passport.

    >>> english_name("何静"), english_name("秦卫东")
    ('He Jing', 'Qin Weidong')
    """
    surname, *given = lazy_pinyin(name)
    return f"{surname.capitalize()} {''.join(given).capitalize()}"


def identity_number(born: date, order: int) -> str:
    """A number whose check digit is right and whose area is no place.

    >>> identity_number(date(1990, 5, 6), 12)
    '510199199005060124'
    """
    first = f"{AREA}{born:%Y%m%d}{order % 1000:03d}"
    return first + identity_check_digit(first)


def credit_code(order: int) -> str:
    """A credit code of a firm that does not exist: category 91, the fictional area, then the order in base 31.

    >>> len(credit_code(7)), credit_code(7)[2:8]
    (18, '510199')
    """
    digits, left = "", order + 1
    while left:
        left, digit = divmod(left, len(CREDIT_ALPHABET))
        digits = CREDIT_ALPHABET[digit] + digits
    first = f"91{AREA}MA{digits:0>7}"
    return first + credit_check_digit(first)


@dataclass(slots=True)
class Namer:
    """Draws names, never the same twice."""

    rng: random.Random
    taken: set[str] = field(default_factory=set)
    drawn: int = 0

    def person_name(self) -> str:
        while True:
            name = self.rng.choice(SURNAMES) + self.rng.choice(GIVEN)
            if name not in self.taken:
                self.taken.add(name)
                return name

    def firm_name(self) -> tuple[str, str]:
        while True:
            brand, (trade, trade_en) = self.rng.choice(BRANDS), self.rng.choice(TRADES)
            name = f"清源{brand}{trade}有限公司"
            if name not in self.taken:
                self.taken.add(name)
                return name, f"Qingyuan {''.join(lazy_pinyin(brand)).capitalize()} {trade_en} Co., Ltd."

    def citizen(self, name: str = "") -> Invented:
        self.drawn += 1
        if name:
            self.taken.add(name)
        born = date(1950, 1, 1) + timedelta(days=self.rng.randrange(20_000))
        return Invented(
            kind="natural", name=name or self.person_name(), number=identity_number(born, self.drawn),
                phone=self.phone()
        )  # fmt: skip

    def firm(self, name: str = "") -> Invented:
        self.drawn += 1
        if name:
            self.taken.add(name)
        return Invented(
            kind="organisation", name=name or self.firm_name()[0], number=credit_code(self.drawn), phone=self.phone()
        )  # fmt: skip

    def phone(self) -> str:
        """1990000xxxx: a range kept for this demonstration."""
        return f"1990000{self.drawn % 10_000:04d}"
