"""The addresses of the room `documents`."""

from django.urls import URLPattern, path

from zhengtong.documents import views

app_name = "documents"

urlpatterns: list[URLPattern] = [
    path("files/<str:number>/<str:digest>", views.file, name="file"),
    path("papers/<str:number>/<str:paper>.pdf", views.paper, name="paper"),
    path("verify", views.verify, name="verify"),
    path("v/<str:token>", views.token, name="token"),
    path("v/<str:token>/public.pdf", views.public_copy, name="public_copy"),
]
