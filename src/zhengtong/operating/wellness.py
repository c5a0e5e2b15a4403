"""Is the site well? (体检): a few questions with an answer each, in words, for a balancer, a monitor and a person
alike."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.ledger.triggers import find_missing
from zhengtong.operating.readings import Readings, read
from zhengtong.operating.upgrading import CannotUpgrade, find_waiting

log = logging.getLogger(__name__)
WORKER_LATE, WORKER_GONE = timedelta(minutes=2), timedelta(minutes=15)
OUTBOX_LATE, SWEEP_LATE = timedelta(minutes=10), timedelta(minutes=10)
BACKUP_OLD: Final = timedelta(days=2)
DISK_LOW, DISK_FULL = 2 << 30, 200 << 20


class Level(StrEnum):
    WELL = "well"
    WARNING = "warning"
    FAILING = "failing"


LEVELS: Final = {Level.WELL: _("正常"), Level.WARNING: _("请留意"), Level.FAILING: _("有故障")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question and its answer; `value` is the figure behind it, in seconds, bytes or a count."""

    name: str
    title: str | Promise
    level: Level
    words: str | Promise
    value: float | None = None

    @property
    def level_words(self) -> str | Promise:
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wellness:
    at: datetime
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        """Whether people can be served: warnings do not stop anybody."""
        return all(check.level != Level.FAILING for check in self.checks)


def examine(now: datetime) -> Wellness:
    """Ask everything; where the database does not answer, that alone is said."""
    try:
        readings = read(now)
    except DatabaseError as error:
        log.error("health: the database does not answer: %s", type(error).__name__)
        gone = Check(
            name="database", title=_("数据库"), level=Level.FAILING, words=_("数据库没有应答，或者还没有建好。")
        )
        return Wellness(at=now, checks=(gone,))
    return Wellness(at=now, checks=tuple(_checks(readings)))


def _checks(found: Readings) -> Iterator[Check]:
    yield Check(name="database", title=_("数据库"), level=Level.WELL, words=_("数据库有应答。"))
    yield _schema()
    yield _triggers()
    yield _worker(found)
    yield _sweep(found)
    yield _outbox(found)
    yield _roots(found)
    yield _disk(found)
    yield _backup(found)


def _schema() -> Check:
    title = _("数据库结构")
    try:
        waiting = find_waiting()
    except CannotUpgrade:
        return Check(name="migrations", title=title, level=Level.FAILING, words=_("数据库比程序新：请安装对应的版本。"))
    if waiting:
        words = _("数据库还没有升级：请停止服务，运行 zhengtong upgrade。")
        return Check(name="migrations", title=title, level=Level.FAILING, words=words, value=len(waiting))
    return Check(name="migrations", title=title, level=Level.WELL, words=_("与程序版本一致。"), value=0)


def _triggers() -> Check:
    missing = find_missing()
    words = _("防改触发器缺失：请立即运行 zhengtong verify 并通知管理员。") if missing else _("防改触发器都在。")
    level = Level.FAILING if missing else Level.WELL
    return Check(name="triggers", title=_("防改触发器"), level=level, words=words, value=len(missing))


def _worker(found: Readings) -> Check:
    title = _("后台进程")
    if found.worker_at is None:
        words = _("后台进程还没有运行过：请启动 zhengtong work。")
        return Check(name="worker", title=title, level=Level.WARNING, words=words)
    age = found.at - found.worker_at
    level = Level.FAILING if age > WORKER_GONE else Level.WARNING if age > WORKER_LATE else Level.WELL
    words = (
        _("按时运行。")
        if level == Level.WELL
        else _("后台进程没有按时运行：默示、提醒和发送都停着。请查看 zhengtong-work 服务。")
    )
    return Check(name="worker", title=title, level=level, words=words, value=_seconds(age))


def _sweep(found: Readings) -> Check:
    lag = found.at - found.longest_due_at if found.longest_due_at else timedelta()
    is_late = lag > SWEEP_LATE
    words = _("到点的办件没有及时处理。法律效果不受影响，提醒会晚。") if is_late else _("到点的办件都已处理。")
    level = Level.WARNING if is_late else Level.WELL
    return Check(name="sweep", title=_("到点处理"), level=level, words=words, value=_seconds(lag))


def _outbox(found: Readings) -> Check:
    lag = found.at - found.oldest_waiting_at if found.oldest_waiting_at else timedelta()
    if found.parked:
        words = _("有消息多次发送失败，已经搁置，需要人工处理。")
        return Check(name="outbox", title=_("待发消息"), level=Level.WARNING, words=words, value=found.parked)
    is_late = lag > OUTBOX_LATE
    words = _("消息积压：请查看后台进程和对外接口。") if is_late else _("没有积压。")
    level = Level.WARNING if is_late else Level.WELL
    return Check(name="outbox", title=_("待发消息"), level=level, words=words, value=found.waiting)


def _roots(found: Readings) -> Check:
    missing = found.roots_missing
    words = _("有结束的日子还没有签署每日根。") if missing else _("结束的日子都已签署。")
    level = Level.WARNING if missing else Level.WELL
    return Check(name="roots", title=_("每日根"), level=level, words=words, value=missing)


def _disk(found: Readings) -> Check:
    low = max(DISK_LOW, found.disk_size // 20)
    level = Level.WELL
    words = _("空间充足。")
    if found.disk_free < DISK_FULL:
        level, words = Level.FAILING, _("磁盘快满了：随时会存不进去。请立即腾出空间。")
    elif found.disk_free < min(low, found.disk_size // 4):
        level, words = Level.WARNING, _("磁盘空间不多了，请安排扩容或者清理旧备份。")
    return Check(name="disk", title=_("磁盘"), level=level, words=words, value=found.disk_free)


def _backup(found: Readings) -> Check:
    title = _("备份")
    if found.backup_at is None:
        words = _("还没有做过备份：zhengtong backup。")
        return Check(name="backup", title=title, level=Level.WARNING, words=words)
    age = found.at - found.backup_at
    is_old = age > BACKUP_OLD
    words = _("最近一次备份已经过了两天。") if is_old else _("备份按时。")
    level = Level.WARNING if is_old else Level.WELL
    return Check(name="backup", title=title, level=level, words=words, value=_seconds(age))


def _seconds(span: timedelta) -> float:
    return round(max(0.0, span.total_seconds()), 1)
