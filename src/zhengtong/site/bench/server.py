"""The site as it is served, with one address more: a view that does nothing, behind the same middleware. What a page
costs is told against it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from zhengtong.site.bench.crowd import TRIVIAL

os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.site.settings"
application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


def trivial(request: HttpRequest) -> HttpResponse:
    return HttpResponse("well", content_type="text/plain")


urlpatterns = [path(TRIVIAL[1:], trivial), path("", include("zhengtong.site.urls"))]
