"""Tests of `LeakageReport`."""

import pandas as pd
from leakage_cases import windows
from sklearn.linear_model import Ridge

from skcnnlstm import (
    HorizonSplit,
    check_leakage,
)
from skcnnlstm.model_selection.leakage.report import COLUMNS, LeakageReport


def test_a_failed_fit_is_reported_as_a_note():
    class Fails(Ridge):
        def fit(self, X, y):
            raise RuntimeError("out of memory")

    X, y = windows(horizon=1)
    report = check_leakage(Fails(), X, y, HorizonSplit(3))
    assert "out of memory" in report.notes[-1]
    assert not report.leaks
    assert not report.complete
    assert str(report).startswith(
        "No leak was found in the order of 3 folds. Predictions could not be checked.\n"
        "note: a fit on "
    )


def test_repr_lists_findings_remedies_and_notes():
    findings = [
        ("shared rows", "proof", 1, "two samples share rows.", "Use a gap of 1."),
        ("a scaler", "suspicion", 0, "X is scaled.", "Use a Pipeline."),
    ]
    report = LeakageReport(
        pd.DataFrame(findings, columns=list(COLUMNS)),
        pd.DataFrame({"n_train": [3, 4]}),
        shared=[],
        gap=1,
        notes=["horizon=1 was assumed."],
    )
    assert report.leaks
    assert str(report).splitlines() == [
        "proof: shared rows (1 of 2 folds): two samples share rows.",
        "    Use a gap of 1.",
        "suspicion: a scaler: X is scaled.",
        "    Use a Pipeline.",
        "note: horizon=1 was assumed.",
    ]
