"""Addresses of the room: the watch screen and cards, rules and reports, process analysis."""

from zhengtong.supervision.process_urls import process_patterns
from zhengtong.supervision.rules_urls import rules_patterns
from zhengtong.supervision.watch_urls import watch_patterns

app_name = "supervision"
urlpatterns = [*watch_patterns, *rules_patterns, *process_patterns]
