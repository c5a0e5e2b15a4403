"""The addresses of the room `cases`: the desk."""

from django.urls import URLPattern, path

from zhengtong.cases.views import case, intake, lists, openings, slips

app_name = "cases"

urlpatterns: list[URLPattern] = [
    path("", lists.home, name="home"),
    path("list/<slug:code>/", lists.work, name="list"),
    path("bulk/", lists.bulk, name="bulk"),
    path("search", lists.search, name="search"),
    path("intake/", intake.pick, name="intake"),
    path("intake/<str:item>/", intake.take, name="take"),
    path("new/", openings.openings, name="openings"),
    path("new/<str:item>/", openings.open_item, name="open"),
    path("cases/<str:number>/", case.show, name="case"),
    path("cases/<str:number>/materials/", case.check, name="check"),
    path("cases/<str:number>/receipt/", slips.receipt, name="receipt"),
    path("cases/<str:number>/fees/", slips.fees, name="fee_slip"),
    path("cases/<str:number>/<slug:act>/", case.act, name="act"),
]
