"""LoRA through peft: the model's weights are frozen, and small adapters of its linear layers are trained."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.errors import BadModel, UserError
from w2s_bench.model import Model
from w2s_bench.suite import Training
from w2s_bench.train.fsdp import trained

M = TypeVar("M", bound=Model)
EVERY_LINEAR = "all-linear"  # of the body; peft leaves the language-model head out


def adapt(model: M, training: Training, seed: int) -> M:
    """Add adapters to the model if the recipe has ``lora``; then only they and the task's head are trained.

    Errors: BadModel for one that is no transformer or lacks the named layers; UserError without peft.
    """
    if training.lora is None:
        return model
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise UserError(
            "peft is not installed", where="key 'lora'", mend="install it: pip install 'w2s-bench[lora]'"
        ) from None
    if not hasattr(model, "lm"):
        raise BadModel(
            f"{type(model).__name__} has no transformer to adapt",
            where="key 'lora'",
            expected="a text model, as hf:NAME",
            mend="take lora out of this model's recipe",
        )
    lora = training.lora
    scale = {"r": lora.rank, "lora_alpha": lora.alpha, "lora_dropout": lora.dropout}
    config = LoraConfig(target_modules=lora.targets or EVERY_LINEAR, **scale)
    torch.manual_seed(seed)
    try:
        inject_adapter_in_model(config, model.lm)
    except ValueError as error:
        raise BadModel(
            f"no layers to adapt: {error}"[:300],
            where="key 'lora.targets'",
            expected="names of linear layers of the model, or none for all of them",
        ) from None
    return model


def adapter_of(model: Model, training: Training) -> dict[str, NDArray[np.float32]]:
    """The trained weights (adapters and head) by name; empty for a recipe without adapters."""
    return {name: value.numpy() for name, value in trained(model)} if training.lora else {}


def changing(model: Model) -> set[str]:
    """Names in a model's state that a fit may change: all but frozen parameters."""
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    return set(model.state_dict()) - frozen
