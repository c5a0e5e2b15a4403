"""Drafts of a rulebook edition (规则集草稿): plain tables that a page may change, written as the TOML that the reader
of the law reads, and put in force by somebody else than who wrote them.

A draft keeps the edition's text with its English words after a line of their own. Nothing here knows what a rule means:
whatever is wrong with one is said by the reader of the law.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.supervision.rules import Rule
from zhengtong.kernel.terms import law_day
from zhengtong.law import overlay
from zhengtong.law.reading import FileFault, LawFileError, read_law_text
from zhengtong.law.supervision_rules import FOLDER, Edition, editions, read_text
from zhengtong.supervision.models import RuleDraft
from zhengtong.trail.actions import Who, append
from zhengtong.trail.labels import Book as TrailBook

PLACEHOLDER: Final = "draft"
FURTHEST: Final = 366  # days ahead: until then no other edition could be put in force
SPLIT: Final = "\n# ---- the same in English ----\n"
MISSING_ENGLISH: Final = "missing_words"
ORDER: Final = (
    "name", "stream", "metric", "scope", "operator", "threshold", "level", "follow", "receivers", "repeat", "clears",
    "whose", "period", "least", "points", "source", "confirmed",
)  # fmt: skip
Plain = Mapping[str, Any]


class NotPut(Exception):
    """Why an edition cannot be put in force; a code whose words stand in `rule_words.NOT_PUT`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """An edition as it stands in its file: raw tables, and the English names of its rules."""

    version: str
    sources: Mapping[str, Plain]
    thresholds: Mapping[str, Plain]
    rules: Mapping[str, Plain]
    english: Mapping[str, str] = field(default_factory=dict)

    def with_rule(self, code: str, table: Plain, name_en: str) -> "RuleBook":
        """This rule in place of the one of the same code, or after all others."""
        return replace(self, rules={**self.rules, code: dict(table)}, english={**self.english, code: name_en})

    def without_rule(self, code: str) -> "RuleBook":
        return replace(
            self, rules={each: table for each, table in self.rules.items() if each != code},
            english={each: words for each, words in self.english.items() if each != code},
        )  # fmt: skip

    def with_source(self, title: str) -> tuple["RuleBook", str]:
        """A local document that rules may cite, and its key."""
        for key, table in self.sources.items():
            if table.get("title") == title:
                return self, key
        key = next(f"BD{n}" for n in range(1, 1000) if f"BD{n}" not in self.sources)
        return replace(self, sources={**self.sources, key: {"title": title, "kind": "local", "confirmed": True}}), key

    def dated(self, version: str) -> "RuleBook":
        return replace(self, version=version)


# ---- reading and writing --------------------------------------------------------------------------------


def read_book(text: str) -> RuleBook:
    """From a draft's text."""
    main, _line, mirror = text.partition(SPLIT)
    return _book(tomllib.loads(main), tomllib.loads(mirror))


def book_of(edition: Edition) -> RuleBook:
    """From an edition's files."""
    mirror = overlay.mirror_of(edition.path)
    english = tomllib.loads(read_law_text(mirror)) if mirror.is_file() else {}
    return _book(tomllib.loads(read_law_text(edition.path)), english)


def _book(values: Plain, english: Plain) -> RuleBook:
    return RuleBook(
        version=str(values["rulebook"]["version"]), sources=values.get("sources", {}),
        thresholds=values.get("thresholds", {}), rules=values.get("rules", {}),
        english={code: str(table.get("name", "")) for code, table in english.get("rules", {}).items()},
    )  # fmt: skip


def write_draft(book: RuleBook) -> str:
    return write_book(book) + SPLIT + write_mirror(book)


def write_book(book: RuleBook) -> str:
    """The edition as the reader of the law takes it."""
    return "\n".join(_lines(book)) + "\n"


def _lines(book: RuleBook) -> Iterator[str]:
    yield "# 监察规则集. Written on the rules page; a change is a new edition."
    yield "[rulebook]"
    yield 'code = "supervision"'
    yield f"version = {_value(book.version)}"
    yield "\n[sources]"
    for key, table in book.sources.items():
        yield f"{_key(key)} = {_value(table)}"
    for code, table in book.thresholds.items():
        yield from _table(f"thresholds.{_key(code)}", table)
    for code, table in book.rules.items():
        yield from _table(f"rules.{_key(code)}", table)


def _table(name: str, table: Plain) -> Iterator[str]:
    yield f"\n[{name}]"
    known = [key for key in ORDER if key in table]
    for key in (*known, *(key for key in table if key not in ORDER)):
        yield f"{_key(key)} = {_value(table[key])}"


def write_mirror(book: RuleBook) -> str:
    """The English names beside it."""
    lines = [
        "# English names of the rules.",
        *(f"rules.{_key(c)}.name = {_value(t)}" for c, t in book.english.items() if t),
    ]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    is_bare = bool(key) and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in key)
    return key if is_bare else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    """A value of TOML: its strings are those of JSON but for one control character."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


# ---- what is wrong, and what it says ----------------------------------------------------------------------


def faults_of(book: RuleBook) -> tuple[FileFault, ...]:
    """Everything wrong with the edition, as the check of the law says it."""
    lacking = tuple(
        FileFault(
            file="", line=1, table=f"rules.{code}.name", code=MISSING_ENGLISH, message="no English name",
            mend="give the rule an English name",
        )
        for code in book.rules
        if not book.english.get(code)
    )  # fmt: skip
    try:
        read_text(write_book(book), PLACEHOLDER)
    except LawFileError as error:
        return (*error.faults, *lacking)
    return lacking


def rules_of(book: RuleBook) -> tuple[Rule, ...]:
    """The rules of a draft.

    Raises:
        LawFileError: something in it is wrong.
    """
    return read_text(write_book(book), PLACEHOLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rule that differs between two editions: `was` or `now` None where it is in one only."""

    code: str
    name: str
    was: Plain | None
    now: Plain | None

    @property
    def keys(self) -> tuple[str, ...]:
        """What differs, in the order of the file."""
        was, now = self.was or {}, self.now or {}
        return tuple(key for key in ORDER if was.get(key) != now.get(key))


def changes_between(before: RuleBook, after: RuleBook) -> tuple[Change, ...]:
    codes = [*before.rules, *(code for code in after.rules if code not in before.rules)]
    found = []
    for code in codes:
        was, now = before.rules.get(code), after.rules.get(code)
        if was != now:
            found.append(Change(code=code, name=str((now or was or {}).get("name", code)), was=was, now=now))
    return tuple(found)


# ---- drafts ---------------------------------------------------------------------------------------------


def edition_in_force(on: date) -> Edition | None:
    return next((each for each in reversed(editions()) if each.since <= on), None)


def find_edition(version: str) -> Edition | None:
    return next((each for each in editions() if each.version == version), None)


def begin_draft(*, author: str, at: datetime) -> RuleDraft:
    """A draft of the edition in force."""
    base = edition_in_force(law_day(at))
    if base is None:
        raise NotPut("no_edition")
    text = write_draft(book_of(base).dated(PLACEHOLDER))
    return RuleDraft.objects.create(author=author, base=base.version, created_at=at, changed_at=at, toml=text)


def save_draft(draft: RuleDraft, book: RuleBook, *, at: datetime) -> None:
    """Keep a change; what was tried before no longer speaks of it."""
    rows = RuleDraft.objects.filter(pk=draft.pk, changed_at=draft.changed_at, put_in_force_at=None)
    if not rows.update(toml=write_draft(book), changed_at=at, tried=None):
        raise NotPut("changed_meanwhile")


def drop_draft(draft: RuleDraft) -> None:
    RuleDraft.objects.filter(pk=draft.pk, put_in_force_at=None).delete()


# ---- putting in force -----------------------------------------------------------------------------------


def is_chief(actor: Actor, at: datetime) -> bool:
    """Whether somebody heads the supervising body: sits at the chief's post of its own procedures."""
    posts = {seat.post for seat in actor.seats}
    for item in ("card", "spot_check"):
        version = catalogue.published(item, law_day(at))
        if version is not None:
            chief = catalogue.bound_for(item, version, {}).posts.get("chief")
            if chief is not None and chief.post in posts:
                return True
    return False


def version_for(on: date) -> str:
    """The name of an edition in force from a day: the day, and a number where that day has one already.

    Raises:
        NotPut: day_full.
    """
    taken = {each.version for each in editions()}
    names = (on.isoformat(), *(f"{on.isoformat()}.{n}" for n in range(1, 10)))
    found = next((name for name in names if name not in taken), None)
    if found is None:
        raise NotPut("day_full")
    return found


def put_in_force(draft: RuleDraft, *, on: date, actor: Actor, who: Who, at: datetime) -> str:
    """Write the edition and its digest; it may not change any more. The chief, and never who drafted it.

    Raises:
        NotPut: not_chief, own_draft, day_past, day_far, before_newest, faulty, no_place, changed_meanwhile, unchanged.
    """
    book = read_book(draft.toml)
    _check_may_put(draft, book, on=on, actor=actor, at=at)
    root = overlay.local()
    if root is None:
        raise NotPut("no_place")
    version = version_for(on)
    with transaction.atomic():
        rows = RuleDraft.objects.filter(pk=draft.pk, changed_at=draft.changed_at, put_in_force_at=None)
        if not rows.update(put_in_force_at=at, edition=version):
            raise NotPut("changed_meanwhile")
        path = _write(root, book.dated(version))
        append(
            book=TrailBook.AUTHORITY, at=at, who=who, what="rulebook.put", about=version,
            said={
                "before": draft.base, "after": version, "from_on": on.isoformat(), "giver": draft.author,
                "number": overlay.digest_of(path),
            },
        )  # fmt: skip
    overlay.forget()
    return version


def _check_may_put(draft: RuleDraft, book: RuleBook, *, on: date, actor: Actor, at: datetime) -> None:
    newest = editions()[-1]
    if not is_chief(actor, at):
        raise NotPut("not_chief")
    if draft.author == actor.person:
        raise NotPut("own_draft")
    if on < law_day(at):
        raise NotPut("day_past")
    if (on - law_day(at)).days > FURTHEST:
        raise NotPut("day_far")
    if on < newest.since or draft.base != newest.version:
        raise NotPut("before_newest")
    if faults_of(book):
        raise NotPut("faulty")
    if not changes_between(book_of(newest), book):
        raise NotPut("unchanged")


def _write(root: Path, book: RuleBook) -> Path:
    """The two files, whole or not at all, and the digest that holds them."""
    target = root / FOLDER / f"{book.version}.toml"
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, text in ((overlay.mirror_of(target), write_mirror(book)), (target, write_book(book))):
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    overlay.record_digest(root, target)
    return target
