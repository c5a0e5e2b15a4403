"""How a procedure file's source is shown (依据): `XKF 32(4)` becomes 《行政许可法》第 32 条（4）."""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

ARTICLE: Final = re.compile(r"^(\d+)((?:\(\d+\))*)$")
LONG: Final = "中华人民共和国"
EDITION: Final = re.compile(r"（\d{4}年修[正订]）$")


def article_words(source: str, words: Mapping[str, str]) -> str:
    """A source in words; several laws are joined."""
    return "；".join(_one(part.strip(), words) for part in source.split(";") if part.strip())


def _one(source: str, words: Mapping[str, str]) -> str:
    code, _blank, rest = source.partition(" ")
    title = words.get(f"sources.{code}.title")
    if title is None:
        return source
    named = EDITION.sub("", title.removeprefix(LONG))
    shown = _("《%(title)s》") % {"title": named}
    places = [_place(each.strip()) for each in rest.split(",")] if rest else []
    return shown + "、".join(places)


def _place(text: str) -> str:
    found = ARTICLE.match(text)
    if found is None:
        return text
    return _("第%(article)s条%(rest)s") % {"article": found[1], "rest": found[2].replace("(", "（").replace(")", "）")}
