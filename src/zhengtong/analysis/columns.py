"""A log from columns somebody else keeps: an Arrow table or a Parquet file with a case, an activity and an instant for
each event. Texts are read as codes and stay so; no row is ever made an object."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhengtong.analysis.logs import UNKNOWN, Codes, Ints, Log, from_columns

Coded = tuple[Codes, Any]  # a code per event, and the names as Arrow keeps them


class Names(Sequence[str]):
    """Names kept as Arrow keeps them, a text made of each only when it is asked for."""

    __slots__ = ("_kept",)

    def __init__(self, kept: Any) -> None:
        self._kept = kept

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "Names": ...
    def __getitem__(self, place: int | slice) -> "str | Names":
        if isinstance(place, slice):
            return Names(self._kept[place])
        return str(self._kept[place].as_py())

    def __iter__(self) -> Iterator[str]:
        return (str(name) for name in self._kept.to_pylist())


def read_parquet(path: Path, *, case: str, activity: str, at: str, resource: str | None = None) -> Log:
    """The log of a Parquet file, by the names of its columns: a row group at a time, so that beside the codes only the
    texts of one are held."""
    texts = [name for name in (case, activity, resource) if name is not None]
    file = pq.ParquetFile(path, read_dictionary=texts)
    columns = {name: _Codes(file.metadata.num_rows) for name in texts}
    instants = np.empty(file.metadata.num_rows, dtype=np.int64)
    end = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=[*texts, at])
        start, end = end, end + table.num_rows
        instants[start:end] = _instants(table[at])
        for name, column in columns.items():
            column.put(start, table[name])
    made = {name: column.finished() for name, column in columns.items()}
    return _log(made[case], made[activity], instants, None if resource is None else made[resource])


class _Codes:
    """A column of texts that comes in parts, each with a dictionary of its own."""

    def __init__(self, rows: int) -> None:
        self._codes = np.empty(rows, dtype=np.int32)
        self._parts: list[tuple[int, int, Any]] = []  # from, to, the names of this part

    def put(self, start: int, column: Any) -> None:
        for chunk in column.chunks:
            codes, names = _coded(chunk)
            end = start + len(codes)
            self._codes[start:end] = codes
            self._parts.append((start, end, names))
            start = end

    def finished(self) -> Coded:
        """All codes in one dictionary, names in order of first appearance."""
        if len(self._parts) == 1:
            return self._codes, self._parts[0][2]
        whole = pa.chunked_array([names for _, _, names in self._parts], type=pa.string())
        encoded = whole.combine_chunks().dictionary_encode()
        places, first = viewed(encoded.indices), 0
        for start, end, names in self._parts:
            part = self._codes[start:end]
            known = np.append(places[first : first + len(names)], UNKNOWN).astype(np.int32)  # -1 is the last
            np.take(known, part, out=part, mode="wrap")
            first += len(names)
        return self._codes, encoded.dictionary


def from_table(table: Any, *, case: str, activity: str, at: str, resource: str | None = None) -> Log:
    """The log of an Arrow table. Instants without a zone are UTC."""
    return _log(
        _coded(table[case]), _coded(table[activity]), _instants(table[at]),
        None if resource is None else _coded(table[resource]),
    )  # fmt: skip


def _log(case: Coded, activity: Coded, at: Ints, resource: Coded | None) -> Log:
    return from_columns(
        case=case[0], activity=activity[0], at=at, cases=Names(case[1]), activities=tuple(activity[1].to_pylist()),
        resource=None if resource is None else resource[0],
        resources=() if resource is None else tuple(resource[1].to_pylist()),
    )  # fmt: skip


def _coded(column: Any) -> Coded:
    whole = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    one = whole.unify_dictionaries().combine_chunks()
    if isinstance(one, pa.ChunkedArray):  # of no chunk, or of one
        one = one.chunk(0) if one.num_chunks else pa.array([], type=whole.type)
    indices = one.indices if not one.null_count else one.indices.fill_null(UNKNOWN)
    return viewed(indices).astype(np.int32, copy=False), one.dictionary


def _instants(column: Any) -> Ints:
    if not pa.types.is_integer(column.type):
        zone = getattr(column.type, "tz", None)
        column = column.cast(pa.timestamp("us", tz=zone), safe=False).cast(pa.int64())
    return np.concatenate([viewed(chunk) for chunk in column.chunks] or [np.zeros(0, np.int64)], dtype=np.int64)


def viewed(numbers: Any) -> Any:
    """An Arrow array of numbers without gaps, looked at as numpy does. Its own `to_numpy` would load pandas first."""
    return np.from_dlpack(numbers)
