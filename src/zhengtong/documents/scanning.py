"""The virus scan of uploads: a command of the installation that reads the file from its standard input.

`ZHENGTONG_SCANNER`, for example `clamdscan --no-summary -`: exit 0 clean, 1 infected, anything else did not work.
Without one nothing is scanned, and the upload says so. Where the scan does not work the file waits in quarantine: kept,
encrypted, opened by nobody, until `quarantine.rescan` has had its answer.
"""

import logging
import shlex
import subprocess
from enum import StrEnum
from typing import Final

from django.conf import settings

from zhengtong.documents.refusing import UploadFault, UploadRefused

log = logging.getLogger(__name__)
LONGEST_SECONDS: Final = 120


class Scan(StrEnum):
    """What is known of an upload that was taken."""

    NOT_SCANNED = "not_scanned"
    CLEAN = "clean"
    WAITING = "waiting"
    INFECTED = "infected"


def scan(data: bytes, *, name: str) -> Scan:
    """What the scanner says; WAITING where it gave no answer.

    Raises:
        UploadRefused: infected.
    """
    command = shlex.split(settings.ZHENGTONG_SCANNER)
    if not command:
        return Scan.NOT_SCANNED
    try:
        run = subprocess.run(  # noqa: S603 - the installation's own command, no shell
            command, input=data, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        log.exception("the scanner gave no answer")
        return Scan.WAITING
    if run.returncode == 1:
        raise UploadRefused(UploadFault.INFECTED, {"name": name})
    if run.returncode:
        log.error("the scanner ended with %d", run.returncode)
        return Scan.WAITING
    return Scan.CLEAN
