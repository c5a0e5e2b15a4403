"""The signature of a PDF (电子签章的演示): RSA with SHA-256, by a certificate this installation made for itself.

It shows that a paper is whole and came from here. It is no legal seal (GB/T 38540, 电子签名法 13), and its name
says so.
"""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from asn1crypto import keys as asn1_keys
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from zhengtong.ledger import keys

FILE: Final = "documents-seal.pem"
FIELD: Final = "DemonstrationSeal"
SUBJECT: Final = "政通示例签章（演示证书，不具法律效力）"
BITS: Final = 3072
YEARS: Final = 30
_KEY, _CERTIFICATE = "PRIVATE KEY", "CERTIFICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the signature of a PDF says: `whole` means signed by us, unchanged, and covering the entire file."""

    signed: bool
    ours: bool
    whole: bool


def sign(pdf: bytes, *, reason: str, at: datetime) -> bytes:
    """The PDF with an invisible signature field; `at` is the time it states."""
    key, certificate = _material()
    signer = signers.SimpleSigner(
        signing_cert=certificate,
        signing_key=key,
        cert_registry=_store(certificate),
    )
    how = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        name=SUBJECT,
    )
    out = io.BytesIO()
    dated = _DatedSigner(how, signer=signer)
    dated.at = at
    _outside_a_loop(lambda: dated.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out))
    return out.getvalue()


def _outside_a_loop(work: Callable[[], Any]) -> Any:
    """pyhanko starts an event loop of its own, which it cannot where one runs already (an asynchronous server)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def _store(certificate: asn1_x509.Certificate) -> Any:
    untyped: Any = SimpleCertificateStore
    store = untyped()
    store.register(certificate)
    return store


class _DatedSigner(signers.PdfSigner):
    """A signer that states the instant it is given instead of reading the machine's time."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


def check(pdf: bytes) -> Check:
    """Whether a PDF carries our signature and is whole. A file that is no PDF is simply not signed."""
    nothing = Check(signed=False, ours=False, whole=False)
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if not signatures:
            return nothing
        _key, certificate = _material()
        context = ValidationContext(trust_roots=[certificate], allow_fetching=False)
        said = _outside_a_loop(lambda: validate_pdf_signature(signatures[0], signer_validation_context=context))
        ours = signatures[0].signer_cert.dump() == certificate.dump()
    except Exception:  # hostile bytes make the library's parser fail in every way there is; none of them is our bug
        return nothing
    covers = said.coverage is not None and said.coverage.name == "ENTIRE_FILE"
    return Check(signed=True, ours=ours, whole=bool(ours and said.intact and said.valid and covers))


def find_keyword(pdf: bytes) -> str:
    """The token in the PDF's own description, to find which paper a changed file claims to be."""
    try:
        words = PdfFileReader(io.BytesIO(pdf)).trailer_view["/Info"]["/Keywords"]
    except Exception:  # as in check
        return ""
    return str(words)[:200]


# ---- the key --------------------------------------------------------------------------------------


def _material() -> tuple[asn1_keys.PrivateKeyInfo, asn1_x509.Certificate]:
    return _read(Path(settings.ZHENGTONG_KEYS) / FILE)


@lru_cache(maxsize=4)
def _read(path: Path) -> tuple[asn1_keys.PrivateKeyInfo, asn1_x509.Certificate]:
    if not path.exists():
        _draw(path)
    found: dict[str, bytes] = {
        name: body for name, _headers, body in asn1_pem.unarmor(path.read_bytes(), multiple=True)
    }
    return asn1_keys.PrivateKeyInfo.load(found[_KEY]), asn1_x509.Certificate.load(found[_CERTIFICATE])


def _draw(path: Path) -> None:
    """Written aside and linked into place, so that of two processes one wins."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT)])
    # The demonstration lives in any year, so the certificate is valid around all of them.
    since = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=366 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    keys.keep(path, pem, keys.PRIVATE)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
