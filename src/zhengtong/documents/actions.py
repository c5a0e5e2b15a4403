"""Writes of the documents room: an upload is taken, and files are tied together as a material."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Protocol

from zhengtong.documents import vault
from zhengtong.documents.kinds import MOST_BYTES, find_kind
from zhengtong.documents.labels import renamed_words, upload_words
from zhengtong.documents.models import MaterialFile, Upload
from zhengtong.documents.naming import clean_name
from zhengtong.documents.queries import UnknownUpload
from zhengtong.documents.refusing import UploadFault, UploadRefused
from zhengtong.documents.scanning import Scan, scan
from zhengtong.ledger import canonical, chain

log = logging.getLogger(__name__)

__all__ = [
    "Stored", "UnknownUpload", "UploadFault", "UploadRefused", "commit_material", "renamed_words", "store_made",
    "store_upload", "upload_words",
]  # fmt: skip


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An upload that was taken. `renamed`: its name had to be cleaned, and the page should say so."""

    digest: str
    size: int
    media_type: str
    name: str
    renamed: bool
    scan: Scan


def store_upload(  # each is said by the browser or by who asks
    *, data: bytes | Readable, name: str, declared_type: str, uploader: str, at: datetime
) -> Stored:
    """Check one file and keep it, encrypted. The same file of the same person is kept once.

    Raises:
        UploadRefused: what was wrong; `labels.upload_words` says it.
    """
    content = data if isinstance(data, bytes) else data.read(MOST_BYTES + 1)
    clean = clean_name(name)
    kind = find_kind(content, name=clean, declared_type=declared_type)
    found = scan(content, name=clean)
    try:
        digest = vault.keep(content)
    except OSError as full:
        log.exception("an upload could not be kept")
        raise UploadRefused(UploadFault.NOT_KEPT, {"name": clean}) from full
    Upload.objects.update_or_create(
        digest=digest,
        uploader=uploader,
        defaults={"scan": str(found), "name": clean},
        create_defaults={
            "size": len(content), "media_type": kind.media_type, "name": clean, "stored_at": at, "scan": str(found),
        },
    )  # fmt: skip
    return Stored(
        digest=digest, size=len(content), media_type=kind.media_type, name=clean, renamed=clean != name, scan=found
    )


def store_made(*, data: bytes, name: str, media_type: str, maker: str, at: datetime) -> Stored:
    """Keep a file the service itself wrote (a list, never what somebody handed in): its kind is known, and it needs no
    scan."""
    digest, found = vault.keep(data), Scan.CLEAN
    Upload.objects.get_or_create(
        digest=digest, uploader=maker,
        defaults={"size": len(data), "media_type": media_type, "name": name, "stored_at": at, "scan": str(found)},
    )  # fmt: skip
    return Stored(digest=digest, size=len(data), media_type=media_type, name=name, renamed=False, scan=found)


def commit_material(*, digests: Sequence[str], uploader: str) -> str:
    """Tie a person's own uploads together as one material and say the commitment for `MaterialGiven`.

    Call it before the act is recorded: an event then never points to files that cannot be found.

    Raises:
        UnknownUpload: one of them is not an upload of this person.
    """
    wanted = list(dict.fromkeys(digests))
    known = set(Upload.objects.filter(digest__in=wanted, uploader=uploader).values_list("digest", flat=True))
    for digest in wanted:
        if digest not in known:
            raise UnknownUpload(digest)
    salt = token_bytes(16)
    commitment = chain.hex_digest(salt + canonical.canonical(wanted))
    MaterialFile.objects.bulk_create(
        MaterialFile(commitment=commitment, position=at, digest=digest, uploader=uploader, salt=salt)
        for at, digest in enumerate(wanted)
    )
    return commitment
