"""Files for materials (上传材料): one place for each material; taken, refused in words beside it, shown, removed.

A file that was taken is kept even when another one on the same page was refused: nothing is sent twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhengtong.documents import queries as documents
from zhengtong.documents.actions import UploadRefused, renamed_words, store_upload, upload_words
from zhengtong.documents.queries import FileLine

Files: TypeAlias = "MultiValueDict[str, UploadedFile[Any]]"

FILE: Final = "file-"
HAND: Final = "hand-"
KEPT: Final = "kept"
REMOVE: Final = "remove"
MOST_FILES: Final = 10
ACCEPT: Final = ".pdf,.jpg,.jpeg,.png,.docx,.xlsx,.ofd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One material as the page asks for it. `asked` is why it is asked for again; `filled` needs no file."""

    code: str
    name: str
    note: str = ""
    need: str = ""
    source: str = ""
    asked: str = ""
    files: tuple[FileLine, ...] = ()
    error: str = ""
    required: bool = False
    by_hand: bool = False
    may_by_hand: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of the files of one post: digests by material, and what is wrong with the others."""

    digests: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def take_files(files: Files, codes: Iterable[str], *, uploader: str, at: datetime) -> Taken:
    """Keep every file that can be kept; say beside the material what is wrong with the others."""
    digests: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    remarks: list[str] = []
    for code in codes:
        given = files.getlist(FILE + code)
        if len(given) > MOST_FILES:
            errors[code] = _("一份材料最多 %(most)d 个文件。请合并成一个 PDF 再上传。") % {"most": MOST_FILES}
            given = []
        for one in given:
            try:
                stored = store_upload(
                    data=one, name=one.name or "", declared_type=one.content_type or "", uploader=uploader, at=at
                )
            except UploadRefused as refused:
                errors[code] = str(upload_words(refused))
            else:
                digests.setdefault(code, []).append(stored.digest)
                remarks += [str(renamed_words(stored.name))] if stored.renamed else []
    return Taken(digests=digests, errors=errors, remarks=tuple(remarks))


def joined(before: Mapping[str, Sequence[str]], more: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Files by material, each once, at most as many as may be."""
    codes = list(dict.fromkeys([*before, *more]))
    both = {code: list(dict.fromkeys([*before.get(code, ()), *more.get(code, ())]))[:MOST_FILES] for code in codes}
    return {code: digests for code, digests in both.items() if digests}


def lines_of(files: Mapping[str, Sequence[str]], uploader: str) -> dict[str, tuple[FileLine, ...]]:
    """The uploads behind digests, in one query; those of others are left out."""
    wanted = {digest for digests in files.values() for digest in digests}
    known = {line.digest: line for line in documents.uploads_of(uploader, wanted)} if wanted else {}
    return {code: tuple(known[one] for one in digests if one in known) for code, digests in files.items()}


def kept_files(said: Sequence[str], codes: Iterable[str], uploader: str) -> dict[str, list[str]]:
    """Files an earlier post of the same page brought, as its hidden fields name them: own uploads only."""
    known = set(codes)
    pairs = [(code, digest) for code, _colon, digest in (one.partition(":") for one in said[:200]) if code in known]
    mine = {line.digest for line in documents.uploads_of(uploader, {digest for _code, digest in pairs})}
    found: dict[str, list[str]] = {}
    for code, digest in pairs:
        if digest in mine:
            found.setdefault(code, []).append(digest)
    return found
