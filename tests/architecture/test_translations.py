"""Every Chinese word shown to a person has its English, in its own room's catalogue or in that of `ui`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.template.base import Lexer, TokenType
from django.utils.text import smart_split
from django.utils.translation import trim_whitespace

from zhengtong.site.messages import UnreadablePo, catalogue_bytes, read_po

PACKAGE: Final = Path(__file__).resolve().parents[2] / "src" / "zhengtong"
CHINESE: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
CALLS: Final = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "N_",
}  # fmt: skip
# Names that stay Chinese in an English sentence, because that is what stands on the button, the sign or the paper.
NAMES: Final = ("政通", "中文", "简体中文")


def chinese(words: str) -> bool:
    return bool(CHINESE.search(words))


def in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _called(node) in CALLS:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and chinese(argument.value):
                    yield argument.value


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def in_template(path: Path) -> Iterator[str]:
    block: list[str] | None = None
    is_trimmed = False
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        words = token.split_contents() if token.token_type == TokenType.BLOCK else []
        head = words[0] if words else ""
        if head in {"blocktrans", "blocktranslate"}:
            block, is_trimmed = [], "trimmed" in words
        elif head in {"plural", "endblocktrans", "endblocktranslate"} and block is not None:
            written = "".join(block)
            yield trim_whitespace(written) if is_trimmed else written
            block = [] if head == "plural" else None
        elif block is not None:
            block.append(_as_message(token.token_type, token.contents))
        else:
            yield from _quoted(token.token_type, token.contents, words)


def _as_message(kind: TokenType, contents: str) -> str:
    return f"%({contents.strip().split('|')[0]})s" if kind == TokenType.VAR else contents.replace("%", "%%")


def _quoted(kind: TokenType, contents: str, words: list[str]) -> Iterator[str]:
    """{% trans "…" %}, and _("…") as an argument of any tag or filter."""
    if words and words[0] in {"trans", "translate"}:
        yield words[1].split("|")[0].strip("\"'")
    if kind in {TokenType.BLOCK, TokenType.VAR}:
        for bit in smart_split(contents):
            yield from re.findall(r"""_\((?:"([^"]*)"|'[^']*')\)""", bit)


@cache
def catalogue(room: str) -> dict[str, str]:
    path = PACKAGE / room / "locale" / "en" / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return {}
    return {part: message.value for message in read_po(path) for part in (message.msgid, message.plural) if part}


def rooms() -> list[str]:
    return sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__")


def used(room: str) -> Iterator[tuple[Path, str]]:
    for path in (PACKAGE / room).rglob("*.py"):
        yield from ((path, words) for words in in_python(path))
    for path in (PACKAGE / room).rglob("templates/**/*.*"):
        if path.suffix in {".html", ".txt", ".typ", ".svg"}:
            yield from ((path, words) for words in in_template(path) if chinese(words))


@pytest.mark.parametrize("room", rooms())
class TestEnglish:
    def test_stands_for_every_chinese_message(self, room: str) -> None:
        known = catalogue("ui") | catalogue(room)
        lacking = {f"{path.relative_to(PACKAGE)}: {words}" for path, words in used(room) if not known.get(words)}
        assert sorted(lacking) == []

    def test_is_english(self, room: str) -> None:
        still = {
            msgid: words
            for msgid, words in catalogue(room).items()
            if chinese(re.sub("|".join(sorted(NAMES, key=len, reverse=True)), "", words))
        }
        assert still == {}

    def test_keeps_the_placeholders(self, room: str) -> None:
        wrong = {
            msgid: words
            for msgid, words in catalogue(room).items()
            if "\0" not in words and set(PLACEHOLDER.findall(msgid)) != set(PLACEHOLDER.findall(words))
        }
        assert wrong == {}


class TestReader:
    def test_finds_messages_in_templates(self, tmp_path: Path) -> None:
        page = tmp_path / "page.html"
        page.write_text(
            '{% trans "办件" as t %}{% blocktrans trimmed with n=a %}\n 共 {{ n }} 件\n{% endblocktrans %}'
            '{% crumb _("首页") %}{{ x|default:_("无") }}',
            encoding="utf-8",
        )
        assert list(in_template(page)) == ["办件", "共 %(n)s 件", "首页", "无"]

    def test_reads_what_people_write(self, tmp_path: Path) -> None:
        file = tmp_path / "django.po"
        file.write_text(
            '# a word\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            'msgid "一"\n"二"\nmsgstr "one "\n"\\"two\\""\n\n#, fuzzy\nmsgid "三"\nmsgstr "three"\n'
            'msgid "%(n)s 件"\nmsgid_plural "%(n)s 些"\nmsgstr[0] "%(n)s case"\nmsgstr[1] "%(n)s cases"\n',
            encoding="utf-8",
        )
        messages = {message.key: message.value for message in read_po(file) if not message.is_fuzzy}
        assert messages["一二"] == 'one "two"'
        assert messages["%(n)s 件\0%(n)s 些"] == "%(n)s case\0%(n)s cases"
        assert "三" not in messages

    def test_python_reads_what_it_writes(self, tmp_path: Path) -> None:
        import gettext
        import io

        file = tmp_path / "django.po"
        file.write_text('msgid "受理"\nmsgstr "Accept"\nmsgid "件"\nmsgid_plural "些"\nmsgstr[0] "a"\nmsgstr[1] "b"\n')
        found = gettext.GNUTranslations(io.BytesIO(catalogue_bytes(read_po(file))))
        assert (found.gettext("受理"), found.ngettext("件", "些", 1), found.ngettext("件", "些", 2)) == (
            "Accept",
            "a",
            "b",
        )

    @pytest.mark.parametrize(
        ("content", "line"),
        [('msgid "一"\nmsgstr "one\n', 2), ('msgid "一"\nmsgstr "a"\nmsgid "一"\nmsgstr "b"\n', 3), ("好\n", 1)],
    )
    def test_names_the_line_of_a_mistake(self, tmp_path: Path, content: str, line: int) -> None:
        file = tmp_path / "django.po"
        file.write_text(content, encoding="utf-8")
        with pytest.raises(UnreadablePo, match=f"django.po:{line}:"):
            read_po(file)
