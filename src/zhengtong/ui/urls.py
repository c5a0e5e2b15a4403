"""The style page."""

from django.urls import path

from zhengtong.ui import views

app_name = "ui"
urlpatterns = [path("gallery", views.gallery, name="gallery")]
