"""Tests that run the code blocks of the guide."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs/guide"


def code_of(page):
    """Return the compiled code blocks of a page, with the line numbers of the page."""
    text = (DOCS / page).read_text()
    code = ["" for _ in text.splitlines()]
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
        first = text[: block.start(1)].count("\n")
        lines = block[1].splitlines()
        code[first : first + len(lines)] = lines
    return compile("\n".join(code), DOCS / page, "exec")


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::FutureWarning:optuna")
@pytest.mark.filterwarnings("ignore:.*experimental")
def test_the_tuning_recipes_run_and_prune():
    optuna = pytest.importorskip("optuna", reason="the extra tune installs it; CI does")
    pytest.importorskip("optuna_integration", reason="the extra tune installs it")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    names = {"__name__": "recipe"}
    exec(code_of("tuning.md"), names)
    pruned = optuna.trial.TrialState.PRUNED
    assert any(trial.state == pruned for trial in names["study"].trials)
    trials = names["search"].trials_
    assert any(trial.state == pruned for trial in trials)
    # One report after each of the 10 epochs of the network.
    assert max(len(trial.intermediate_values) for trial in trials) == 10


@pytest.mark.heavy
def test_the_cluster_recipe_runs(monkeypatch):
    distributed = pytest.importorskip(
        "distributed", reason="the extra cluster installs it; CI does"
    )
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:

        def client(address):
            assert address == "tcp://SCHEDULER:8786"
            return Client(cluster, timeout=60)

        Client = distributed.Client
        monkeypatch.setattr(distributed, "Client", client)
        names = {"__name__": "recipe"}
        exec(code_of("cluster.md"), names)
    assert len(names["search"].cv_results_["params"]) == 4
    assert len(names["result"].folds) == 3
