"""What others ask of this room: the files of a case, its papers, and what was drawn of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from zhengtong.documents import vault
from zhengtong.documents.labels import HELD, SCAN_WORDS
from zhengtong.documents.models import Drawing, MaterialFile, Paper, Upload
from zhengtong.documents.refusing import UploadHeld
from zhengtong.kernel.authority import Actor, may_read_all
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Acted, DocumentIssued, Event, ResultIssued
from zhengtong.kernel.states import State
from zhengtong.law.procedure_files import words
from zhengtong.ui.wording import in_english


class UnknownUpload(LookupError):
    """No such file of this person, or of this case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """One uploaded file as pages list it."""

    digest: str
    name: str
    media_type: str
    size: int
    scan: str
    stored_at: datetime

    @property
    def held_words(self) -> str:
        """Why it cannot be opened, if it cannot."""
        return str(SCAN_WORDS[self.scan]) if self.scan in HELD else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """One document or result as pages list it. `standing`: valid, retracted or struck."""

    number: str
    document: str
    name: str
    seq: int
    is_result: bool
    issued_at: datetime
    served_at: datetime | None
    manner: str
    standing: str


def open_upload(digest: str) -> bytes:
    """The content of an upload. Whether the reader may have it is for the caller to ask first.

    Raises:
        UnknownUpload: there is no such file any more.
        UploadHeld: it waits for the virus scan, or did not pass it.
        vault.FileBroken
    """
    held = Upload.objects.filter(digest=digest, scan__in=HELD).values_list("scan", flat=True).first()
    if held is not None:
        raise UploadHeld(held)
    try:
        return vault.read(digest)
    except vault.NotKept as gone:
        raise UnknownUpload(digest) from gone


def uploads_of(uploader: str, digests: Iterable[str]) -> tuple[FileLine, ...]:
    """Uploads of one person, for drafts; those of others are left out."""
    rows = Upload.objects.filter(uploader=uploader, digest__in=list(digests)).order_by("id")
    return tuple(_file_line(row) for row in rows)


def material_files(commitments: Iterable[str]) -> dict[str, tuple[FileLine, ...]]:
    """The files behind MaterialReceived events, by commitment; paper materials have none."""
    rows = list(MaterialFile.objects.filter(commitment__in=list(commitments)).order_by("commitment", "position"))
    uploads = {
        (row.digest, row.uploader): row for row in Upload.objects.filter(digest__in={each.digest for each in rows})
    }
    found: dict[str, tuple[FileLine, ...]] = {}
    for row in rows:
        upload = uploads.get((row.digest, row.uploader))
        if upload is not None:
            found[row.commitment] = (*found.get(row.commitment, ()), _file_line(upload))
    return found


def files_of_case(state: State) -> dict[str, tuple[FileLine, ...]]:
    """The files of each material of a case, by material code, oldest first."""
    said = {code: material.commitments for code, material in state.materials.items()}
    files = material_files({each for commitments in said.values() for each in commitments})
    return {
        code: tuple(line for commitment in commitments for line in files.get(commitment, ()))
        for code, commitments in said.items()
    }


def file_of_case(state: State, digest: str) -> FileLine:
    """One file, if the case's history has it as a material received.

    Raises:
        UnknownUpload: it has not.
    """
    for lines in files_of_case(state).values():
        for line in lines:
            if line.digest == digest:
                return line
    raise UnknownUpload(digest)


def _file_line(row: Upload) -> FileLine:
    return FileLine(
        digest=row.digest, name=row.name, media_type=row.media_type, size=row.size, scan=row.scan,
        stored_at=row.stored_at,
    )  # fmt: skip


def find_paper_row(number: str) -> Paper | None:
    """Which case and event a document or result number belongs to."""
    return Paper.objects.filter(number=number).order_by("-issued_at", "case_id", "seq").first()


def find_drawing(case_id: int, seq: int, face: str) -> Drawing | None:
    return Drawing.objects.filter(case_id=case_id, seq=seq, face=face).first()


def find_drawing_by_digest(digest: str) -> Drawing | None:
    return Drawing.objects.filter(digest=digest).order_by("id").first()


def papers_of(bound: Bound, state: State) -> tuple[PaperLine, ...]:
    """Every document and result of a case, newest first, with what became of it; struck-out ones too."""
    lines = [
        _paper_line(bound, state, event)
        for event in state.history
        if isinstance(event.body, DocumentIssued | ResultIssued)
    ]
    return tuple(reversed(lines))


def papers_for(bound: Bound, state: State, actor: Actor) -> tuple[PaperLine, ...]:
    """Those of the papers that this reader of the case may have."""
    return tuple(line for line in papers_of(bound, state) if may_have_paper(bound, state, line.seq, actor))


def may_have_paper(bound: Bound, state: State, seq: int, actor: Actor) -> bool:
    """Whoever may read the whole case has every paper; a third party those of an act that names them, or is theirs."""
    if may_read_all(bound, state, actor):
        return True
    batch = next((event.batch for event in state.history if event.seq == seq), None)
    own = {actor.person, *actor.subjects}
    return any(
        event.person in own or (isinstance(event.body, Acted) and not own.isdisjoint(event.body.parties.values()))
        for event in state.history
        if event.batch == batch
    )


def may_have_file(bound: Bound, state: State, digest: str, actor: Actor) -> bool:
    """Whoever may read the whole case, and whoever handed the file in."""
    return may_read_all(bound, state, actor) or bool(uploads_of(actor.person, [digest]))


def _paper_line(bound: Bound, state: State, event: Event) -> PaperLine:
    body = event.body
    assert isinstance(body, DocumentIssued | ResultIssued)
    is_result = isinstance(body, ResultIssued)
    code = body.result if isinstance(body, ResultIssued) else body.document
    known = state.documents.get(body.number)
    return PaperLine(
        number=body.number, document=code, name=shown_name(bound, body), seq=event.seq, is_result=is_result,
        issued_at=event.at, served_at=known.served_at if known else None, manner=known.manner if known else "",
        standing=standing_of(state, event),
    )  # fmt: skip


def paper_name(bound: Bound, body: DocumentIssued | ResultIssued) -> str:
    """What a paper is called: its kind's name, or the item's own name of the result."""
    if isinstance(body, DocumentIssued):
        kind = bound.documents.get(body.document)
        return kind.name if kind else body.document
    line = bound.results.get(body.result)
    if line and line.name:
        return line.name
    result = bound.result_kinds.get(body.result)
    return result.name if result else body.result


def shown_name(bound: Bound, body: DocumentIssued | ResultIssued) -> str:
    """As `paper_name`, for pages: in the reader's language where the law's files have the word."""
    if not in_english() or isinstance(body, ResultIssued):
        return paper_name(bound, body)
    said = words(bound.procedure, bound.version, "en")
    return said.get(f"documents.{body.document}.name") or paper_name(bound, body)


def standing_of(state: State, event: Event) -> str:
    """valid, retracted, or struck (the act that issued it was undone)."""
    body = event.body
    assert isinstance(body, DocumentIssued | ResultIssued)
    if event.seq in state.struck:
        return "struck"
    known = state.documents.get(body.number) if isinstance(body, DocumentIssued) else state.results.get(body.number)
    return "retracted" if known is None or known.retracted else "valid"
