"""What a draft holds (草稿内容), as one frozen value that is written and read as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`typed` is what stands in the form, word for word, so that nothing typed is lost; `files` are digests of uploads
    by material; `by_hand` the materials the applicant will bring to the window."""

    answers: Mapping[str, str] = field(default_factory=dict)
    applicant: str = ""
    typed: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, list[str]] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()

    def to_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def read_content(text: str) -> Content:
    """
    >>> read_content(Content(applicant="s-1", by_hand=("m1",)).to_text()).by_hand
    ('m1',)
    """
    if not text:
        return Content()
    known: dict[str, Any] = json.loads(text)
    return Content(**{**known, "by_hand": tuple(known.get("by_hand", ()))})
