"""What a paper prints that only rooms above this one know; the site says it once at start."""

from collections.abc import Callable

_query_code: Callable[[str], str] | None = None


def install(*, query_code: Callable[[str], str]) -> None:
    """`query_code` gives the six digits for a case number (cases.access.password_of)."""
    global _query_code  # one process has one wiring, made once at start
    _query_code = query_code


def query_code(number: str) -> str:
    """The query password a receipt prints; empty where none is installed."""
    return _query_code(number) if _query_code is not None else ""
