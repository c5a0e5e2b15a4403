"""Fixtures for every test stand in tests/support, by topic; this file only makes them known."""

pytest_plugins = [
    "tests.support.loud",
    "tests.support.translations",
    "tests.support.databases",
    "tests.support.city",
    "tests.support.browser",
    "tests.support.journeys",
]
