"""The leaflet (明白纸) as PDF by typst: one A4 page with the eight statutory publicity items (XKF 30) and a QR code.

Data goes in as JSON, never as markup, so that no text of an item can become typst.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from zhengtong.catalogue.guides import GuideView, leaflet_address
from zhengtong.catalogue.labels import MATERIAL_SOURCES, word
from zhengtong.ui import drawing
from zhengtong.ui.typesetting import compile_pdf
from zhengtong.ui.wording import day_words, money_words

TEMPLATE: Final = Path(__file__).resolve().parent / "templates" / "catalogue" / "leaflet.typ"
# The page shrinks its type until all fits on one page; smaller than the last cannot be read.
PAGE: Final = re.compile(rb"/Type\s*/Page\b(?!s)")
SIZES: Final = (12.0, 11.0, 10.0, 9.0, 8.0, 7.2, 6.5)


def leaflet_pdf(guide: GuideView, *, at: datetime) -> bytes:
    """One page, whatever there is to say: the type is made smaller until it fits."""
    data = _data(guide, at)
    for size in SIZES:
        pdf = compile_pdf(TEMPLATE, data | {"size": size}, at=at.replace(microsecond=0))
        if _pages(pdf) == 1:
            return pdf
    return pdf


def _pages(pdf: bytes) -> int:
    return len(PAGE.findall(pdf))


def _qr(text: str) -> str:
    path, width = drawing.qr_path(text)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {width}"><path d="{path}" fill="#000"/></svg>'


def _data(guide: GuideView, at: datetime) -> dict[str, Any]:
    assert guide.needs is not None, "a listed item has no leaflet"
    none = _("尚未填写。")
    arrow = " → ".join(
        f"{step.name}（{step.limit[0]}{step.limit[1]}）" if step.limit[0] else step.name for step in guide.steps
    )
    since = day_words(guide.effective_from) if guide.effective_from else ""
    return {
        "organ": f"{guide.department_words}　{_('办事指南')}",
        "name": guide.name,
        "short": guide.short,
        "qr": _qr(leaflet_address(guide.code)),
        "scan": _("扫码办理"),
        "strip": [
            [_("我们承诺"), f"{guide.promised.number} {guide.promised.unit}" if guide.promised else "–"],
            [_("法律规定最长"), f"{guide.legal.number} {guide.legal.unit}" if guide.legal else "–"],
            [_("收费"), _("不收费") if guide.is_free else money_words(guide.needs.total)],
            [_("到现场"), "–" if guide.visits is None else _("%(number)s 次") % {"number": guide.visits}],
        ],
        "parts": [
            [_("事项"), f"{guide.name}（{guide.kind_words}）。{_('事项编码')} {guide.code}"],
            [_("依据"), "；".join(_basis(one) for one in guide.basis) or none],
            [_("条件"), "；".join(text.rstrip("。") for text in guide.conditions) or none],
            [_("数量"), guide.quantity or none],
            [_("程序"), arrow],
            [_("期限"), _("从受理第二天起算；工作日不含周末和法定节假日，补班日算。")],
        ],
        "papers_head": _("需要提交的全部材料"),
        "heads": [_("序"), _("材料"), _("要不要"), _("从哪来"), _("说明")],
        "papers": [
            [
                str(number),
                line.name,
                _("必要") if line.required else _("有就交"),
                word(MATERIAL_SOURCES, line.source),
                line.note + (f" {_('可容缺后补')}" if line.tolerable else ""),
            ]
            for number, line in enumerate(guide.needs.materials, 1)
        ],
        "last": [
            ["8", _("申请书示范文本"), "、".join((*guide.samples, _("窗口备有空白表和示范文本，不收费。")))],
            ["", _("在哪里办"), "，".join(filter(None, (guide.place, guide.hours, guide.phone)))],
            [
                "",
                _("不服怎么办"),
                guide.remedy,
            ],
        ],
        "foot": [
            _("第 %(version)s 版，%(since)s起用") % {"version": guide.version, "since": since},
            _("%(today)s打印，以网上最新版为准") % {"today": day_words(at)},
        ],
    }


def _basis(one: Any) -> str:
    said = _("《%(title)s》") % {"title": one.title}
    if one.article:
        said += _("第%(article)s条") % {"article": one.article}
    return said if one.confirmed else said + _("（条款待核实）")
