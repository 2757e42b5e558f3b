"""Check cross-validation for leakage.

- `samples`: the position of each sample in time.
- `folds`: samples of a fold that leak.
- `findings`: one function for each kind of mistake.
- `report`: `LeakageReport`.
- `check`: `check_leakage`, which calls the others.
"""

from skcnnlstm.exceptions import LeakageError
from skcnnlstm.model_selection.leakage.check import check_leakage
from skcnnlstm.model_selection.leakage.report import LeakageReport

__all__ = ["LeakageError", "LeakageReport", "check_leakage"]
