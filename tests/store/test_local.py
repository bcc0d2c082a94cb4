"""The store: artifacts appear whole or not at all, damage is told, and a full disk is one clear error."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from w2s_bench.errors import StoreError
from w2s_bench.store import local as store_module
from w2s_bench.store.local import CHECKSUMS, SELF, Store, atomic_file, disk_errors, write_text

ARRAYS = {"probabilities": np.array([[0.25, 0.75], [1, 0]], dtype=np.float32), "gold": np.array([1, 0])}
TABLE = {"id": ["a", "b"], "options": [["x", "y"], []], "n": [1, None]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "root")


def fill(store: Store, key: str = "abcdef") -> Path:
    with store.write("fit", key) as draft:
        draft.json("fit", {"b": [1, None], "a": "é"})
        draft.arrays("test", ARRAYS)
        draft.table("items", TABLE)
    return store.folder("fit", key)


def everything_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


# Writing and reading


def test_an_artifact_comes_back_as_it_was(store: Store) -> None:
    assert not store.has("fit", "abcdef")
    folder = fill(store)
    assert folder == store.root / "fit" / "ab" / "abcdef" and store.has("fit", "abcdef")
    artifact = store.open("fit", "abcdef")
    assert artifact.names() == ["fit", "items", "test"]
    assert artifact.json("fit") == {"a": "é", "b": [1, None]}
    assert artifact.table("items") == TABLE
    found = artifact.arrays("test")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and (found[name] == array).all()


some_arrays = arrays(
    st.sampled_from([np.float32, np.int64, np.uint8]),
    array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)


@given(some_arrays)
def test_any_array_comes_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    with store.write("fit", "key") as draft:
        draft.arrays("x", {"x": array, "turned": array.T})
    found = store.open("fit", "key").arrays("x")
    assert np.array_equal(found["x"], array, equal_nan=array.dtype.kind == "f")
    assert found["turned"].shape == array.T.shape


def test_equal_content_has_equal_files(tmp_path: Path) -> None:
    one, two = fill(Store(tmp_path / "one")), fill(Store(tmp_path / "two"))
    for name in everything_in(one):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_kinds_and_keys_are_apart(store: Store) -> None:
    fill(store)
    assert not store.has("items", "abcdef") and not store.has("fit", "abcdee")


def test_there_is_no_pickle_in_it(store: Store) -> None:
    assert {Path(name).suffix for name in everything_in(fill(store))} == {".json", ".safetensors", ".parquet"}


def test_opening_what_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no fit abcdef. Run the suite again"):
        store.open("fit", "abcdef")


# Whole or not at all


def test_an_error_inside_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write("fit", "abcdef") as draft:
        draft.json("fit", {})
        raise ZeroDivisionError
    assert not store.has("fit", "abcdef") and everything_in(store.root) == []
    assert list((store.root / "fit" / "ab").iterdir()) == []


def test_an_interrupt_inside_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store.write("fit", "abcdef") as draft:
        draft.json("fit", {})
        raise KeyboardInterrupt
    assert everything_in(store.root) == []


def test_nothing_is_seen_before_the_end(store: Store) -> None:
    with store.write("fit", "abcdef") as draft:
        draft.json("fit", {})
        assert not store.has("fit", "abcdef")
    assert store.has("fit", "abcdef")


def test_the_draft_itself_becomes_the_artifact(store: Store) -> None:
    with store.write("fit", "abcdef") as draft:
        draft.json("fit", {})
        inode = draft.folder.stat().st_ino
    assert store.folder("fit", "abcdef").stat().st_ino == inode  # one rename: no moment shows a part of it


def test_a_value_that_is_no_json_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"), store.write("fit", "abcdef") as draft:
        draft.json("fit", {"loss": float("nan")})
    assert everything_in(store.root) == []


def test_writers_of_one_key_at_once_leave_one_whole_artifact(store: Store) -> None:
    barrier = Barrier(8)

    def write(n: int) -> None:
        with store.write("fit", "abcdef") as draft:
            draft.json("fit", {"writer": n})
            draft.arrays("test", {"writer": np.array([n])})
            barrier.wait()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    artifact = store.open("fit", "abcdef")
    assert artifact.arrays("test")["writer"].tolist() == [artifact.json("fit")["writer"]]
    assert [p.name for p in store.folder("fit", "abcdef").parent.iterdir()] == ["abcdef"]


def test_a_second_writer_changes_nothing(store: Store) -> None:
    folder = fill(store)
    before = (folder / CHECKSUMS).stat().st_ino
    fill(store)
    assert (folder / CHECKSUMS).stat().st_ino == before


def test_what_is_left_of_a_half_deleted_artifact_is_replaced(store: Store) -> None:
    folder = fill(store)
    (folder / CHECKSUMS).unlink()
    assert not store.has("fit", "abcdef")
    fill(store)
    assert store.open("fit", "abcdef").json("fit") == {"a": "é", "b": [1, None]}


# Damage


@pytest.mark.parametrize(
    ("file", "read"), [("fit.json", "json"), ("test.safetensors", "arrays"), ("items.parquet", "table")]
)
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damage_is_told_with_the_folder_to_delete(store: Store, file: str, read: str, damage: str) -> None:
    folder = fill(store)
    content = (folder / file).read_bytes()
    match damage:
        case "flip":
            (folder / file).write_bytes(bytes([content[0] ^ 1]) + content[1:])
        case "truncate":
            (folder / file).write_bytes(content[:-1])
        case "empty":
            (folder / file).write_bytes(b"")
        case "remove":
            (folder / file).unlink()
    said = "is missing" if damage == "remove" else "does not match its checksum"
    with pytest.raises(StoreError) as caught:
        getattr(store.open("fit", "abcdef"), read)(Path(file).stem)
    assert str(caught.value).startswith(f"{folder}: damaged artifact: file {file!r} {said}")
    assert "Delete that folder and run the suite again: only this job is repeated" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_checksums_that_cannot_be_read_are_damage(store: Store, text: str) -> None:
    (fill(store) / CHECKSUMS).write_text(text, "utf8")
    for read in (lambda a: a.json("fit"), lambda a: a.names()):
        with pytest.raises(StoreError, match="damaged artifact: its checksums cannot be read"):
            read(store.open("fit", "abcdef"))


def test_a_file_that_nobody_sealed_is_not_read(store: Store) -> None:
    folder = fill(store)
    shutil.copy(folder / "fit.json", folder / "other.json")
    with pytest.raises(StoreError, match=r"file 'other.json' is missing"):
        store.open("fit", "abcdef").json("other")


def test_checksums_are_sha256(store: Store) -> None:
    import hashlib

    folder = fill(store)
    sums = json.loads((folder / CHECKSUMS).read_text("utf8"))
    assert sums.pop(SELF) == "fit/abcdef"
    assert sums == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in everything_in(folder) if name != CHECKSUMS
    }  # fmt: skip


def test_an_artifact_under_another_name_is_damage_and_an_older_one_that_does_not_say_is_read(
    store: Store,
) -> None:
    """Whole files of another job under this job's key would give a number that is not this job's."""
    folder = fill(store)
    for kind, key in (("fit", "abcdee"), ("gold", "abcdef")):
        there = store.folder(kind, key)
        shutil.copytree(folder, there)
        with pytest.raises(StoreError, match="damaged artifact: it is fit/abcdef, under another name"):
            store.open(kind, key).json("fit")
        sums = json.loads((there / CHECKSUMS).read_text("utf8"))
        del sums[SELF]
        (there / CHECKSUMS).write_text(json.dumps(sums), "utf8")
        assert store.open(kind, key).json("fit") == store.open("fit", "abcdef").json("fit")


# The disk


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB, which fills up as a full disk does."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no mount command here ({error})")
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here ({done.stderr.strip()})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


NOISE = np.random.default_rng(0).integers(0, 2**60, size=20_000)  # 160 kB that do not compress


@pytest.mark.parametrize(
    "write",
    [
        lambda draft: draft.json("x", NOISE.tolist()),
        lambda draft: draft.arrays("x", {"x": NOISE}),
        lambda draft: draft.table("x", {"x": NOISE}),
    ],
    ids=["json", "arrays", "table"],
)
def test_a_full_disk_is_told_and_nothing_half_written_stays(tiny_disk: Path, write) -> None:
    store = Store(tiny_disk / "store")
    with pytest.raises(StoreError) as caught, store.write("fit", "abcdef") as draft:
        write(draft)
    assert str(caught.value) == (
        f"{store.root}: cannot write: No space left on device. "
        "Free some space, or give another folder with --store or --out"
    )
    assert not store.has("fit", "abcdef") and everything_in(tiny_disk) == []


def test_a_full_disk_keeps_the_old_text(tiny_disk: Path) -> None:
    write_text(tiny_disk / "table.txt", "old")
    with pytest.raises(StoreError, match="No space left on device"):
        write_text(tiny_disk / "table.txt", "x" * 100_000)
    assert (tiny_disk / "table.txt").read_text("utf8") == "old"
    assert everything_in(tiny_disk) == ["table.txt"]


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some of the quota"),
        (errno.EROFS, "Give a folder that can be written with --store or --out"),
        (errno.EACCES, "Give a folder that can be written with --store or --out"),
    ],
)
def test_errors_of_the_disk_say_how_to_mend_them(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, mend: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(store_module.os, "fsync", fail)
    with pytest.raises(StoreError) as caught:
        fill(store)
    assert os.strerror(number) in str(caught.value) and mend in str(caught.value)
    assert everything_in(store.root) == []


def test_an_error_that_a_library_wraps_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No space left on device"), disk_errors(tmp_path):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), FileNotFoundError(2, "gone"), KeyError("x")])
def test_other_errors_stay_what_they_are(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, disk_errors(tmp_path):
        raise error
    assert caught.value is error


def test_a_folder_where_a_file_lies_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf8")
    for write in (lambda: fill(Store(tmp_path / "file")), lambda: write_text(tmp_path / "file/x.txt", "x")):
        with pytest.raises(StoreError, match=r"file: cannot write: .*--store or --out"):
            write()


# Single files


def test_a_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "table.txt"
    write_text(path, "é one\n")
    write_text(path, "two\n")
    assert path.read_text("utf8") == "two\n" and everything_in(tmp_path) == ["deep/er/table.txt"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "figure.png"
    path.write_text("old", "utf8")
    with pytest.raises(error), atomic_file(path) as draft:
        draft.write_text("half", "utf8")
        assert draft.parent == path.parent and path.read_text("utf8") == "old"
        raise error
    assert path.read_text("utf8") == "old" and everything_in(tmp_path) == ["figure.png"]
