"""Files for maintainers and packagers agree with setup.cfg."""

import configparser
import importlib.util
import re
from pathlib import Path

import pytest

import skcnnlstm

ROOT = Path(__file__).parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")


def load(path):
    """Return a file of .ci as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_citation_has_the_version_of_the_package():
    text = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.*)$", text, re.M)[1] == skcnnlstm.__version__
    assert re.search(r"^license: (.*)$", text, re.M)[1] == SETUP["metadata"]["license"]
    url = re.search(r"^repository-code: (.*)$", text, re.M)[1]
    assert url == SETUP["metadata"]["url"]


def test_pre_commit_runs_the_ruff_of_the_extra_lint():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    pinned = re.search(r"ruff==(.*)", SETUP["options.extras_require"]["lint"])[1]
    assert f"rev: v{pinned}" in text


def test_the_workflows_run_every_python_that_the_package_supports():
    supported = re.findall(r"Python :: (3\.\d+)", SETUP["metadata"]["classifiers"])
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    assert set(re.findall(r'"(3\.\d+)"', text)) == set(supported)


def test_the_lowest_versions_are_those_of_setup():
    lines = load(ROOT / ".ci" / "lowest.py").lowest_versions()
    required = re.findall(r"^([\w-]+)>=", SETUP["options"]["install_requires"], re.M)
    assert {line.split("==")[0] for line in lines} >= set(required)
    assert "scikit-learn==1.7.*" in lines


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "README.md"]
)
def test_links_to_files_of_the_project_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())
    for link in links:
        assert (ROOT / link).exists(), link


def test_files_that_contributing_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:skcnnlstm|tests|benchmarks|docs)/[\w/.]+)`", text):
        assert (ROOT / path).exists() or "my_network" in path or "/a/" in path, path
