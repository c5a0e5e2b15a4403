"""How personal data is shown: enough to know one's own, too little to learn another's (个人信息保护法 art. 6)."""

HIDDEN = "*"


def mask_name(name: str) -> str:
    """The family name, and of three or more characters the last.

    >>> mask_name("张三"), mask_name("李小敏"), mask_name("欧阳小敏"), mask_name("王")
    ('张*', '李*敏', '欧**敏', '王')
    >>> mask_name("")
    ''
    """
    if len(name) <= 1:
        return name
    if len(name) == 2:
        return name[0] + HIDDEN
    return name[0] + HIDDEN * (len(name) - 2) + name[-1]


def mask_number(number: str) -> str:
    """First six and last four; short numbers keep first and last one only.

    >>> mask_number("510199199003071234"), mask_number("E1234567")
    ('510199********1234', 'E******7')
    >>> mask_number("A1"), mask_number("")
    ('**', '')
    """
    if len(number) > 12:
        return number[:6] + HIDDEN * (len(number) - 10) + number[-4:]
    if len(number) > 4:
        return number[0] + HIDDEN * (len(number) - 2) + number[-1]
    return HIDDEN * len(number)


def mask_phone(phone: str) -> str:
    """
    >>> mask_phone("13800003210"), mask_phone("028-85000000"), mask_phone("12345")
    ('138****3210', '028*****0000', '*****')
    """
    if len(phone) < 8:
        return HIDDEN * len(phone)
    return phone[:3] + HIDDEN * (len(phone) - 7) + phone[-4:]
