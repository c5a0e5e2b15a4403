"""Addresses of the machine face."""

from django.urls import path

from zhengtong.federation.api import api

urlpatterns = [path("v1/", api.urls)]
