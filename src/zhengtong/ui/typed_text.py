"""Text as people type it, made safe to keep: Unicode NFC, plain line ends.

What could deceive a reader is refused with a sentence.
"""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\u200b\u2060\ufeff\u00ad")
LINE_ENDS = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"}


def clean_text(text: str, *, lines: bool = False) -> str:
    """The text in NFC, trimmed, with plain line ends; one line unless `lines`.

    Raises:
        ValidationError: control characters, halves of broken characters, or marks that reverse the reading order.
    """
    for end, plain in LINE_ENDS.items():
        text = text.replace(end, plain)
    text = unicodedata.normalize("NFC", "".join(char for char in text if char not in INVISIBLE)).strip()
    if not lines:
        text = " ".join(text.split("\n")).replace("\t", " ")
    if any(char in BIDI for char in text):
        raise ValidationError(
            _("里面有看不见的符号，会把文字的前后顺序颠倒过来。请删掉，或者重新打一遍。"), code="bidi"
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in text):
        raise ValidationError(
            _("里面有不能保存的控制字符，多半是从别处粘贴来的。请删掉，或者重新打一遍。"), code="control"
        )
    return text


def check_length(text: str, most: int) -> None:
    """Refuse text beyond `most` characters.

    Raises:
        ValidationError: too long; the sentence says by how much.
    """
    if len(text) > most:
        words = _("最多 %(most)s 字，您写了 %(given)s 字。请删减，或者把长的内容作为附件交来。")
        raise ValidationError(words % {"most": most, "given": len(text)}, code="max_length")


def excerpt(text: str, most: int = 20) -> str:
    """What was typed, short enough to quote in an error; characters that cannot be shown are left out."""
    shown = "".join(char for char in text if char.isprintable() and char not in BIDI)
    return shown if len(shown) <= most else shown[:most] + "…"
