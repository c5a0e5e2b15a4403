"""Why an upload is not taken: a code and what it speaks of; `labels` has the words."""

from collections.abc import Mapping
from enum import StrEnum


class UploadFault(StrEnum):
    """What can be wrong with a file (closed list)."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND_NOT_TAKEN = "kind_not_taken"
    NAME_DISAGREES = "name_disagrees"
    TYPE_DISAGREES = "type_disagrees"
    DAMAGED = "damaged"
    LOCKED = "locked"
    TOO_MANY_PIXELS = "too_many_pixels"
    MACROS = "macros"
    SWOLLEN = "swollen"
    INFECTED = "infected"
    NOT_KEPT = "not_kept"


class UploadHeld(Exception):
    """A file that nobody may open: it waits for the virus scan, or was found infected and its content destroyed."""

    def __init__(self, scan: str) -> None:
        super().__init__(scan)
        self.scan = scan


class UploadRefused(Exception):
    """A file that is not taken. No sentence stands here: ask `labels.upload_words`."""

    def __init__(self, code: UploadFault, params: Mapping[str, str] | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.params = dict(params or {})
