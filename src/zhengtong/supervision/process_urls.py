"""Addresses of the room's process pages."""

from django.urls import URLPattern, path

from zhengtong.supervision.views import process

process_patterns: list[URLPattern] = [
    path("leader/", process.leader, name="leader"),
    path("process/", process.process_map, name="process"),
    path("process/ways/", process.ways, name="process_ways"),
    path("process/times/", process.times, name="process_times"),
    path("process/rework/", process.rework, name="process_rework"),
    path("process/hand-overs/", process.hand_overs, name="process_hand_overs"),
    path("process/conformance/", process.conformance, name="process_conformance"),
    path("process/savings/", process.savings, name="process_savings"),
    path("process/what-if/", process.what_if, name="process_what_if"),
    path("process/cases/", process.cases, name="process_cases"),
]
