"""The words every page carries: the name of this installation."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def site_name(request: HttpRequest) -> dict[str, str | Promise]:
    return {"site_name": settings.ZHENGTONG_SITE_NAME or _("政务服务中心")}
