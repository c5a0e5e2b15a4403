"""Rulebooks (规则集): thresholds that lists and supervision read, how long things are kept, and the figures of signing
in, as dated files with their source."""

from functools import cache
from typing import Any, Final

from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.reading import read_toml

SUPERVISION: Final = "rulebooks/supervision"
RETENTION: Final = "rulebooks/retention"
PROTECTION: Final = "rulebooks/protection"


@cache
def _newest(folder: str) -> dict[str, Any]:
    return read_toml(max(overlay.find_all(folder).items())[1])


overlay.when_forgotten(_newest.cache_clear)


def threshold(code: str) -> Term:
    """A threshold of the newest supervision rulebook, e.g. `due_soon`.

    Raises:
        KeyError: there is no such threshold.
    """
    return Term.parse(_newest(SUPERVISION)["thresholds"][code]["term"])


def kept(code: str) -> Term:
    """How long something is kept, in calendar days, e.g. `draft`.

    Raises:
        KeyError: nothing is said of it.
    """
    return Term.parse(_newest(RETENTION)["kept"][code]["term"])


def sign_in_bounds(code: str) -> dict[str, int]:
    """`default`, `least` and `most` of one figure of signing in, e.g. `tries`; units as the rulebook names them.

    Raises:
        KeyError: there is no such figure.
    """
    figure = _newest(PROTECTION)["sign_in"][code]
    return {name: int(figure[name]) for name in ("default", "least", "most")}
