"""Addresses of the room's rules, spot checks and reports."""

from django.urls import URLPattern, path

from zhengtong.supervision.views import spot_checks

rules_patterns: list[URLPattern] = [
    path("checks/", spot_checks.checks, name="checks"),
    path("checks/new", spot_checks.plan, name="check_plan"),
    path("checks/<str:number>/", spot_checks.check, name="check"),
    path("checks/<str:number>/sheet", spot_checks.sheet, name="check_sheet"),
    path("checks/<str:number>/things/<int:place>", spot_checks.thing, name="check_thing"),
    path("checks/<str:number>/files/<str:digest>", spot_checks.photo, name="check_photo"),
    path("checks/<str:number>/acts/<slug:act>", spot_checks.act, name="check_act"),
]
