"""The addresses of the room `portal`: what the public opens."""

from django.urls import URLPattern, path

from zhengtong.portal.views import acting, applying, asking, finding, following

app_name = "portal"

urlpatterns: list[URLPattern] = [
    path("", finding.home, name="home"),
    path("search", finding.search, name="search"),
    path("departments", finding.departments, name="departments"),
    path("themes", finding.themes, name="themes"),
    path("items/<str:code>", finding.guide_without_slash),
    path("items/<str:code>/", finding.guide, name="guide"),
    path("items/<str:code>/leaflet", finding.leaflet, name="leaflet"),
    path("items/<str:code>/leaflet.pdf", finding.leaflet_pdf, name="leaflet_pdf"),
    path("items/<str:code>/apply", applying.apply, name="apply"),
    path("new/<str:code>/", applying.new, name="new"),
    path("apply/<str:ref>/file/<str:digest>", applying.draft_file, name="draft_file"),
    path("apply/<str:ref>/drop", applying.drop, name="drop"),
    path("apply/<str:ref>/<str:step>", applying.step, name="step"),
    path("apply/<str:ref>/<str:step>/save", applying.autosave, name="autosave"),
    path("mine/", following.mine, name="mine"),
    path("cases/<str:number>/", following.case, name="case"),
    path("cases/<str:number>/receipt", following.receipt, name="receipt"),
    path("cases/<str:number>/receipt/print", following.receipt_print, name="receipt_print"),
    path("cases/<str:number>/act/<str:act>", acting.act, name="act"),
    path("cases/<str:number>/file/<str:digest>", following.case_file, name="case_file"),
    path("t/<str:token>", asking.token, name="token"),
    path("query", asking.query, name="query"),
    path("query/case", asking.seen, name="seen"),
]
