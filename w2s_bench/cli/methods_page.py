"""Write the documentation pages that are made from code: ``python -m w2s_bench.cli.methods_page docs``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from w2s_bench.method import Method, load_method
from w2s_bench.registry.items import items
from w2s_bench.tuning.figures import draw
from w2s_bench.tuning.record import Tuned, shipped
from w2s_bench.tuning.text import curve_lines

KINDS = {
    "method": "Methods that train a student",
    "reference": "Reference rows",
    "oracle": "Oracle rows: they see gold labels, and say so in every table",
}
HEAD = """# Methods

Made from the methods' cards by `python -m w2s_bench.cli.methods_page docs`; `w2s-bench show NAME` prints one.
How defaults were chosen, and what the curves mean: [tuning.md](tuning.md).
"""


def methods_page() -> str:
    """Every registered method: card, inputs, options, how its defaults were chosen."""
    loaded = {i.name: load_method(i.name) for i in items("method").values() if i.error is None}
    parts = [HEAD]
    for kind, title in KINDS.items():
        parts.append(f"## {title}\n")
        parts += ["\n".join(_section(name, m)) + "\n" for name, m in loaded.items() if m.kind == kind]
    return "\n".join(parts)


def _section(name: str, method: Method) -> Iterator[str]:
    card = method.card
    yield f"### {name}\n"
    yield f"{card.title}. {card.paper}.\n"
    yield f"- Formula: {card.formula}"
    for told, text in (
        ("Checked", card.checked),
        ("Beyond two classes", card.generalises),
        ("Cost", card.cost),
    ):
        if text:
            yield f"- {told}: {text}"
    yield f"- Inputs: {', '.join(sorted(method.inputs))}"
    for option, facts in type(method).Options.model_json_schema().get("properties", {}).items():
        yield f"- Option `{option}`: {_range(facts)}"
    found = shipped(name)
    if found is not None:
        yield from _curves(found)


def _range(facts: dict[str, Any]) -> str:
    ends = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    said = [f"{sign} {facts[key]:g}" for key, sign in ends.items() if key in facts]
    said += [" or ".join(map(repr, facts["enum"]))] if "enum" in facts else []
    return ", ".join([f"default {facts.get('default')!r}", *said])


def _curves(found: Tuned) -> Iterator[str]:
    """The trials in the order of each option."""
    lead, needed = 100 * found.lead, 100 * found.needed
    yield f"\n{found.budget} trials; the best leads the first by {lead:.1f} points, needed {needed:.1f}.\n"
    yield "```"
    for option in found.searched:
        yield option
        yield from curve_lines(found, option)
    yield "```"


def write(folder: Path) -> list[Path]:
    """Write all pages and their figures below ``folder``."""
    page = folder / "methods.md"
    page.write_text(methods_page(), "utf8")
    found = [one for item in items("method").values() if (one := shipped(item.name)) is not None]
    figures = draw(found, folder / "figures" / "sensitivity") if found else []
    return [page, *figures]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(path)
