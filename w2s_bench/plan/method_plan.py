"""The methods of a suite, loaded, with their labels in tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.method import LADDER, UNLABELED, Method, load_method, method_fingerprint
from w2s_bench.plan.reference_rows import PLANNED
from w2s_bench.suite import MethodUse, Reference

PLAIN = "naive"  # the method of every fit on gold labels


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """The method of one fit, with its name, fingerprint and options as they enter the key."""

    name: str
    fingerprint: str
    options: dict[str, Any]
    method: Method


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """A method as the suite uses it: its label in tables, and the recipe of each of its fits.

    ``stage``: language modelling before every fit, for methods that ask for unlabeled text.
    """

    label: str
    name: str
    method: Method
    recipe: FitRecipe
    stage: dict[str, Any] = field(default_factory=dict)

    @property
    def climbs(self) -> bool:
        """Whether the method passes labels through intermediate students."""
        return LADDER in self.method.inputs

    @property
    def reference(self) -> Reference | None:
        """The reference row that is planned from other fits, or None for a method with a fit of its own."""
        return next((r for r in PLANNED if r == self.name), None)


def method_plans(uses: list[MethodUse]) -> list[MethodPlan]:
    """Load the methods of a suite. Errors: UserError for two methods with the same label."""
    names = [use.name for use in uses]
    plans = [method_plan(use, names.count(use.name) > 1) for use in uses]
    if len({plan.label for plan in plans}) != len(plans):
        raise UserError(
            "two methods have the same name in the table",
            where="suite, key 'methods'",
            mend="remove one of them, or give it a label of its own",
        )
    return plans


def method_plan(use: MethodUse, repeated: bool = False) -> MethodPlan:
    """Load one method; ``repeated`` puts its options into the label, so that namesakes differ."""
    method = load_method(use.name, use.options)
    options = ", ".join(f"{k}={v}" for k, v in use.options.items())
    label = use.label or (f"{use.name} ({options})" if repeated and options else use.name)
    recipe = _recipe(use.name, method) if method.fits_as is None else default_recipe(method.fits_as)
    return MethodPlan(label, use.name, method, recipe, method.stage() if UNLABELED in method.inputs else {})


def default_recipe(name: str) -> FitRecipe:
    """The recipe of a method with its default options."""
    return _recipe(name, load_method(name))


def _recipe(name: str, method: Method) -> FitRecipe:
    return FitRecipe(name, method_fingerprint(name, method), method.options.model_dump(mode="json"), method)
