"""How the site is built: ``sphinx-build -W --keep-going docs docs/_build/html``.

Nothing is fetched: no intersphinx, no fonts or scripts from elsewhere, formulas as MathML.
"""

import sys
from pathlib import Path

from docutils import nodes

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

import trustscore  # noqa: E402  # The folder of the project must be on the path first.

project = "trustscore"
author = "trustscore contributors"
project_copyright = "trustscore contributors, BSD 3-Clause"
version = release = trustscore.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    # Those in docs/_ext:
    "api_pages",
    "column_dictionary",
    "command_reference",
    "math_as_mathml",
    "model_reference",
    "nothing_fetched",
]
exclude_patterns = ["_build", "_ext", "gallery/*.ipynb", "**/*.zip", "README.md"]
templates_path = ["_templates"]
html_static_path = ["_static"]
default_role = "literal"
# Two hyphens begin an option here, they are no dash.
smartquotes = False

html_theme = "pydata_sphinx_theme"
html_title = "trustscore"
html_css_files = ["trustscore.css"]
html_sidebars = {page: [] for page in ("benchmarks", "changelog", "scoring")}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 8,
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# The README and these pages are read on their own as well, with links to files of the project.
suppress_warnings = ["myst.header"]

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False

# The public rooms: a page for each, with every name of its __all__.
api_modules = [
    ("trustscore", "What most programs need"),
    ("trustscore.scorecard", "Load, check and describe scorecards"),
    ("trustscore.starting.files", "A first scorecard for a table of yours"),
    ("trustscore.scoring", "Score blocks of columns"),
    ("trustscore.explain", "Statements, and the way to the next tier"),
    ("trustscore.compare", "Say what changed and why"),
    ("trustscore.drift", "Say whether merchants are still like before"),
    ("trustscore.report", "Add up a market, and withhold small counts of it"),
    ("trustscore.letters", "Letters to merchants, with reasons"),
    ("trustscore.rights", "Review what merchants may do"),
    ("trustscore.boost", "Policies, tables of boosts, ranked lists"),
    ("trustscore.evaluation", "What a boost costs and buys"),
    ("trustscore.fitting", "Fit priors, anchors and weights"),
    ("trustscore.lines", "Choose tier and cap lines for a stated cost"),
    ("trustscore.audit", "Ask whether a scorecard is sound"),
    ("trustscore.export", "Scorecards as SQL, boosts for engines"),
    ("trustscore.simulate", "Made-up markets, with their truth"),
    ("trustscore.spark", "Many files on a cluster"),
    ("trustscore.errors", "What may go wrong"),
]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "min_reported_time": 3600,
    "remove_config_comments": True,
    "plot_gallery": True,
    "abort_on_example_error": True,
    "within_subsection_order": "gallery_order.Reading",
    "default_thumb_file": str(HERE / "_static" / "script.svg"),
    "matplotlib_animations": False,
}


def trim_blocks(app, doctree) -> None:
    """Take blank lines off the ends of code blocks, which doctest needs and readers do not."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip("\n")
        if text != block.astext():
            block.rawsource = text
            block.children = [nodes.Text(text)]


def setup(app) -> None:
    """Connect what no extension does."""
    app.connect("doctree-read", trim_blocks)
