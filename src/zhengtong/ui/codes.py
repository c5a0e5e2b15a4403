"""Check digits of two numbers: 居民身份证 (GB 11643, ISO 7064 MOD 11-2) and 统一社会信用代码 (GB 32100).

Each check answers a sentence that says what is wrong and what to do, or nothing.
"""

import re
import unicodedata
from datetime import date

from django.utils.translation import gettext as _

IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_LENGTH = 18
PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91)
)


def tidy_code(text: str) -> str:
    """Full-width letters made narrow, spaces and hyphens dropped, letters made capital.

    >>> tidy_code(" ９１5116 02-ma64rt7q3b ")
    '91511602MA64RT7Q3B'
    """
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def identity_check_digit(first_seventeen: str) -> str:
    """The eighteenth character of an identity number.

    Source: GB 11643-1999; ISO 7064 MOD 11-2.

    >>> identity_check_digit("11010519491231002")
    'X'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[total % 11]


def credit_check_digit(first_seventeen: str) -> str:
    """The eighteenth character of a unified social credit code.

    Source: GB 32100-2015; weights are powers of three, modulo 31.

    >>> credit_check_digit("91350100M000100Y4")
    '3'
    """
    total = sum(CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(first_seventeen))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def identity_fault(code: str) -> str | None:
    """What is wrong with an identity number that has been tidied.

    >>> identity_fault("11010519491231002X") is None
    True
    >>> identity_fault("110105194912310021") is None
    False
    """
    if re.fullmatch(r"[0-9]{15}", code):
        return _("这是 15 位的旧号码。请写现在身份证上的 18 位号码。")
    if len(code) != CODE_LENGTH:
        return _("身份证号码是 18 位，您写了 %(count)s 位。请对照证件再数一遍。") % {"count": len(code)}
    if not re.fullmatch(r"[0-9]{17}[0-9X]", code):
        return _("身份证号码只有数字，最后一位可以是 X。请检查有没有写进别的字。")
    if int(code[:2]) not in PROVINCES:
        return _("号码开头两位不是地区代码。请对照证件检查开头。")
    if not _is_day(code[6:14]):
        return _("第 7 到 14 位应当是出生日期，例如 19800131。请对照证件检查。")
    return _wrong_check(code, identity_check_digit(code[:17]))


def _is_day(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= 1850


def credit_code_fault(code: str) -> str | None:
    """What is wrong with a credit code that has been tidied.

    >>> credit_code_fault("91350100M000100Y43") is None
    True
    >>> credit_code_fault("91350100M000100Y48") is None
    False
    """
    if len(code) != CODE_LENGTH:
        return _("统一社会信用代码是 18 位，您写了 %(count)s 位。请对照执照再数一遍。") % {"count": len(code)}
    strange = next((char for char in code if char not in CREDIT_ALPHABET), None)
    if strange is not None:
        return _("代码里不会出现“%(char)s”（没有 I、O、S、V、Z）。多半是把数字看成了字母，请对照执照。") % {
            "char": strange
        }
    if not code[2:8].isdigit():
        return _("第 3 到 8 位是地区代码，只有数字。请对照执照检查。")
    return _wrong_check(code, credit_check_digit(code[:17]))


def _wrong_check(code: str, expected: str) -> str | None:
    if code[-1] == expected:
        return None
    return _("号码前后对不上：按前 17 位算，最后一位应当是 %(expected)s，您写的是 %(given)s。请逐位对照证件。") % {
        "expected": expected,
        "given": code[-1],
    }
