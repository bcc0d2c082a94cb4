"""The contract checks over everything registered, built in or plugged in."""

from pathlib import Path

import pytest

from w2s_bench.contract import checks, learning, toys
from w2s_bench.model import ModelFamily
from w2s_bench.records import Domain
from w2s_bench.registry.items import Kind, items
from w2s_bench.registry.load import load
from w2s_bench.sources import GeneratedSource, ParquetSource
from w2s_bench.task import load_task

SMALLEST = {"llama": "16x1", "board": "8x1", "bow": ""}  # plug-ins: the family's attribute ``example``


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model folder, for the family of pretrained models."""
    return toys.model_folder(tmp_path_factory.mktemp("contract") / "tiny")


@pytest.mark.parametrize("name", items("task"))
def test_task(name: str) -> None:
    source = load_task(name).source
    while hasattr(source, "source"):  # a held-out test set, say, wraps another source
        source = source.source
    if not isinstance(source, (ParquetSource, GeneratedSource)):
        pytest.skip(f"{name} loads from the hub, or from a file of the user's")
    if isinstance(source, ParquetSource) and not source.file.is_file():
        pytest.skip(f"the data of {name} is not made yet")
    checks.check_task(name)


@pytest.mark.parametrize("name", items("method"))
def test_method(name: str) -> None:
    checks.check_method(name)


@pytest.mark.parametrize("domain", toys.DOMAINS)
@pytest.mark.parametrize("name", items("method"))
def test_method_learns(name: str, domain: Domain) -> None:
    learning.check_learning(name, domain)


@pytest.mark.parametrize("domain", toys.DOMAINS)
@pytest.mark.parametrize("name", items("method"))
def test_method_learns_nothing_from_shuffled_labels(name: str, domain: Domain) -> None:
    learning.check_shuffled(name, domain)


@pytest.mark.parametrize("domain", toys.DOMAINS)
@pytest.mark.parametrize("name", items("method"))
def test_method_does_not_mind_the_order_of_items(name: str, domain: Domain) -> None:
    learning.check_order(name, domain)


@pytest.mark.parametrize("domain", toys.DOMAINS)
@pytest.mark.parametrize("name", items("model"))
def test_model(name: str, domain: Domain, folder: Path) -> None:
    family: ModelFamily = load("model", name)
    if domain not in family.domains:
        pytest.skip(f"{name} does not answer {domain} tasks")
    argument = getattr(family, "example", SMALLEST.get(name, ""))
    if name in ("hf", "zoo"):
        argument = str(folder) if name == "hf" else "chess/12x2" if domain == "chess" else "text/16x1"
    checks.check_model_name(f"{name}:{argument}" if argument else name, domain)


@pytest.mark.parametrize("kind", ["task", "method", "model"])
def test_everything_registered_can_be_opened(kind: Kind) -> None:
    broken = [f"{item.name}: {item.error}" for item in items(kind).values() if item.error]
    assert not broken, "\n".join(broken)
    for name in items(kind):
        assert load(kind, name) is not None
