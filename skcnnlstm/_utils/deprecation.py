"""Warn about deprecated names; CONTRIBUTING.md states the policy."""

from skcnnlstm._utils.warnings import warn


def warn_deprecated(name, *, use, since, removed_in):
    """Warn that a later version will remove a name or a value.

    Parameters
    ----------
    name : str
        Description of what is deprecated, such as "the parameter gap of backtest".
    use : str
        Code of the replacement, such as "cv=TimeSeriesSplit(5, gap=3)".
    since : str
        First version with this deprecation, such as "0.3".
    removed_in : str
        Version that removes the name, at least two minor versions later. A test fails
        when the package reaches this version.
    """
    warn(
        f"{name} is deprecated since version {since} and will be removed in version "
        f"{removed_in}. Use {use}.",
        FutureWarning,
    )
