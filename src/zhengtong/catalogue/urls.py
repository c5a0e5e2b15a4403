"""The addresses of the room `catalogue`. Codes of items hold no slash."""

from django.urls import path

from zhengtong.catalogue.views import beginning, changing, reading

app_name = "catalogue"

urlpatterns = [
    path("", reading.items, name="items"),
    path("new", beginning.new, name="new"),
    path("items/<str:code>", reading.item, name="item"),
    path("items/<str:code>/leaflet.pdf", reading.leaflet, name="leaflet"),
    path("items/<str:code>/begin", changing.begin, name="begin"),
    path("items/<str:code>/draft", changing.draft, name="draft"),
    path("items/<str:code>/change/<slug:kind>", changing.change, name="change"),
    path("items/<str:code>/versions/<int:number>", reading.version, name="version"),
    path("items/<str:code>/versions/<int:number>/edit", changing.edit, name="edit"),
    path("items/<str:code>/versions/<int:number>/complaints", changing.complaints, name="complaints"),
    path("items/<str:code>/versions/<int:number>/submit", changing.submit, name="submit"),
    path("items/<str:code>/versions/<int:number>/publish", changing.publish, name="publish"),
    path("items/<str:code>/versions/<int:number>/return", changing.send_back, name="return"),
]
