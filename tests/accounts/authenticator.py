"""A security key in software (WebAuthn level 2, ES256, no attestation): what a browser would send, bent at will."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from zhengtong.accounts.passkeys import Answer

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class SoftwareKey:
    """One credential."""

    origin: str = "http://localhost:8000"
    site: str = "localhost"
    count: int = 0
    flags: int = PRESENT | VERIFIED
    handle: str = ""
    ident: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def registers(self, challenge: bytes) -> Answer:
        point = self.private.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.ident).to_bytes(2, "big") + self.ident + cose
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = {"clientDataJSON": text(self._client("webauthn.create", challenge)), "transports": ["usb", "odd"]}
        return self._answer({**told, "attestationObject": text(attestation)}, challenge)

    def proves(self, challenge: bytes, *, signed_by: "SoftwareKey | None" = None) -> Answer:
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", challenge)
        signer = (signed_by or self).private
        signature = signer.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        return self._answer({**told, "userHandle": self.handle or None}, challenge)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: bytes) -> bytes:
        told = {"type": kind, "challenge": text(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, Any], challenge: bytes) -> Answer:
        told = {"id": text(self.ident), "rawId": text(self.ident), "type": "public-key", "response": response}
        return Answer(text=json.dumps(told), challenge=challenge)
