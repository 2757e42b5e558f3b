"""Warnings and errors of the package."""

__all__ = ["LeakageError", "MistakeWarning"]


class LeakageError(ValueError):
    """Error that `check_leakage` raises if it finds leakage.

    The parameter `raise_on` is the lowest certainty of a finding that raises the error.

    Attributes
    ----------
    report : LeakageReport
        The report with all findings.

    Examples
    --------
    A test with ``raise_on="proof"`` fails if there is leakage:

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import KFold
    >>> from skcnnlstm import LeakageError, check_leakage, make_windows
    >>> X, y = make_windows([float(i * i) for i in range(40)], 4)
    >>> try:
    ...     check_leakage(Ridge(), X, y, KFold(5), raise_on="proof")
    ... except LeakageError as error:
    ...     print(*error.report.findings["kind"])
    the future in the training part
    """


class MistakeWarning(UserWarning):
    """Warning about code that runs but is probably wrong.

    Each message suggests a remedy. The fit or forecast continues.

    Examples
    --------
    Ignore these warnings, or use ``"error"`` to raise them as errors:

    >>> import warnings
    >>> from skcnnlstm import MistakeWarning
    >>> warnings.simplefilter("ignore", MistakeWarning)
    """
