"""A reader of plain Parquet columns that no bytes can crash: Python and NumPy alone.

Arrow's reader crashes the process on some broken files. This one reads only what
:func:`w2s_bench.submission.predictions.write` writes: one row group, required columns of texts and 32-bit
integers, no compression, data pages of version 1, plain or by a dictionary. The size of the file and the
expected number of rows bound its memory; any fault is a ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PAR1"
INT32, TEXT = 1, 6
PLAIN, BY_DICTIONARY = 0, (2, 8)
DATA_PAGE, DICTIONARY_PAGE = 0, 2
Values = NDArray[Any]  # np.int32, or texts as objects


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The byte range of a column's pages, and the type of its values."""

    start: int
    end: int
    kind: int


def columns(data: bytes, wanted: Mapping[str, int], rows: int) -> dict[str, Values]:
    """The columns ``wanted`` (names and types, in order), each ``[rows]``. Errors: ValueError."""
    if len(data) < 12 or data[:4] != MAGIC or data[-4:] != MAGIC:
        raise ValueError("no Parquet file, or one that is cut off")
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if footer < 4:
        raise ValueError("a footer larger than the file")
    meta = Reader(data, footer, len(data) - 8).record()
    try:
        chunks = _chunks(meta, wanted, rows, footer)
    except (KeyError, TypeError, AttributeError, IndexError):
        raise ValueError("the footer lacks a field, or has one of another type") from None
    return {name: _column(data, chunk, rows) for name, chunk in chunks.items()}


def _chunks(meta: Any, wanted: Mapping[str, int], rows: int, footer: int) -> dict[str, _Chunk]:
    """Places of the columns from the footer: ``schema`` 2, ``num_rows`` 3, ``row_groups`` 4."""
    root, *fields = meta[2]
    present = [(f[4].decode("utf8", "replace"), f[1]) for f in fields]
    if present != list(wanted.items()) or root[5] != len(wanted):
        raise ValueError(f"columns {', '.join(name[:20] for name, _ in present[:5])}, or of other types")
    if any(f.get(3) != 0 for f in fields):
        raise ValueError("columns that may be empty or repeated")
    if meta[3] != rows:
        raise ValueError(f"{meta[3]} rows, where the cells and their test sets need {rows}")
    if len(meta[4]) != 1 or meta[4][0][3] != rows or len(meta[4][0][1]) != len(wanted):
        raise ValueError(f"{len(meta[4])} row groups, where one of all rows is needed")
    chunks = {}
    for (name, kind), column in zip(wanted.items(), meta[4][0][1], strict=True):
        about = column[3]
        if 1 in column or about[1] != kind or about[3] != [name.encode()] or about[5] != rows:
            raise ValueError(f"column {name!r} does not lie here, whole and by that name")
        if about[4] != 0:
            raise ValueError(f"column {name!r} is compressed")
        start = min(about.get(11, about[9]), about[9])
        chunks[name] = _Chunk(start, start + about[7], kind)
        if not 4 <= start <= start + about[7] <= footer:
            raise ValueError(f"column {name!r} lies outside the file")
    return chunks


def _column(data: bytes, chunk: _Chunk, rows: int) -> Values:
    """All values of a column, page by page."""
    words: Values | None = None
    parts: list[Values] = []
    at, left = chunk.start, rows
    while left:
        header = Reader(data, at, chunk.end)
        kind, size, stored, count, encoding = _page(header.record())
        if kind not in (DATA_PAGE, DICTIONARY_PAGE) or size != stored or not 0 <= count <= rows:
            raise ValueError("a page of another kind, compressed, or of too many values")
        content = header.take(size)
        at = header.at
        if kind == DICTIONARY_PAGE:
            if words is not None or encoding not in (PLAIN, *BY_DICTIONARY):
                raise ValueError("two dictionaries, or one in another encoding")
            words = _plain(content, chunk.kind, count)
            continue
        if not 0 < count <= left:
            raise ValueError("pages with more or fewer values than rows")
        parts.append(_values(content, chunk.kind, count, encoding, words))
        left -= count
    return np.concatenate([np.zeros(0, dtype=np.int32 if chunk.kind == INT32 else object), *parts])


def _page(page: dict[int, Any]) -> list[int]:
    """Type, size, stored size, values and encoding of a page, from its header."""
    about = page.get(7 if page.get(1) == DICTIONARY_PAGE else 5)
    inner = [about.get(1), about.get(2)] if isinstance(about, dict) else [None]
    numbers = [page.get(1), page.get(2), page.get(3), *inner]
    if not all(type(number) is int for number in numbers):
        raise ValueError("the header of a page lacks a field, or has one of another type")
    return [int(number) for number in numbers if number is not None]


def _values(content: bytes, kind: int, count: int, encoding: int, words: Values | None) -> Values:
    if encoding == PLAIN:
        return _plain(content, kind, count)
    if encoding not in BY_DICTIONARY or words is None or not content:
        raise ValueError("values in another encoding, or without their dictionary")
    places = _places(content[1:], content[0], count)
    if len(places) and int(places.max()) >= len(words):
        raise ValueError("a value that is not in the dictionary")
    return words[places]


def _plain(content: bytes, kind: int, count: int) -> Values:
    """Values one after the other; a text has its length before it."""
    if kind == INT32:
        if len(content) != 4 * count:
            raise ValueError("numbers are missing")
        return np.frombuffer(content, dtype="<i4").astype(np.int32)
    texts, at = np.empty(count, dtype=object), 0
    for i in range(count):
        end = at + 4 + int.from_bytes(content[at : at + 4], "little")
        if end > len(content) or at + 4 > len(content):
            raise ValueError("a text is cut off")
        texts[i] = content[at + 4 : end].decode("utf8")  # UnicodeDecodeError is a ValueError
        at = end
    if at != len(content):
        raise ValueError("bytes behind the last text")
    return texts


def _places(content: bytes, width: int, count: int) -> NDArray[np.int64]:
    """Indices ``[count]`` of ``width`` bits: runs of one value, and groups of eight packed bit by bit."""
    if width > 31:
        raise ValueError("indices too wide")
    runs = Reader(content, 0, len(content))
    places, left = np.empty(count, dtype=np.int64), count
    while left:
        head = runs.varint()
        if head & 1:
            packed = np.frombuffer(runs.take((head >> 1) * width), dtype=np.uint8)
            some = _unpacked(packed, width, min(left, 8 * (head >> 1)))
        else:
            value = int.from_bytes(runs.take((width + 7) // 8), "little")
            if head >> 1 > left:
                raise ValueError("a run that is too long")
            some = np.full(head >> 1, value, dtype=np.int64)
        if not len(some):
            raise ValueError("an empty run")
        places[count - left : count - left + len(some)] = some
        left -= len(some)
    return places


def _unpacked(packed: NDArray[np.uint8], width: int, count: int) -> NDArray[np.int64]:
    if width == 0:
        return np.zeros(count, dtype=np.int64)
    bits = np.unpackbits(packed[: (count * width + 7) // 8], bitorder="little", count=count * width)
    return bits.reshape(count, width).astype(np.int64) @ (1 << np.arange(width, dtype=np.int64))


DEEPEST = 12
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class Reader:
    """Reads the part of Thrift's compact protocol that Parquet headers use, from untrusted bytes.

    Structs become dictionaries by field number. The remaining bytes bound depth and sizes. Errors: ValueError
    for anything that is not Thrift.
    """

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes. Errors: ValueError if fewer are left."""
        if not 0 <= size <= self.end - self.at:
            raise ValueError("a header is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def varint(self) -> int:
        """An unsigned number of at most 64 bits."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number without end in a header")

    def signed(self) -> int:
        """A number in zigzag form."""
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def record(self, deep: int = 0) -> dict[int, Any]:
        """A struct: its values by field number."""
        if deep > DEEPEST:
            raise ValueError("headers nested too deep")
        values: dict[int, Any] = {}
        number = 0
        while head := self.take(1)[0]:
            number = number + (head >> 4) if head >> 4 else self.signed()
            if number in values:
                raise ValueError(f"field {number} of a header stands twice")
            kind = head & 15
            values[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, deep)
        return values

    def _value(self, kind: int, deep: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):  # truths are bytes in lists alone
            return self.take(1)[0]
        if kind in (_I16, _I32, _I64):
            return self.signed()
        if kind == _DOUBLE:
            return struct.unpack("<d", self.take(8))[0]
        if kind == _BINARY:
            return self.take(self.varint())
        if kind in (_LIST, _SET):
            head = self.take(1)[0]
            size = self._size(self.varint() if head >> 4 == 15 else head >> 4)
            return [self._inner(head & 15, deep) for _ in range(size)]
        if kind == _MAP:
            size = self._size(self.varint())
            kinds = self.take(1)[0] if size else 0
            return [(self._inner(kinds >> 4, deep), self._inner(kinds & 15, deep)) for _ in range(size)]
        if kind == _STRUCT:
            return self.record(deep + 1)
        raise ValueError(f"no such type in a header: {kind}")

    def _inner(self, kind: int, deep: int) -> Any:
        if deep > DEEPEST:
            raise ValueError("headers nested too deep")
        return self._value(kind, deep + 1)

    def _size(self, size: int) -> int:
        if size > self.end - self.at:  # each element takes a byte at least
            raise ValueError("a list is longer than its header")
        return size
