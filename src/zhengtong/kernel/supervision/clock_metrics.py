"""What rules measure on one limit of one case (时限指标): what is left of it, or by how much it is exceeded.

Nothing is counted here: instants and days come from the clocks of the law.
"""

from collections.abc import Mapping
from typing import Final

from zhengtong.kernel.supervision.rules import Family, Operator, Unit
from zhengtong.kernel.supervision.vocabulary import Metric, by_code

LIMIT_LEFT: Final = "limit_left"
LIMIT_LEFT_SHARE: Final = "limit_left_share"
LIMIT_OVER: Final = "limit_over"
PROMISE_LEFT: Final = "promise_left"
PROMISE_LEFT_SHARE: Final = "promise_left_share"
PROMISE_OVER: Final = "promise_over"
STALLED: Final = "stalled"

OF_PROMISE: Final = frozenset({PROMISE_LEFT, PROMISE_LEFT_SHARE, PROMISE_OVER})
AFTER: Final = frozenset({LIMIT_OVER, PROMISE_OVER})
SHARES: Final = frozenset({LIMIT_LEFT_SHARE, PROMISE_LEFT_SHARE})

_DAYS: Final = (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.WORKING_HOURS, Unit.HOURS)
_LESS: Final = (Operator.AT_MOST, Operator.BELOW)
_MORE: Final = (Operator.ABOVE, Operator.AT_LEAST)


def _metric(code: str, units: tuple[Unit, ...], operators: tuple[Operator, ...], name: str, name_en: str) -> Metric:
    return Metric(
        code=code,
        family=Family.CLOCK,
        units=units,
        name=name,
        name_en=name_en,
        uses=frozenset({"clocks"}),
        operators=operators,
    )


CLOCK: Final[Mapping[str, Metric]] = by_code(
    (
        _metric(LIMIT_LEFT, _DAYS, _LESS, "法定（规定）时限剩余", "Left of the limit"),
        _metric(LIMIT_LEFT_SHARE, (Unit.PERCENT,), _LESS, "法定（规定）时限剩余比例", "Share left of the limit"),
        _metric(LIMIT_OVER, _DAYS, _MORE, "超过法定（规定）时限", "Beyond the limit"),
        _metric(PROMISE_LEFT, _DAYS, _LESS, "承诺时限剩余", "Left of the promised time"),
        _metric(PROMISE_LEFT_SHARE, (Unit.PERCENT,), _LESS, "承诺时限剩余比例", "Share left of the promised time"),
        _metric(PROMISE_OVER, _DAYS, _MORE, "超过承诺时限", "Beyond the promised time"),
        Metric(
            code=STALLED,
            family=Family.CLOCK,
            units=(Unit.WORKING_DAYS,),
            name="在部门手中无人办理",
            name_en="With the office and nothing entered",
            operators=_MORE,
        ),
    )
)
"""Days are of the limit's own kind; a limit in hours answers thresholds in hours, and exceeding it by nothing. A stall
has no limit (see `stalls`)."""
