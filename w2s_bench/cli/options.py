"""Options that several verbs share. Their names and defaults are those of ``RunSettings``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from w2s_bench.run.settings import RunSettings

Decorator = Callable[[Callable], Callable]
PATH = click.Path(path_type=Path)


class StorePlace(click.ParamType):
    """A folder as a path; an address with ``://`` as the text it is."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the word of the command line into a store's place."""
        return Path(value) if "://" not in str(value) else str(value)


def _setting(name: str, type: Any, metavar: str | None, help: str, **attributes: Any) -> Decorator:
    """The option for one field of RunSettings."""
    default = RunSettings.default(name)
    attributes |= {"type": type, "metavar": metavar, "help": help}
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, default=default, show_default=default is not None, **attributes)


def _together(*options: Decorator) -> Decorator:
    """Options as one decorator; ``--help`` lists them in this order."""

    def decorate(function: Callable) -> Callable:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def repeatable(flag: str, name: str, metavar: str, help: str) -> Decorator:
    """An option that may be given several times."""
    return click.option(flag, name, multiple=True, metavar=metavar, help=f"{help} Repeatable.")


COUNT, SECONDS = click.IntRange(min=1), "SECONDS"
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
_HUB = "Local mirror of the Hugging Face hub, with data sets as ORG/NAME."
hub_option = _setting("hub", PATH, "DIR", _HUB, envvar="W2S_HUB", show_envvar=True)
_STORE = "Store of finished jobs: a folder or s3://…  [env var: W2S_STORE; default: the user's cache]"
store_option = _setting("store", StorePlace(), "DIR|URL", _STORE)
_METHOD = "Run this method beside the suite's own: a name, path/to/mine.py:Mine, or all."
method_option = repeatable("--method", "methods", "NAME", _METHOD)
place_options = _together(
    hub_option,
    store_option,
    _setting("device", None, "NAME", "auto, cpu, cuda or mps."),
    _setting("workers", COUNT, "N", "Jobs at a time.  [default: one per core, or one per GPU]"),
    _setting(
        "threads", COUNT, "N", "CPU threads per worker; another number may change the last digits of results."
    ),
    _setting(
        "limit", click.FloatRange(min=1), SECONDS,
        "Time limit for one student; a method that takes longer is stopped and marked as failed.",
    ),
    _setting(
        "checkpoint_every", click.FloatRange(min=0), SECONDS,
        "Time between two checkpoints of a fit, from which a killed fit resumes; 0 for none.",
    ),
)  # fmt: skip
executor_options = _together(
    _setting(
        "executor", click.Choice(["local", "ray"]), None,
        "Run jobs in processes on this machine, or on a Ray cluster (pip install 'w2s-bench[ray]').",
    ),
    _setting("address", None, "HOST:PORT", "Address of the Ray cluster; without it Ray starts one here."),
    _setting(
        "gpu_share", click.FloatRange(min=0, min_open=True), "SHARE",
        "Part of a GPU that one job takes on a Ray cluster: 0.25 puts four jobs on each GPU.",
    ),
    _setting(
        "shards", COUNT, "N", "Spread each fit over N processes with a GPU each (FSDP), for large models."
    ),
)  # fmt: skip
