"""Where a Chinese line may break: words found by jieba, so that a heading never splits 行政审批.

jieba loads its dictionary on first use; results are cached, since headings repeat.
"""

import logging
import re
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

KEEP_WHOLE = re.compile(r"（[^（）]{1,6}）|\d[\d.,:\-/–—]*\d|\d+")
HAN = re.compile(r"[\u3400-\u9fff]")
CLOSING = "，。、；：！？）》」』”’…％%"
OPENING = "（《「『“‘"
TAIL_LENGTH = 8
HEAD_LENGTH = 14


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The text as words that must not be split; joined together they give the text again.

    >>> "".join(words_of("公共场所卫生许可（县级）")), words_of("公共场所卫生许可（县级）")[-1]
    ('公共场所卫生许可（县级）', '许可（县级）')
    """
    if not HAN.search(text):
        return (text,)
    pieces: list[str] = []
    position = 0
    for whole in KEEP_WHOLE.finditer(text):
        pieces += _cut(text[position : whole.start()])
        pieces.append(whole.group())
        position = whole.end()
    pieces += _cut(text[position:])
    return tuple(_glue(pieces))


def _cut(text: str) -> list[str]:
    if not text:
        return []
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return list(jieba.cut(text, HMM=False))


def _glue(pieces: list[str]) -> list[str]:
    """Punctuation stays with its word; a number keeps its measure word; a bracketed note keeps its noun."""
    out: list[str] = []
    for piece in pieces:
        holds = out and (
            piece[0] in CLOSING
            or out[-1][-1] in OPENING
            or (piece[0] == "（" and piece[-1] == "）")
            or (out[-1][-1].isdigit() and len(piece) == 1)
        )
        if holds:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def with_breaks(text: str) -> SafeString:
    """The text, escaped, with <wbr> between words."""
    return mark_safe("<wbr>".join(escape(word) for word in words_of(str(text))))


def head_and_tail(name: str) -> tuple[str, str]:
    """Item names differ at their end, so a long one keeps its last eight characters.

    >>> head_and_tail("取水许可证延续审批")
    ('取水许可证延续审批', '')
    >>> head_and_tail("除从事剧毒、易制爆、汽油加油站的企业外，危险化学品经营许可证换证审查")[1]
    '营许可证换证审查'
    """
    if len(name) <= HEAD_LENGTH + TAIL_LENGTH:
        return name, ""
    return name[:-TAIL_LENGTH], name[-TAIL_LENGTH:]
