"""Search at many titles, on both databases: what it finds is what a look at every title finds. How fast is not judged
here."""

from zhengtong.catalogue import benching


def test_finds_what_a_look_at_every_title_finds(ledger_db: str) -> None:
    got = benching.search_at(2_000)
    assert got.is_exact
    assert got.checked > len(benching.QUERIES)
    assert set(got.ours) == set(got.scans) == set(benching.QUERIES)
