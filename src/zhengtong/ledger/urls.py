"""The addresses of the room `ledger`: the public roots."""

from django.urls import path

from zhengtong.ledger import views

app_name = "ledger"

urlpatterns = [
    path("", views.roots_list, name="roots"),
    path("roots.jsonl", views.roots_lines, name="roots_lines"),
    path("root.pub", views.root_key, name="root_key"),
]
