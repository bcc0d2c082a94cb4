"""What ``w2s-bench zoo`` says of families and of builds, as JSON documents and as text made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from w2s_bench.benchmarks.zoo.families import FAMILIES, Family, Member
from w2s_bench.models.zoo import card
from w2s_bench.models.zoo import members as shipped


def zoo_document() -> dict[str, Any]:
    """Families with their members; numbers of a member are null until it is shipped."""
    names = set(shipped())
    return {"families": [_family(family, names) for family in FAMILIES.values()]}


def _family(family: Family, names: set[str]) -> dict[str, Any]:
    members = [_member(f"{family.name}/{m.name}", m, names) for m in family.members]
    return {"name": family.name, "unit": family.unit, "members": members}


def _member(name: str, member: Member, names: set[str]) -> dict[str, Any]:
    shipped_card = card(name) if name in names else {}
    numbers = {
        key: shipped_card.get(key) for key in ("parameters", "validation_loss", "cpu_seconds", "licence")
    }
    made = {"width": member.width, "layers": member.layers, "amount": member.amount, "seed": member.seed}
    return {"name": name, "model": f"zoo:{name}", "shipped": name in names, **made, **numbers}


def zoo_text(document: dict[str, Any]) -> str:
    """The members as text, one line each."""
    lines = []
    for family in document["families"]:
        lines.append(f"{'member':<20}{'parameters':>11}  {family['unit']:>11}  {'loss':>6}  {'CPU s':>6}")
        for m in family["members"]:
            size = f"{m['parameters']:,}" if m["shipped"] else "not shipped"
            numbers = (
                f"  {m['validation_loss']:>6.3f}  {m['cpu_seconds']:>6}"
                if m["shipped"]
                else "       -       -"
            )
            lines.append(f"{m['name']:<20}{size:>11}  {m['amount']:>11,}{numbers}")
        lines.append("")
    return "\n".join(lines[:-1])


def built_text(built: Sequence[dict[str, Any]]) -> str:
    """A line a built member, with the shipped one's loss to compare."""
    lines = []
    for b in built:
        shipped_loss = b["shipped_validation_loss"]
        beside = f" (shipped: {shipped_loss:.4f})" if shipped_loss is not None else ""
        state = "finished before" if b["finished_before"] else f"{b['cpu_seconds']} CPU s"
        lines.append(f"{b['name']}  loss {b['validation_loss']:.4f}{beside}  {state}  {b['folder']}")
    return "\n".join(lines)
