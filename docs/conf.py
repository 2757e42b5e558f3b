"""Sphinx configuration: build with `sphinx-build -W docs docs/_build`."""

import os

import skcnnlstm

# Only for the examples that the build runs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

project = "skcnnlstm"
author = "The skcnnlstm developers"
version = release = skcnnlstm.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "**sg_execution_times.rst"]
default_role = "literal"  # numpydoc writes names in single backticks
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 2
maximum_signature_line_length = 68  # longer: one parameter per line
toc_object_entries_show_parents = "hide"  # long names do not fit beside the page
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_title = f"skcnnlstm {version}"
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False

autodoc_typehints = "none"  # the docstrings describe the types
autosummary_generate = True
templates_path = ["_templates"]
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 10**6,  # no times: they depend on the load of the machine
    "image_srcset": ["2x"],  # for screens with two pixels per point
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "reset_modules": (),
}


def skip_foreign_members(app, what, name, obj, skip, options):
    """Skip methods that scikit-learn or scikeras document."""
    function = getattr(obj, "fget", None) or getattr(obj, "__func__", obj)
    module = getattr(function, "__module__", None) or ""
    return None if module.startswith("skcnnlstm") else True


def setup(app):
    """Register the handlers of this file."""
    app.connect("autodoc-skip-member", skip_foreign_members)
