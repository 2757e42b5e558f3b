"""What was found, as a table and in words, and the error that carries it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

PROOF, SUSPICION = "proof", "suspicion"


class Finding(NamedTuple):
    """One kind of mistake that was found."""

    kind: str
    certainty: str  # PROOF or SUSPICION
    folds: int  # that show it; 0 where it is of no fold
    what: str
    way_out: str


@dataclass(frozen=True, eq=False, repr=False)
class LeakageReport:
    """What `check_leakage` found. Printing it says all that matters.

    Attributes
    ----------
    findings : DataFrame
        One row a finding: its `kind`, how sure it is (`certainty`, "proof" or
        "suspicion"), in how many `folds` it shows, and in words `what` was found and
        the `way_out`. Empty where nothing was.
    folds : DataFrame
        One row a fold: `n_train`, `n_test`, and of these how many samples share a
        target step with one of the other part (`train_shared`, `test_shared`) and how
        many training samples know of what comes after the first test origin
        (`train_ahead`).
    shared : list of (ndarray, ndarray)
        For each fold the training and the test samples that share target steps.
    gap : int
        Samples to leave out between training and test part, in time order.
    notes : list of str
        What was taken for granted, and what could not be looked at.
    complete : bool, default=True
        Whether all was looked at that should be; False where a fit failed, say, as the
        last note tells.

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
        """Whether a leak is proven."""
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
                f"The order of {len(self.folds)} folds shows no leak; predictions "
                "could not be looked at."
            ]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)
