"""The pages shown when something is absent, refused or broken. A stranger's case and no case at all read the same: 404.
The page belongs to `ui`; a fault while drawing it must still be answered, in plain words."""

import logging
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.accounts import clock

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
BROKEN = Fault(
    status=500,
    title=_("我们这边出错了"),
    sentence=_("这不是您的问题，差错已经记录。刚才提交的内容可能没有收下。"),
    remedy=_("请过几分钟回到办理页面看一看再试；仍然不行，请联系窗口。"),
)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, TOO_MUCH if isinstance(exception, TOO_MUCH_AT_ONCE) else UNREADABLE)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FORBIDDEN)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, FORGED)


def absent(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, ABSENT)


def unwritable(request: HttpRequest) -> HttpResponse:
    """The disk is full or read-only: nothing was half done, because a case is written in one transaction."""
    return _page(request, UNWRITABLE)


def unlawful(request: HttpRequest) -> HttpResponse:
    """A procedure file cannot be taken: its file, line and mend stand in the log."""
    return _page(request, UNLAWFUL)


def broken(request: HttpRequest) -> HttpResponse:
    try:
        return _page(request, BROKEN)
    except Exception:  # the page that reports a fault must not be a second fault
        log.exception("the error page itself failed")
    try:  # without the request: no name of the site, no menu, nothing that could ask the database
        return HttpResponse(render_to_string("ui/error.html", {"fault": BROKEN}), status=BROKEN.status)
    except Exception:
        words = f"{BROKEN.title}\n{BROKEN.sentence}\n{BROKEN.remedy}\n"
        return HttpResponse(words, status=500, content_type="text/plain; charset=utf-8")


def _page(request: HttpRequest, fault: Fault) -> HttpResponse:
    finding = {"find_url": reverse("portal:search"), "find_label": _("事项名称，或者要办的事")}
    return render(request, "ui/error.html", {"fault": fault, "now": clock.now(), **finding}, status=fault.status)
