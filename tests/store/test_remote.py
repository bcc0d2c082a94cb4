"""Stores at an address: what is seen is whole, damage is told, and a run is that of a folder."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from support.tiny_runs import bytes_of, finish, site, tiny

from w2s_bench.errors import StoreError
from w2s_bench.store.local import Store
from w2s_bench.store.remote import RemoteStore, place, store_at

KEY = "ab" * 16


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"memory://{uuid4().hex}/store" if request.param == "memory" else f"file://{tmp_path}/far"


@pytest.fixture
def store(address: str, tmp_path: Path) -> RemoteStore:
    return RemoteStore(address, tmp_path / "cache")


def files_of(store: RemoteStore) -> list[str]:
    return [Path(p).name for p in store._fs.find(store._base)] if store._fs.exists(store._base) else []


def fill(store: Store, *names: str, value: float = 1.0) -> None:
    with store.write("fit", KEY) as draft:
        for name in names:
            draft.arrays(name, {"x": np.full(3, value)})
        draft.json("facts", {"names": list(names)})
        draft.table("rows", {"n": [1, 2]})


def test_an_artifact_goes_there_and_back(store: RemoteStore, tmp_path: Path) -> None:
    assert not store.has("fit", KEY)
    with pytest.raises(StoreError, match=r"no fit abab.*[Rr]un the suite again"):
        store.open("fit", KEY)
    fill(store, "test")
    other = RemoteStore(store.address, tmp_path / "another machine")
    assert store.has("fit", KEY) and other.has("fit", KEY) and not other.has("gold", KEY)
    found = other.open("fit", KEY)
    assert found.names() == ["facts", "rows", "test"]
    assert found.arrays("test")["x"].tolist() == [1, 1, 1]
    assert (found.json("facts"), found.table("rows")) == ({"names": ["test"]}, {"n": [1, 2]})
    assert files_of(store) == [f"{KEY}.zip"], "one object, and nothing beside it"


def test_a_glance_asks_once_a_kind(store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, "test")
    seen = store.glance()
    monkeypatch.setattr(type(store._fs), "exists", lambda *a, **k: pytest.fail("one question a key"))
    assert seen.has("fit", KEY) and not seen.has("fit", "cd" * 16) and not seen.has("gold", KEY)


def test_what_fails_leaves_nothing(store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError), store.write("fit", KEY) as draft:
        draft.json("facts", 1 / 0)
    assert files_of(store) == [] and not store.has("fit", KEY)

    def broken(path: str, value: bytes) -> None:
        with store._fs.open(path, "wb") as stream:
            stream.write(value[:10])
        raise ConnectionResetError("gone")

    monkeypatch.setattr(store._fs, "pipe_file", broken)
    if store.address.startswith("file"):  # object storage drops a broken put itself; memory does not
        with pytest.raises(StoreError, match=r"cannot be reached: ConnectionResetError"):
            fill(store, "test")
        assert files_of(store) == [] and not store.has("fit", KEY)
    assert not [p for p in store.root.rglob("*") if p.is_file()], "nothing is left on this machine either"


def test_the_fuller_one_stays(store: RemoteStore, tmp_path: Path) -> None:
    other = RemoteStore(store.address, tmp_path / "another machine")
    fill(store, "test")
    fill(other, "test", value=2.0)
    assert other.open("fit", KEY).arrays("test")["x"][0] == 1, "the same parts are there: the first stays"
    fill(other, "test", "transfer", value=3.0)
    for one in (store, other):
        assert one.open("fit", KEY).arrays("transfer")["x"][0] == 3, "not the copy that was read before"


def test_damage_is_told_and_made_good(store: RemoteStore, tmp_path: Path) -> None:
    fill(store, "test")
    path = store._object("fit", KEY)
    whole = store._fs.cat_file(path)
    for broken in (whole[:-40], whole.replace(b"names", b"nemas"), b""):
        store._fs.pipe_file(path, broken)
        with pytest.raises(
            StoreError, match=r"damaged artifact.*abab.*delete that object|Delete that object"
        ):
            RemoteStore(store.address, tmp_path / f"new {len(broken)} {broken[:40].count(b'a')}").open(
                "fit", KEY
            )
    fill(store, "test")
    assert store.open("fit", KEY).arrays("test")["x"][0] == 1


def test_a_loose_file_is_replaced_and_dropped(store: RemoteStore) -> None:
    assert store.read_loose("checkpoint", KEY) is None
    for data in (b"one", b"two"):
        store.write_loose("checkpoint", KEY, data)
        assert store.read_loose("checkpoint", KEY) == data
    store.drop_loose("checkpoint", KEY)
    store.drop_loose("checkpoint", KEY)
    assert store.read_loose("checkpoint", KEY) is None


def test_an_address_that_cannot_be_reached_is_one_clear_error() -> None:
    with pytest.raises(StoreError, match=r"nowhere://x.*no library|nowhere://x.*cannot be reached"):
        store_at("nowhere://x")
    assert place("s3://bucket/a") == "s3://bucket/a" and place("runs/store") == Path("runs/store")
    assert type(store_at(Path("x"))) is Store


def test_a_run_at_an_address_is_that_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plan, url = tiny(method='{ name = "naive", hard = true }'), f"file://{tmp_path}/far"
    finish(plan, tmp_path / "here")
    there = finish(plan, tmp_path / "there", store=url)
    assert there.run > 0 and finish(plan, tmp_path / "there", store=url).run == 0
    assert bytes_of(tmp_path / "there") == bytes_of(tmp_path / "here")
    assert not list((tmp_path / "far").rglob("*.draft*")) and fsspec.filesystem("file").exists(
        f"{tmp_path}/far"
    )
    assert site(tmp_path).store == tmp_path / "store"
