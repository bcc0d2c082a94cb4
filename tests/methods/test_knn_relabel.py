"""kNN relabelling by hand; an item is never its own neighbour."""

from __future__ import annotations

import pytest
import torch
from support.recorder import seconds

from w2s_bench.methods import knn_relabel
from w2s_bench.methods.knn_relabel import KnnRelabel


def knn(**options: object) -> KnnRelabel:
    return KnnRelabel(KnnRelabel.Options.model_validate(options))


STATES = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])  # two and two lie together
HERE = torch.ones(4, 2, dtype=torch.bool)


def test_by_hand() -> None:
    weak = seconds(0.1, 0.3, 0.9, 0.5)
    assert torch.allclose(knn(k=1, mix=1).relabelled(weak, HERE, STATES), seconds(0.3, 0.1, 0.5, 0.9))
    assert torch.allclose(knn(k=1, mix=0.5).relabelled(weak, HERE, STATES), seconds(0.2, 0.2, 0.7, 0.7))
    assert torch.equal(knn(mix=0).relabelled(weak, HERE, STATES), weak)
    # k beyond the pool: the mean of all others
    assert torch.allclose(knn(k=50, mix=1).relabelled(weak, HERE, STATES)[0], seconds(1.7 / 3)[0])


def test_a_point_is_never_its_own_neighbour() -> None:
    """upstream-defects.md 17: a label that is changed does not change what its neighbours make of it."""
    weak, changed = seconds(0.1, 0.3, 0.9, 0.5), seconds(1.0, 0.3, 0.9, 0.5)
    for k in (1, 2, 3, 9):
        one, other = (knn(k=k, mix=1).relabelled(w, HERE, STATES) for w in (weak, changed))
        assert torch.equal(one[0], other[0])
        assert not torch.equal(one[1], other[1])


def test_options_of_the_same_item_are_no_neighbours_either() -> None:
    """Two items of two moves and one of three; the first item's options lie on one spot."""
    mask = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 1, 1]], dtype=torch.bool)
    weak = torch.tensor([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0], [0.2, 0.2, 0.6]])
    states = torch.tensor(
        [[[1.0, 0.0], [1.0, 0.1], [0, 0]], [[1.0, 0.05], [-1.0, 0], [0, 0]], [[-1, 0.1], [0, 1], [0, -1]]]
    )
    found = knn(k=1, mix=1).relabelled(weak, mask, states)
    # both options of the first find the first of the second, 0.9 × 2 options: equal values, a half each
    assert torch.allclose(found[0], torch.tensor([0.5, 0.5, 0.0]))
    # the second's first finds one of the first item (.6 or .4, × 2), its second finds 0.2 × 3 options
    value = {float(v / (v + 0.6)) for v in (torch.tensor(1.2), torch.tensor(0.8))}
    assert min(abs(float(found[1, 0]) - v) for v in value) < 1e-6
    assert torch.allclose(found.sum(-1), torch.ones(3)) and not found[~mask].any()


def test_a_large_pool_is_searched_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knn_relabel, "BANK", 2)  # the first and the last
    found = knn(k=1, mix=1).relabelled(seconds(0.1, 0.3, 0.9, 0.5), HERE, STATES)
    assert torch.allclose(found, seconds(0.5, 0.1, 0.5, 0.1))


def test_one_item_keeps_its_label() -> None:
    weak = seconds(0.3)
    assert torch.allclose(knn(mix=1).relabelled(weak, HERE[:1], STATES[:1]), weak)
