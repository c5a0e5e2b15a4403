"""Seeded entropy (种子熵): keys, salts and nonces from a seed, so that one seed makes one ledger byte for byte.

Whoever knows the seed can open what is sealed with it, so nothing here may serve a real person: `Sealer` refuses a
database without the demo mark.
"""

from dataclasses import dataclass, field
from random import Random

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from zhengtong.accounts import clock
from zhengtong.ledger import canonical, keys
from zhengtong.ledger.sealing import SealedRow, blind, commit, content_digest

FOUND_BY = (("name", "name"), ("number", "certificate_number"), ("phone", "phone"))


class NotADemonstration(RuntimeError):
    """This database belongs to real people."""

    def __init__(self) -> None:
        super().__init__("seeded entropy is for databases with the demo mark only")


@dataclass(slots=True)
class Sealer:
    """Seals as the ledger does, with salts and nonces from a seed."""

    rng: Random
    _master: AESGCM = field(init=False)
    _master_id: str = field(init=False)
    _blind: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not clock.is_demo():
            raise NotADemonstration
        master = keys.current()
        self._master, self._master_id = AESGCM(master.secret), master.id

    def seal(self, name: str, value: object) -> SealedRow:
        """One sealed row, as `ledger.sealing.seal` makes it."""
        text = canonical.canonical(value)
        drawn = self.rng.randbytes(72)
        salt, data_key, nonce, wrap_nonce = drawn[:16], drawn[16:48], drawn[48:60], drawn[60:72]
        bound = name.encode() + salt
        ciphertext = AESGCM(data_key).encrypt(nonce, text, bound)
        wrapped = wrap_nonce + self._master.encrypt(wrap_nonce, data_key, bound)
        return SealedRow(
            field=name, commitment=commit(salt, text), key_id=self._master_id, wrapped=wrapped, nonce=nonce,
            ciphertext=ciphertext, salt=salt, digest=content_digest(nonce, ciphertext, salt),
            indexes=tuple(self._indexes(value)) if isinstance(value, dict) else (),
        )  # fmt: skip

    def _indexes(self, card: dict[str, str]) -> list[tuple[str, bytes]]:
        found = []
        for name, index in FOUND_BY:
            said = card.get(name)
            if said:
                mark = self._blind.get((index, said))
                if mark is None:
                    mark = self._blind[index, said] = blind(index, said)
                found.append((index, mark))
        return found
