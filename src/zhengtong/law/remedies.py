"""Remedies (救济): how long a party has to turn against a decision, from one dated file or an item's
special law.

Every place that tells a person of the remedies (guide, leaflet, decision, progress page) takes its words from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from zhengtong.kernel.terms import Term, Unit
from zhengtong.law import overlay
from zhengtong.law.reading import read_toml

FOLDER: Final = "rulebooks/remedies"
_UNITS: Final = {
    Unit.CD: ("日", "day"), Unit.WD: ("个工作日", "working day"), Unit.MONTH: ("个月", "month"),
    Unit.YEAR: ("年", "year"),
    Unit.H: ("小时", "hour"), Unit.WH: ("个工作小时", "working hour"),
}  # fmt: skip
_DIGITS: Final = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedies:
    """The two terms, both counted from receipt of the decision. Source: 行政复议法（2023）20, 行政诉讼法 46."""

    reconsideration: Term
    lawsuit: Term

    def words(self, *, english: bool = False) -> str:
        """One sentence for guides and progress pages.

        >>> from zhengtong.kernel.terms import Term
        >>> Remedies(reconsideration=Term.parse("60 cd"), lawsuit=Term.parse("6 month")).words()
        '收到决定之日起六十日内，可以申请行政复议；六个月内，可以向人民法院提起行政诉讼。'
        """
        if english:
            first, second = _english(self.reconsideration), _english(self.lawsuit)
            return (
                f"Within {first} of receiving the decision you may apply for administrative reconsideration; "
                f"within {second}, bring a lawsuit before the people's court."
            )
        first, second = in_characters(self.reconsideration), in_characters(self.lawsuit)
        return f"收到决定之日起{first}内，可以申请行政复议；{second}内，可以向人民法院提起行政诉讼。"

    def notice(self, government: str) -> str:
        """The sentence of an official decision, naming the organ of reconsideration. Source: 行政许可法 38(2)."""
        return (
            f"如不服本决定，可以自收到本文书之日起{in_characters(self.reconsideration)}内向{government}申请行政复议，"
            f"也可以自收到本文书之日起{in_characters(self.lawsuit)}内依法向有管辖权的人民法院提起行政诉讼。"
        )


@cache
def _general() -> Mapping[str, Term]:
    newest = max(overlay.find_all(FOLDER).items())[1]
    return {code: Term.parse(row["term"]) for code, row in read_toml(newest)["remedies"].items()}


overlay.when_forgotten(_general.cache_clear)


def find_remedies(content: Mapping[str, Any]) -> Remedies:
    """The remedies against decisions under this item version.

    Raises:
        TermFault: the item writes a term of no known shape (item_schema refuses it before).
    """
    own = {code: Term.parse(text) for code, text in content.get("remedies", {}).items()}
    return Remedies(**{**_general(), **own})


def in_characters(term: Term) -> str:
    """A term as official papers write it.

    >>> in_characters(Term.parse("15 cd")), in_characters(Term.parse("110 wd")), in_characters(Term.parse("10 cd"))
    ('十五日', '一百一十个工作日', '十日')
    """
    return f"{_number(term.n)}{_UNITS[term.unit][0]}"


def _number(n: int) -> str:
    """A whole number below a thousand in Chinese; above, in figures."""
    if n >= 1000:
        return str(n)
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        said += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        said += "〇"
    return said + (_DIGITS[ones] if ones or not (hundreds or tens) else "")


def _english(term: Term) -> str:
    return f"{term.n} {_UNITS[term.unit][1]}{'' if term.n == 1 else 's'}"
