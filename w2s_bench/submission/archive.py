"""The file of a bundle: a plain zip archive whose bytes follow from its members alone.

Members are uncompressed, in one order, with one date and one mode. A reader can therefore pack the members
again and compare: zip bombs, other names, parent paths, links, repeated members, comments, encryption and
extra bytes are all refused alike. Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from w2s_bench.errors import StoreError
from w2s_bench.submission.manifest import refused

MANIFEST, CELLS, FITS, PREDICTIONS, CODE = (
    "manifest.json",
    "cells.jsonl",
    "fits.jsonl",
    "predictions.parquet",
    "method.py.txt",  # a text: nothing opens it as a module by accident
)
MIB = 1 << 20
LARGEST = {MANIFEST: MIB, CELLS: 16 * MIB, FITS: 16 * MIB, PREDICTIONS: 64 * MIB, CODE: MIB // 4}
LARGEST_BUNDLE = sum(LARGEST.values()) + 4096
DATE = (1980, 1, 1, 0, 0, 0)
_END = struct.Struct("<4s4H2LH")  # the end record of a zip archive without a comment


def pack(members: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive; equal members give equal bytes on all machines."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in (n for n in LARGEST if n in members):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, members[name])
    return out.getvalue()


def read(path: Path) -> dict[str, bytes]:
    """The members of a bundle; reads no more than its largest allowed size. Errors: StoreError for a file
    that is not exactly what :func:`pack` writes."""
    return unpack(_bytes(path), str(path))


def _bytes(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise refused("is no plain file", str(path), "a bundle", "give the path of a bundle")
        if about.st_size > LARGEST_BUNDLE:
            raise refused("is too large", str(path), f"at most {LARGEST_BUNDLE // MIB} MiB")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BUNDLE + 1)
    except (OSError, ValueError) as error:
        mend = "give the path of a bundle that can be read"
        raise refused(f"cannot be read ({error})", str(path), "a bundle", mend) from None
    if len(data) > LARGEST_BUNDLE:
        raise refused("is too large", str(path), f"at most {LARGEST_BUNDLE // MIB} MiB")
    return data


def unpack(data: bytes, where: str) -> dict[str, bytes]:
    """The members by name, from the bytes of a bundle. Errors: as for :func:`read`."""
    _check_end(data, where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {i.filename: _member(archive, i, where) for i in archive.infolist()}
    except StoreError:
        raise
    except Exception as error:  # zipfile raises whatever its parts raise on broken bytes
        raise refused(f"broken archive ({type(error).__name__}: {error})", where, "a zip archive") from None
    if missing := [n for n in LARGEST if n not in members and n != CODE]:
        raise refused("is missing", f"{where}: {missing[0]}", f"the files {', '.join(list(LARGEST)[:-1])}")
    if pack(members) != data:
        raise refused(
            "holds more than its files: a member twice, other dates, comments or bytes between them",
            where,
            "exactly what w2s-bench submit writes",
        )
    return members


def _check_end(data: bytes, where: str) -> None:
    """Check the directory's count and extent before its entries are parsed."""
    if len(data) < _END.size:
        raise refused("is no zip archive", where, "a bundle")
    magic, _, _, _, count, size, start, comment = _END.unpack(data[-_END.size :])
    if magic != b"PK\5\6" or comment:
        raise refused("is no zip archive, is cut off, or has something behind its end", where, "a bundle")
    if count > len(LARGEST) or start + size + _END.size != len(data):
        raise refused(f"its directory lists {count} members", where, f"at most {len(LARGEST)}, and no gap")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
    shown = info.filename if info.filename in LARGEST else ascii(info.filename)[:80]
    place = f"{where}: {shown}"
    if info.filename not in LARGEST:
        raise refused("no such file in a bundle", place, f"the files {', '.join(LARGEST)}")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise refused("is compressed", place, "a member that is stored as it is")
    if info.file_size > LARGEST[info.filename]:
        raise refused("is too large", place, f"at most {LARGEST[info.filename]} bytes")
    with archive.open(info) as stream:
        return stream.read(LARGEST[info.filename] + 1)
