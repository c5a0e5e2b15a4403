"""Rulebooks (规则集): thresholds that lists and supervision read, as dated files with their source."""

from functools import cache
from typing import Final

from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.reading import read_toml

SUPERVISION: Final = "rulebooks/supervision"


@cache
def threshold(code: str) -> Term:
    """A threshold of the newest supervision rulebook, e.g. `due_soon`.

    Raises:
        KeyError: there is no such threshold.
    """
    newest = max(overlay.find_all(SUPERVISION).items())[1]
    table = read_toml(newest)
    return Term.parse(table["thresholds"][code]["term"])
