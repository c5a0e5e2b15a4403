"""Codes of the watch in the reader's words: departments, windows, items, rules, levels, states of a card."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from zhengtong.accounts import queries as people
from zhengtong.catalogue import queries as catalogue
from zhengtong.ui.values import SignalKind

LEVELS: Final[Mapping[str, Promise]] = {
    "red": gettext_lazy("红牌"), "yellow": gettext_lazy("黄牌"), "prompt": pgettext_lazy("supervision", "提示"),
}  # fmt: skip
SIGNALS: Final[Mapping[str, SignalKind]] = {"red": "red", "yellow": "yellow", "prompt": "prompt"}
CARD_STATES: Final[Mapping[str, Promise]] = {
    "open": gettext_lazy("在挂"), "appealed": gettext_lazy("异议中"), "proposed": gettext_lazy("拟发牌"),
    "withdrawn": gettext_lazy("已撤销"), "corrected": gettext_lazy("已整改销号"),
    "accountable": gettext_lazy("已移交问责"), "other": gettext_lazy("另行了结"), "dropped": gettext_lazy("没有发牌"),
    "issued": gettext_lazy("全部发出的"),
}  # fmt: skip
STANDS: Final[Mapping[str, Promise]] = {
    "issuing": gettext_lazy("拟发牌"), "issued": gettext_lazy("未签收"), "acknowledged": gettext_lazy("已签收"),
    "appealed": gettext_lazy("异议中"), "reported": gettext_lazy("已报整改"), "closed": gettext_lazy("已销"),
}  # fmt: skip
OUTCOMES: Final[Mapping[str, Promise]] = {
    "corrected": gettext_lazy("已整改销号"), "revoked": gettext_lazy("已撤销"),
    "accountable": gettext_lazy("已移交问责"),
    "not_issued": gettext_lazy("没有发牌"), "superseded": gettext_lazy("由更重的牌代替"),
}  # fmt: skip
SIGNAL_STATES: Final[Mapping[str, Promise]] = {
    "open": gettext_lazy("还没有结束"), "ended": gettext_lazy("已经结束"), "gone": gettext_lazy("不再成立"),
    "all": gettext_lazy("全部成立的"),
}  # fmt: skip
CASE_STATES: Final[Mapping[str, Promise]] = {
    "open": gettext_lazy("全部在办"), "course": gettext_lazy("按期在办"), "signalled": gettext_lazy("有信号的在办"),
    "late": gettext_lazy("超承诺时限的在办"), "late_limit": gettext_lazy("超法定时限的在办"),
    "decided": gettext_lazy("有承诺、已经办结"), "kept": gettext_lazy("按承诺办结"),
    "broken": gettext_lazy("超承诺办结"),
}  # fmt: skip
FAMILIES: Final[Mapping[str, Promise]] = {
    "clock": gettext_lazy("时限"), "conduct": gettext_lazy("行为"), "pattern": gettext_lazy("面上"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The words of every code a page shows, read in one query a kind."""

    units: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    windows: Mapping[str, str] = field(default_factory=dict)

    def unit(self, code: str) -> str:
        return self.units.get(code, code) if code else _("未归口")

    def item(self, code: str) -> str:
        return self.items.get(code, code) if code else _("不只一个事项")

    def window(self, code: str) -> str:
        return self.windows.get(code, code) if code else _("不在窗口")


def names_of(*, units: Iterable[str] = (), items: Iterable[str] = (), windows: Iterable[str] = ()) -> Names:
    wanted = sorted({code for code in items if code})
    return Names(
        units=people.unit_names({code for code in units if code}),
        items=catalogue.item_names(wanted) if wanted else {},
        windows=people.post_places({code for code in windows if code}),
    )
