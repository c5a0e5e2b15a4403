"""Typesetting of printed pages (排版): a typst source and plain values become a PDF, in process, with our own fonts.

The source reads its values by `json(bytes(sys.inputs.data))` and its font families by `json(bytes(sys.inputs.fonts))`
(body, title, plain). Typst falls back to a Latin face without a word when a font is missing; here that is an error.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import typst
from django.conf import settings

FANGSONG: Final = ("FangSong_GB2312", "FangSong", "仿宋_GB2312", "仿宋", "STFangsong", "FandolFang R", "FandolFang")
XIAOBIAOSONG: Final = ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋_GBK", "方正小标宋简体")
SONG: Final = ("Noto Serif SC", "Noto Serif CJK SC")
HEI: Final = ("Noto Sans SC", "Noto Sans CJK SC")


class FontsMissing(RuntimeError):
    """No Chinese face to print with."""


class NotTypeset(RuntimeError):
    """The source does not compile."""


def compile_pdf(source: str | Path, data: Mapping[str, object], *, at: datetime | None = None) -> bytes:
    """The PDF of a source (its text, or a file beside which its imports lie). `at` becomes the time of creation.

    Raises:
        FontsMissing: there is no Song or no Hei face here; `zhengtong assets` fetches them.
        NotTypeset: the source is wrong; says where.
    """
    fonts, families = _fonts(Path(settings.ZHENGTONG_FONTS))
    given = {"data": json.dumps(data, ensure_ascii=False), "fonts": json.dumps(families, ensure_ascii=False)}
    root = source.parent if isinstance(source, Path) else None
    made_at = at.replace(microsecond=0) if at is not None else None  # typst takes whole seconds only
    compiler = typst.Compiler(root=root, font_paths=fonts, sys_inputs=given)
    try:
        if isinstance(source, Path):
            made = compiler.compile(input=source, format="pdf", timestamp=made_at)
        else:
            made = compiler.compile(input=source.encode(), format="pdf", timestamp=made_at)
    except typst.TypstError as error:
        raise NotTypeset(error.diagnostic or error.message) from error
    assert isinstance(made, bytes)
    return made


@lru_cache(maxsize=4)
def _fonts(folder: Path) -> tuple[typst.Fonts, dict[str, list[str]]]:
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=[folder])
    known = set(fonts.families())
    song, hei = _known(SONG, known), _known(HEI, known)
    if not song or not hei:
        raise FontsMissing(
            f"No {SONG[0] if not song else HEI[0]} in {folder} nor on this system: run `zhengtong assets`."
        )
    # Names may hold characters that a FangSong of GB2312 lacks: Song always stands behind it.
    families = {
        "body": [*_known(FANGSONG, known), *song],
        "title": [*_known(XIAOBIAOSONG, known), *song],
        "plain": [*hei, *song],
    }
    return fonts, families


def _known(names: Iterable[str], known: set[str]) -> list[str]:
    return [name for name in names if name in known]
