"""Sealed rows (密封件): a person's data, encrypted under a data key of its own, wrapped by the master key outside the
database. The event holds only the commitment hash(salt ‖ canonical JSON); salt and data key die when the row is erased.

`digest`, which the daily root signs, covers nonce, ciphertext and salt, so that a data key can be wrapped anew. Rows of
the first edition signed their wrapping too: when such a row is wrapped anew its first wrapping goes inside the new one,
and whoever has the key can still check the signed digest.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from zhengtong.kernel.events import Body
from zhengtong.ledger import canonical, chain, codec, keys
from zhengtong.ledger.writing import Pen

COLUMNS: Final = ("case_id", "seq", "field", "key_id", "wrapped", "nonce", "ciphertext", "salt", "digest", "erased_at")
INDEX_COLUMNS: Final = ("field", "hmac", "case_id", "seq", "sealed_field")
_NONCE: Final = 12
_SALT: Final = 16
_KEY: Final = 32
_TAG: Final = 16
_WRAPPED: Final = _NONCE + _KEY + _TAG


class NotThere(LookupError):
    """No such sealed row."""


class WasErased(LookupError):
    """The row was erased: an honest gap."""


class Broken(Exception):
    """The row does not open: changed, or sealed under another master key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """A sealed value before it has its place; its event must commit to `commitment`."""

    field: str
    commitment: str
    key_id: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes
    salt: bytes
    digest: bytes
    indexes: tuple[tuple[str, bytes], ...]


def seal(field: str, value: object, *, index: Sequence[tuple[str, str]] = ()) -> SealedRow:
    """Seal one value. `index` names what it may be found by, each in its own blind index: ("identity_number", "…")."""
    text, master = canonical.canonical(value), keys.current()
    salt, data_key, nonce = token_bytes(_SALT), AESGCM.generate_key(256), token_bytes(_NONCE)
    # Field and salt are authenticated too, so a row moved to another field, or given another salt, does not open.
    bound = field.encode() + salt
    ciphertext = AESGCM(data_key).encrypt(nonce, text, bound)
    return SealedRow(
        field=field, commitment=commit(salt, text), key_id=master.id, wrapped=_wrap(master.secret, data_key, bound),
        nonce=nonce, ciphertext=ciphertext, salt=salt, digest=content_digest(nonce, ciphertext, salt),
        indexes=tuple((name, blind(name, said)) for name, said in index),
    )  # fmt: skip


def commit(salt: bytes, text: bytes) -> str:
    """The commitment that stands in the event."""
    return chain.hex_digest(salt + text)


def blind(field: str, value: str) -> bytes:
    """The blind index of a value: equal for equal values of one field, and nothing without the index key."""
    said = "".join(value.split()).upper()
    return hmac.new(keys.index(), f"{field}\0{said}".encode(), "sha256").digest()


def content_digest(*parts: bytes) -> bytes:
    """What the daily root covers of a sealed row: nonce, ciphertext, salt. It is checked without any key, and stays
    after an erasure. (In the first edition: the wrapping before them.)"""
    return chain.digest(b"".join(len(part).to_bytes(4) + part for part in parts))


def digest_of_stored(signed: bytes, wrapped: bytes, nonce: bytes, ciphertext: bytes, salt: bytes) -> bytes:
    """The digest of a row as it is stored, in the edition of the signed one; `signed` itself where only whoever has
    the key can tell (`Stored.open`), because a row of the first edition was wrapped anew."""
    found = content_digest(nonce, ciphertext, salt)
    if found == signed:
        return found
    return signed if len(wrapped) == 2 * _WRAPPED else content_digest(wrapped, nonce, ciphertext, salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A sealed row as it stands, beside the event that commits to it."""

    number: str
    seq: int
    field: str
    key_id: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes
    salt: bytes
    digest: bytes
    is_erased: bool
    kind: str
    codec: int
    body: str

    def open(self) -> object:
        """
        Raises:
            Broken: it does not open, or is not what its event commits to.
        """
        where = f"case {self.number} seq {self.seq} {self.field}"
        text = unseal(
            self.field, key_id=self.key_id, wrapped=self.wrapped, nonce=self.nonce, ciphertext=self.ciphertext,
            salt=self.salt,
        )  # fmt: skip
        body = codec.decode(self.kind, self.codec, canonical.loads(self.body))
        if commit(self.salt, text) not in commitments_of(body, self.field):
            raise Broken(f"{where} is not what its event commits to")
        if not self._is_as_signed():
            raise Broken(f"{where} is not what was signed")
        return canonical.loads(text)

    def _is_as_signed(self) -> bool:
        inside = unwrap(self.field, key_id=self.key_id, wrapped=self.wrapped, salt=self.salt)
        parts = (self.nonce, self.ciphertext, self.salt)
        first = inside[_KEY:] or self.wrapped
        return self.digest in (content_digest(*parts), content_digest(first, *parts))


_STORED: Final = (
    "SELECT c.number, s.seq, s.field, s.key_id, s.wrapped, s.nonce, s.ciphertext, s.salt, s.digest, s.erased_at, "
    "e.kind, e.codec, e.body "
    "FROM ledger_sealed s JOIN ledger_case c ON c.id = s.case_id "
    "JOIN ledger_event e ON e.case_id = s.case_id AND e.seq = s.seq "
)


def _read_stored(row: Sequence[Any]) -> Stored:
    number, seq, field, key_id, wrapped, nonce, ciphertext, salt, digest, erased_at, kind, edition, body = row
    return Stored(
        number=number, seq=seq, field=field, key_id=key_id, wrapped=bytes(wrapped), nonce=bytes(nonce),
        ciphertext=bytes(ciphertext), salt=bytes(salt), digest=bytes(digest), is_erased=erased_at is not None,
        kind=kind, codec=edition, body=body,
    )  # fmt: skip


def iter_stored() -> Iterator[Stored]:
    """Every sealed row that was not erased."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"{_STORED} WHERE s.erased_at IS NULL ORDER BY s.case_id, s.seq")
        while rows := cursor.fetchmany(1_000):
            yield from map(_read_stored, rows)


def open_sealed(case_id: int, seq: int, field: str) -> object:
    """The value of a sealed row. Whether the reader may have it is for the caller to ask first.

    Raises:
        NotThere: no such row.
        WasErased: an honest gap.
        Broken: it does not open, or is not what its event commits to.
    """
    where = f"case {case_id} seq {seq} {field}"
    with connection.cursor() as cursor:
        cursor.execute(f"{_STORED} WHERE s.case_id = %s AND s.seq = %s AND s.field = %s", [case_id, seq, field])
        row = cursor.fetchone()
    if row is None:
        raise NotThere(where)
    stored = _read_stored(row)
    if stored.is_erased:
        raise WasErased(where)
    return stored.open()


def find_sealed(case_id: int, field: str) -> object:
    """The value last sealed for this field of the case, so that a correction is read in place of what it corrects.

    Raises:
        NotThere, WasErased, Broken: as `open_sealed`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq FROM ledger_sealed WHERE case_id = %s AND field = %s ORDER BY seq DESC LIMIT 1",
            [case_id, field],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotThere(f"case {case_id} {field}")
    return open_sealed(case_id, int(row[0]), field)


def unseal(field: str, *, key_id: str, wrapped: bytes, nonce: bytes, ciphertext: bytes, salt: bytes) -> bytes:
    """The canonical text of a row.

    Raises:
        Broken: the row was changed.
        KeyUnreadable: its master key is not here, or cannot be read.
    """
    data_key = unwrap(field, key_id=key_id, wrapped=wrapped, salt=salt)[:_KEY]
    try:
        return AESGCM(data_key).decrypt(nonce, ciphertext, field.encode() + salt)
    except (InvalidTag, ValueError) as error:
        raise Broken(f"the sealed field {field} does not open: it was changed") from error


# ---- wrapping ---------------------------------------------------------------------------------------------


def unwrap(field: str, *, key_id: str, wrapped: bytes, salt: bytes) -> bytes:
    """The data key; for a row of the first edition that was wrapped anew, its first wrapping after it.

    Raises:
        Broken: the row was changed.
        KeyUnreadable: its master key is not here, or cannot be read.
    """
    try:
        master = keys.master_of(key_id)
        return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], field.encode() + salt)
    except (InvalidTag, ValueError) as error:
        raise Broken(f"the sealed field {field} does not open: it was changed, or {key_id} is a wrong key") from error


def wrap_anew(  # noqa: PLR0913 - the columns of a row
    field: str, *, key_id: str, wrapped: bytes, nonce: bytes, ciphertext: bytes, salt: bytes, digest: bytes,
    to: keys.MasterKey,
) -> bytes:  # fmt: skip
    """The same data key under another master key; what the digest covers stays as it was signed.

    Raises:
        Broken: the row does not open, or is not what was signed.
    """
    inside = unwrap(field, key_id=key_id, wrapped=wrapped, salt=salt)
    parts = (nonce, ciphertext, salt)
    if digest != content_digest(*parts):
        inside = inside[:_KEY] + (inside[_KEY:] or wrapped)
        if digest != content_digest(inside[_KEY:], *parts):
            raise Broken(f"the sealed field {field} is not what was signed")
    return _wrap(to.secret, inside, field.encode() + salt)


def _wrap(master: bytes, inside: bytes, bound: bytes) -> bytes:
    nonce = token_bytes(_NONCE)
    return nonce + AESGCM(master).encrypt(nonce, inside, bound)


def commitments_of(body: Body, field: str) -> tuple[str, ...]:
    """What an event commits to under this field: its `sealed` map, or its one `commitment` (a material, a paper)."""
    mapped = getattr(body, "sealed", None)
    if isinstance(mapped, Mapping):
        return (str(mapped[field]),) if field in mapped else ()
    single = getattr(body, "commitment", None)
    return (single,) if isinstance(single, str) else ()


def sealed_ref(seq: int, field: str) -> str:
    """How the event `Erased` names a sealed row of its case.

    >>> sealed_ref(3, "phone"), read_ref("3:phone")
    ('3:phone', (3, 'phone'))
    """
    return f"{seq}:{field}"


def read_ref(ref: str) -> tuple[int, str]:
    """
    Raises:
        NotThere: no reference to a sealed row.
    """
    seq, colon, field = ref.partition(":")
    if not colon or not seq.isdecimal():
        raise NotThere(ref)
    return int(seq), field


# ---- rows, which record() writes inside its transaction -----------------------------------------------


def sealed_row(case_id: int, seq: int, row: SealedRow) -> tuple[object, ...]:
    """The row of the table in the order of COLUMNS."""
    return (case_id, seq, row.field, row.key_id, row.wrapped, row.nonce, row.ciphertext, row.salt, row.digest, None)


def index_rows(case_id: int, seq: int, row: SealedRow) -> list[tuple[object, ...]]:
    """Its blind indexes in the order of INDEX_COLUMNS."""
    return [(name, mark, case_id, seq, row.field) for name, mark in sorted(set(row.indexes))]


def blank(pen: Pen, case_id: int, ref: str, at: datetime) -> None:
    """Erase a row and leave its tombstone: the digest stays, what it covered is gone.

    Raises:
        NotThere: no such row, or it was erased before.
    """
    seq, field = read_ref(ref)
    touched = pen.run(
        "UPDATE ledger_sealed SET key_id = '', wrapped = %s, nonce = %s, ciphertext = %s, salt = %s, erased_at = %s "
        "WHERE case_id = %s AND seq = %s AND field = %s AND erased_at IS NULL",
        [b"", b"", b"", b"", at, case_id, seq, field],
    )
    if touched != 1:
        raise NotThere(f"case {case_id} {ref}")
    pen.run(
        "DELETE FROM ledger_sealed_index WHERE case_id = %s AND seq = %s AND sealed_field = %s", [case_id, seq, field]
    )
