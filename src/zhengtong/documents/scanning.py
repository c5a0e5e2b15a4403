"""The virus scan of uploads: a command of the installation that reads the file from its standard input.

`ZHENGTONG_SCANNER`, for example `clamdscan --no-summary -`: exit 0 clean, 1 infected, anything else did not work.
Without one nothing is scanned, and the upload says so. A scan that fails refuses the file.
"""

import shlex
import subprocess
from enum import StrEnum
from typing import Final

from django.conf import settings

from zhengtong.documents.refusing import UploadFault, UploadRefused

LONGEST_SECONDS: Final = 120


class Scan(StrEnum):
    """What is known of an upload that was taken."""

    NOT_SCANNED = "not_scanned"
    CLEAN = "clean"


def scan(data: bytes, *, name: str) -> Scan:
    """
    Raises:
        UploadRefused: infected, or the scan did not work.
    """
    command = shlex.split(settings.ZHENGTONG_SCANNER)
    if not command:
        return Scan.NOT_SCANNED
    try:
        run = subprocess.run(  # noqa: S603 - the installation's own command, no shell
            command, input=data, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UploadRefused(UploadFault.SCAN_FAILED, {"name": name}) from error
    if run.returncode == 0:
        return Scan.CLEAN
    raise UploadRefused(UploadFault.INFECTED if run.returncode == 1 else UploadFault.SCAN_FAILED, {"name": name})
