"""Parts of all HTML pages: style, tables that sort and filter, charts, and a content security policy.

Text from tasks and methods is escaped by the templates.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent / "assets"
_ELSE = "img-src data:; base-uri 'none'; form-action 'none'"
# Of a site: the scripts and styles of its own folder, none in a page; Vega sets styles of elements.
SITE_POLICY = f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; {_ELSE}"


@dataclass(frozen=True, slots=True)
class View:
    """One field of a table: a text, a second line and a link.

    ``sort``: the value to sort by (None: the text, empty: no value). ``bar``: an interval and its point on a
    scale from 0 to 100, drawn below the text.
    """

    text: str
    small: str = ""
    sort: float | str | None = None
    number: bool = False
    link: str = ""
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class RowView:
    """A table row; ``marks`` become ``data-`` attributes, which filters read: values are parted by ``|``."""

    cells: list[View]
    marks: dict[str, str] = field(default_factory=dict)

    def without_last(self) -> RowView:
        """The row without its last field."""
        return RowView(self.cells[:-1], self.marks)


def asset(name: str) -> str:
    """A style sheet or script as text."""
    return (ASSETS / name).read_text("utf8")


def environment(templates: Path) -> Any:
    """Jinja2 over a folder of templates and the shared ones; everything is escaped."""
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader([templates, ASSETS])
    return Environment(autoescape=True, loader=loader, trim_blocks=True, lstrip_blocks=True)


def policy(scripts: list[str]) -> str:
    """A content security policy for one page: only these scripts run, by hash; nothing is fetched."""
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; {_ELSE}"


def as_data(value: Any) -> Any:
    """JSON for a script element of data, escaped so that no text can end the element."""
    from markupsafe import Markup

    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))
