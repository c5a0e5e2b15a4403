"""What guessing and reading said (`said`), in the language of a report; and the names of what columns are for."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.utils.translation import pgettext

from zhengtong.analysis.said import Said

_: Final = partial(pgettext, "log report")


def tell(text: str) -> str:
    """The sentence in the active language; as it stands where it was not made of a known form.

    >>> tell(Said("something {new}", new="else"))
    'something else'
    """
    if not isinstance(text, Said):
        return text
    form = _forms().get(text.form)
    if form is None:
        return str(text)
    names: Mapping[str, Mapping[str, str]] = {"role": role_names(), "first": {"day": _("日"), "month": _("月")}}
    values: dict[str, Any] = {name: names.get(name, {}).get(str(each), each) for name, each in text.values.items()}
    return form % values if values else form


def role_names() -> dict[str, str]:
    return {
        "case": _("办件"), "activity": _("环节"), "at": _("时间"), "started_at": _("开始时间"), "resource": _("经办"),
        "group": _("部门"), "deadline": _("期限"), "planned": _("计划办结"), "ended": _("办结"),
        "opened": _("开始办理"), "step_due": _("环节期限"), "wide": _("每列一个环节"), "ended_by": _("以此环节办结"),
        "lifecycle": _("环节的起止"), "not a step": _("不算环节"), "not deadline": _("不算期限"),
        "not planned": _("不算计划办结"), "not ended": _("不算办结"),
    }  # fmt: skip


def _forms() -> dict[str, str]:
    return {
        "said in the map file": _("映射文件里写的"),
        "{source} says so": _("%(source)s 格式规定"),
        "its name reads {role}": _("列名像“%(role)s”"),
        "text": _("文字"),
        "instant": _("时刻"),
        "integer": _("整数"),
        "number": _("数"),
        "truth": _("是或否"),
        "{n} of {m} have one": _("%(m)s 个里 %(n)s 个有值"),
        "{n} different values": _("%(n)s 种值"),
        "it differs from event to event of a case": _("同一件里各条事件不同"),
        "it tells when a record was written, not what happened": _("说的是记录何时改写，不是办理到哪一步"),
        "one row per case, an instant for each step": _("一行一件，每个环节一列时间"),
        "nearly every row has another one; {n} come again": _("几乎每行不同；%(n)s 行重复"),
        "every row has another one": _("每行都不同"),
        "of all names that repeat it repeats least": _("会重复的编号里它重复最少"),
        "instants that differ within a case": _("同一件里各不相同的时刻"),
        "the only instant of an event": _("事件只有这一个时刻"),
        "few values that differ within a case": _("值不多，同一件里各不相同"),
        "{share} lie after the first event": _("%(share)s 晚于第一条事件"),
        "true when a case is over": _("办完了就是“是”"),
        "ended is: {words}": _("这些算办结：%(words)s"),
        "several transitions make one activity: {words}": _("几次转换合成一个环节：%(words)s"),
        "nothing follows them in {share} of the cases that have them; {n} of {m} cases end so": _(
            "有它的办件 %(share)s 到此为止；%(m)s 件里 %(n)s 件这样结束"
        ),
        "read as {encoding}, fields apart by {mark}": _("按 %(encoding)s 编码读，字段以 %(mark)s 分开"),
        "{n} lines above the header are left out": _("表头上面的 %(n)s 行没有读"),
        "totals at the end are left out: line {lines}": _("末尾的合计没有读：第 %(lines)s 行"),
        "nothing tells day from month in 03/04/2024: read {first} first": _(
            "03/04/2024 这样的日期分不出日和月，当作%(first)s在前"
        ),
        "{time} is the time of day of {day}: they are read as one": _("%(time)s 是 %(day)s 的钟点，合起来读"),
        "{column}: {words} is taken as missing": _("%(column)s：%(words)s 当作没有"),
        "sheet {name}": _("工作表 %(name)s"),
        "other sheets: {names}": _("没有读的工作表：%(names)s"),
        "{n} merged ranges are filled downwards with their value": _("%(n)s 处合并单元格逐行填上了原值"),
        "{n} events without case, activity or time are left out": _("%(n)s 条事件缺办件、环节或时间，没有算"),
        "{column}: {n} instants outside 1971 to 8999 are taken as missing": _(
            "%(column)s：%(n)s 个时刻不在 1971 年至 8999 年之间，当作没有"
        ),
        "{column}: {n} transitions are {m} activities, each counted once when it was over; {k} are not over": _(
            "%(column)s：%(n)s 次转换合成 %(m)s 个环节，办完时各计一次；%(k)s 个没有办完"
        ),
        "{n} traces without an event are left out": _("%(n)s 件没有事件，没有算"),
        "cases are the objects of type {kind}; other types: {others}": _(
            "办件是 %(kind)s 类的对象；其他类：%(others)s"
        ),
        "an event of several such objects counts in each of their cases": _("涉及几个这类对象的事件，在每一件里都算"),
    }
