"""What a cross-validation lets a model know too early.

`samples` finds out where samples stand in time, `folds` what the two parts of a fold
know of each other, `findings` looks for mistakes, one function a kind, and `report`
says what was found. `check` puts them together.
"""

from skcnnlstm.exceptions import LeakageError
from skcnnlstm.model_selection.leakage.check import check_leakage
from skcnnlstm.model_selection.leakage.report import LeakageReport

__all__ = ["LeakageError", "LeakageReport", "check_leakage"]
