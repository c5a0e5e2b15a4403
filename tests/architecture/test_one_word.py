"""One word, one English. Django merges the catalogues of all rooms and the earlier room wins, so two rooms that say the
same Chinese differently get what neither may expect. Where a word has two meanings, one of them has a context."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import zhengtong
from zhengtong.site.messages import po_files, read_po

PACKAGE: Final = Path(zhengtong.__file__).parent
IN_CONTEXT: Final = re.compile(r"""\{%\s*(?:trans|translate)\s+"([^"]+)"\s+context\s+"([^"]+)\"""")
# The words of the glossary that pages must not mix up: Chinese, its English, and what it must not be called.
NOT_CALLED: Final = (
    ("证件", re.compile(r"\b(document|paper)s?\b", re.IGNORECASE), re.compile("文书|材料|文件")),
    ("受理", re.compile(r"\breceipts?\b", re.IGNORECASE), re.compile("收件|凭证|收据|票据")),
)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


class TestAWord:
    def test_has_the_same_english_in_every_room(self) -> None:
        said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for path in po_files(PACKAGE):
            for message in read_po(path):
                if message.msgid and not message.is_fuzzy:
                    said[(message.context or "", message.msgid)][room_of(path)] = message.value
        mixed = {key: rooms for key, rooms in said.items() if len(set(rooms.values())) > 1}
        assert mixed == {}, "use one English for both, or pgettext with the room's name where two things are meant"

    def test_with_a_context_has_its_english_under_it(self) -> None:
        known = {(message.context, message.msgid) for path in po_files(PACKAGE) for message in read_po(path)}
        lacking = {(str(path), *key) for path, key in _in_context() if key not in known}
        assert lacking == set()

    def test_of_the_glossary_is_called_by_its_name(self) -> None:
        wrong = [
            f"{room_of(path)}: {message.msgid} = {message.value}"
            for path in po_files(PACKAGE)
            for message in read_po(path)
            for chinese, never, unless in NOT_CALLED
            if message.msgid and chinese in message.msgid and not unless.search(message.msgid)
            if never.search(re.sub(r"%\(\w+\)s", "", message.value))
        ]
        assert wrong == []


def _in_context() -> Iterator[tuple[Path, tuple[str, str]]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"pgettext", "pgettext_lazy"}:
                context, msgid = (each.value for each in node.args[:2] if isinstance(each, ast.Constant))
                yield path.relative_to(PACKAGE), (str(context), str(msgid))
    for path in PACKAGE.rglob("templates/**/*.html"):
        for msgid, context in IN_CONTEXT.findall(path.read_text(encoding="utf-8")):
            yield path.relative_to(PACKAGE), (context, msgid)
