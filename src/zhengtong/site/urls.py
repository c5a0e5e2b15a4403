"""Every address of the site, room by room."""

from django.contrib import admin
from django.urls import include, path

from zhengtong.site import law_pages, views

site_patterns = [
    path("language", views.language, name="language"),
    path("health", views.health, name="health"),
    path("law/", law_pages.procedures, name="procedures"),
    path("law/<slug:code>/", law_pages.procedure, name="procedure"),
    path("law/<slug:code>/chart.bpmn", law_pages.chart, name="chart"),
]

urlpatterns = [
    path("", include((site_patterns, "site"))),
    path("admin/", admin.site.urls),
    path("desk/", include("zhengtong.cases.urls")),
    path("", include("zhengtong.accounts.urls")),
    path("", include("zhengtong.administration.urls")),
    path("catalogue/", include("zhengtong.catalogue.urls")),
    path("watch/", include("zhengtong.supervision.urls")),
    path("documents/", include("zhengtong.documents.urls")),
    path("roots/", include("zhengtong.ledger.urls")),
    path("api/", include("zhengtong.federation.urls")),
    path("", include("zhengtong.operating.urls")),
    path("", include("zhengtong.portal.urls")),
]

handler400 = "zhengtong.site.errors.unreadable"
handler403 = "zhengtong.site.errors.forbidden"
handler404 = "zhengtong.site.errors.absent"
handler500 = "zhengtong.site.errors.broken"
