"""Certificates by which a subject is known, and whether a number can be one of its kind (check digits: ui/codes.py)."""

import re

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhengtong.ui.codes import credit_code_fault, identity_fault

MOBILE = re.compile(r"1[3-9][0-9]{9}")
OTHER_NUMBER = re.compile(r"[A-Z0-9]{5,30}")


class CertificateKind(models.TextChoices):
    """The codes are those that a party's form writes."""

    IDENTITY = "identity", _("居民身份证")
    CREDIT_CODE = "credit_code", _("统一社会信用代码")
    PASSPORT = "passport", _("护照")
    HK_MACAU_PERMIT = "hk_macau_permit", _("港澳居民来往内地通行证")
    TAIWAN_PERMIT = "taiwan_permit", _("台湾居民来往大陆通行证")
    OTHER = "other", _("其他证件")


NATURAL_KINDS = tuple((kind.value, kind.label) for kind in CertificateKind if kind != CertificateKind.CREDIT_CODE)


def is_certificate_number(kind: str, number: str) -> bool:
    """Whether a tidied number can be one of this kind.

    >>> is_certificate_number("identity", "11010519491231002X"), is_certificate_number("identity", "110105194912310021")
    (True, False)
    >>> is_certificate_number("credit_code", "91350100M000100Y43"), is_certificate_number("passport", "E12345678")
    (True, True)
    """
    if kind == CertificateKind.IDENTITY:
        return identity_fault(number) is None
    if kind == CertificateKind.CREDIT_CODE:
        return credit_code_fault(number) is None
    return OTHER_NUMBER.fullmatch(number) is not None


def kind_of_number(number: str) -> str:
    """The kind a bare number must be by its check digits; empty when it could be any other.

    >>> kind_of_number("11010519491231002X"), kind_of_number("91350100M000100Y43"), kind_of_number("E12345678")
    ('identity', 'credit_code', '')
    """
    for kind in (CertificateKind.IDENTITY, CertificateKind.CREDIT_CODE):
        if is_certificate_number(kind, number):
            return kind.value
    return ""


def is_mobile(phone: str) -> bool:
    return MOBILE.fullmatch(phone) is not None
