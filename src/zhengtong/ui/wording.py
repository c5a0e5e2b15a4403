"""How days, instants, money and distances in time are written, in Chinese and in English.

Instants are shown in the zone of law, UTC+8.
"""

from datetime import date, datetime, timedelta, timezone

from django.utils.translation import get_language
from django.utils.translation import gettext as _

LAW_ZONE = timezone(timedelta(hours=8))
WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def in_english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "").startswith("en")


def day_of(value: date | datetime) -> date:
    """The civil day in the zone of law.

    >>> from datetime import UTC
    >>> day_of(datetime(2026, 3, 15, 17, 0, tzinfo=UTC))
    datetime.date(2026, 3, 16)
    """
    if not isinstance(value, datetime):
        return value
    return (value.astimezone(LAW_ZONE) if value.tzinfo else value).date()


def weekday_words(value: date | datetime) -> str:
    """周一, or Mon."""
    number = day_of(value).weekday()
    return WEEKDAYS_EN[number] if in_english() else f"周{WEEKDAYS[number]}"


def day_words(value: date | datetime) -> str:
    """2026年3月16日（周一）, or 16 March 2026 (Mon)."""
    day = day_of(value)
    if in_english():
        return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year} ({weekday_words(day)})"
    return f"{day.year}年{day.month}月{day.day}日（{weekday_words(day)}）"


def short_day_words(value: date | datetime) -> str:
    """3月16日, or 16 Mar."""
    day = day_of(value)
    return f"{day.day} {MONTHS_EN[day.month - 1][:3]}" if in_english() else f"{day.month}月{day.day}日"


def table_day(value: date | datetime) -> str:
    """2026-03-16, as dates stand in tables in either language."""
    return day_of(value).isoformat()


def instant_words(value: datetime) -> str:
    """2026年3月16日（周一）09:05, or 16 March 2026 (Mon) 09:05."""
    local = value.astimezone(LAW_ZONE) if value.tzinfo else value
    return f"{day_words(local)}{' ' if in_english() else ''}{local:%H:%M}"


def table_instant(value: datetime) -> str:
    """2026-03-16 09:05."""
    local = value.astimezone(LAW_ZONE) if value.tzinfo else value
    return f"{local:%Y-%m-%d %H:%M}"


def money_words(fen: int) -> str:
    """Fen as yuan.

    >>> money_words(123450), money_words(-5), money_words(0)
    ('¥1,234.50', '-¥0.05', '¥0.00')
    """
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def distance_words(then: date | datetime, now: date | datetime) -> str:
    """How far `then` lies from `now`: minutes and hours within a day, else civil days."""
    if isinstance(then, datetime) and isinstance(now, datetime):
        minutes = round((now - then).total_seconds() / 60)
        if abs(minutes) < 1:
            return _("刚刚")
        if abs(minutes) < 60:
            return _minutes(minutes)
        if abs(minutes) < 24 * 60 and day_of(then) == day_of(now):
            return _hours(minutes)
    return _days((day_of(now) - day_of(then)).days)


def _minutes(past: int) -> str:
    n = abs(past)
    if past > 0:
        return _("%(n)s 分钟前") % {"n": n}
    return _("%(n)s 分钟后") % {"n": n}


def _hours(past: int) -> str:
    n = abs(past) // 60
    if past > 0:
        return _("%(n)s 小时前") % {"n": n}
    return _("%(n)s 小时后") % {"n": n}


def _days(past: int) -> str:
    near = {0: _("今天"), 1: _("昨天"), -1: _("明天")}
    if past in near:
        return near[past]
    n = abs(past)
    if past > 0:
        return _("%(n)s 天前") % {"n": n}
    return _("%(n)s 天后") % {"n": n}
