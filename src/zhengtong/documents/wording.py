"""How law, limits, days and money are written on official documents (公文用语), which are always in Chinese."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from zhengtong.kernel.procedures import Source
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit

UNITS: Final = {
    Unit.WD: "个工作日", Unit.CD: "日", Unit.H: "小时", Unit.WH: "个工作小时", Unit.MONTH: "个月", Unit.YEAR: "年",
}  # fmt: skip
_DIGITS: Final = "零一二三四五六七八九"
_ARTICLE: Final = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?(?:\([0-9]+\))*")


def term_words(term: str | Term | None) -> str:
    """
    >>> term_words("20 wd"), term_words("0 wd"), term_words(None)
    ('20个工作日', '当场', '')
    """
    if term is None:
        return ""
    read = Term.parse(term) if isinstance(term, str) else term
    return "当场" if read.n == 0 else f"{read.n}{UNITS[read.unit]}"


def day_words(value: date | datetime | str | None) -> str:
    """
    >>> day_words("2026-03-16"), day_words("2026-03-15T16:30:00+00:00"), day_words(None)
    ('2026年3月16日', '2026年3月16日', '')
    """
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    day = value.astimezone(LAW_ZONE).date() if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日"


def instant_words(value: datetime | str) -> str:
    """
    >>> instant_words("2026-03-16T01:05:00+00:00")
    '2026年3月16日9时05分'
    """
    read = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(LAW_ZONE)
    return f"{day_words(read)}{read.hour}时{read.minute:02d}分"


def money_words(fen: int) -> str:
    """
    >>> money_words(12050), money_words(100)
    ('120.50元', '1.00元')
    """
    return f"{fen // 100:,}.{fen % 100:02d}元"


def number_words(n: int) -> str:
    """
    >>> [number_words(n) for n in (7, 10, 12, 32, 101, 120, 115)]
    ['七', '十', '十二', '三十二', '一百零一', '一百二十', '一百一十五']
    """
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        said += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        said += "零"
    return said + (_DIGITS[ones] if ones or not said else "")


def basis_words(source: str, sources: Mapping[str, Source]) -> str:
    """The articles an act rests on, by title and article. Paragraph and item are left out: the code does not tell
    which of the two a bracket means.

    >>> law = {"XKF": Source(code="XKF", title="中华人民共和国行政许可法（2019年修正）", kind="law", confirmed=True)}
    >>> basis_words("XKF 34(2), 42(1)", law)
    '《中华人民共和国行政许可法》第三十四条、第四十二条'
    """
    said: list[str] = []
    for part in source.split(";"):
        code, _, articles = part.strip().partition(" ")
        if not code:
            continue
        title = _title(sources[code].title if code in sources else code)
        numbers = dict.fromkeys(_article(each.strip()) for each in articles.split(",") if each.strip())
        said.append(title + "、".join(each for each in numbers if each))
    return "，".join(dict.fromkeys(said))


def _title(title: str) -> str:
    """Law by its name in 《》, without the year of its wording; a paper known by its number stays bare."""
    if title.endswith("号") and "〔" in title:
        return title
    name, bracket, more = title.partition("（")
    keep = bracket + more if "示例" in more or "号" in more else ""
    return f"《{name}》{keep}"


def _article(text: str) -> str:
    shape = _ARTICLE.fullmatch(text)
    if shape is None:
        return ""
    first = f"第{number_words(int(shape[1]))}条"
    return f"{first}至第{number_words(int(shape[2]))}条" if shape[2] else first
