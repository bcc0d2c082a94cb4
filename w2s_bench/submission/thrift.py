"""Thrift's compact protocol, as far as the headers of a Parquet file use it, from bytes nobody trusts.

Structs become dictionaries by field number. Depth and sizes are bounded by what is left of the bytes.
"""

from __future__ import annotations

import struct
from typing import Any

DEEPEST = 12
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class Reader:
    """Reads forward from a place; ValueError for anything that is not Thrift."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, size: int) -> bytes:
        """The next bytes."""
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
        found: dict[int, Any] = {}
        number = 0
        while head := self.take(1)[0]:
            number = number + (head >> 4) if head >> 4 else self.signed()
            if number in found:
                raise ValueError(f"field {number} of a header stands twice")
            kind = head & 15
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, deep)
        return found

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
