"""LoRA through peft: a model whose own weights stay, with small trained factors beside its linear layers."""

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
    """The same model, of which only new adapters and the head of the task take gradients, where the recipe
    has ``lora``; otherwise as it was. Adapters change nothing before the first step. Errors: BadModel for
    one that is no transformer or lacks the layers named; UserError without peft."""
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
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets or EVERY_LINEAR,
    )
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
    """What was trained, by name, where the recipe has adapters: they and the head make the student from its
    pretrained model. Nothing otherwise."""
    return {name: value.numpy() for name, value in trained(model)} if training.lora else {}


def changing(model: Model) -> set[str]:
    """Names in the state of a model, as it is before any fit, that fits may change: all but what adapters
    stand beside."""
    still = {name for name, value in model.named_parameters() if not value.requires_grad}
    return set(model.state_dict()) - still
