"""Run every Python block of the README and of the pages of the documentation."""

import doctest
import re
import sys
import types
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[1]
# Run by test_recipes.py, which provides what they need: Optuna and a cluster.
SPECIAL = {"docs/guide/tuning.md", "docs/guide/cluster.md"}
# Their code trains for more than two seconds: `--heavy` runs it.
SLOW = {
    f"docs/guide/{name}.md"
    for name in (
        "custom",
        "explainability",
        "forecasting",
        "missing_values",
        "recordings",
        "transfer",
    )
}


def pages():
    """Return the paths of all pages, relative to the root."""
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    built = ("_build", "gallery", "generated")
    return sorted(
        str(path.relative_to(ROOT))
        for path in found
        if not any(part in built for part in path.relative_to(ROOT).parts)
    )


def code_blocks(text):
    """Return `(line number, code)` of each Python block of a page."""
    blocks = re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S)
    return [(text[: block.start(1)].count("\n"), block[1]) for block in blocks]


def run(page, line, code, names):
    """Run a block at its line of the page; a block of prompts is a doctest."""
    if code.startswith(">>>"):
        parser = doctest.DocTestParser()
        test = parser.get_doctest(code, names, page, page, line)
        result = doctest.DocTestRunner().run(test, clear_globs=False)
        assert result.failed == 0
        names |= test.globs
    else:
        exec(compile("\n" * line + code, ROOT / page, "exec"), names)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.heavy] if page in SLOW else [])
        for page in pages()
        if page not in SPECIAL
    ],
)
def test_the_code_of_each_page_runs(page, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    if "export(" in (ROOT / page).read_text():
        pytest.importorskip("tf2onnx", reason="the extra export installs it; CI does")
    monkeypatch.chdir(tmp_path)  # some blocks write files
    module = types.ModuleType("page")  # so that files can name what a page defines
    monkeypatch.setitem(sys.modules, "page", module)
    names = vars(module)
    for line, code in code_blocks((ROOT / page).read_text()):
        run(page, line, code, names)
    plt.close("all")


def test_a_block_that_fails_is_found(tmp_path):
    with pytest.raises(ZeroDivisionError):
        run("README.md", 1, "1 / 0\n", {})
    with pytest.raises(AssertionError):
        run("README.md", 1, ">>> 1 + 1\n3\n", {})


def test_every_page_is_linked_from_an_index_or_the_readme():
    text = "".join((ROOT / page).read_text() for page in pages())
    for page in pages():
        assert page == "README.md" or Path(page).stem in text
