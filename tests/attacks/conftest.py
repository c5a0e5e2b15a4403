"""Attacks on one errand take the portal's town, fresh for each test; attacks on every page take the lived city."""

from tests.portal.conftest import city_template, keys_of_the_town, town

__all__ = ["city_template", "keys_of_the_town", "town"]
