"""Check cross-validation for leakage.

- `samples`: finds the position of each sample in time.
- `folds`: finds the samples of a fold that leak.
- `findings`: one function for each kind of mistake.
- `report`: the class `LeakageReport`.
- `check`: the function `check_leakage`, which uses the other modules.
"""

from skcnnlstm.exceptions import LeakageError
from skcnnlstm.model_selection.leakage.check import check_leakage
from skcnnlstm.model_selection.leakage.report import LeakageReport

__all__ = ["LeakageError", "LeakageReport", "check_leakage"]
