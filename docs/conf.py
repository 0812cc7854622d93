# ruff: noqa: INP001 - Sphinx reads this file by its path; it is in no package
"""How the site is made: `make docs`. Every warning is an error, and nothing is loaded from elsewhere."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "GitOps operator"
author = "The authors of the GitOps operator"
release = version = _PROJECT["version"]
extensions = ["myst_parser"]
root_doc = "index"
nitpicky = True

# Markdown as it is also read without Sphinx: headings have anchors, and links name files.
myst_enable_extensions: list[str] = []
myst_heading_anchors = 4
highlight_language = "text"

html_theme = "furo"
html_title = "GitOps operator"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#2f6f9f", "color-brand-content": "#2a6593"},
    "dark_css_variables": {"color-brand-primary": "#7db8e0", "color-brand-content": "#7db8e0"},
}
