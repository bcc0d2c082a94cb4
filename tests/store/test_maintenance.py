"""Keeping a store: listing, verifying, pruning; and what doctor says of a machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from support.commands import refused, strict, w2s, well

from w2s_bench.cli.doctor import examine
from w2s_bench.registry.items import Item
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import (
    CHECKPOINT,
    abandoned_drafts,
    artifacts,
    note_suite,
    noted_suites,
    sweep_checkpoints,
)
from w2s_bench.suite import load_suite

KEYS = [f"{k:02x}" + "0" * 30 for k in range(4)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two fits, one of them a hundred days old, two splits, and drafts old and new."""
    place = Store(tmp_path / "store")
    for kind, key in (("fit", KEYS[0]), ("fit", KEYS[1]), ("gold", KEYS[2]), ("items", KEYS[2])):
        with place.write(kind, key) as draft:
            draft.json("facts", {"key": key})
            draft.arrays("test", {"x": np.arange(50.0)})
    old = time.time() - 100 * 86_400
    os.utime(place.folder("fit", KEYS[0]) / "checksums.json", (old, old))
    for name, when in ((".draft-dead", old), (".draft-live", time.time())):
        folder = place.root / "fit" / "00" / name
        folder.mkdir()
        (folder / "half.json").write_text("{")
        for path in (folder / "half.json", folder):
            os.utime(path, (when, when))
    return place


def names(store: Store) -> list[tuple[str, str]]:
    return [(one.kind, one.key) for one in artifacts(store)]


def test_what_is_there(store: Store) -> None:
    assert names(store) == [("fit", KEYS[0]), ("fit", KEYS[1]), ("gold", KEYS[2]), ("items", KEYS[2])]
    assert [s.path.name for s in abandoned_drafts(store)] == [".draft-dead"]
    told = strict(well("store", "list", "--store", store.root, "--json").stdout)
    assert [(k["kind"], k["artifacts"]) for k in told["kinds"]] == [("fit", 2), ("gold", 1), ("items", 1)]
    assert told["kinds"][0]["oldest_days"] == 100.0 and told["strays"]["artifacts"] == 1
    text = well("store", "list", "--store", store.root).stdout
    assert "1 draft of killed processes" in text and "all" in text


def test_damage_is_found_and_can_be_deleted(store: Store) -> None:
    assert "4 of 4 artifacts are undamaged" in well("store", "verify", "--store", store.root).stdout
    (store.folder("fit", KEYS[1]) / "facts.json").write_text('{"key": "other"}')
    (store.folder("gold", KEYS[2]) / "test.safetensors").unlink()
    done = w2s("store", "verify", "--store", store.root)
    assert done.exit_code == 1 and "2 of 4 artifacts are undamaged" in done.stdout
    assert "does not match its checksum" in done.stdout and "is missing" in done.stdout
    assert len(names(store)) == 4
    well("store", "verify", "--store", store.root, "--delete")
    assert names(store) == [("fit", KEYS[0]), ("items", KEYS[2])]


def test_checkpoints_are_listed_verified_and_go_with_their_jobs(store: Store) -> None:
    for key, data in ((KEYS[1], b"of a job that is done"), (KEYS[3], b"of one that is not")):
        store.write_loose(CHECKPOINT, key, data)
    assert names(store)[-2:] == [(CHECKPOINT, KEYS[1]), (CHECKPOINT, KEYS[3])]
    assert store.read_loose(CHECKPOINT, KEYS[3]) == b"of one that is not"
    sweep_checkpoints(store)
    assert names(store)[-1] == (CHECKPOINT, KEYS[3]) and (CHECKPOINT, KEYS[1]) not in names(store)
    path = store.root / CHECKPOINT / KEYS[3][:2] / KEYS[3]
    path.write_bytes(path.read_bytes()[:-1])
    assert store.read_loose(CHECKPOINT, KEYS[3]) is None
    well("store", "verify", "--store", store.root, "--delete")
    assert (CHECKPOINT, KEYS[3]) not in names(store)


def test_pruning_tells_before_it_deletes(store: Store) -> None:
    before = names(store)
    told = well("store", "prune", "--store", store.root, "--older", "30").stdout
    assert told.startswith("would delete 1 artifact,") and names(store) == before
    assert well("store", "prune", "--store", store.root, "--older", "30", "--yes").stdout.startswith(
        "deleted 1"
    )
    assert names(store) == before[1:]
    well("store", "prune", "--store", store.root, "--strays", "--yes")
    assert list(abandoned_drafts(store)) == [] and (store.root / "fit" / "00" / ".draft-live").is_dir()
    done = w2s("store", "prune", "--store", store.root)
    assert done.exit_code == 2 and "--older, --suite or --strays" in done.stderr + done.output
    done = w2s("store", "prune", "--store", store.root, "--strays", "--keep", "quick")
    assert done.exit_code == 2 and "--strays cannot be combined" in done.stderr + done.output


def test_pruning_by_suite_takes_its_jobs_and_keeps_those_of_others(tmp_path: Path) -> None:
    from w2s_bench.plan.plan import make_plan

    keys = list(make_plan(load_suite("quick")[0], None).jobs)[:3]
    place = Store(tmp_path / "store")
    for key in (*keys, KEYS[0]):
        with place.write("fit", key) as draft:
            draft.json("facts", {})
    args = ("store", "prune", "--store", place.root, "--yes")
    assert well(*args, "--older", "0", "--keep", "quick").stdout.startswith("deleted 1")
    assert {one.key for one in artifacts(place)} == set(keys)
    assert well(*args, "--suite", "quick").stdout.startswith("deleted 3")


def test_pruning_a_suite_leaves_what_others_have_asked_for(store: Store) -> None:
    from w2s_bench.plan.plan import make_plan

    mine, shared, former = (*list(make_plan(load_suite("quick")[0], None).jobs)[:2], "f0" * 16)
    for key in (mine, shared, former):
        with store.write("fit", key) as draft:
            draft.json("facts", {})
    note_suite(store, "quick", [mine, shared, former])
    note_suite(store, "other", [shared, KEYS[0]])
    assert noted_suites(store) == {"quick": {mine, shared, former}, "other": {shared, KEYS[0]}}
    well("store", "prune", "--store", store.root, "--suite", "quick")
    assert len(names(store)) == 7 and "quick" in noted_suites(store)
    well("store", "prune", "--store", store.root, "--suite", "quick", "--yes")
    left = {key for _, key in names(store)}
    assert shared in left and not left & {mine, former} and set(KEYS[:3]) <= left
    assert list(noted_suites(store)) == ["other"]
    (store.root / "suites" / "broken.json").write_text("[")
    assert list(noted_suites(store)) == ["other"]


def test_a_store_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    refused(w2s("store", "list", "--store", tmp_path / "none"), ["no store here", "--store"], tmp_path)
    for verb in (("store", "verify"), ("doctor",)):
        refused(w2s(*verb, "--store", "s3://bucket/store"), ["s3://bucket/store", "a folder"], tmp_path)


def test_doctor_tells_what_is_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    signs = strict(well("doctor", "--store", store.root, "--json").stdout)
    told = " | ".join(s["what"] for s in signs)
    assert "Python 3." in told and "torch 2." in told and "4 artifacts" in told and "methods" in told
    assert not [s for s in signs if s["state"] == "wrong"]
    assert any("killed processes" in s["what"] and "--strays" in s["mend"] for s in signs)


def test_doctor_says_what_is_wrong_and_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Item(
        kind="method", name="lame", pack="x", module="x.lame", path=Path("lame.py"), summary="",
        error="no module named leg",
    )  # fmt: skip
    monkeypatch.setattr(
        "w2s_bench.cli.doctor.items", lambda kind: {"lame": broken} if kind == "method" else {}
    )
    wrong = [s for s in examine(tmp_path / "store", tmp_path / "nowhere") if s.state == "wrong"]
    assert [s.what.partition(":")[0] for s in wrong] == ["mirror of the hub", "method lame does not load"]
    assert all(s.mend for s in wrong)
    done = w2s("doctor", "--store", tmp_path / "store", "--hub", tmp_path / "nowhere")
    assert done.exit_code == 1 and "wrong " in done.stdout and "correct --hub" in done.stdout
