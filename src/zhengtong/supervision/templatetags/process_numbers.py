"""Numbers as the process pages show them."""

from django import template

register = template.Library()


@register.filter
def grouped(number: object) -> str:
    """
    >>> grouped(15000), grouped("–")
    ('15,000', '–')
    """
    return f"{number:,}" if isinstance(number, int) else str(number)
