"""The pages shown when something is absent, refused or broken. A stranger's case and no case at all read the same: 404.
The page belongs to `ui`; a fault while drawing it must still be answered, in plain words."""

import logging
import sys
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.accounts import clock
from zhengtong.accounts.traces import note_refusal
from zhengtong.site.outages import Outage, find_outage

TOO_MUCH_AT_ONCE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was wrong, why, and what to do."""

    status: int
    title: str | Promise
    sentence: str | Promise
    remedy: str | Promise


UNREADABLE = Fault(
    status=400,
    title=_("这个请求无法读取"),
    sentence=_("浏览器送来的内容不完整，或者不合要求。"),
    remedy=_("请返回上一页，核对以后重新提交。"),
)
TOO_MUCH = Fault(
    status=413,
    title=_("一次送来的内容太多"),
    sentence=_("除文件以外，一页最多收 5 MB 文字、2000 个栏目；文件一次最多 100 个。这一次没有收下。"),
    remedy=_("请返回上一页，内容还在；把长的内容作为附件上传，或者分几次提交。"),
)
FORBIDDEN = Fault(
    status=403,
    title=_("您没有权限做这件事"),
    sentence=_("当前登录的身份或者岗位不能进行这项操作。"),
    remedy=_("请换用有权限的账号登录，或者联系本单位管理员。"),
)
FORGED = Fault(
    status=403,
    title=_("这个页面已经过期"),
    sentence=_("表单的安全校验没有通过：页面打开得太久，或者登录的身份已经改变。"),
    remedy=_("请返回上一页，刷新以后重新提交。"),
)
ABSENT = Fault(
    status=404,
    title=_("没有找到这个页面"),
    sentence=_("网址可能抄漏了一位，也可能它不是给您看的。"),
    remedy=_("请核对网址或者办件编号，也可以回到首页重新查找。"),
)
UNLAWFUL = Fault(
    status=503,
    title=_("这类事项暂时不能办"),
    sentence=_("它的办理程序文件有错，已经记录下来。其他事项照常办理，没有任何办件被改动。"),
    remedy=_("请稍后再来，或者联系窗口。管理员用“law check”可以看到是哪个文件、哪一行、怎样改。"),
)
UNWRITABLE = Fault(
    status=503,
    title=_("现在存不进去"),
    sentence=_("存放资料的地方满了，或者暂时不能写入。刚才这一步没有办，什么都没有改动。"),
    remedy=_("请过几分钟再试；仍然不行，请联系窗口。"),
)
TOO_OFTEN = Fault(
    status=429,
    title=_("打开得太快了"),
    sentence=_("一分钟里来的请求太多，先停一停。已经提交的内容不受影响。"),
    remedy=_("请过一分钟再试。"),
)
BUSY = Fault(
    status=503,
    title=_("现在太忙，没有排上"),
    sentence=_("别的工作占着数据库，等了二十秒还没有轮到。刚才这一步没有办，什么都没有改动。"),
    remedy=_("请过一分钟返回上一页重新提交。一直这样，请联系窗口或者管理员。"),
)
AWAY = Fault(
    status=503,
    title=_("数据库暂时连不上"),
    sentence=_("系统正在自动重新连接。已经办成的都在；刚才提交的，可能收下了，也可能没有。"),
    remedy=_("请过一分钟返回上一页原样再提交一次：收下过的不会重复办理。一直这样，请联系窗口或者管理员。"),
)
CLOCK_BEHIND = Fault(
    status=503,
    title=_("服务器的时钟慢了，暂停办理"),
    sentence=_("服务器现在的时间，比已经登记的最后一件事还早。为了不记错时间，这一步没有办，什么都没有改动。"),
    remedy=_("请稍后再试。管理员校准时钟以后，办理自动恢复；差多少写在运行日志里。"),
)
KEYS_AWAY = Fault(
    status=503,
    title=_("密钥读不到，个人信息暂时打不开"),
    sentence=_("保管密钥的文件夹读不到，或者缺了一把密钥。资料都在，什么都没有改动，也不会另造新密钥。"),
    remedy=_("请稍后再试。管理员请看运行日志和运维手册的“密钥”一章，把密钥放回原处。"),
)
OUTAGES = {
    Outage.UNWRITABLE: UNWRITABLE,
    Outage.BUSY: BUSY,
    Outage.AWAY: AWAY,
    Outage.CLOCK_BEHIND: CLOCK_BEHIND,
    Outage.KEYS_AWAY: KEYS_AWAY,
}
SECONDS_TO_COME_BACK_IN = 60
BROKEN = Fault(
    status=500,
    title=_("我们这边出错了"),
    sentence=_("这不是您的问题，差错已经记录。刚才提交的内容可能没有收下。"),
    remedy=_("请过几分钟回到办理页面看一看再试；仍然不行，请联系窗口。"),
)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, TOO_MUCH if isinstance(exception, TOO_MUCH_AT_ONCE) else UNREADABLE)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    note_refusal(request)
    return _page(request, FORBIDDEN)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, FORGED)


def absent(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, ABSENT)


def out_of_order(outage: Outage, exception: BaseException | None) -> HttpResponse:
    """The ground is away: disk, database, clock or keys. Drawn without the request, which could ask the database who is
    signed in; logged in one line, for the program is not at fault."""
    log.error("%s: %s", outage, _first_line(exception))
    page = _plain_page(OUTAGES[outage])
    page["Retry-After"] = str(SECONDS_TO_COME_BACK_IN)
    page["Cache-Control"] = "no-store"
    return page


def _first_line(exception: BaseException | None) -> str:
    return next(iter(str(exception).splitlines()), type(exception).__name__)


def unlawful(request: HttpRequest) -> HttpResponse:
    """A procedure file cannot be taken: its file, line and mend stand in the log."""
    return _page(request, UNLAWFUL)


def held(request: HttpRequest, why: str | Promise) -> HttpResponse:
    """A file in quarantine, or one that did not pass the virus scan."""
    remedy = _("等待检查的，过几分钟再打开；已经销毁的，请交件人重新提交没有病毒的文件。")
    return _page(request, Fault(status=409, title=_("这个文件不能打开"), sentence=why, remedy=remedy))


def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    """More requests than a person makes. Drawn without the database: who floods shall cost little."""
    words = f"{TOO_OFTEN.title}\n{TOO_OFTEN.sentence}\n{TOO_OFTEN.remedy}\n"
    page = HttpResponse(words, status=TOO_OFTEN.status, content_type="text/plain; charset=utf-8")
    page["Retry-After"] = str(seconds)
    return page


def broken(request: HttpRequest) -> HttpResponse:
    exception = sys.exc_info()[1]
    outage = find_outage(exception)
    if outage is not None:  # met outside every view: the session, the sign-in
        return out_of_order(outage, exception)
    try:
        return _page(request, BROKEN)
    except Exception:  # the page that reports a fault must not be a second fault
        log.exception("the error page itself failed")
    return _plain_page(BROKEN)


def _plain_page(fault: Fault) -> HttpResponse:
    """Without the request: no name of the site, no menu, nothing that could ask the database."""
    try:
        return HttpResponse(render_to_string("ui/error.html", {"fault": fault}), status=fault.status)
    except Exception:
        words = f"{fault.title}\n{fault.sentence}\n{fault.remedy}\n"
        return HttpResponse(words, status=fault.status, content_type="text/plain; charset=utf-8")


def _page(request: HttpRequest, fault: Fault) -> HttpResponse:
    finding = {"find_url": reverse("portal:search"), "find_label": _("事项名称，或者要办的事")}
    return render(request, "ui/error.html", {"fault": fault, "now": clock.now(), **finding}, status=fault.status)
