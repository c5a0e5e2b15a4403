"""Sealed streams: nothing can be read without the key, nothing changed, moved, dropped or cut off unseen."""

import io
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.operating import envelopes
from zhengtong.operating.envelopes import MARK, PIECE, TAG, CannotOpen, Lock, Opener, Opening, Sealing

IDENTITY = X25519PrivateKey.generate()
LOCK, KEY = Lock(recipient=IDENTITY.public_key()), Opener(identity=IDENTITY)
PASSPHRASE = "一句够长的口令 of words"
LONG = bytes(range(256)) * (PIECE // 256) * 2 + b"the end"


def sealed(data: bytes, lock: Lock = LOCK) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, lock)
    for start in range(0, len(data), 300_000):
        sealing.write(data[start : start + 300_000])
    sealing.close()
    return out.getvalue()


def opened(stream: bytes, opener: Opener = KEY) -> bytes:
    return Opening(io.BytesIO(stream), opener).read()


def pieces_at(stream: bytes) -> int:
    return stream.index(b"\n", len(MARK)) + 1


class TestRoundTrip:
    @pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
    def test_of_every_length_around_a_piece(self, size: int) -> None:
        assert opened(sealed(LONG[:size])) == LONG[:size]

    def test_by_passphrase(self) -> None:
        stream = sealed(b"kept", Lock(passphrase=PASSPHRASE))
        assert opened(stream, Opener(passphrase=PASSPHRASE)) == b"kept"
        with pytest.raises(CannotOpen, match="not the right one"):
            opened(stream, Opener(passphrase=PASSPHRASE + "!"))
        with pytest.raises(CannotOpen, match="none was given"):
            opened(stream, KEY)

    def test_is_never_the_same_twice_and_shows_nothing(self) -> None:
        first, second = sealed(b"the same words"), sealed(b"the same words")
        assert first != second
        assert b"the same words" not in first

    @given(st.lists(st.integers(1, 400_000), min_size=1, max_size=6))
    @settings(max_examples=10, deadline=None)
    def test_read_in_any_portions(self, portions: list[int]) -> None:
        opening = Opening(io.BytesIO(STREAM), KEY)
        found = b"".join(opening.read(portion) for portion in portions)
        assert found + opening.read() == LONG


STREAM = sealed(LONG)


class TestHarm:
    @pytest.mark.parametrize("lost", [1, TAG, 100, PIECE, 2 * PIECE])
    def test_cut_off_is_said(self, lost: int) -> None:
        with pytest.raises(CannotOpen, match="cut off"):
            opened(STREAM[:-lost])

    def test_cut_off_between_two_pieces_is_said(self) -> None:
        end = pieces_at(STREAM) + PIECE + TAG
        with pytest.raises(CannotOpen, match="cut off after piece 1"):
            opened(STREAM[:end])

    def test_a_changed_bit_names_its_piece(self) -> None:
        harmed = bytearray(STREAM)
        harmed[pieces_at(STREAM) + PIECE + TAG + 5] ^= 1
        with pytest.raises(CannotOpen, match=r"piece 2 .* was changed"):
            opened(bytes(harmed))

    def test_pieces_that_changed_places_are_found(self) -> None:
        start, size = pieces_at(STREAM), PIECE + TAG
        first, second = STREAM[start : start + size], STREAM[start + size : start + 2 * size]
        with pytest.raises(CannotOpen, match="piece 1"):
            opened(STREAM[:start] + second + first + STREAM[start + 2 * size :])

    def test_a_piece_of_another_stream_is_found(self) -> None:
        other, start, size = sealed(LONG), pieces_at(STREAM), PIECE + TAG
        mixed = STREAM[:start] + other[pieces_at(other) :][:size] + STREAM[start + size :]
        with pytest.raises(CannotOpen, match="piece 1"):
            opened(mixed)

    def test_something_behind_the_end_is_found(self) -> None:
        with pytest.raises(CannotOpen):
            opened(STREAM + b"more")

    def test_a_changed_header_is_found(self) -> None:
        header = json.loads(STREAM[len(MARK) : pieces_at(STREAM)])
        changed = json.dumps(header | {"for": "0" * 16}, sort_keys=True).encode() + b"\n"
        with pytest.raises(CannotOpen):
            opened(MARK + changed + STREAM[pieces_at(STREAM) :])

    def test_a_header_that_asks_for_all_memory_is_refused(self) -> None:
        stream = sealed(b"kept", Lock(passphrase=PASSPHRASE))
        header = json.loads(stream[len(MARK) : pieces_at(stream)]) | {"n": 1 << 30}
        with pytest.raises(CannotOpen, match="more memory"):
            opened(MARK + json.dumps(header).encode() + b"\n", Opener(passphrase=PASSPHRASE))

    @pytest.mark.parametrize("stream", [b"", b"PK\3\4 something else", MARK, MARK + b"{}\n", MARK + b"no json\n"])
    def test_what_is_no_stream_is_refused(self, stream: bytes) -> None:
        with pytest.raises(CannotOpen):
            opened(stream)

    def test_another_key_does_not_open(self) -> None:
        with pytest.raises(CannotOpen, match="not the right one; it was sealed for the key"):
            opened(STREAM, Opener(identity=X25519PrivateKey.generate()))


class TestKeyFiles:
    def test_are_read_back(self, tmp_path: Path) -> None:
        private, public = envelopes.draw_identity(PASSPHRASE)
        (tmp_path / "key").write_bytes(private)
        (tmp_path / "pub").write_bytes(public)
        identity = envelopes.read_identity(tmp_path / "key", PASSPHRASE)
        recipient = envelopes.read_recipient(tmp_path / "pub")
        assert opened(sealed(b"kept", Lock(recipient=recipient)), Opener(identity=identity)) == b"kept"
        for wrong in (PASSPHRASE + "!", ""):
            with pytest.raises(CannotOpen):
                envelopes.read_identity(tmp_path / "key", wrong)

    def test_of_another_kind_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "pub").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
        with pytest.raises(CannotOpen):
            envelopes.read_recipient(tmp_path / "pub")
