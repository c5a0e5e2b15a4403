"""Quarantine (隔离区): uploads whose virus scan gave no answer wait here, and are scanned again until it does.

`work` calls `rescan` in every round. What turns out infected loses its content for good; the rows stay, so that pages
can say what became of the file and the log whose it was.
"""

import logging
from datetime import datetime
from typing import Final

from zhengtong.documents import vault
from zhengtong.documents.models import Upload
from zhengtong.documents.refusing import UploadRefused
from zhengtong.documents.scanning import Scan, scan

log = logging.getLogger(__name__)
AT_ONCE: Final = 50


def rescan(now: datetime) -> int:
    """Scan what waits, oldest first; how many had their answer. Stops at the first the scanner gives none to."""
    waiting = Upload.objects.filter(scan=Scan.WAITING).order_by("id").values_list("digest", flat=True)
    done = 0
    for digest in dict.fromkeys(waiting[:AT_ONCE]):
        found = _scan_kept(digest)
        if found is Scan.WAITING:
            break
        if found is Scan.INFECTED:
            log.warning("an upload that waited for its scan is infected and was destroyed: %s", digest)
            vault.erase(digest)
        Upload.objects.filter(digest=digest).update(scan=str(found))
        done += 1
    return done


def _scan_kept(digest: str) -> Scan:
    try:
        return scan(vault.read(digest), name="")
    except UploadRefused:
        return Scan.INFECTED
    except (vault.NotKept, vault.FileBroken):
        log.exception("an upload in quarantine cannot be read: %s", digest)
        return Scan.INFECTED
