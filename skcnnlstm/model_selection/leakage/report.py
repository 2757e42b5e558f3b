"""Report of a leakage check."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

PROOF, SUSPICION = "proof", "suspicion"

# Columns of `LeakageReport.findings`, in the order of the fields of `Finding`.
COLUMNS = ("kind", "certainty", "folds", "what", "way_out")


class Finding(NamedTuple):
    """One kind of mistake."""

    kind: str
    certainty: str  # PROOF or SUSPICION
    n_folds: int  # number of folds with this mistake; 0 if it is not specific to folds
    description: str
    remedy: str


@dataclass(frozen=True, eq=False, repr=False)
class LeakageReport:
    """Result of `check_leakage`. Print it to read the findings.

    Attributes
    ----------
    findings : DataFrame
        One row for each finding. Columns:

        - `kind`: kind of mistake
        - `certainty`: "proof" or "suspicion"
        - `folds`: number of folds with this mistake; 0 if the mistake is not specific
          to folds
        - `what`: description of the mistake
        - `way_out`: how to correct the mistake
    folds : DataFrame
        One row for each fold. Columns:

        - `n_train`, `n_test`: number of training and test samples
        - `train_shared`, `test_shared`: number of samples that share a target step with
          the other part
        - `train_ahead`: number of training samples that contain steps after the first
          test origin
    shared : list of (ndarray, ndarray)
        For each fold, the positions of the training samples and of the test samples
        that share target steps.
    gap : int
        Number of samples to leave out between the training part and the test part of
        folds in time order.
    notes : list of str
        Assumptions of the check, and checks that could not run.
    complete : bool, default=True
        False if a check could not run, for example because a fit failed. The last note
        then gives the reason.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from skcnnlstm import check_leakage, make_windows
    >>> X, y = make_windows([float(i * i) for i in range(40)], 4, horizon=3)
    >>> report = check_leakage(Ridge(), X, y, TimeSeriesSplit(2))
    >>> report.folds[["n_train", "train_shared"]].to_numpy().tolist()
    [[12, 2], [23, 2]]
    """

    findings: pd.DataFrame
    folds: pd.DataFrame
    shared: list
    gap: int
    notes: list = field(default_factory=list)
    complete: bool = True

    @property
    def leaks(self):
        """Whether there is proof of a leak."""
        return bool((self.findings["certainty"] == PROOF).any())

    def __repr__(self):
        lines = []
        for row in self.findings.itertuples():
            n_folds = f" ({row.folds} of {len(self.folds)} folds)" if row.folds else ""
            lines.append(f"{row.certainty}: {row.kind}{n_folds}: {row.what}")
            lines.append(f"    {row.way_out}")
        if not lines and self.complete:
            lines = [f"No leak was found in {len(self.folds)} folds."]
        if not lines:
            lines = [
                f"No leak was found in the order of {len(self.folds)} folds. "
                "Predictions could not be checked."
            ]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)
