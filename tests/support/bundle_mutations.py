"""Ways in which a bundle may be broken or forged: each makes the bytes of a bad bundle from those of a good
one. Those of JSON and Parquet are sealed again (checksums follow), so that they reach the checks behind.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from w2s_bench.submission.archive import CELLS, CODE, FITS, LARGEST, MANIFEST, PREDICTIONS, pack, unpack

Members = dict[str, bytes]
Mutation = Callable[[Random, bytes], bytes]
HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 2**70, 1.5, [], {}, "", "\x00", "a" * 100_000, [["x"] * 9] * 9),
    *("<script>alert(1)</script>", "<img src=x>", '=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)"),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "\u202eevil", "é\ud7ff", "${jndi:ldap://x}", "'; DROP"),
    *("n\u0430ive", "naive\n", " naive", "%s%n"),
)
RAW_VALUES = (
    *("NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "1 ", "tru", '"\\ud800"'),
    *("[" * 50_000, '{"a":' * 5000),
)
NAMES = (
    *("../evil", "../../../../tmp/evil", "/tmp/evil", "a/../../evil", "C:\\evil", "..\\evil", "evil/", ""),
    *("manifest.json/", "manifest.json\x00.txt", "MANIFEST.JSON", "./manifest.json", "=cmd()", "<b>x</b>"),
    *("a" * 60_000, "naïve"),
)


def sealed(members: Members) -> bytes:
    """A bundle whose checksums are those of its files."""
    head = json.loads(members[MANIFEST])
    head["files"] = {n: hashlib.sha256(d).hexdigest() for n, d in members.items() if n != MANIFEST}
    return pack(members | {MANIFEST: canonical(head)})


def canonical(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode(
        "utf8", "surrogatepass"
    )


def open_(data: bytes) -> Members:
    return unpack(data, "good")


def flip_bits(rng: Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def splice(rng: Random, data: bytes) -> bytes:
    """Bytes put in, taken out, moved, or added before or behind."""
    a, b = sorted(rng.sample(range(len(data)), 2))
    noise = rng.randbytes(rng.choice((1, 4, 100)))
    return rng.choice(
        (data[:a] + noise + data[a:], data[:a] + data[b:], data[b:] + data[:b], noise + data, data + noise)
    )


def rearranged(rng: Random, data: bytes) -> bytes:
    """Members swapped, left out, renamed, or under the name of another, with checksums as they were."""
    members = open_(data)
    one, two = rng.sample(sorted(members), 2)
    kind = rng.randrange(3)
    if kind == 0:
        members[one], members[two] = members[two], members[one]
    elif kind == 1:
        del members[one]
    else:
        members[one] = members[two]
    return pack(members)


def _zip(members: list[tuple[str, bytes, int, int]], comment: bytes = b"") -> bytes:
    """(name, data, compression, mode) as a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for name, content, compression, mode in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr, info.compress_type = 3, mode << 16, compression
            archive.writestr(info, content)
    return out.getvalue()


def archived(rng: Random, data: bytes) -> bytes:
    """Another archive around the same files: hostile names, links, twice the same name, compression."""
    plain = stat.S_IFREG | 0o644
    members = [(n, d, zipfile.ZIP_STORED, plain) for n, d in open_(data).items()]
    extra = (rng.choice(NAMES), b"evil", zipfile.ZIP_STORED, plain)
    at = rng.randrange(len(members))
    name, content, _, _ = members[at]
    kinds = (
        lambda: _zip([*members, extra]),
        lambda: _zip([extra, *members]),
        lambda: _zip([*members[:at], (extra[0], content, 0, plain), *members[at + 1 :]]),
        lambda: _zip([*members, members[at]]),
        lambda: _zip([(n, d, zipfile.ZIP_DEFLATED, m) for n, d, _, m in members]),
        lambda: _zip([*members[:at], (name, b"/etc/passwd", 0, stat.S_IFLNK | 0o777), *members[at + 1 :]]),
        lambda: _zip(rng.sample(members, len(members)), b"x"),
        lambda: _zip([*members, ("nested.zip", data, zipfile.ZIP_STORED, plain)]),
        lambda: _zip([(f"{i}", b"", zipfile.ZIP_STORED, plain) for i in range(rng.choice((20, 3000)))]),
    )
    return rng.choice(kinds)()


def bombed(rng: Random, data: bytes) -> bytes:
    """A member that unpacks to far more than it is, or says that it does."""
    members = open_(data)
    name = rng.choice(list(members))
    plain = stat.S_IFREG | 0o644
    others = [(n, d, zipfile.ZIP_STORED, plain) for n, d in members.items() if n != name]
    compression = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    if rng.random() < 0.2:
        return _zip([(name, bytes(8 << 20), compression, plain), *others])
    out = bytearray(data)  # sizes in the directory that are not those of the members
    start = out.rfind(b"PK\1\2") if rng.random() < 0.5 else out.find(b"PK\3\4")
    offset = start + (20 if out[start + 2] == 1 else 18) + rng.choice((0, 4))
    out[offset : offset + 4] = rng.choice((2**30, 2**32 - 1, 2**31, 0)).to_bytes(4, "little")
    return bytes(out)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(p for k, v in inner for p in _paths(v, (*at, k)))]


def _edit(rng: Random, value: Any) -> Any:
    """A JSON object with one field changed, removed, added or taken from elsewhere in it."""
    value = json.loads(json.dumps(value))
    path = rng.choice(_paths(value)[1:])
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    kind, old = rng.randrange(5), holder[path[-1]]
    if kind == 0 and isinstance(holder, dict):
        del holder[path[-1]]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice(("extra", "__proto__", "schema", "<b>", path[-1] + " "))] = old
    elif kind == 2 and isinstance(old, str) and old:
        i = rng.randrange(len(old))
        holder[path[-1]] = old[:i] + rng.choice("0123456789abcdef=<é") + old[i + 1 :]
    elif kind == 3 and isinstance(old, int | float):
        holder[path[-1]] = rng.choice((old + 1, -old, old * 2 + 1, float(old), str(old), old + 1e-9))
    else:
        holder[path[-1]] = rng.choice(HOSTILE)
    return value


def manifest(rng: Random, data: bytes) -> bytes:
    """One field of the manifest."""
    members = open_(data)
    edited = _edit(rng, json.loads(members[MANIFEST]))
    return pack(members | {MANIFEST: canonical(edited)})


def json_text(rng: Random, data: bytes) -> bytes:
    """Text that is hardly JSON: NaN, numbers without end, depth, a key twice, other spaces or encodings."""
    members = open_(data)
    name = rng.choice((MANIFEST, CELLS, FITS))
    text = members[name].decode()
    places = [i for i in range(len(text)) if text[i] == ":"]
    at = rng.choice(places) + 1
    end = at + next(i for i, c in enumerate(text[at:]) if c in ",}\n")
    raw = rng.choice(RAW_VALUES)
    first = text.index("{") + 1
    made = rng.choice(
        (
            (text[:at] + raw + text[end:]).encode(),
            (text[:first] + '"schema_version":1,' + text[first:]).encode(),
            text.replace(":", ": ", 1).encode(),
            text.encode("utf-16"),
            b"\xef\xbb\xbf" + text.encode(),
            text.encode().replace(b"a", b"\xff", 1),
            text.rstrip("\n").encode(),
            (text + "\n").encode(),
            b"",
            ("[" * 100_000 + "\n").encode(),
        )
    )
    members[name] = made
    return pack(members) if name == MANIFEST else sealed(members)


def lines(rng: Random, data: bytes) -> bytes:
    """A line of cells or fits removed, doubled, moved, or with a field edited."""
    members = open_(data)
    name = rng.choice((CELLS, FITS))
    found = members[name].splitlines(keepends=True)
    at, kind = rng.randrange(len(found)), rng.randrange(6)
    if kind == 0:
        del found[at]
    elif kind == 1:
        found.insert(rng.randrange(len(found)), found[at])
    elif kind == 2:
        other = rng.randrange(len(found))
        found[at], found[other] = found[other], found[at]
    else:
        found[at] = canonical(_edit(rng, json.loads(found[at])))
    return sealed(members | {name: b"".join(found)})


def keys(rng: Random, data: bytes) -> bytes:
    """A cell whose teacher, student or ceiling is another fit of the bundle: an easier denominator."""
    members = open_(data)
    cells = [json.loads(s) for s in members[CELLS].splitlines()]
    kinds = ("teacher_key", "student_key", "ceiling_key")
    cell = rng.choice(cells)
    field = rng.choice(kinds)
    others = {c[k] for c in cells for k in kinds} - {cell[field]}
    cell[field] = rng.choice([*sorted(others), "0" * 32])
    return sealed(members | {CELLS: b"".join(map(canonical, cells))})


def score(rng: Random, data: bytes) -> bytes:
    """A claimed accuracy, hash, size or cost that the predictions do not give."""
    members = open_(data)
    fits = [json.loads(s) for s in members[FITS].splitlines()]
    fit = rng.choice(fits)
    field = rng.choice(("accuracy", "answers", "n_test", "seconds", "key", "task"))
    other = rng.choice([f for f in fits if f[field] != fit[field]] or [{field: rng.choice(HOSTILE)}])
    fit[field] = other[field]
    return sealed(members | {FITS: b"".join(map(canonical, fits))})


def _table(data: bytes) -> Any:
    return pyarrow.parquet.read_table(io.BytesIO(open_(data)[PREDICTIONS]))


def _with_table(data: bytes, table: Any, **how: Any) -> bytes:
    out = io.BytesIO()
    how = {"compression": "none", "store_schema": False, "write_statistics": False} | how
    pyarrow.parquet.write_table(table, out, **how)
    return sealed(open_(data) | {PREDICTIONS: out.getvalue()})


def picks(rng: Random, data: bytes) -> bytes:
    """Some predictions edited: to another option, or to one that does not exist."""
    table = _table(data)
    picked = table.column("picked").to_numpy().copy()
    for row in rng.sample(range(len(picked)), rng.choice((1, 1, 5, len(picked)))):
        new = rng.choice((0, 1, 2, 3, -1, 32767, -32768))
        picked[row] = new if new != picked[row] else new ^ 1
    return _with_table(data, table.set_column(2, table.schema.field("picked"), pyarrow.array(picked)))


def rows_(rng: Random, data: bytes) -> bytes:
    """Items left out, twice, in another order, of another task, or of no task; fits left out or renamed."""
    table = _table(data)
    n = len(table)
    order, at, other = np.arange(n), rng.randrange(n), rng.randrange(n)
    kind = rng.randrange(6)
    if kind == 0:
        order = np.delete(order, at)
    elif kind == 1:
        order = np.insert(order, other, at)
    elif kind == 2:
        order[at] = other
    elif kind == 3:
        order = np.roll(order, rng.randrange(1, n))
    values = {c: table.column(c).to_pylist() for c in ("key", "item")}
    if kind > 3:
        column = ("key", "item")[kind - 4]
        found = values[column]
        found[at] = rng.choice([found[other], "0" * len(found[at]), "", "a" * 10**6, "<b>", found[at] + " "])
        table = table.set_column(int(kind == 5), table.schema.field(column), pyarrow.array(found))
    return _with_table(data, table.take(pyarrow.array(order)))


def parquet_form(rng: Random, data: bytes) -> bytes:
    """The same predictions in a Parquet file of another form."""
    table = _table(data)
    picked = table.column("picked")
    more = pyarrow.array([0] * len(table))
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: _with_table(data, table, compression=rng.choice(("zstd", "snappy", "gzip", "brotli"))),
        lambda: _with_table(data, table, row_group_size=rng.choice((1, 100, 800))),
        lambda: _with_table(data, table.append_column("gold", more)),
        lambda: _with_table(data, table.select(["key", "picked", "item"])),
        lambda: _with_table(data, table.select(["key", "item"])),
        lambda: _with_table(data, table.rename_columns(["item", "key", "picked"])),
        lambda: _with_table(data, table.set_column(2, "picked", picked.cast(pyarrow.int64()))),
        lambda: _with_table(data, table.set_column(2, "picked", picked.cast(pyarrow.float64()))),
        lambda: _with_table(data, table.set_column(2, "picked", picked.cast(pyarrow.string()))),
        lambda: _with_table(data, table.set_column(2, "picked", pyarrow.nulls(len(table), pyarrow.int16()))),
        lambda: _with_table(data, table.set_column(1, "item", pyarrow.array([b"\xff"] * len(table)))),
        lambda: _with_table(data, pyarrow.concat_tables([table] * 40)),
        lambda: _with_table(data, table.slice(0, 0)),
    )  # fmt: skip
    return rng.choice(kinds)()


def parquet_bytes(rng: Random, data: bytes) -> bytes:
    """Bits of the Parquet file, pages and footer, with checksums that follow."""
    members = open_(data)
    inner = members[PREDICTIONS]
    kind = rng.randrange(4)
    if kind == 0:
        inner = flip_bits(rng, inner)
    elif kind == 1:
        inner = truncate(rng, inner)
    elif kind == 2:
        out = bytearray(inner)
        for _ in range(rng.choice((1, 3))):  # the footer alone
            out[len(out) - 1 - rng.randrange(min(600, len(out)))] = rng.randrange(256)
        inner = bytes(out)
    else:
        inner = splice(rng, inner)
    return sealed(members | {PREDICTIONS: inner})


def repeated(rng: Random, data: bytes) -> bytes:
    """One long text that a dictionary repeats in every row: little to store, much to hold."""
    table = _table(data)
    text = "x" * rng.choice((10**5, 10**6, 10**7))
    column = rng.choice((0, 1))
    places = pyarrow.array(np.zeros(len(table), dtype=np.int32))
    long = pyarrow.DictionaryArray.from_arrays(places, [text])
    how = {"dictionary_pagesize_limit": 1 << 26}
    return _with_table(data, table.set_column(column, ("key", "item")[column], long), **how)


def large_file(rng: Random, data: bytes) -> bytes:
    """A member at or beyond the size that it may have."""
    members = open_(data)
    name = rng.choice([n for n in (MANIFEST, CODE) if n in members])
    fill = rng.choice((b"x", b"[", b"\n", b'{"a":'))
    size = LARGEST[name] + rng.choice((-1, 0, 1))
    members[name] = (fill * (size // len(fill) + 1))[:size]
    return pack(members) if name == MANIFEST else sealed(members)


MUTATIONS: dict[str, tuple[Mutation, int]] = {  # and how often, in parts
    "bits flipped": (flip_bits, 10),
    "cut off": (truncate, 4),
    "bytes put in, taken out, moved": (splice, 5),
    "files swapped or missing": (rearranged, 4),
    "archive: names, links, doubles, compression": (archived, 8),
    "archive: bombs and false sizes": (bombed, 4),
    "file at or over its largest size": (large_file, 1),
    "JSON: NaN, depth, doubles, encodings": (json_text, 8),
    "manifest: a field": (manifest, 12),
    "cells or fits: a line or a field": (lines, 12),
    "cells: another teacher, student or ceiling": (keys, 8),
    "fits: claimed scores": (score, 6),
    "predictions: options": (picks, 8),
    "predictions: items and fits": (rows_, 8),
    "Parquet: another form": (parquet_form, 4),
    "Parquet: bytes": (parquet_bytes, 10),
    "Parquet: one long text in every row": (repeated, 1),
}
