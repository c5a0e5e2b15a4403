"""A Merkle tree of a day's case heads, grown leaf by leaf so that a million leaves need twenty hashes of memory.

Leaves and nodes are hashed apart (RFC 6962), so that no node can be shown as a leaf.
"""

from zhengtong.ledger.chain import Hasher

_LEAF = b"\0"
_NODE = b"\1"


def leaf_hash(leaf: bytes, hash_of: Hasher) -> bytes:
    return hash_of(_LEAF + leaf)


class Merkle:
    """
    >>> from zhengtong.ledger.chain import hasher
    >>> tree = Merkle(hasher("sha256"))
    >>> tree.add(b"a")
    >>> tree.count, tree.root().hex()[:8]
    (1, '022a6979')
    """

    def __init__(self, hash_of: Hasher) -> None:
        self.count = 0
        self._hash_of = hash_of
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        self.add_hashed(leaf_hash(leaf, self._hash_of))

    def add_hashed(self, node: bytes) -> None:
        """Add a leaf by its hash."""
        self.count += 1
        height = 0
        while self._peaks and self._peaks[-1][0] == height:
            node = self._hash_of(_NODE + self._peaks.pop()[1] + node)
            height += 1
        self._peaks.append((height, node))

    def root(self) -> bytes:
        """The root of the leaves so far; of none, the hash of nothing."""
        if not self._peaks:
            return self._hash_of(b"")
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = self._hash_of(_NODE + left + node)
        return node
