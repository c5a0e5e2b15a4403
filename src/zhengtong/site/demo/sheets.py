"""Sample papers (示例材料) for online applications of late, each saying that it is a sample; and drafts half filled."""

from datetime import datetime, timedelta
from typing import Final

from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.actions import commit_material, store_upload
from zhengtong.kernel.terms import law_day
from zhengtong.portal.actions import keep, start_draft
from zhengtong.portal.drafts import Content
from zhengtong.site.demo.people import Public

KEPT_FOR: Final = timedelta(days=8)
"""Older cases name their papers only: files of weeks nobody opens would make the set-up long."""
DRAFTS: Final[tuple[tuple[str, str, dict[str, str], str], ...]] = (
    ("林晓梅", "qy-wj-0001", {"trade": "inn", "air": "no", "area": "small"}, "applicant"),
    ("赵玉珍", "qy-mz-0031", {}, "situation"),
    ("陈志远", "qy-sc-0001", {}, "situation"),
)


def hand_in(material: str, *, name: str, uploader: str, at: datetime) -> str:
    """Keep a sample as an upload of this person; the commitment of the material."""
    sheet = draw_sheet(f"{material} {at:%Y-%m-%d %H:%M:%S}")
    stored = store_upload(
        data=sheet, name=f"{name}.pdf", declared_type="application/pdf", uploader=uploader, at=at
    )  # fmt: skip
    return commit_material(digests=[stored.digest], uploader=uploader)


def draw_sheet(line: str) -> bytes:
    """A PDF of one page with one line of text.

    >>> draw_sheet("m1")[:8]
    b'%PDF-1.4'
    """
    stream = f"BT /F1 14 Tf 60 760 Td (Qingyuan demonstration: sample paper {line}) Tj ET".encode("ascii")
    fonts = b"<< /Font << /F1 5 0 R >> >>"
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    drawn, places = b"%PDF-1.4\n", []
    for n, body in enumerate(bodies, 1):
        places.append(len(drawn))
        drawn += b"%d 0 obj\n%s\nendobj\n" % (n, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return drawn + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(bodies) + 1, table, len(bodies) + 1, len(drawn))
    )


def begin_drafts(public: Public, now: datetime) -> None:
    """Applications that somebody began and has not handed in."""
    for n, (name, item, answers, step) in enumerate(DRAFTS, 1):
        version = catalogue.published(item, law_day(now))
        if version is None:
            continue
        account = public.accounts[name]
        content = Content(answers=answers, applicant=account.subject.ref if account.subject else "")
        at = now - timedelta(days=n, hours=3)
        draft = start_draft(account=account, item=item, version=version, content=content, at=at)
        keep(draft, content=content, at=at, step=step)
