"""Sentences told in two languages: English text here and now, and what it was made of for whoever says it again.

A report finds the Chinese of `form` in `report_words`; JSON, notes and tests see a plain text.
"""

from collections.abc import Mapping
from typing import Any, Self


class Said(str):
    """
    >>> told = Said("{n} rows", n=3)
    >>> told, told.form, told.values["n"]
    ('3 rows', '{n} rows', 3)
    """

    form: str
    values: Mapping[str, Any]

    def __new__(cls, form: str, **values: Any) -> Self:
        made = super().__new__(cls, form.format(**values))
        made.form, made.values = form, values
        return made

    def __deepcopy__(self, _memo: object) -> Self:
        return self
