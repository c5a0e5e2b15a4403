"""What was once written is read for ever: the samples beside this file are frozen. A new edition adds a sample, never
changes one."""

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.bodies import AT, BODIES
from zhengtong.kernel.events import KINDS, Body, Event, Noted, Standing
from zhengtong.ledger import canonical, chain, codec
from zhengtong.ledger.writing import INSTANTS, read_instant

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


class TestSamples:
    def test_there_is_one_of_every_kind_and_edition(self) -> None:
        wanted = {f"{kind}.{edition}" for kind in KINDS for edition in range(1, codec.edition(kind) + 1)}
        assert {path.stem for path in SAMPLES} == wanted

    @pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
    def test_decode(self, path: Path) -> None:
        kind, edition = path.stem.split(".")
        body = codec.decode(kind, int(edition), json.loads(path.read_text(encoding="utf-8")))
        if int(edition) == codec.edition(kind):
            assert body in BODIES
            assert f"{canonical.dumps(codec.encode(body)).decode()}\n" == path.read_text(encoding="utf-8")


class TestCodec:
    def test_every_kind_goes_there_and_back(self) -> None:
        assert {type(body).__name__ for body in BODIES} == set(KINDS)
        for body in BODIES:
            kind = type(body).__name__
            assert codec.decode(kind, codec.edition(kind), canonical.loads(canonical.dumps(codec.encode(body)))) == body

    @pytest.mark.parametrize(
        ("kind", "edition", "stored"),
        [("Danced", 1, {}), ("Noted", 2, {"sealed": {}}), ("Noted", 1, {}), ("Noted", 1, []), ("Published", 1, {
            "what": "x", "where": "y", "until": "never"})],
    )  # fmt: skip
    def test_what_nobody_understands_is_unreadable(self, kind: str, edition: int, stored: object) -> None:
        with pytest.raises(codec.Unreadable):
            codec.decode(kind, edition, stored)

    def test_upcasters_lift_an_older_edition(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(codec, "EDITIONS", {"Noted": 2})
        monkeypatch.setattr(codec, "UPCASTERS", {("Noted", 1): lambda old: {"sealed": {"words": old["commitment"]}}})
        assert codec.decode("Noted", 1, {"commitment": "c"}) == Noted(sealed={"words": "c"})


class TestCanonical:
    @given(PLAIN)
    def test_both_writers_give_the_same_bytes(self, value: canonical.Plain) -> None:
        assert canonical.dumps(value) == canonical._dumps_json(value)
        assert canonical.loads(canonical.dumps(value)) == value

    @pytest.mark.parametrize("value", [1.5, 2**63, "a\0b", "\ud800", {"x": object()}, b"bytes"])
    def test_what_has_no_canonical_form_is_refused(self, value: object) -> None:
        with pytest.raises(canonical.NotCanonical):
            canonical.canonical(value)


class TestHash:
    def test_sm3_is_the_national_hash(self) -> None:
        expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        assert chain.hasher("sm3")(b"abc").hex() == expected
        assert chain._cryptography_sm3(b"abc").hex() == expected

    def test_covers_every_column(self) -> None:
        link = as_link(forged(INSTANTS["sqlite"])[2])
        hash_of = chain.hasher("sm3")
        for name in chain.COLUMNS:
            old = getattr(link, name)
            if name == "hash":
                continue
            if name in {"at", "recorded_at"}:
                new: object = old.replace(year=2020)
            elif isinstance(old, bytes):
                new = b"\1" * 32
            else:
                new = old + 1 if isinstance(old, int) else f"{old or ''}{{}}"
            changed = link._replace(**{name: new})  # type: ignore[arg-type]  # a value of the same kind
            assert chain.link_hash(changed, hash_of) != link.hash, name

    @pytest.mark.parametrize("vendor", sorted(INSTANTS))
    def test_chains_of_the_first_day_still_verify(self, vendor: str) -> None:
        """These hashes stand in ledgers: they were made by the first version of this program."""
        rows = forged(INSTANTS[vendor])
        assert rows[0][-1].hex() == "74910a1a9ccf0d7347c5b1e38eb542ae1e6237209aaa7b0ae62bfc702d5f15c2"
        assert rows[-1][-1].hex() == "ac2418bc6109a3a0d520bee2180ccc55e82584d7bf70125f514ba75710eec790"

    def test_the_one_pass_makes_what_the_definition_says(self) -> None:
        hash_of, prev = chain.hasher("sm3"), chain.GENESIS
        for row, body in zip(forged(INSTANTS["postgresql"]), BODIES, strict=True):
            link = as_link(row)
            assert link.body == canonical.dumps(codec.encode(body)).decode()
            assert (link.prev, link.hash) == (prev, chain.link_hash(link, hash_of))
            prev = link.hash


class TestQuick:
    """The short way to canonical bytes gives the bytes of the long one, and refuses what it refuses."""

    @given(PLAIN)
    def test_same_bytes(self, value: object) -> None:
        assert canonical.quick(value) == canonical.canonical(value)

    @given(st.text(st.characters(categories=["Cs", "Cc", "Po"], include_characters="\\u0a")))
    def test_same_refusals(self, text: str) -> None:
        for value in (text, {"a": text}, [text], {text: 1}):
            assert made_by(canonical.quick, value) == made_by(canonical.canonical, value)

    @pytest.mark.parametrize(
        "value",
        [
            1.5,
            {"a": 2.0},
            2**63,
            [2**64],
            b"x",
            {1: "a"},
            {"t": AT},
            ("a", date(2026, 3, 2)),
            Standing.OWN,
            {"a": {1.5}},
            {"a": {"b": 1.5}},
            {"a": {"b": {"c": 1.5}}},
            {"a": {"b": AT, "c": None, "d": {}}},
            {"a": AT.replace(tzinfo=None)},
            {"a": 2**63 - 1},
            {"a": 2**63},
            {"a": {"b": 2**63}},
            {"a": {True: "x"}},
            {"a": {1: "x"}},
            {"a": Standing.OWN, "b": {"c": Standing.OWN}},
            {"a": uuid.UUID(int=1)},
            {"a": date(2026, 3, 2)},
        ],
    )
    def test_same_answer_to_odd_things(self, value: object) -> None:
        assert made_by(canonical.quick, value) == made_by(canonical.canonical, value)


def made_by(way: Callable[[object], bytes], value: object) -> bytes | type[Exception]:
    try:
        return way(value)
    except canonical.NotCanonical:
        return canonical.NotCanonical


def forged(instant: Callable[[datetime], object]) -> list[chain.LinkRow]:
    """Every kind of event in one chain."""
    there = AT.astimezone(timezone(timedelta(hours=8)))
    events = [
        Event(
            seq=n, batch=n, at=there, recorded_at=AT + timedelta(seconds=n), person="p-1", post="wj-sp-window",
            unit="wj-sp", role="window", standing=Standing.B_ROLE, basis="代 7", key=f"k-{n}" if n % 3 == 0 else None,
            body=body,
        )
        for n, body in enumerate(BODIES, 1)
    ]  # fmt: skip
    return chain.forge(911_226_001, "510199", chain.GENESIS, events, instant)


def as_link(row: chain.LinkRow) -> chain.Link:
    values = dict(zip(chain.COLUMNS, row, strict=True))
    return chain.Link(**values | {name: read_instant(values[name]) for name in ("at", "recorded_at")})


def test_bodies_are_of_the_closed_union() -> None:
    bodies: tuple[Body, ...] = BODIES
    assert len(bodies) == 30
