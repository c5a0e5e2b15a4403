"""Every address of the site, room by room."""

from django.contrib import admin
from django.urls import include, path

from zhengtong.site import views

site_patterns = [
    path("language", views.language, name="language"),
    path("health", views.health, name="health"),
]

urlpatterns = [
    path("", include((site_patterns, "site"))),
    path("admin/", admin.site.urls),
    path("desk/", include("zhengtong.cases.urls")),
    path("", include("zhengtong.accounts.urls")),
    path("catalogue/", include("zhengtong.catalogue.urls")),
    path("documents/", include("zhengtong.documents.urls")),
    path("roots/", include("zhengtong.ledger.urls")),
    path("", include("zhengtong.portal.urls")),
]

handler400 = "zhengtong.site.errors.unreadable"
handler403 = "zhengtong.site.errors.forbidden"
handler404 = "zhengtong.site.errors.absent"
handler500 = "zhengtong.site.errors.broken"
