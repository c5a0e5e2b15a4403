"""What proves a paper ours before any look at the ledger: the token in its QR code, the code printed beside it.

Both derive from the case and the place of the paper in it under a key outside the database; nothing is stored, and
neither can be guessed from the other papers' numbers.
"""

import hmac
import re
from base64 import b32encode
from hashlib import sha256
from typing import Final

from zhengtong.ledger import keys

_TOKEN: Final = re.compile(r"([1-9][0-9]{0,18})\.([1-9][0-9]{0,8})\.([0-9a-f]{24})")
_PROOF: Final = 24
_CODE: Final = 8


def token_of(case_id: int, seq: int) -> str:
    """The token in the address of the QR code."""
    return f"{case_id}.{seq}.{_derived('token', case_id, seq).hex()[:_PROOF]}"


def place_of(token: str) -> tuple[int, int] | None:
    """The case and seq a token stands for; None when we did not write it."""
    shape = _TOKEN.fullmatch(token)
    if shape is None:
        return None
    case_id, seq = int(shape[1]), int(shape[2])
    return (case_id, seq) if hmac.compare_digest(token, token_of(case_id, seq)) else None


def code_of(case_id: int, seq: int) -> str:
    """The code people type beside the number: eight letters and digits, in two groups."""
    letters = b32encode(_derived("code", case_id, seq)).decode()[:_CODE]
    return f"{letters[:4]}-{letters[4:]}"


def is_code(case_id: int, seq: int, typed: str) -> bool:
    said = re.sub(r"[\s\-－—]", "", typed).upper().replace("0", "O").replace("1", "I").replace("8", "B")
    return hmac.compare_digest(said.encode(), code_of(case_id, seq).replace("-", "").encode())


def _derived(label: str, case_id: int, seq: int) -> bytes:
    return hmac.new(keys.index(), f"documents\0{label}\0{case_id}\0{seq}".encode(), sha256).digest()
