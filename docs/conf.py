"""Settings of the documentation site: ``make docs`` builds it into build/docs, without network."""

import importlib
import importlib.metadata

# autodoc imports a module with TYPE_CHECKING set, which makes pydantic read annotations that are for type
# checkers only; modules that are imported already stay as they are.
for module in ("api", "suite", "method", "records", "registry.items"):
    importlib.import_module(f"w2s_bench.{module}")

project = "w2s-bench"
author = "The w2s-bench authors"
release = importlib.metadata.version("w2s-bench")
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["generate.py"]
highlight_language = "none"  # commands and output; code names its language
html_theme = "furo"
html_title = "w2s-bench"
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
suppress_warnings = ["misc.highlighting_failure"]  # there is no lexer for csv
myst_heading_anchors = 3  # links to #headings, as forges resolve them
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
maximum_signature_line_length = 90
