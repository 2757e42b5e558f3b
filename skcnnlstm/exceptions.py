"""Warnings and errors of the package."""

__all__ = ["LeakageError", "MistakeWarning"]


class LeakageError(ValueError):
    """What `check_leakage` found, where it was told to raise.

    Attributes
    ----------
    report : LeakageReport
        All of it.

    Examples
    --------
    In a test of one's own, ``raise_on="proof"`` fails it:

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
    """Warn of what is likely a mistake: the fit or forecast goes on.

    The messages name the way out. To have none of them, or to be stopped by each:

    Examples
    --------
    >>> import warnings
    >>> from skcnnlstm import MistakeWarning
    >>> warnings.simplefilter("ignore", MistakeWarning)  # or "error"
    """
