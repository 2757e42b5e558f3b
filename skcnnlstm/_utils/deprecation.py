"""Warn about deprecated names; CONTRIBUTING.md states the policy."""

from skcnnlstm._utils.warnings import warn


def warn_deprecated(name, *, use, since, removed_in):
    """Warn that a name or a value works in this version, but not in a later one.

    Parameters
    ----------
    name : str
        What is deprecated, such as "the parameter gap of backtest".
    use : str
        What replaces it, such as "cv=TimeSeriesSplit(5, gap=3)".
    since : str
        The version that deprecated it, such as "0.3".
    removed_in : str
        The version that removes it, at least two minor versions later. A test fails
        when the package reaches this version.
    """
    warn(
        f"{name} is deprecated since version {since} and will be removed in version "
        f"{removed_in}. Use {use}.",
        FutureWarning,
    )
