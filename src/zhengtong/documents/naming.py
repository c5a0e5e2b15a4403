"""Names of uploaded files made harmless: no path, no control or direction marks, no device names, a fitting length."""

import re
import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 120
UNNAMED: Final = "未命名"
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_UNFIT: Final = re.compile(r'[<>:"|?*]')
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_name(typed: str) -> str:
    """
    >>> clean_name("../../etc/身份证 正面.jpg"), clean_name("C:\\\\桌面\\\\a.pdf")
    ('身份证 正面.jpg', 'a.pdf')
    >>> clean_name("照片\\u202egpj.exe"), clean_name("con.pdf"), clean_name(" .pdf")
    ('照片gpj.exe', '_con.pdf', '未命名.pdf')
    """
    name = unicodedata.normalize("NFC", typed.encode("utf-8", "ignore").decode()).replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in _HIDDEN)
    name = " ".join(_UNFIT.sub("_", name).split()).rstrip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    ending = ending[:10]
    stem = stem.strip(". ")[: MOST_CHARACTERS - len(ending) - 1]
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    stem = stem or UNNAMED
    return f"{stem}.{ending}" if ending else stem
