"""Label smoothing by hand, over two options and more."""

from __future__ import annotations

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.methods.label_smoothing import LabelSmoothing


def smoothing(share: float) -> LabelSmoothing:
    return LabelSmoothing(LabelSmoothing.Options(smoothing=share))


def test_by_hand() -> None:
    weak = torch.tensor([[0.2, 0.8, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False, False], [True, True, True, True]])
    found = smoothing(0.2).targets(weak, mask)
    assert found[0].tolist() == pytest.approx([0.26, 0.74, 0, 0])
    assert found[1].tolist() == pytest.approx([0.05, 0.05, 0.85, 0.05])


def test_none_at_zero_and_the_same_favourite() -> None:
    for choice in checks.labelled():
        assert torch.equal(smoothing(0).targets(choice.weak, choice.mask), choice.weak)
        smoothed = smoothing(0.5).targets(choice.weak, choice.mask)
        assert torch.equal(smoothed.argmax(-1), choice.weak.argmax(-1))
