"""Addresses of the room's rules, spot checks and reports."""

from django.urls import URLPattern, path

from zhengtong.supervision.views import reports, rules, spot_checks

rules_patterns: list[URLPattern] = [
    path("rules/", rules.rules, name="rules"),
    path("rules/drafts/new", rules.begin, name="draft_begin"),
    path("rules/drafts/<int:row>/", rules.draft, name="draft"),
    path("rules/drafts/<int:row>/drop", rules.drop, name="draft_drop"),
    path("rules/drafts/<int:row>/try", rules.try_draft, name="draft_try"),
    path("rules/drafts/<int:row>/tried", rules.tried, name="draft_tried"),
    path("rules/drafts/<int:row>/put", rules.put, name="draft_put"),
    path("rules/drafts/<int:row>/metrics", rules.metrics, name="draft_metrics"),
    path("rules/drafts/<int:row>/rules/", rules.edit_rule, name="draft_new_rule"),
    path("rules/drafts/<int:row>/complaints", rules.complaints, name="draft_new_complaints"),
    path("rules/drafts/<int:row>/rules/<str:code>/", rules.edit_rule, name="draft_rule"),
    path("rules/drafts/<int:row>/rules/<str:code>/complaints", rules.complaints, name="draft_complaints"),
    path("rules/drafts/<int:row>/rules/<str:code>/remove", rules.remove_rule, name="draft_remove_rule"),
    path("rules/<str:edition>/<str:code>", rules.rule, name="rule"),
    path("reports/", reports.report, name="reports"),
    path("reports/export", reports.export, name="report_export"),
    path("checks/", spot_checks.checks, name="checks"),
    path("checks/new", spot_checks.plan, name="check_plan"),
    path("checks/<str:number>/", spot_checks.check, name="check"),
    path("checks/<str:number>/sheet", spot_checks.sheet, name="check_sheet"),
    path("checks/<str:number>/things/<int:place>", spot_checks.thing, name="check_thing"),
    path("checks/<str:number>/files/<str:digest>", spot_checks.photo, name="check_photo"),
    path("checks/<str:number>/acts/<slug:act>", spot_checks.act, name="check_act"),
]
