"""What opens one case to somebody without sign-in: the query password and the token of the receipt's QR.

Both are derived from the case number under a key outside the database, so nothing has to be stored or rebuilt.
The page a token opens is masked; the password counts only together with the applicant's certificate number.
"""

import hmac
from hashlib import sha256

from zhengtong.ledger import keys

TOKEN_LENGTH = 20


def token_of(number: str) -> str:
    """The token on the receipt's QR: the number, and proof that we wrote it."""
    return f"{number}.{_derived('token', number)[:TOKEN_LENGTH]}"


def number_of(token: str) -> str | None:
    """The case number a token stands for; None when we did not write it."""
    number, _, proof = token.partition(".")
    expected = _derived("token", number)[:TOKEN_LENGTH]
    return number if hmac.compare_digest(proof.encode(), expected.encode()) else None


def password_of(number: str) -> str:
    """The six digits printed on the receipt."""
    return f"{int(_derived('password', number)[:15], 16) % 1_000_000:06d}"


def is_password(number: str, password: str) -> bool:
    return hmac.compare_digest(password.strip().encode(), password_of(number).encode())


def _derived(label: str, number: str) -> str:
    return hmac.new(keys.index(), f"access:{label}:{number}".encode(), sha256).hexdigest()
