"""Addresses for those who keep the site."""

from django.urls import path

from zhengtong.operating import views

app_name = "operating"
urlpatterns = [
    path("health/ready", views.ready, name="ready"),
    path("metrics", views.figures, name="metrics"),
]
